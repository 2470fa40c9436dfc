"""A location's states, one at each instant, and the spans of time that they are."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise

import msgspec

from schemas.facts import LocationState
from streams.calendars import ALWAYS
from streams.engine import FOREVER
from streams.folds.outages import outages
from streams.intervals import Interval, union


def one_at_a_time(rows: Sequence[LocationState]) -> list[LocationState]:
    """Rows of which one speaks of each instant: the newest. Two do while a change of the past is being read, of which
    what is new comes before what is taken back."""
    told: list[LocationState] = []
    for rivals in _overlapping(rows):
        told += rivals if len(rivals) == 1 else _newest_of(rivals)
    return told


def _overlapping(rows: Sequence[LocationState]) -> Iterator[list[LocationState]]:
    """Runs of rows that have time in common; nearly always of one."""
    rivals: list[LocationState] = []
    reach = ALWAYS
    for row in rows:
        if rivals and row.from_ >= reach:
            yield rivals
            rivals = []
        rivals.append(row)
        reach = max(reach, _span(row)[1])
    if rivals:
        yield rivals


def _newest_of(rivals: Sequence[LocationState]) -> list[LocationState]:
    """A run of rows that have time in common: at each instant the newest of them speaks, on a tie the earlier."""
    told: list[tuple[int, int, LocationState]] = []
    speaking: list[tuple[int, int]] = []  # a heap of versions and places, the newest first
    begun = 0
    for start, end in pairwise(sorted({edge for row in rivals for edge in _span(row)})):
        while begun < len(rivals) and rivals[begun].from_ <= start:
            heappush(speaking, (-rivals[begun].version, begun))
            begun += 1
        while _span(rivals[speaking[0][1]])[1] <= start:
            heappop(speaking)
        row = rivals[speaking[0][1]]
        since = told.pop()[0] if told and told[-1][2] is row else start
        told.append((since, end, row))
    return [msgspec.structs.replace(row, from_=start, to=None if end == FOREVER else end) for start, end, row in told]


def _span(row: LocationState) -> Interval:
    return row.from_, FOREVER if row.to is None else row.to


class Timeline:
    """A location's states as spans of time."""

    def __init__(self, rows: Sequence[LocationState]) -> None:
        spans = [(_span(row), row) for row in rows]
        self.up = union(span for span, row in spans if row.state in ("up", "degraded"))
        self.down = union(span for span, row in spans if row.state == "down")
        self.outages = [
            (outage.started_at, FOREVER if outage.ended_at is None else outage.ended_at) for outage in outages(rows)
        ]
        self._holds = [(span, row.resolution_ms) for span, row in spans if row.resolution_ms]

    def resolution_ms(self, start: int, end: int) -> int | None:
        return max((hold for span, hold in self._holds if span[0] < end and span[1] > start), default=None)
