"""`location_outages`: a location's states -> when it was down (A§2, I-6; semantics §3).

A maximal run of down. Unknown time between two parts of it stays inside, and one that may still turn out to be inside
keeps the outage open. It refuses to count unknown time as downtime.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import ClassVar

import msgspec

from schemas import times
from schemas.facts import Fact, LocationOutage, LocationState, Source
from schemas.facts.fact import named
from streams.engine import Fold, Partition, Position, untold

FOLD_VERSION = 1

Rows = list[LocationState]
"""A location's states in order of time: of those that begin at one instant the newest, a retracted one included."""


class Outages(Fold):
    """The fold: a state is the rows of a location."""

    fact: ClassVar[type[Fact]] = LocationOutage
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({LocationState.TOPIC})

    def empty(self) -> Rows:
        return []

    def absorb(self, rows: Rows, row: LocationState, now: int) -> bool:
        return keep_newest(rows, row)

    def derive(self, key: str, rows: Rows, partition: Partition) -> Sequence[LocationOutage]:
        return outages(unretracted(rows))

    def mark(
        self,
        fact: LocationOutage,
        before: LocationOutage | None,
        gone: Sequence[LocationOutage],
        position: Position,
    ) -> LocationOutage:
        """One that opens in place of another, for the first time or again, names it; the source is the input from its
        beginning to its change."""
        supersedes = before.supersedes if before else None
        if before is None or before.retracted:
            supersedes = next((old.outage_id for old in gone if _meet(old, fact)), supersedes)
        source = None
        if position.offset is not None and position.partition is not None:
            first = before.source.first_offset if before and before.source else position.offset
            source = Source(position.topic, position.partition, first, position.offset)
        return msgspec.structs.replace(fact, supersedes=supersedes, source=source)

    def save(self, rows: Rows, told: Sequence[Fact]) -> list[Fact]:
        return untold(rows, told)

    def load(self, saved: bytes) -> Rows:
        return [*LocationState.load(saved)]

    def forget(
        self, key: str, rows: Rows, partition: Partition, published: Sequence[LocationOutage], before: int
    ) -> Sequence[LocationOutage]:
        """Keep what an outage that reaches past `before` is made of."""
        kept = [
            outage
            for outage in published
            if outage.started_at > before or not (outage.retracted or (outage.ended_at or before + 1) <= before)
        ]
        needed = min((outage.started_at for outage in kept), default=before)
        drop_before(rows, needed, min(needed, before))
        return kept


def keep_newest(rows: Rows, row: LocationState) -> bool:
    """Keep a row unless a newer one is known; whether it was kept."""
    place, known = find(rows, row.from_)
    if known is None:
        rows.insert(place, row)
    elif known.version > row.version:
        return False
    else:
        rows[place] = row
    return True


def find(rows: Rows, start: int) -> tuple[int, LocationState | None]:
    """The row that begins at an instant, with its place; None: the place where it would stand."""
    place = bisect_left(rows, start, key=attrgetter("from_"))
    known = rows[place] if place < len(rows) else None
    return place, known if known is not None and known.from_ == start else None


def drop_before(rows: Rows, needed: int, ended: int) -> None:
    """Drop rows that begin before an instant, and are retracted or over at another."""
    rows[:] = [
        row for row in rows if row.from_ >= needed or not (row.retracted or (row.to is not None and row.to <= ended))
    ]


def unretracted(rows: Rows) -> list[LocationState]:
    return [row for row in rows if not row.retracted]


def _meet(old: LocationOutage, new: LocationOutage) -> bool:
    """Whether two outages have time in common."""
    return (new.ended_at is None or old.started_at < new.ended_at) and (
        old.ended_at is None or new.started_at < old.ended_at
    )


def outages(rows: Sequence[LocationState]) -> list[LocationOutage]:
    """The outages in a location's states, given in order of time; only the last can be open."""
    return [_outage(run) for run in runs_of_down(rows)]


def runs_of_down(rows: Iterable[LocationState]) -> Iterable[list[LocationState]]:
    """The rows of each outage: down, and unknown where down stands on both sides or may still follow."""
    run: list[LocationState] = []
    for row in rows:
        if row.state == "down" or (run and is_of_outage(row)):
            run.append(row)
            continue
        if run:
            yield _without_trailing_unknown(run)
        run = []
    if run:
        yield run if run[-1].to is None else _without_trailing_unknown(run)


def is_of_outage(row: LocationState) -> bool:
    """Whether an outage may be made of a row: down, or unknown while a device takes part."""
    return row.state == "down" or (row.state == "unknown" and row.devices_unknown > 0)


def _without_trailing_unknown(run: list[LocationState]) -> list[LocationState]:
    while run[-1].state != "down":
        run.pop()
    return run


def _outage(run: Sequence[LocationState]) -> LocationOutage:
    first, last = run[0], run[-1]
    inside = [row for row in _without_trailing_unknown([*run]) if row.state == "unknown"]
    return LocationOutage(
        terms=first.terms,
        fold_version=FOLD_VERSION,
        settings=first.settings,
        outage_id=named(f"outage/{first.location_id}/{times.render(first.from_)}"),
        location_id=first.location_id,
        started_at=first.from_,
        ended_at=last.to,
        kind="silence" if first.devices_silent else "reported",
        devices=first.devices_down,
        unknown_ms=sum((row.to or 0) - row.from_ for row in inside),
    )
