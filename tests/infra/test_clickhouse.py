"""The embedded ClickHouse keeps its contract: ours or an error, closed to strangers, its data kept."""

import json
import os
import platform
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from infra import ports
from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from infra.supervised import ServerDiedError, ServerError
from tests.infra.messages import create_topic, produce
from tests.infra.processes import eventually, is_gone, listening

pytestmark = pytest.mark.clickhouse


def ask(server: EmbeddedClickHouse, sql: str, user: str | None = None, password: str | None = None) -> str:
    """The answer in tab-separated lines, or `refused: …`."""
    credentials = {
        "X-ClickHouse-User": server.user if user is None else user,
        "X-ClickHouse-Key": server.password if password is None else password,
    }
    address = f"http://{server.host}:{server.http_port}/"
    try:
        with urlopen(Request(address, sql.encode(), credentials), timeout=20) as answer:
            return str(answer.read().decode().strip())
    except HTTPError as error:
        return f"refused: {error.read().decode()}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server of our own, beside the shared one; its name is as awkward as a name may be."""
    return tmp_path_factory.mktemp("clickhouse") / "a folder, 'data' = <1>"


@pytest.fixture(scope="module")
def own(data: Path) -> Iterator[EmbeddedClickHouse]:
    with EmbeddedClickHouse(data, memory=2 << 30) as server:
        ask(server, "CREATE TABLE kept (number UInt32) ENGINE = MergeTree ORDER BY number")
        ask(server, "INSERT INTO kept VALUES (1)")
        yield server


def test_two_servers_run_side_by_side(clickhouse: EmbeddedClickHouse, own: EmbeddedClickHouse) -> None:
    assert len({clickhouse.http_port, clickhouse.tcp_port, own.http_port, own.tcp_port}) == 4
    assert clickhouse.pid != own.pid
    assert ask(own, "SELECT number FROM kept") == "1"
    assert "kept" not in ask(clickhouse, "SHOW TABLES")


def test_it_is_set_up_as_promised(own: EmbeddedClickHouse) -> None:
    assert ask(own, "SELECT currentUser(), currentDatabase(), timezone()") == "fivenines\tfivenines\tUTC"
    settings = "name IN ('async_insert', 'implicit_select')"
    assert ask(own, f"SELECT groupArray(value) FROM system.settings WHERE {settings}") == "['0','0']"
    capped = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    assert ask(own, capped) == str(2 << 30)


@pytest.mark.parametrize(
    ("user", "password"),
    [("fivenines", ""), ("fivenines", "wrong"), ("grafana", ""), ("default", "wrong"), ("nobody", "")],
)
def test_a_password_is_required(own: EmbeddedClickHouse, user: str, password: str) -> None:
    assert "Authentication failed" in ask(own, "SELECT 1", user, password)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM fivenines.kept",
        "INSERT INTO fivenines.kept VALUES (2)",
        "CREATE TABLE fivenines.more (number UInt32) ENGINE = Memory",
        "DROP DATABASE fivenines",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1', 'LineAsString')",
        "SELECT * FROM system.processes",
        "SYSTEM STOP LISTEN HTTP",
        "SYSTEM SHUTDOWN",
        "SHOW DATABASES",
        "SELECT count() FROM numbers(10)",
    ],
)
def test_the_session_that_keeps_the_servers_running_is_of_no_use_to_others(own: EmbeddedClickHouse, sql: str) -> None:
    assert ask(own, sql, "default", "").startswith("refused")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO fivenines.kept VALUES (2)",
        "CREATE TABLE fivenines.more (number UInt32) ENGINE = Memory",
        "TRUNCATE TABLE fivenines.kept",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1', 'LineAsString')",
        "SELECT * FROM system.users",
        "SYSTEM STOP LISTEN HTTP",
        "KILL QUERY WHERE 1",
    ],
)
def test_grafana_reads_the_tables_and_does_nothing_else(own: EmbeddedClickHouse, sql: str) -> None:
    grafana = own.grafana_user, own.grafana_password
    assert ask(own, "SELECT number FROM kept", *grafana) == "1"
    assert ask(own, "SELECT name FROM system.tables WHERE database = 'fivenines'", *grafana) == "kept"
    assert "Not enough privileges" in ask(own, sql, *grafana)


def test_passwords_are_generated_and_for_the_owner_alone(
    own: EmbeddedClickHouse, clickhouse: EmbeddedClickHouse, data: Path
) -> None:
    assert len({own.password, own.grafana_password, clickhouse.password, clickhouse.grafana_password}) == 4
    for name in ("passwords.json", "users.xml", "config.xml"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    for file in filter(Path.is_file, data.glob("*.*")):
        assert file.name == "passwords.json" or own.password not in file.read_text()


def test_it_listens_on_this_machine_only(own: EmbeddedClickHouse) -> None:
    listeners = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {line[1] for line in listeners if line[3] == "0A"}
    loopback = "0100007F"
    for port in (own.http_port, own.tcp_port):
        assert {address for address in addresses if address.endswith(f":{port:04X}")} == {f"{loopback}:{port:04X}"}


def test_a_second_server_on_the_same_data_is_refused_with_the_pid(own: EmbeddedClickHouse, data: Path) -> None:
    with pytest.raises(ServerError, match=f"in use by ClickHouse of process {os.getpid()}"):
        EmbeddedClickHouse(data).start()
    with pytest.raises(ServerError, match="already running"):
        own.start()
    assert own.alive


@pytest.mark.parametrize("which", ["http_port", "tcp_port"])
def test_a_demanded_port_in_use_is_a_clear_error(tmp_path: Path, which: str) -> None:
    with listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortInUseError, match=f"port {port}, asked for ClickHouse .*, is in use"):
            EmbeddedClickHouse(tmp_path / "data", **{which: port}).start()


def test_a_ping_from_another_server_on_its_port_is_no_readiness(
    clickhouse: EmbeddedClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is made to believe that the port is free, as when another program takes it in between."""
    monkeypatch.setattr(
        ports, "choose", lambda name, *_, **__: clickhouse.http_port if "HTTP" in name else clickhouse.tcp_port
    )
    server = EmbeddedClickHouse(tmp_path / "data")
    with pytest.raises(ServerDiedError, match="Address already in use"):
        server.start()
    assert not server.alive


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "format").write_text("clickhouse 0\n")
    with pytest.raises(ServerError, match="format “clickhouse 0”, and this version of ClickHouse reads “clickhouse 1”"):
        EmbeddedClickHouse(tmp_path).start()


@pytest.mark.parametrize("system", ["macOS", "musl"])
def test_where_it_cannot_run_it_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    if system == "macOS":
        monkeypatch.delattr(os, "RTLD_DEEPBIND")
    else:
        monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(ServerError, match=r"Linux with glibc only: use infra/compose.yaml"):
        EmbeddedClickHouse(tmp_path / "data").start()
    assert not (tmp_path / "data").exists()


def test_it_keeps_its_data_through_stop_and_kill_whichever_ports_are_free(own: EmbeddedClickHouse, data: Path) -> None:
    password, pid, port = own.password, own.pid, own.http_port
    own.stop()
    assert is_gone(pid)

    with listening(port):
        own.start()
        assert own.http_port != port
        assert own.password == password
        assert ask(own, "SELECT number FROM kept") == "1"

    ask(own, "INSERT INTO kept VALUES (2)")
    os.kill(own.pid, signal.SIGKILL)
    assert eventually(lambda: not own.alive)
    with pytest.raises(ServerDiedError, match=r"ClickHouse was killed by signal 9; its log is .*/logs/"):
        own.check()

    own.start()
    own.check()
    assert ask(own, "SELECT groupArray(number) FROM (SELECT number FROM kept ORDER BY number)") == "[1,2]"


def test_stopping_does_not_wait_for_a_client_that_stays_connected(tmp_path: Path) -> None:
    from clickhouse_connect import get_client

    server = EmbeddedClickHouse(tmp_path / "data")
    server.start()
    client = get_client(host=server.host, port=server.http_port, username=server.user, password=server.password)
    pid, begun = server.pid, time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 10
    assert is_gone(pid)
    client.close()


@pytest.mark.kafka
def test_it_reads_topics_by_itself(kafka: EmbeddedKafka, own: EmbeddedClickHouse) -> None:
    create_topic(kafka, "read-by-clickhouse")
    for sql in (
        f"""CREATE TABLE queue (id UInt32, name String) ENGINE = Kafka
            SETTINGS kafka_broker_list = '{kafka.bootstrap}', kafka_topic_list = 'read-by-clickhouse',
                     kafka_group_name = 'reader', kafka_format = 'JSONEachRow', kafka_flush_interval_ms = 500""",
        "CREATE TABLE read (id UInt32, name String) ENGINE = MergeTree ORDER BY id",
        "CREATE MATERIALIZED VIEW reading TO read AS SELECT id, name FROM queue",
    ):
        assert ask(own, sql) == ""
    produce(kafka, "read-by-clickhouse", *(json.dumps({"id": number, "name": "é"}).encode() for number in range(1000)))
    assert eventually(lambda: ask(own, "SELECT count(), uniqExact(id) FROM read") == "1000\t1000", within_s=30)

    own.kill()
    own.start()
    produce(kafka, "read-by-clickhouse", json.dumps({"id": 1000, "name": "after the crash"}).encode())
    assert eventually(lambda: ask(own, "SELECT name FROM read WHERE id = 1000").startswith("after"), within_s=30)
