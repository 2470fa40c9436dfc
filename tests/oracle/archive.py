"""Puts a recording into an archive as ClickHouse would have read it from Kafka, refusals and all."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec import UNSET

from schemas.derivation import Derivation
from schemas.events import Annotation, Event, Heartbeat, RegistryRecord, Tick
from schemas.wire import Gate, Line, Rejected, decode
from streams.archive import readers, sql

ANY_CLOCK = Gate(Derivation(max_clock_skew_s=10**9))
"""ClickHouse archives what is dated ahead as well: the dead letters say that it does not count."""

COLUMNS = {
    "heartbeats": "location_id device_id occurred_at status interval_ms collector_id received_at buffered",
    "ticks": "collector_id occurred_at",
    "registry": "entity entity_id valid_from recorded_at record _key _value _headers",
    "outage_annotations": (
        "id annotation_id revision location_id from to cause state author recorded_at _key _value _headers"
    ),
}
PLACE = "_partition _offset _timestamp"


def prepare(client: Client) -> None:
    """The tables, functions and views of the archive, without the readers of Kafka."""
    for script in (*(script for _, script in sql.migrations()), readers.functions(), *sql.views()):
        for statement in script.statements:
            client.command(statement)


def clear(client: Client) -> None:
    for table in (*COLUMNS, "dead_letters"):
        client.command(f"TRUNCATE TABLE {table}")


def store(client: Client, lines: Iterable[Line], refused: Collection[tuple[str, int, int]] = ()) -> None:
    """Every line that is an event, whether it was taken or not, and which were refused: topic, partition and offset."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for line in lines:
        event = decode(line.topic, line.value, headers=line.headers, check_key=False, gate=ANY_CLOCK)
        if isinstance(event, Rejected):
            continue
        table, row = _row(event, line)
        rows[table].append((*row, line.partition or 0, line.offset, line.timestamp or 0))
    for table, values in rows.items():
        client.insert(table, values, column_names=[*COLUMNS[table].split(), *PLACE.split()])
    if refused:
        client.insert("dead_letters", list(refused), column_names=["topic", "partition", "offset"])


def _row(event: Event, line: Line) -> tuple[str, tuple[Any, ...]]:
    text = (line.value or b"").decode()
    headers = [(name, value.decode()) for name, value in line.headers or ()]
    message: tuple[Any, ...] = ((line.key or b"").decode(), text, headers)
    match event:
        case Tick():
            return "ticks", (event.collector_id, event.occurred_at)
        case Heartbeat():
            return "heartbeats", _sample(event)
        case RegistryRecord():
            return "registry", (event.entity, event.entity_id, event.valid_from, event.recorded_at, text, *message)
        case Annotation():
            said = (event.id, event.annotation_id, event.revision, event.location_id, event.from_, event.to)
            judged = (event.cause, event.state, event.author, event.recorded_at)
            return "outage_annotations", (*said, *judged, *message)
    raise ValueError(event)


def _sample(event: Heartbeat) -> tuple[Any, ...]:
    stated = event.interval_ms
    return (
        event.location_id,
        event.device_id,
        event.occurred_at,
        event.status,
        -1 if stated is UNSET else stated or 0,
        event.collector_id or "",
        event.received_at or 0,
        event.buffered,
    )
