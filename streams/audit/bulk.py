"""The short way for a recording's plain heartbeats: taken in by what they say, and told to the core all at once.

A replay derives nothing before everything is read, so a heartbeat need not reach its fold on its own: those that
differ in nothing but their time are put together. What is not plainly right goes the long way, through `decode`.
`tests/cli/test_bulk.py` proves that both ways lead to the same facts.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import UNSET

from schemas import times
from schemas.events import Heartbeat
from schemas.events.heartbeat import effective_at
from schemas.wire.document import MAX_BYTES
from schemas.wire.lines import PlainLine, TicketLine
from streams.engine import FOREVER, Partition
from streams.folds.chain import Chain
from streams.folds.samples import CHANGES_ONLY, UNSTATED, Profile
from streams.folds.states import profile_of
from streams.folds.world import World

if TYPE_CHECKING:  # a file needs no client of ClickHouse
    from streams.archive.read import Heartbeats

_EARLIEST = times.parse("1971-01-01T00:00:00Z")
_LATEST = times.parse("9998-01-01T00:00:00Z")

_decode = msgspec.json.Decoder(PlainLine).decode


class Alike(NamedTuple):
    """Heartbeats of one device at one location that say the same, by their times."""

    partition: Partition
    location_id: str
    device_id: str
    profile: Profile
    times: "array[int]"


class Bulk:
    """The plain heartbeats of one recording. All times in ms: what is dated up to `skew_ms` ahead of its arrival and
    less than `never_too_late_ms` behind it is in time; what is more than `lag_ms` behind it needs a closer look."""

    def __init__(self, skew_ms: int, lag_ms: int, never_too_late_ms: int, until: int | None) -> None:
        self._skew_ms = skew_ms
        self._lag_ms = min(lag_ms, never_too_late_ms - 1)
        self._never_too_late_ms = never_too_late_ms
        self._until = FOREVER if until is None else until
        self._alike: dict[tuple[object, ...], Alike] = {}

    def others(self, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, TicketLine | None]]:
        """Take the plain heartbeats among the lines of a file; hand on every other line with its number, from 1, and
        what it says if that is plainly of a ticket."""
        alike, hours, in_hour, rests = self._alike, times.HOURS, times.IN_HOUR, times.RESTS
        for number, line in enumerate(lines, 1):
            try:
                read = _decode(line)
                if type(read) is TicketLine:
                    yield number, line, read
                    continue
                sample, stamp = read.value, read.timestamp
                text: str = sample.occurred_at
                try:  # as `times.parse`, written out: it is asked of every line
                    dated = hours[text[:13]] + in_hour[text[13:19]] + rests[text[19:]]
                except KeyError:
                    dated = times.parse(text)
                unsaid = sample.received_at is None and stamp is None
                arrived = unsaid or self._arrived(sample, dated, stamp)
            except (ValueError, RecursionError):
                yield number, line, None
                continue
            if (
                not _EARLIEST < dated < _LATEST
                or len(line) > MAX_BYTES
                or sample.reported_cause is not None
                or (read.partition is not None and read.key != sample.location_id)
            ):
                yield number, line, None
                continue
            if not arrived:
                continue
            says = (
                sample.device_id,
                sample.location_id,
                sample.status,
                sample.interval_s,
                sample.collector_id,
                read.partition,
            )
            known = alike.get(says)
            if known is None:
                known = alike[says] = _alike(sample, read.partition)
            known.times.append(dated)

    def _arrived(self, sample: Heartbeat, dated: int, stamp: int | str | None) -> bool:
        """Whether it had arrived by then. Raises `ValueError` for what came too early or too late to be plain."""
        arrival = times.parse(stamp) if isinstance(stamp, str) else stamp or 0
        slack_ms = self._never_too_late_ms - 1
        if sample.received_at is not None:
            arrival, slack_ms = times.parse(sample.received_at), self._lag_ms  # type: ignore[arg-type] # still text
        if not dated - self._skew_ms <= arrival <= dated + slack_ms:
            raise ValueError("to be judged")
        return arrival <= self._until

    def columns(self, batch: "Heartbeats") -> Iterator[tuple[Heartbeat, Partition]]:
        """Take a batch of the archive, which was accepted; hand on the samples that count at their arrival."""
        last, lag_ms = self._until, self._lag_ms
        says: tuple[object, ...] = ()
        told: Alike | None = None
        for location_id, device_id, at, up, interval_ms, collector_id, received, buffered, partition, _, stamp in zip(
            *batch, strict=True
        ):
            if (stamp if received is None else received) > last:
                continue
            if received is not None and effective_at(at, received, buffered, lag_ms) != at:
                yield _sample(location_id, device_id, at, up, interval_ms, collector_id, received), partition
                continue
            now = (device_id, location_id, up, interval_ms, collector_id, partition)
            if now != says:
                says, told = now, self._alike.get(now)
            if told is None:
                profile = Profile(up, interval_ms, collector_id)
                told = self._alike[now] = Alike(partition, location_id, device_id, profile, array("q"))
            told.times.append(at)

    def empty(self) -> "Bulk":
        """Another one for the same recording."""
        return Bulk(self._skew_ms, self._lag_ms, self._never_too_late_ms, self._until)

    def taken(self) -> list[Alike]:
        return list(self._alike.values())

    def add(self, taken: Iterable[Alike]) -> None:
        """Take what another one took."""
        for each in taken:
            known = self._alike.setdefault(each[:-1], each)
            if known is not each:
                known.times.extend(each.times)

    def move_time(self, world: World) -> None:
        """Tell how far time has come, which all that follows depends on."""
        for alike in self._alike.values():
            world.clock(alike.partition).event(max(alike.times))

    def pour(self, chain: Chain, wanted: Callable[[str], bool]) -> None:
        """Tell the core, of the locations that are wanted."""
        told = {says: alike for says, alike in self._alike.items() if wanted(alike.location_id)}
        for alike in sorted(told.values(), key=_count, reverse=True):  # what is added to many is quick if few
            chain.absorb_all(alike.location_id, alike.device_id, alike.profile, alike.times, alike.partition)
        for says in told:
            del self._alike[says]


def _count(alike: Alike) -> int:
    return len(alike.times)


def _sample(
    location_id: str, device_id: str, at: int, up: bool, interval_ms: int, collector_id: str | None, received: int
) -> Heartbeat:
    interval_s = None if interval_ms == CHANGES_ONLY else UNSET if interval_ms == UNSTATED else interval_ms / 1000
    return Heartbeat(
        id="",
        device_id=device_id,
        location_id=location_id,
        occurred_at=at,
        status="up" if up else "down",
        interval_s=interval_s,
        collector_id=collector_id,
        received_at=received,
    )


def _alike(sample: Heartbeat, partition: Partition) -> Alike:
    return Alike(partition, sample.location_id, sample.device_id, profile_of(sample), array("q"))
