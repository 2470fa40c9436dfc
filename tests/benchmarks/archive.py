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
AS_THEY_OCCURRED = """
    INSERT INTO heartbeats_as_they_occurred
        (location_id, device_id, occurred_at, status, interval_ms, collector_id, received_at, buffered,
         _partition, _offset, _timestamp)
    SELECT
        location_id, device_id, occurred_at, status, interval_ms, collector_id, received_at, buffered,
        _partition, row_number() OVER (PARTITION BY _partition ORDER BY arrived_at), arrived_at
    FROM
    (
        SELECT
            *, sipHash64(_partition, _offset) AS chance,
            if(intDiv(chance, 200) % 100 = 0, chance % 600000, chance % 200) AS delay_ms,
            addMilliseconds(occurred_at, delay_ms) AS arrived_at
        FROM heartbeats_archived
    )"""
"""The load is dated over more than an hour and produced within a minute: its delays are no network's. Here each
heartbeat comes within 200 ms, one in a hundred within ten minutes."""


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
    as_they_occurred = _as_they_occurred(clickhouse)
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
        note=f"{as_they_occurred:.2f} if they arrive as they occur; {arrived:.2f} before merging; "
        f"ids and metrics {details:.1f} apart, {'with a' if ttl else 'WITHOUT'} TTL",
        details={
            "heartbeats": clickhouse.number("SELECT count() FROM heartbeats"),
            "as they occurred": as_they_occurred,
            "columns": _columns(clickhouse, "heartbeats"),
        },
    )


def _as_they_occurred(clickhouse: ClickHouse) -> float:
    clickhouse.client.command("CREATE TABLE heartbeats_as_they_occurred AS heartbeats")
    clickhouse.client.command(AS_THEY_OCCURRED)
    clickhouse.client.command("OPTIMIZE TABLE heartbeats_as_they_occurred FINAL")
    size = _bytes_each(clickhouse, "heartbeats_as_they_occurred")
    clickhouse.client.command("DROP TABLE heartbeats_as_they_occurred SYNC")
    return size


def _bytes_each(clickhouse: ClickHouse, table: str) -> float:
    return clickhouse.number(
        f"SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts "
        f"WHERE active AND database = currentDatabase() AND table = '{table}'"
    )


def _columns(clickhouse: ClickHouse, table: str) -> dict[str, float]:
    """Bytes a row of each column; without marks and indices, and 0 where a part is kept in one file."""
    columns: list[tuple[str, float]] = clickhouse.client.query(  # type: ignore[assignment]  # rows of two
        f"SELECT column, sum(column_data_compressed_bytes) / sum(rows) FROM system.parts_columns "
        f"WHERE active AND database = currentDatabase() AND table = '{table}' GROUP BY column"
    ).result_rows
    return dict(columns)


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
        details={"seconds": [run.seconds for run in runs]},
    )
