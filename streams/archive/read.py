"""Reads back what was accepted, for replay and repair, and the facts in force."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from clickhouse_connect.driver.client import Client

from schemas.facts import Fact
from schemas.wire import Line
from streams.archive.readers import table_of

FactType = TypeVar("FactType", bound=Fact)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ROWS: Final = 65_536
"""Of one batch: large enough to cost nothing, small enough to be dropped."""


class Heartbeats(NamedTuple):
    """A batch of heartbeats, column by column; instants and durations in ms."""

    location_id: Sequence[str]
    device_id: Sequence[str]
    occurred_at: Sequence[int]
    up: Sequence[bool]
    interval_ms: Sequence[int]
    """0: the device reports changes only; -1: the message did not say."""
    collector_id: Sequence[str | None]
    received_at: Sequence[int | None]
    buffered: Sequence[bool]
    partition: Sequence[int]
    offset: Sequence[int]
    timestamp: Sequence[int]


class Ticks(NamedTuple):
    """A batch of ticks, column by column; instants in ms."""

    collector_id: Sequence[str]
    occurred_at: Sequence[int]
    partition: Sequence[int]
    offset: Sequence[int]
    timestamp: Sequence[int]


def accepted_heartbeats(
    client: Client,
    *,
    location: str | None = None,
    since: int | None = None,
    until: int | None = None,
    refused_too: bool = False,
) -> Iterator[Heartbeats]:
    """Heartbeats that occurred in `[since, until)` (ms), by location, device and time. One may come twice.

    `refused_too` reads the archive as it arrived.
    """
    columns = """
        location_id, device_id, toUnixTimestamp64Milli(occurred_at), toBool(status = 'up'), interval_ms,
        nullIf(collector_id, ''), nullIf(toUnixTimestamp64Milli(received_at), 0), buffered,
        _partition, _offset, toUnixTimestamp64Milli(_timestamp)"""
    table = "heartbeats_archived" if refused_too else "heartbeats_accepted"
    order = "location_id, device_id, occurred_at, _partition, _offset"
    for batch in _batches(client, columns, table, order, location, since, until):
        yield Heartbeats(*batch)


def heartbeats_held(client: Client) -> int:
    """How many heartbeats there are, whatever became of them: the measure of work on the whole archive."""
    count: int = client.query("SELECT count() FROM heartbeats").result_rows[0][0]
    return count


def accepted_ticks(
    client: Client, *, since: int | None = None, until: int | None = None, refused_too: bool = False
) -> Iterator[Ticks]:
    """Ticks of `[since, until)` (ms), by partition, collector and time. One may come twice."""
    columns = """
        collector_id, toUnixTimestamp64Milli(occurred_at), _partition, _offset, toUnixTimestamp64Milli(_timestamp)"""
    table = "ticks" if refused_too else "ticks_accepted"
    for batch in _batches(client, columns, table, "_partition, collector_id, occurred_at", None, since, until):
        yield Ticks(*batch)


def accepted_ticks_at(client: Client, instants: Iterable[int]) -> Iterator[Ticks]:
    """Ticks of these instants (ms) alone."""
    query = """
        SELECT
            collector_id, toUnixTimestamp64Milli(occurred_at), _partition, _offset, toUnixTimestamp64Milli(_timestamp)
        FROM ticks_accepted WHERE has({instants:Array(Int64)}, toUnixTimestamp64Milli(occurred_at))"""
    with client.query_column_block_stream(query, parameters={"instants": [*instants]}) as blocks:
        for block in blocks:
            yield Ticks(*block)


def heartbeat_ids(client: Client, location: str, since: int, until: int) -> dict[tuple[int, int], str]:
    """The ids of a location's heartbeats that occurred in `[since, until)` (ms), by partition and offset, as far as
    they are kept: for 35 days."""
    query = """
        SELECT _partition, _offset, id FROM heartbeat_details
        WHERE location_id = {location:String} AND occurred_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            AND occurred_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')"""
    given = {"location": location, "since": since, "until": until}
    return {(partition, offset): name for partition, offset, name in client.query(query, parameters=given).result_rows}


def place_of(client: Client, ids: Sequence[str]) -> str | None:
    """The location of the published fact that one of these ids names, whether or not it is current; of a claim without
    a location, and of any other ticket, its account. None: there is none, or there are several."""
    query = """
        SELECT location_id FROM location_outages WHERE has({ids:Array(String)}, outage_id)
        UNION DISTINCT SELECT location_id FROM exclusion_proposals WHERE has({ids:Array(String)}, proposal_id)
        UNION DISTINCT SELECT location_id FROM credits WHERE has({ids:Array(String)}, credit_id)
        UNION DISTINCT SELECT location_id FROM billing_credits WHERE has({ids:Array(String)}, id)
        UNION DISTINCT SELECT ifNull(location_id, account_id) FROM claim_answers
            WHERE hasAny({ids:Array(String)}, [ticket_id, concat(account_id, '/', ticket_id)])
        UNION DISTINCT SELECT ifNull(location_id, account_id) FROM ticket_events
            WHERE hasAny({ids:Array(String)}, [ticket_id, concat(account_id, '/', ticket_id)])"""
    found = client.query(query, parameters={"ids": [*ids]}).result_rows
    return found[0][0] if len(found) == 1 else None


def accepted_registry(client: Client, *, refused_too: bool = False) -> Iterator[Line]:
    """The whole messages of `registry`, in the topic's order."""
    return _messages(client, "registry", "registry" if refused_too else "registry_accepted")


def accepted_diagnoses(client: Client, *, location: str | None = None) -> Iterator[Line]:
    """The whole messages of the heartbeats that report a cause; of one location, or of all."""
    return _messages(client, "device-heartbeats", "diagnoses_accepted", location)


def accepted_annotations(client: Client, *, refused_too: bool = False) -> Iterator[Line]:
    """The whole messages of `outage-annotations`, partition by partition in the topic's order."""
    table = "outage_annotations" if refused_too else "outage_annotations_accepted"
    return _messages(client, "outage-annotations", table)


def accepted_tickets(client: Client) -> Iterator[Line]:
    """The whole messages of `tickets`, likewise."""
    return _messages(client, "tickets", "ticket_events_accepted")


def is_location(client: Client, location_id: str) -> bool:
    """Whether the registry has a location of that name, or one was ever heard of."""
    query = """
        SELECT (SELECT count() FROM registry_accepted WHERE entity = 'location' AND entity_id = {location:String})
            + (SELECT count() FROM location_states WHERE location_id = {location:String})"""
    return bool(client.query(query, parameters={"location": location_id}).result_rows[0][0])


def current_facts(
    client: Client, fact: type[FactType], *, location: str | None = None, account: str | None = None
) -> Iterator[FactType]:
    """The newest of each of a kind of fact, if not retracted; of one location or account, or of all, by identity."""
    names = fact.__struct_encode_fields__
    wire = dict(zip(fact.__struct_fields__, names, strict=True))
    query = f"SELECT {', '.join(f'`{name}`' for name in names)} FROM {table_of(fact.TOPIC)}_current"  # noqa: S608 - ours
    wanted = {"location_id = {location:String}": location, "account_id = {account:String}": account}
    where = [condition for condition, value in wanted.items() if value is not None]
    query += f" WHERE {' AND '.join(where)}" if where else ""
    query += f" ORDER BY {', '.join(f'`{wire[name]}`' for name in fact.IDENTITY)}"
    with client.query_rows_stream(query, parameters={"location": location, "account": account}) as rows:
        for row in rows:
            yield fact.read({name: _written(name, value) for name, value in zip(names, row, strict=True)})


def _written(name: str, value: Any) -> Any:
    """A column's value as `Fact.read` takes it."""
    if isinstance(value, datetime):  # of a column in UTC, whether the client says so or not
        return (value.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
    if name == "settings":
        return msgspec.json.decode(value)
    if isinstance(value, list):
        return [{part: _written(part, of) for part, of in each.items()} for each in value]
    if isinstance(value, dict):
        return value if value["topic"] else None
    return value


def _batches(
    client: Client, columns: str, table: str, order: str, location: str | None, since: int | None, until: int | None
) -> Iterator[Sequence[Sequence[Any]]]:
    conditions = {
        "location_id = {location:String}": location,
        "occurred_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')": since,
        "occurred_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')": until,
    }
    where = " AND ".join(condition for condition, value in conditions.items() if value is not None) or "1"
    with client.query_column_block_stream(
        f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order}",  # noqa: S608 - all of it is ours
        parameters={"location": location, "since": since, "until": until},
        settings={"optimize_read_in_order": 1, "max_block_size": _ROWS},
    ) as blocks:
        yield from blocks


def _messages(client: Client, topic: str, table: str, location: str | None = None) -> Iterator[Line]:
    where = "1" if location is None else "location_id = {location:String}"
    query = f"""
        SELECT _key, _value, _headers.name, _headers.value, _partition, _offset, toUnixTimestamp64Milli(_timestamp)
        FROM {table} WHERE {where} ORDER BY _partition, _offset"""  # noqa: S608 - ours
    given = {"location": location}
    with client.query_rows_stream(query, parameters=given, query_formats={"String": "bytes"}) as rows:
        for key, value, names, values, partition, offset, timestamp in rows:
            headers = [(name.decode("utf-8"), content) for name, content in zip(names, values, strict=True)]
            yield Line(
                topic=topic,
                key=key or None,
                value=value,
                partition=partition,
                offset=offset,
                timestamp=timestamp,
                headers=headers or None,
            )
