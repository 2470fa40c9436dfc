"""A whole platform on one machine: servers, topics, tables and the processes that derive, stopped in order."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaException

from infra import external, ports
from infra.endpoints import ClickHouseServer
from infra.servers import Servers
from infra.supervised import ServerDiedError, ServerError, Supervised
from streams import topics
from streams.archive import migrate
from streams.settings import Settings

PROCESSES = ("intake", "worker", "ledger")
"""Each has its metrics for Prometheus at `/metrics`, on a free port of the loopback interface."""
RESTARTS = 5
"""How often in a row a process that ends by itself is started again before the platform gives up."""
STEADY_AFTER_S = 60.0


class Platform:
    """A context. `report` is told each step. Raises ServerError when it cannot start."""

    def __init__(self, settings: Settings, report: Callable[[str], None] = lambda _: None) -> None:
        self.settings = settings
        self._report = report
        self.servers = Servers(
            settings.data,
            kafka=settings.kafka,
            kafka_options=settings.kafka_options,
            clickhouse=settings.clickhouse,
            report=report,
        )
        self.metrics: dict[str, str] = {}
        """Where each process that runs serves its metrics."""
        self._processes: dict[str, Supervised] = {}
        self._restarts: dict[str, tuple[int, float]] = {}
        self._away = ""
        self._held = ExitStack()

    def __enter__(self) -> "Platform":
        try:
            self._start()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.servers.check()
        except ServerDiedError as death:  # without it nobody can end in order: what was saved is all that counts
            self._report(str(death).partition("\n")[0])
            for process in self._processes.values():
                process.kill()
        self._report("stopping")
        self._held.close()

    def _start(self) -> None:
        self._report("starting Kafka and ClickHouse")
        self._held.enter_context(self.servers)
        self._report("creating topics and tables")
        kafka = self.servers.kafka_config
        for difference in prepare(kafka, self.servers.clickhouse, self.settings):
            self._report(difference)  # the settings are others than when the topics were created
        partitions = topics.partitions_of(kafka) or self.settings.partitions
        self.servers.tell({**self.settings.deciding, "partitions": partitions})
        for name in PROCESSES:
            self._report(f"starting {name}")
            process = self._processes[name] = self._process(name)
            self._held.callback(process.stop)
            process.start(lambda: True, within_s=30)

    def check(self) -> None:
        """Start a process that ended by itself again. Raises ServerDiedError when that does not help."""
        self.servers.check()
        for name, process in self._processes.items():
            try:
                process.check()
            except ServerDiedError as death:
                self._start_again(name, process, death)

    def _start_again(self, name: str, process: Supervised, death: ServerDiedError) -> None:
        if not self._kafka_answers():
            return
        count, last = self._restarts.get(name, (0, 0.0))
        now = time.monotonic()
        count = count + 1 if now - last < STEADY_AFTER_S else 1
        if count > RESTARTS:
            raise death
        self._report(str(death))  # in full: its next start begins its log anew
        self._report(f"starting {name} again ({count} of {RESTARTS})")
        self._restarts[name] = count, now
        process.kill()
        process.start(lambda: True, within_s=30)

    def _kafka_answers(self) -> bool:
        """A Kafka of the operator's own may be away: it is waited for, as intake does."""
        try:
            external.check_kafka(self.servers.kafka_config)
        except ServerError as error:
            if (away := str(error)) != self._away:
                self._report(away)
                self._away = away
            return False
        self._away = ""
        return True

    def _process(self, name: str) -> Supervised:
        home = self.settings.data.resolve() / name
        home.mkdir(parents=True, exist_ok=True)
        port = ports.choose("metrics", 0)
        self.metrics[name] = f"http://{ports.LOOPBACK}:{port}/metrics"
        return Supervised(
            f"fivenines {name}",
            [sys.executable, "-m", "streams.cli", name, "--port", str(port)],
            cwd=home,
            log=home / "output.log",
            env=self._environment(),
        )

    def _environment(self) -> Mapping[str, str]:
        kafka = self.servers.kafka_config
        options = {name: value for name, value in kafka.items() if name != "bootstrap.servers"}
        settings = self.settings.model_copy(
            update={
                "data": self.settings.data.resolve(),
                "kafka": kafka["bootstrap.servers"],
                "kafka_options": options,
                "terms": self.settings.terms.resolve() if self.settings.terms else None,
            }
        )
        return settings.environment()


def prepare(kafka: Mapping[str, str], clickhouse: ClickHouseServer, settings: Settings) -> list[str]:
    """Topics, then tables: what is missing is created. What differs from the catalogue, a line each.

    Raises ServerError when Kafka does not do it.
    """
    options = {name: value for name, value in kafka.items() if name != "bootstrap.servers"}
    try:
        created = topics.create(
            kafka["bootstrap.servers"], settings.derivation, partitions=settings.partitions, options=options
        )
    except KafkaException as error:
        raise ServerError(f"Kafka at {kafka['bootstrap.servers']} creates no topics: {error.args[0]}") from error
    with connected(clickhouse) as client:
        migrate.migrate(client, kafka_broker_list=clickhouse.kafka_broker_list)
    return created.differences


def connected(clickhouse: ClickHouseServer) -> Client:
    """A client of ClickHouse, as the platform's own user."""
    return clickhouse_connect.get_client(
        host=clickhouse.host,
        port=clickhouse.http_port,
        username=clickhouse.user,
        password=clickhouse.password,
        database=clickhouse.database,
        secure=clickhouse.secure,
        ca_cert=clickhouse.ca_cert,
        autogenerate_session_id=False,
    )
