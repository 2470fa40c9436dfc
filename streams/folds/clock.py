"""Stream time and blindness: what a partition's ticks say about time, and about when nobody listened (semantics §3).

A tick is a value, and the order of ticks says nothing: a collector is kept as its first and newest tick and the gaps
between, which any order and any repetition of the same ticks leave alike.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.engine import FOREVER
from streams.intervals import Interval


class Gap(NamedTuple):
    """Blind time of a collector that began, ended or was split at stream time `now`; it reaches back to `since`."""

    collector_id: str
    since: int
    now: int


class Listening(NamedTuple):
    """A partition's first tick, from which ticks are its clock instead of events; or one earlier than was known."""

    since: int


class Collector:
    """One collector's ticks: `first`, `newest` and the gaps longer than `blind_after_ms` between them."""

    __slots__ = ("first", "gaps", "newest")

    def __init__(self, tick: int, gaps: Sequence[Interval] = ()) -> None:
        self.first = self.newest = tick
        self.gaps = list(gaps)

    def tick(self, at: int, blind_after_ms: int) -> int | None:
        """Take a tick in; since when blind time is another because of it, or None."""
        if at > self.newest:
            gap, self.newest = (self.newest, at), at
        elif at < self.first:
            gap, self.first = (at, self.first), at
        else:
            return self._split(at, blind_after_ms)
        if gap[1] - gap[0] <= blind_after_ms:
            return None
        insort(self.gaps, gap)
        return gap[0]

    def _split(self, at: int, blind_after_ms: int) -> int | None:
        index = bisect_left(self.gaps, (at, at)) - 1
        if index < 0 or not self.gaps[index][0] < at < self.gaps[index][1]:
            return None
        start, end = self.gaps[index]
        self.gaps[index : index + 1] = [gap for gap in ((start, at), (at, end)) if gap[1] - gap[0] > blind_after_ms]
        return start


class Saved(msgspec.Struct, array_like=True):
    """A clock as it is kept: of each collector its name, its first and newest tick, and its gaps."""

    first_tick: int | None
    newest_tick: int | None
    newest_event: int | None
    collectors: list[tuple[str, int, int, list[Interval]]]
    gaps_above_ms: int | None = None


_SAVED = msgspec.msgpack.Decoder(Saved)


class Clock:
    """The time of one input partition, as its ticks and events tell it."""

    __slots__ = (
        "_blind_after_ms",
        "_gaps_above_ms",
        "_since",
        "collectors",
        "first_tick",
        "newest_event",
        "newest_tick",
    )

    def __init__(self, blind_after_ms: int) -> None:
        self._blind_after_ms = blind_after_ms
        self._gaps_above_ms: int | None = blind_after_ms
        """The gaps that are kept are longer; None: some are, some were kept by another limit."""
        self._since: list[tuple[str, int]] | None = None
        """The ticks since all those before are being read again."""
        self.collectors: dict[str, Collector] = {}
        self.first_tick: int | None = None
        self.newest_tick: int | None = None
        self.newest_event: int | None = None

    @property
    def time(self) -> int | None:
        """The newest tick, or the newest event where no collector ever ticked; None before anything came."""
        return self.newest_event if self.newest_tick is None else self.newest_tick

    def event(self, at: int) -> None:
        if self.newest_event is None or at > self.newest_event:
            self.newest_event = at

    def follow(self, through: int, first: int) -> None:
        """Be told the time by progress records, not by ticks: `first` is the earliest tick, if it is earlier."""
        if first == through and self.newest_tick is None:
            self.event(through)
            return
        self.newest_tick = through if self.newest_tick is None else max(through, self.newest_tick)
        self.first_tick = first if self.first_tick is None else min(first, self.first_tick)

    def tick(self, collector_id: str, at: int) -> list[Gap]:
        """Take a tick in; the blind time that began, ended or was split because of it."""
        if self._since is not None:
            self._since.append((collector_id, at))
        newest = self.newest_tick
        if newest is None or at > newest:
            self.newest_tick = at
        if self.first_tick is None or at < self.first_tick:
            self.first_tick = at
        gaps = self._left_behind(newest) if newest is not None and at > newest else []
        collector = self.collectors.get(collector_id)
        if collector is None:
            collector = self.collectors[collector_id] = Collector(at)
            since = at if self.is_blind_now(collector) else None
        else:
            open_since = collector.newest if self.is_blind_now(collector) and at > collector.newest else None
            since = collector.tick(at, self._blind_after_ms)
            since = open_since if since is None else since
        if since is not None:
            gaps.append(Gap(collector_id, since, self.newest_tick or at))
        return gaps

    def _left_behind(self, before: int) -> list[Gap]:
        """The collectors that stream time left behind with its step from `before` to now."""
        now, limit = self.newest_tick or before, self._blind_after_ms
        return [
            Gap(collector_id, collector.newest, now)
            for collector_id, collector in self.collectors.items()
            if before - collector.newest <= limit < now - collector.newest
        ]

    def blind(self, collector_id: str | None, start: int, end: int) -> Sequence[Interval]:
        """When the collector was blind, as far as it touches ``(start, end)``, in order; an open gap ends `FOREVER`."""
        collector = self.collectors.get(collector_id) if collector_id is not None else None
        if collector is None:
            return ()
        gaps = collector.gaps
        # gaps are disjoint: ordered by start, they are ordered by end as well
        low = bisect_right(gaps, start, key=_end)
        high = bisect_left(gaps, end, lo=low, key=_start)
        spans: list[Interval] = gaps[low:high]
        if self.is_blind_now(collector) and collector.newest < end:
            spans.append((collector.newest, FOREVER))
        return spans

    def is_blind_now(self, collector: Collector) -> bool:
        """Whether stream time has left the collector behind."""
        return (self.newest_tick or 0) - collector.newest > self._blind_after_ms

    def save(self) -> bytes:
        collectors = [(name, each.first, each.newest, each.gaps) for name, each in self.collectors.items()]
        saved = Saved(self.first_tick, self.newest_tick, self.newest_event, collectors, self._gaps_above_ms)
        return msgspec.msgpack.encode(saved)

    def restore(self, saved: bytes) -> None:
        """Know what a clock knew when it was saved, in place of anything known now."""
        known = _SAVED.decode(saved)
        self.first_tick, self.newest_tick, self.newest_event = known.first_tick, known.newest_tick, known.newest_event
        self._gaps_above_ms = known.gaps_above_ms if known.gaps_above_ms == self._blind_after_ms else None
        self.collectors = {}
        for name, first, newest, gaps in known.collectors:
            self.collectors[name] = Collector(first, gaps)
            self.collectors[name].newest = newest

    @property
    def knows_its_gaps(self) -> bool:
        """Whether all of them were kept by the limit in force; if not, every tick is to be read again."""
        return self._gaps_above_ms is not None

    def read_again(self) -> None:
        """All ticks so far are being read again: note those that come meanwhile."""
        self._since = []

    def was_read_again(self, before: "Clock") -> None:
        """By the limit in force this is what all ticks before came to."""
        since, self._since = self._since or (), None
        self.collectors, self._gaps_above_ms = before.collectors, self._blind_after_ms
        for collector_id, at in since:
            self.tick(collector_id, at)

    def copy(self) -> "Clock":
        clock = Clock(self._blind_after_ms)
        clock.first_tick, clock.newest_tick, clock.newest_event = self.first_tick, self.newest_tick, self.newest_event
        for collector_id, collector in self.collectors.items():
            copied = Collector(collector.first, collector.gaps)
            copied.newest = collector.newest
            clock.collectors[collector_id] = copied
        return clock


def _start(span: Interval) -> int:
    return span[0]


def _end(span: Interval) -> int:
    return span[1]
