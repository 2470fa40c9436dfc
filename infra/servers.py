"""The servers the platform runs on: embedded in the data folder, or the operator's own, used in the same way."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from infra import external
from infra.clickhouse import EmbeddedClickHouse, engine_folder
from infra.datafolder import DataFolder, writing
from infra.endpoints import ClickHouseServer, Endpoints, forget, publish
from infra.kafka import EmbeddedKafka
from infra.supervised import ServerError

FORMAT = "fivenines 1"


class Servers:
    """Kafka and ClickHouse for one platform, with its data in `data`; a context manager.

    `kafka` (bootstrap servers, with `kafka_options`: librdkafka's TLS and SASL options) and `clickhouse` (a URL,
    `https://USER:PASSWORD@HOST:PORT/DATABASE`) name the operator's own servers; what is not named is embedded.
    ClickHouse reaches Kafka as the platform does. While it runs, other processes find the same servers with
    `endpoints.running(data)`. Raises ServerError.
    """

    def __init__(
        self,
        data: Path,
        *,
        kafka: str | None = None,
        kafka_options: Mapping[str, str] | None = None,
        clickhouse: str | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = DataFolder(data, what="fivenines", version=FORMAT)
        self._bootstrap = kafka
        self._options = dict(kafka_options or {})
        self._url = clickhouse
        self._held = ExitStack()
        self._endpoints: Endpoints | None = None
        home = self._folder.path
        self._kafka = None if kafka else EmbeddedKafka(home / "kafka", report=report)
        embedded_options = self._options if kafka else {}
        self._clickhouse = (
            None if clickhouse else EmbeddedClickHouse(home / "clickhouse", kafka_options=embedded_options)
        )

    @property
    def kafka_config(self) -> dict[str, str]:
        """librdkafka's options to connect: `bootstrap.servers` and what the operator gave."""
        return dict(self.endpoints.kafka_config)

    @property
    def clickhouse(self) -> ClickHouseServer:
        return self.endpoints.clickhouse

    @property
    def endpoints(self) -> Endpoints:
        if self._endpoints is None:
            raise ServerError("the servers are not running")
        return self._endpoints

    @property
    def pids(self) -> list[int]:
        """The process ids of the embedded servers that run."""
        return [server.pid for server in (self._kafka, self._clickhouse) if server and server.pid]

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start what is embedded, in parallel, and see that what is not can be reached."""
        self._refuse_the_impossible()
        with writing("fivenines", self._folder.path), ExitStack() as held:
            held.enter_context(self._folder)
            forget(self._folder.path)  # what one left behind that was killed
            held.callback(self._stop_embedded)
            with ThreadPoolExecutor(2) as side:
                ready = [side.submit(self._ready_kafka), side.submit(self._ready_clickhouse)]
                try:
                    for each in ready:
                        each.result()
                except BaseException:
                    self._stop_embedded()
                    raise
            self._endpoints = Endpoints(kafka_config=self._kafka_settings(), clickhouse=self._clickhouse_settings())
            publish(self._folder.path, self._endpoints)
            held.callback(forget, self._folder.path)
            self._held = held.pop_all()

    def tell(self, settings: Mapping[str, int | str | None]) -> None:
        """Let other processes find the platform's settings, too."""
        self._endpoints = replace(self.endpoints, settings=settings)
        publish(self._folder.path, self._endpoints)

    def stop(self) -> None:
        """Stop in order: first ClickHouse, which reads from Kafka, then Kafka. Stopping twice is fine."""
        self._endpoints = None
        self._held.close()

    def check(self) -> None:
        """Raises ServerDiedError when an embedded server ended by itself."""
        for server in (self._kafka, self._clickhouse):
            if server:
                server.check()

    def _refuse_the_impossible(self) -> None:
        if self._clickhouse:
            engine_folder()
        if self._url and self._kafka and not external.is_local(self._url):
            raise ServerError(
                "a ClickHouse on another machine cannot reach the embedded Kafka: name a Kafka of your own too "
                "(FIVENINES_KAFKA)"
            )

    def _ready_kafka(self) -> None:
        if self._kafka:
            self._kafka.start()
        else:
            external.check_kafka(self._kafka_settings())

    def _ready_clickhouse(self) -> None:
        if self._clickhouse:
            self._clickhouse.start()
        else:
            external.check_clickhouse(self._clickhouse_settings())

    def _stop_embedded(self) -> None:
        try:
            if self._clickhouse:
                self._clickhouse.stop()
        finally:
            if self._kafka:
                self._kafka.stop()

    def _kafka_settings(self) -> dict[str, str]:
        if self._kafka:
            return {"bootstrap.servers": self._kafka.bootstrap}
        return {**self._options, "bootstrap.servers": str(self._bootstrap)}

    def _clickhouse_settings(self) -> ClickHouseServer:
        broker_list = self._kafka_settings()["bootstrap.servers"]
        if self._url:
            return external.clickhouse_from(self._url, broker_list)
        server = self._clickhouse
        assert server
        return ClickHouseServer(
            host=server.host,
            http_port=server.http_port,
            user=server.user,
            password=server.password,
            database=server.database,
            secure=False,
            kafka_broker_list=broker_list,
            grafana_user=server.grafana_user,
            grafana_password=server.grafana_password,
            tcp_port=server.tcp_port,
        )
