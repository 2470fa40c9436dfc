"""The archive as a recording: what ClickHouse kept of the input, without what was refused."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from clickhouse_connect.driver.client import Client

from schemas.facts import DeadLetter
from streams.archive.read import (
    accepted_annotations,
    accepted_diagnoses,
    accepted_heartbeats,
    accepted_registry,
    accepted_tickets,
    accepted_ticks,
)
from streams.audit.replay import Replay


def read_archive(audit: Replay, client: Client, done: Callable[[int], None] = lambda _: None) -> None:
    """Tell an audit all that was accepted, and what was refused. A tick of the archive arrived when the broker says.

    `done` is told how many heartbeats more were read.
    """
    for ticks in accepted_ticks(client):
        columns = ticks.collector_id, ticks.occurred_at, ticks.partition, ticks.timestamp
        for collector_id, at, partition, arrival in zip(*columns, strict=True):
            if audit.until is None or arrival <= audit.until:
                audit.world.tick(partition, collector_id, at)
    said = accepted_diagnoses(client, location=audit.location)
    audit.read(chain(accepted_registry(client), said, accepted_annotations(client), accepted_tickets(client)))
    for location in _only(audit):
        for heartbeats in accepted_heartbeats(client, location=location):
            for delayed, place in audit.bulk.columns(heartbeats):
                audit.absorb(delayed, place)
            done(len(heartbeats.occurred_at))
    audit.dead_letters += _dead_letters(client, audit.until)


def _only(audit: Replay) -> Sequence[str | None]:
    """The locations whose heartbeats must be read, None for all: where ticks tell every partition's time, those whose
    facts are not wanted have no say in it."""
    timed = {partition for partition, clock in audit.world.clocks.items() if clock.newest_tick is not None}
    if not timed >= set(range(audit.partitions or 0)):
        return [None]
    if audit.location:
        return [audit.location]
    return [None] if audit.account is None else sorted(audit.places_of(audit.account))


def _dead_letters(client: Client, until: int | None) -> Iterator[DeadLetter]:
    """Each once. The archive does not keep when the refused message arrived, but its dead letter followed at once."""
    names = DeadLetter.__struct_fields__
    columns = ", ".join(f"`{name}`" for name in names)
    then = "" if until is None else "WHERE _timestamp <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')"
    query = f"SELECT DISTINCT {columns} FROM dead_letters {then} ORDER BY topic, partition, offset, line"  # noqa: S608 -- our own names
    with client.query_rows_stream(query, parameters={"until": until}) as rows:
        for row in rows:
            yield DeadLetter(**dict(zip(names, row, strict=True)))
