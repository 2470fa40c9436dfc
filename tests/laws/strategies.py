"""Random recordings of a small fleet around a month's edge, as lines of a file: what the laws are tried on.

Times are drawn so that the exact ends of holds and of blind time, and a millisecond beside them, are common.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Annotation, Event
from schemas.terms.book import Book
from schemas.topics import murmur2_partition
from schemas.wire import Gate, Rejected, decode, parse_line
from streams.engine import Partition
from streams.folds.world import World
from tests.core import lines
from tests.core.cases import book_of

EDGE = times.parse("2026-04-01T08:00:00Z")
"""Where March ends and April begins."""
START = EDGE - 20 * 60_000
EARLY = times.parse("2026-01-01T00:00:00Z")
MINUTE = 60_000
PARTITIONS = 8

LOCATIONS = ("l1", "l2")
DEVICES = ("a", "b", "c")
COLLECTORS = ("c1", "c2")

SETTINGS = Derivation(month_close_delay_h=1, correction_horizon_days=1)
FINAL = EDGE + SETTINGS.correction_horizon_ms

SHORT_TIERS = [{"minutes": 1, "days": 1}, {"minutes": 3, "days": 2}, {"minutes": 8, "days": 4}]


def _book(changed: str | int | bool | None = None, path: str = "", *, from_april: bool = True) -> Book:
    """Short tiers, and one change of the packaged terms: from April on, or throughout."""
    plain = {"credits.tiers": SHORT_TIERS}
    if not path:
        return book_of({"terms": [plain]})
    other = {**plain, path: changed}
    return book_of({"terms": [plain, {**other, "effective": "2026-04-01"}] if from_april else [other]})


BOOKS = (
    _book(),
    _book("any_device", "availability.location_down_when"),
    _book("primary_device", "availability.location_down_when", from_april=False),
    _book("last_seen", "availability.outage_begins"),
    _book(20, "availability.default_interval_s"),
    _book(1, "availability.missed_heartbeats"),
    _book(True, "exclusions.maintenance_excluded", from_april=False),
)


class Step(NamedTuple):
    """An accepted event and the partition it stood in."""

    event: Event
    partition: Partition


class Recording(NamedTuple):
    """What was said, in the order of the log, and by what it is to be judged."""

    book: Book
    lines: tuple[bytes, ...]
    partitioned: bool

    @property
    def settings(self) -> Derivation:
        return SETTINGS

    def partition_of(self, location_id: str) -> Partition:
        return murmur2_partition(location_id.encode(), PARTITIONS) if self.partitioned else None

    def accepted(self) -> list[Step]:
        gate = Gate(SETTINGS, World(self.book, SETTINGS).open_since)
        steps = []
        for written in self.lines:
            line = parse_line(written)
            assert not isinstance(line, Rejected), line
            event = decode(line.topic, line.value, key=line.key, check_key=line.partition is not None, gate=gate)
            if not isinstance(event, Rejected):
                steps.append(Step(event, line.partition))
        return steps


def offsets(minutes: int = 40) -> st.SearchStrategy[int]:
    """Instants in the recorded time: whole tens of seconds, most of them in the middle of it."""
    return st.integers(0, minutes * 6).map(lambda tens: START + tens * 10_000)


INTERVALS: Sequence[lines.Interval] = (60, 60, 10, "changes", "changes", None, 0.5)
SPEAKERS = (*COLLECTORS, *COLLECTORS, *COLLECTORS, None, "c9")
"""Whom a device reports to: `c9` never ticks."""
HOLD = {60: 210_000, 10: 35_000, 0.5: 1750}


@st.composite
def device_samples(draw: st.DrawFn, location_id: str, device_id: str, partition: Partition) -> list[tuple[int, bytes]]:
    """What a device said, each with the instant at which it stands in the log."""
    interval, collector_id = draw(st.sampled_from(INTERVALS)), draw(st.sampled_from(SPEAKERS))
    at, said = draw(offsets(12)), []
    for _ in range(draw(st.integers(2, 9))):
        turn = draw(st.integers(0, 19))
        if turn == 0:
            interval = draw(st.sampled_from(INTERVALS))
        elif turn == 1:
            collector_id = draw(st.sampled_from(COLLECTORS))
        status = "down" if draw(st.integers(0, 4)) == 0 else "up"
        said += draw(_told(location_id, device_id, at, status, interval, collector_id, partition))
        hold = HOLD.get(interval if isinstance(interval, int | float) else 60, 210_000)
        at += draw(st.sampled_from([0, hold * 2 // 7, hold * 2 // 7, hold - 1, hold, hold + 1, hold * 3, 5 * MINUTE]))
    return said


@st.composite
def _told(
    draw: st.DrawFn,
    location_id: str,
    device_id: str,
    at: int,
    status: str,
    interval: lines.Interval,
    collector_id: str | None,
    partition: Partition,
) -> list[tuple[int, bytes]]:
    """One sample as it may reach the log: in time, late, doubled, slow, held back, or ahead of its time."""

    def said(stands_at: int, received_at: int | None = None, buffered: bool = False) -> tuple[int, bytes]:
        line = lines.sample(
            location_id, device_id, at, status, interval, collector_id, received_at, buffered, partition
        )
        return stands_at, line

    late = at + draw(st.sampled_from([30_000, 4 * MINUTE, 15 * MINUTE]))
    slow = at + draw(st.sampled_from([300_000, 300_001, 8 * MINUTE]))
    match draw(
        st.sampled_from(["in time"] * 8 + ["late", "doubled", "slow", "slow", "slow twice", "held back", "ahead"])
    ):
        case "late":
            return [said(late)]
        case "doubled":
            return [said(at), said(late)]
        case "slow":
            return [said(slow, slow)]
        case "slow twice":
            return [said(slow, slow), said(at + 1, at + draw(st.sampled_from([1, 7 * MINUTE])))]
        case "held back":
            return [said(slow, slow, buffered=True)]
        case "ahead":
            return [said(at, at - draw(st.sampled_from([60_000, 60_001])))]
        case _:
            return [said(at)]


@st.composite
def collector_ticks(draw: st.DrawFn, collector_id: str, partitions: Sequence[Partition]) -> list[tuple[int, bytes]]:
    """Runs of ticks, and what lies between them: at the edge of blindness, or well beyond."""
    at, ticks = draw(offsets(6)), []
    for _ in range(draw(st.integers(2, 5))):
        step = draw(st.sampled_from([15_000, 30_000]))
        heard = partitions if draw(st.integers(0, 5)) else partitions[:1]
        for _ in range(draw(st.integers(2, 12))):
            stands_at = at + (draw(st.sampled_from([0, 0, 0, 40_000])) if step == 15_000 else 0)
            ticks += [(stands_at, lines.tick(collector_id, at, partition)) for partition in heard]
            at += step
        at += draw(st.sampled_from([0, 1, 10_000, 10_000, 60_000, 3 * MINUTE, 3 * MINUTE + 30_000, 8 * MINUTE]))
    return ticks


def _maybe(values: st.SearchStrategy[int]) -> st.SearchStrategy[str | None]:
    return st.none() | values.map(times.render)


SINCE = st.sampled_from([EARLY, EARLY, START + 10 * MINUTE, EDGE]) | offsets()
RECORDED = st.sampled_from([None, None, None, EDGE + 90 * MINUTE, FINAL])


@st.composite
def records(draw: st.DrawFn) -> tuple[int, bytes]:
    """A version of a location, a device or an account. It stands in the log when it was recorded."""
    since, recorded = draw(SINCE), draw(RECORDED)
    kind = draw(st.sampled_from(["device", "device", "device", "location", "location", "account"]))
    fields: dict[str, Any]
    if kind == "location":
        entity_id, fields = (
            draw(st.sampled_from(LOCATIONS)),
            {
                "account_id": draw(st.sampled_from(["acme", "acme", "beta"])),
                "sla_from": draw(st.sampled_from([times.render(EARLY)] * 3 + [times.render(EDGE - MINUTE), None])),
                "activated_at": draw(st.none() | _maybe(offsets())),
                "closed_at": draw(st.none() | _maybe(offsets())),
                "primary_device_id": draw(st.sampled_from([None, "a", "b"])),
            },
        )
    elif kind == "device":
        entity_id, fields = (
            draw(st.sampled_from(DEVICES)),
            {
                "location_id": draw(st.sampled_from(LOCATIONS)),
                "monitored": draw(st.integers(0, 3)) > 0,
                "heartbeat_interval_s": draw(st.sampled_from([None, 10, 30])),
                "closed_at": draw(st.none() | st.none() | _maybe(offsets())),
            },
        )
    else:
        entity_id, fields = "acme", {"terms": draw(st.sampled_from([None, "gold"]))}
    given = {name: value for name, value in fields.items() if value is not None}
    return recorded or since, lines.record(kind, entity_id, since, recorded, **given)


CAUSES = ("site_power", "site_power", "monitoring_gap", "maintenance", "provider", "third_party")


@st.composite
def annotations(draw: st.DrawFn, partition_of: dict[str, Partition]) -> tuple[int, bytes]:
    location_id, from_ = draw(st.sampled_from(LOCATIONS)), draw(offsets())
    to = draw(st.none() | st.integers(30, 150).map(lambda tens: from_ + tens * 10_000))
    recorded = draw(st.sampled_from([from_ + MINUTE, from_ + MINUTE, EDGE + 2 * 60 * MINUTE, FINAL]))
    cause, state = draw(st.sampled_from(CAUSES)), draw(st.sampled_from(["approved"] * 4 + ["retracted"]))
    note, revision = draw(st.sampled_from(["n1", "n2", "n3"])), draw(st.integers(1, 3))
    line = lines.annotation(
        location_id,
        note,
        revision,
        from_,
        to,
        recorded,
        partition=partition_of[location_id],
        cause=cause,
        state=state,
        id=f"{location_id}/{note}/{revision}/{from_}/{to}/{recorded}/{cause}/{state}",
    )
    return recorded, line


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    partitioned = draw(st.booleans())
    partition_of = {key: murmur2_partition(key.encode(), PARTITIONS) if partitioned else None for key in LOCATIONS}
    said: list[tuple[int, bytes]] = []
    members = st.tuples(st.sampled_from(["l1", "l1", "l2"]), st.sampled_from(DEVICES))
    for location_id, device_id in draw(st.lists(members, min_size=2, max_size=4, unique=True)):
        said += draw(device_samples(location_id, device_id, partition_of[location_id]))
    heard = sorted(set(partition_of.values()), key=str)
    for collector_id in draw(st.sampled_from([COLLECTORS, COLLECTORS, COLLECTORS, ("c1",), ()])):
        said += draw(collector_ticks(collector_id, heard))
    covered: dict[str, Any] = {"account_id": "acme", "sla_from": times.render(EARLY), "primary_device_id": "a"}
    for key in draw(st.sampled_from([LOCATIONS, LOCATIONS, ("l1",), ()])):
        said.append((EARLY, lines.record("location", key, EARLY, **covered)))
    said += draw(st.lists(records(), max_size=4))
    said += draw(st.lists(annotations(partition_of), max_size=4))
    said += draw(_end(heard))
    said.sort(key=lambda each: each[0])
    return Recording(draw(st.sampled_from(BOOKS)), tuple(line for _, line in said), partitioned)


CLOSES = EDGE + SETTINGS.month_close_delay_ms


@st.composite
def _end(draw: st.DrawFn, partitions: Sequence[Partition]) -> list[tuple[int, bytes]]:
    """Perhaps some last ticks of a collector that only keeps time: to the instant of closing, or past it."""
    ends = draw(st.sampled_from([(), (EDGE + 25 * MINUTE,), (CLOSES - 1,), (CLOSES,), (CLOSES, FINAL + MINUTE)]))
    return [(at, lines.tick("clock", at, partition)) for at in ends for partition in partitions]


def is_keyed(event: Event) -> bool:
    """Whether an event is of one location; the others are broadcasts."""
    return isinstance(event, Annotation) or (event.KEY == "location_id" and event.TOPIC == "device-heartbeats")
