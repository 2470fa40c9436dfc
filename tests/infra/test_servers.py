"""The platform's servers: embedded or the operator's own, the same afterwards; one clear error for what is amiss."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import endpoints, external
from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from infra.servers import Servers
from infra.supervised import ServerDiedError, ServerError
from tests.infra.messages import create_topic, produce, values_in
from tests.infra.processes import eventually, first_line, is_gone, listening, platform

PLATFORM = """
import sys, time
from pathlib import Path
from infra.servers import Servers
with Servers(Path(sys.argv[1])) as servers:
    print(*servers.pids, flush=True)
    time.sleep(600)
"""


def url_of(server: EmbeddedClickHouse, *, password: str | None = None, database: str = "fivenines") -> str:
    return f"http://{server.user}:{password or server.password}@127.0.0.1:{server.http_port}/{database}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform") / "data"


@pytest.fixture(scope="module")
def servers(data: Path) -> Iterator[Servers]:
    with Servers(data) as running:
        yield running


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_what_is_not_named_is_embedded_and_answers(servers: Servers) -> None:
    external.check_kafka(servers.kafka_config)
    external.check_clickhouse(servers.clickhouse)
    assert servers.clickhouse.kafka_broker_list == servers.kafka_config["bootstrap.servers"]
    servers.check()


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_other_processes_find_the_servers_while_they_run(servers: Servers, data: Path, tmp_path: Path) -> None:
    assert endpoints.running(data) == servers.endpoints
    assert stat.S_IMODE((data / "endpoints.json").stat().st_mode) == 0o600
    with pytest.raises(ServerError, match=f"no platform runs on {tmp_path}: start it"):
        endpoints.running(tmp_path)


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_passwords_are_not_printed(servers: Servers) -> None:
    assert servers.clickhouse.password not in repr(servers.endpoints)
    assert servers.clickhouse.grafana_password not in repr(servers.endpoints)


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_a_second_platform_on_the_same_data_is_refused_with_the_pid(servers: Servers, data: Path) -> None:
    with pytest.raises(ServerError, match=f"in use by fivenines of process {os.getpid()}"):
        Servers(data).start()
    servers.check()


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_named_servers_are_used_in_the_same_way(
    kafka: EmbeddedKafka, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    options = {"security.protocol": "plaintext"}
    own = Servers(tmp_path, kafka=kafka.bootstrap, kafka_options=options, clickhouse=url_of(clickhouse))
    with own as running:
        assert running.kafka_config == {"bootstrap.servers": kafka.bootstrap, "security.protocol": "plaintext"}
        assert running.clickhouse.http_port == clickhouse.http_port
        assert running.clickhouse.kafka_broker_list == kafka.bootstrap
        assert running.pids == []
    assert kafka.alive
    assert clickhouse.alive
    with pytest.raises(ServerError, match="not running"):
        _ = own.clickhouse


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_others_find_the_settings_of_the_platform_that_runs_now(
    kafka: EmbeddedKafka, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    for settings in ({"partitions": 2}, {"partitions": 8}, {}):
        with Servers(tmp_path, kafka=kafka.bootstrap, clickhouse=url_of(clickhouse)) as servers:
            servers.tell(settings)
            assert endpoints.running(tmp_path).settings == settings


@pytest.mark.kafka
@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("password", "database", "reason"),
    [("wrong", "fivenines", "Authentication failed"), (None, "nowhere", "Database nowhere does not exist")],
)
def test_a_clickhouse_that_does_not_let_us_in_is_a_clear_error(
    kafka: EmbeddedKafka, clickhouse: EmbeddedClickHouse, tmp_path: Path, password: str, database: str, reason: str
) -> None:
    url = url_of(clickhouse, password=password, database=database)
    with pytest.raises(
        ServerError, match=rf"(?s)does not serve user fivenines .*{reason}.*FIVENINES_CLICKHOUSE"
    ) as error:
        Servers(tmp_path, kafka=kafka.bootstrap, clickhouse=url).start()
    assert "wrong" not in str(error.value)
    assert "\n" not in str(error.value)
    Servers(tmp_path, kafka=kafka.bootstrap, clickhouse=url_of(clickhouse)).__enter__().stop()


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"security.protocol": "ssl"}, "SSL"),
        (
            {
                "security.protocol": "sasl_plaintext",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "a",
                "sasl.password": "b",
            },
            "SASL",
        ),
        ({"no.such.option": "1"}, 'No such configuration property: "no.such.option"'),
    ],
)
def test_a_kafka_that_does_not_let_us_in_is_a_clear_error(
    kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], reason: str
) -> None:
    monkeypatch.setattr(external, "PATIENCE_S", 1)
    with pytest.raises(ServerError, match=f"does not answer .*{reason}.*FIVENINES_KAFKA"):
        external.check_kafka({"bootstrap.servers": kafka.bootstrap, **options})


def test_a_kafka_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PATIENCE_S", 1)
    with pytest.raises(ServerError, match=r"Kafka at 127.0.0.1:9 does not answer .*Connection refused"):
        external.check_kafka({"bootstrap.servers": "127.0.0.1:9"})


def test_a_clickhouse_that_is_not_there_or_silent_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PATIENCE_S", 0.2)
    with pytest.raises(ServerError, match=r"ClickHouse at 127.0.0.1:9 does not serve .*Connection refused"):
        external.check_clickhouse(external.clickhouse_from("http://127.0.0.1:9", ""))
    with pytest.raises(ServerError, match="No such file"):
        external.check_clickhouse(external.clickhouse_from("https://127.0.0.1:9/?ca_cert=/nowhere.pem", ""))
    with listening() as silent, pytest.raises(ServerError, match="timed out"):
        external.check_clickhouse(external.clickhouse_from(f"http://127.0.0.1:{silent.getsockname()[1]}", ""))


@pytest.mark.parametrize(
    "url", ["", "localhost:8123", "tcp://localhost:9000", "http://", "http://[::1", "http://a:b@c:d"]
)
def test_what_is_no_url_is_a_clear_error(url: str) -> None:
    with pytest.raises(ServerError, match="FIVENINES_CLICKHOUSE is no URL of the form https://USER:PASSWORD@HOST"):
        external.clickhouse_from(url, "")


def test_a_url_says_all_there_is_to_say() -> None:
    plain = external.clickhouse_from("http://localhost", "kafka:9092")
    assert (plain.http_port, plain.user, plain.password, plain.database) == (8123, "default", "", "fivenines")
    assert not plain.secure
    assert plain.kafka_broker_list == "kafka:9092"
    full = external.clickhouse_from("https://a%40b:p%2Fw@ch.example/db?ca_cert=/etc/ca.pem", "")
    assert (full.http_port, full.user, full.password, full.database) == (8443, "a@b", "p/w", "db")
    assert full.secure
    assert full.ca_cert == "/etc/ca.pem"


def test_a_clickhouse_elsewhere_needs_a_kafka_that_it_can_reach(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot reach the embedded Kafka"):
        Servers(tmp_path / "data", clickhouse="http://clickhouse.example/").start()
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.clickhouse
def test_a_killed_platform_leaves_no_server_and_its_data_starts_at_once(tmp_path: Path) -> None:
    for _ in range(2):
        with platform(PLATFORM, tmp_path) as process:
            pids = [int(pid) for pid in first_line(process).split()]
            process.send_signal(signal.SIGKILL)
        with Servers(tmp_path) as again:
            assert len(pids) == 2
            assert all(map(is_gone, pids))
            external.check_clickhouse(again.clickhouse)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.clickhouse
@pytest.mark.parametrize("which", [0, 1], ids=["kafka", "clickhouse"])
def test_the_death_of_a_server_is_noticed_and_the_other_stops_in_order(tmp_path: Path, which: int) -> None:
    with Servers(tmp_path) as running:
        pids = running.pids
        os.kill(pids[which], signal.SIGKILL)
        assert eventually(lambda: len(running.pids) == 1)
        with pytest.raises(ServerDiedError, match="was killed by signal 9"):
            running.check()
    assert all(map(is_gone, pids))


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.clickhouse
def test_what_one_cannot_start_the_other_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clickhouse").mkdir()
    (tmp_path / "clickhouse" / "lock").touch()
    (tmp_path / "clickhouse" / "format").write_text("clickhouse 0\n")
    (tmp_path / "lock").touch()
    servers = Servers(tmp_path)
    with pytest.raises(ServerError, match="clickhouse 0"):
        servers.start()
    assert servers.pids == []


@pytest.mark.slow
@pytest.mark.kafka
def test_a_broker_killed_many_times_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    server = EmbeddedKafka(tmp_path / "kafka")
    server.start()
    create_topic(server, "kept")
    sent: list[bytes] = []
    try:
        for round_ in range(5):
            batch = [f"{round_} {number}".encode() for number in range(1000)]
            produce(server, "kept", *batch)
            sent += batch
            server.kill()
            server.start()
            assert values_in(server, "kept", len(sent)) == sent
    finally:
        server.stop()
