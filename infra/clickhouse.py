"""A real ClickHouse on this machine: the server inside the chdb-core wheel, on loopback ports."""

import hashlib
import http.client
import importlib.util
import json
import os
import platform
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from xml.sax.saxutils import escape

from infra import clickhouse_child, ports
from infra.datafolder import DataFolder, write_private, writing
from infra.ports import LOOPBACK
from infra.supervised import ServerDiedError, ServerError, Supervised

FORMAT = "clickhouse 1"
DATABASE = "fivenines"
USER = "fivenines"
GRAFANA_USER = "grafana"
READY_WITHIN_S = 60.0
ATTEMPTS = 5
# After a crash nothing is read until the group has forgotten the consumer that died: with the defaults, over 30 s.
KAFKA_OPTIONS = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "2000"}
TEMPLATES = Path(__file__).with_name("clickhouse_settings")


class EmbeddedClickHouse:
    """ClickHouse in a child process, with its data in `data`; a context manager.

    Ports: 0 takes the one used before, if it is free, else any; another one is demanded. `memory` caps the
    server, in bytes (default: half of the machine's, at most 4 GiB). `kafka_options` are librdkafka options for
    its Kafka engine (TLS, SASL). The database is `fivenines`; the passwords are generated with the data and kept
    there, readable by the owner alone. Raises ServerError: not on this system, port in use, data folder in use or
    of another format, not ready in time; its ServerDiedError when the server ends by itself.
    """

    host = LOOPBACK
    database = DATABASE
    user = USER
    grafana_user = GRAFANA_USER

    def __init__(
        self,
        data: Path,
        *,
        http_port: int = 0,
        tcp_port: int = 0,
        memory: int | None = None,
        kafka_options: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = DataFolder(data, what="ClickHouse", version=FORMAT)
        self._data = self._folder.path
        self._demanded = (http_port, tcp_port)
        self._memory = memory or min(_machine_memory() // 2, 4 << 30)
        self._kafka_options = {**KAFKA_OPTIONS, **(kafka_options or {})}
        self._server: Supervised | None = None
        self._held = ExitStack()
        self.http_port = 0
        self.tcp_port = 0
        self.password = ""
        self.grafana_password = ""

    @property
    def pid(self) -> int:
        """The server's process id; 0 when it does not run."""
        return self._server.pid if self._server else 0

    @property
    def alive(self) -> bool:
        return self._server is not None and self._server.alive

    def __enter__(self) -> "EmbeddedClickHouse":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until the server answers with its own name, under 1 s. Also after a crash."""
        if self.alive:
            raise ServerError(f"ClickHouse is already running (pid {self.pid})")
        self.stop()
        package = engine_folder()
        with writing("ClickHouse", self._data), ExitStack() as held:
            held.enter_context(self._folder)
            self._prepare()
            self._start_on_free_ports(package)
            self._held = held.pop_all()

    def stop(self) -> None:
        """Stop in order, then give the data folder back. Stopping twice is fine."""
        try:
            if self._server:
                self._server.stop()
        finally:
            self._server = None
            self._held.close()

    def kill(self) -> None:
        """End the server as `kill -9` does, for tests of what a crash leaves."""
        if self._server:
            self._server.kill()
        self.stop()

    def check(self) -> None:
        """Raises ServerDiedError, with the end of the log, when the server ended by itself."""
        if self._server:
            self._server.check()

    def _prepare(self) -> None:
        (self._data / "logs").mkdir(exist_ok=True)
        self.password, self.grafana_password = _passwords(self._data / "passwords.json")

    def _start_on_free_ports(self, package: Path) -> None:
        """Another program may take a port between its choice and its use: then choose again, unless it was demanded."""
        before = ports.recall(self._data)
        for attempt in range(1, ATTEMPTS + 1):
            self.http_port = ports.choose("ClickHouse (HTTP)", self._demanded[0], before=before.get("http", 0))
            self.tcp_port = ports.choose(
                "ClickHouse (native)", self._demanded[1], before=before.get("tcp", 0), taken=[self.http_port]
            )
            ports.remember(self._data, http=self.http_port, tcp=self.tcp_port)
            try:
                self._launch(package)
            except ServerDiedError:
                if attempt == ATTEMPTS or (ports.is_free(self.http_port) and ports.is_free(self.tcp_port)):
                    raise
            else:
                return

    def _launch(self, package: Path) -> None:
        name = f"fivenines-{secrets.token_hex(8)}"
        self._write_settings(name)
        self._server = Supervised(
            "ClickHouse",
            [sys.executable, "-I", "-S", clickhouse_child.__file__, str(package), "data", DATABASE],
            cwd=self._data,
            log=self._data / "logs" / "output.log",
            logs=[self._data / "logs" / "clickhouse.err.log"],
            env={"TZ": "UTC"},  # its own time zone setting does not reach every place that prints a time
            inherited=[self._folder.fileno()],
        )
        self._server.start(lambda: self._answers(name), within_s=READY_WITHIN_S)

    def _write_settings(self, name: str) -> None:
        kafka = "".join(
            f"<{option}>{escape(value)}</{option}>" for option, value in _as_tags(self._kafka_options).items()
        )
        values = {
            "name": name,
            "host": LOOPBACK,
            "http_port": self.http_port,
            "tcp_port": self.tcp_port,
            "memory": self._memory,
            "kafka": kafka,
            "database": DATABASE,
            "user": USER,
            "password": _digest(self.password),
            "grafana_user": GRAFANA_USER,
            "grafana_password": _digest(self.grafana_password),
        }
        for file in ("config.xml", "users.xml"):
            write_private(self._data / file, (TEMPLATES / file).read_text().format_map(values))

    def _answers(self, name: str) -> bool:
        """Our own process, by its name and with our password: an open port may be anybody's."""
        connection = http.client.HTTPConnection(LOOPBACK, self.http_port, timeout=1)
        credentials = {"X-ClickHouse-User": USER, "X-ClickHouse-Key": self.password}
        try:
            connection.request("POST", "/", "SELECT displayName()", credentials)
            if connection.getresponse().read().decode().strip() != name:
                return False
            with socket.create_connection((LOOPBACK, self.tcp_port), timeout=1):
                return True
        except (OSError, http.client.HTTPException, UnicodeDecodeError):
            return False
        finally:
            connection.close()


def engine_folder() -> Path:
    """Where the engine lies. Raises ServerError where it cannot run: the engine needs glibc's RTLD_DEEPBIND."""
    if not hasattr(os, "RTLD_DEEPBIND") or platform.libc_ver()[0] != "glibc":
        raise ServerError(
            "the embedded ClickHouse runs on Linux with glibc only: use infra/compose.yaml (Docker), or name a "
            "ClickHouse of your own with FIVENINES_CLICKHOUSE"
        )
    spec = importlib.util.find_spec("chdb")  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise ServerError("the package chdb-core is not installed: run `make install`")
    return Path(spec.origin).parent


def _passwords(file: Path) -> tuple[str, str]:
    """The platform's password and Grafana's, generated once."""
    if not file.exists():
        generated = {USER: secrets.token_urlsafe(24), GRAFANA_USER: secrets.token_urlsafe(24)}
        write_private(file, json.dumps(generated) + "\n")
    kept = json.loads(file.read_text())
    return kept[USER], kept[GRAFANA_USER]


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _as_tags(options: Mapping[str, str]) -> dict[str, str]:
    """ClickHouse writes librdkafka's dots as underscores."""
    return {name.replace(".", "_"): value for name, value in options.items()}


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
