"""The archive as ClickHouse reads it from Kafka: its size, and a replay of the whole of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from streams.archive.migrate import migrate
from streams.archive.wait import caught_up
from tests.benchmarks import topic
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.stage import ClickHouse, Stage, command, fivenines

PARTITIONS = 8
WITHIN_S = 600


def archive(stage: Stage) -> Iterator[Figure]:
    with ExitStack() as held:
        bootstrap = held.enter_context(stage.kafka(PARTITIONS))
        clickhouse = held.enter_context(stage.clickhouse())
        stage.loaded(bootstrap)
        stage.say("ClickHouse reads it")
        read(clickhouse, bootstrap, topic.HEARTBEATS)
        yield _size(clickhouse)
        yield _replay(stage, clickhouse, bootstrap)


def read(clickhouse: ClickHouse, bootstrap: str, *topics: str) -> None:
    """Let ClickHouse read topics to their ends as they are now."""
    kafka = {"bootstrap.servers": bootstrap}
    migrate(clickhouse.client, kafka_broker_list=bootstrap)
    for name in topics:
        caught_up(clickhouse.client, name, topic.ends(bootstrap, name), WITHIN_S, kafka=kafka)


def _size(clickhouse: ClickHouse) -> Figure:
    """On disk, with marks and indices, once ClickHouse has merged what arrived."""
    arrived = _bytes_each(clickhouse, "heartbeats")
    for table in ("heartbeats", "heartbeat_details"):
        clickhouse.client.command(f"OPTIMIZE TABLE {table} FINAL")
    details = _bytes_each(clickhouse, "heartbeat_details")
    ttl = clickhouse.number(
        "SELECT engine_full LIKE '%TTL%' FROM system.tables "
        "WHERE database = currentDatabase() AND name = 'heartbeat_details'"
    )
    return Figure(
        name="archive, state columns",
        value=_bytes_each(clickhouse, "heartbeats"),
        unit="bytes",
        target=4.0,
        better="less",
        note=f"{arrived:.2f} before merging; ids and metrics {details:.1f} apart, {'with a' if ttl else 'WITHOUT'} TTL",
        details={"heartbeats": clickhouse.number("SELECT count() FROM heartbeats")},
    )


def _bytes_each(clickhouse: ClickHouse, table: str) -> float:
    return clickhouse.number(
        f"SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts "
        f"WHERE active AND database = currentDatabase() AND table = '{table}'"
    )


def _replay(stage: Stage, clickhouse: ClickHouse, bootstrap: str) -> Figure:
    heartbeats = clickhouse.number("SELECT count() FROM heartbeats")
    server = clickhouse.server
    environment = {
        "FIVENINES_KAFKA": bootstrap,
        "FIVENINES_CLICKHOUSE": f"http://{server.user}:{server.password}@{server.host}:{server.http_port}/{server.database}",
    }
    runs = []
    for _ in range(stage.rounds):
        runs.append(command(fivenines("replay", "--from", "archive", "--format", "ndjson"), environment))
        stage.say(f"replay from the archive: {number(heartbeats / runs[-1].seconds)} a second")
    return Figure(
        name="replay from the archive",
        value=median(heartbeats / run.seconds for run in runs),
        unit="/s",
        target=150_000,
        note=f"{heartbeats:,.0f} heartbeats, {runs[0].output.count(b'topic'):,} facts; with the start of the command",
        details={"seconds": [run.seconds for run in runs], "peak_mib": [run.peak_mib for run in runs]},
    )
