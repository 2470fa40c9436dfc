"""Random recordings of a small fleet around a month's edge, as lines of a file: what the laws are tried on.

Times are drawn so that the exact ends of holds and of blind time, and a millisecond beside them, are common. Everything
is drawn from one `random.Random`: a seed, or hypothesis through `recordings`, is a recording.
"""

from collections.abc import Sequence
from random import Random
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
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DEADLINE = times.parse("2026-04-03T08:00:00Z")
"""Where a window of one day for March's credits ends: of the other windows none does in the recorded time."""
PARTITIONS = 8

LOCATIONS = ("l1", "l2")
DEVICES = ("a", "b", "c")
COLLECTORS = ("c1", "c2")

SETTINGS = Derivation(month_close_delay_h=1, correction_horizon_days=1)
FINAL = EDGE + SETTINGS.correction_horizon_ms
EVER = FINAL + HOUR
"""After all that is recorded."""

SHORT_TIERS = [{"minutes": 1, "days": 1}, {"minutes": 3, "days": 2}, {"minutes": 8, "days": 4}]


def _book(
    changed: str | int | bool | None = None, path: str = "", *, from_april: bool = True, series: str | None = None
) -> Book:
    """Short tiers, and one change of the packaged terms: from April on, throughout, or in a series of its own."""
    plain = {"credits.tiers": SHORT_TIERS}
    if not path:
        return book_of({"terms": [plain]})
    other = {**plain, path: changed}
    if series:
        return book_of({"terms": [plain, {**other, "series": series}]})
    return book_of({"terms": [plain, {**other, "effective": "2026-04-01"}] if from_april else [other]})


BOOKS = (
    _book(),
    _book("any_device", "availability.location_down_when"),
    *[_book("primary_device", "availability.location_down_when", from_april=False)] * 2,
    _book("last_seen", "availability.outage_begins"),
    _book(20, "availability.default_interval_s"),
    _book(1, "availability.missed_heartbeats"),
    _book(True, "exclusions.maintenance_excluded", from_april=False),
    *[_book(1, "availability.missed_heartbeats", series="gold")] * 2,
    *[_book(1, "claims.window_days", from_april=False)] * 5,
    _book(True, "claims.auto_claim", series="gold"),
    _book(True, "claims.auto_claim", from_april=False),
    _book("fifteenth_minute", "claims.eligible_at", from_april=False),
    _book("none", "claims.late_eligibility", from_april=False),
    _book("never", "credits.corrections_after_issue", from_april=False),
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


def instant(chance: Random, minutes: int = 40) -> int:
    """An instant in the recorded time: whole tens of seconds."""
    return START + chance.randint(0, minutes * 6) * 10_000


INTERVALS: Sequence[lines.Interval] = (60, 60, 10, "changes", "changes", None, 0.5)
SPEAKERS = (*COLLECTORS, *COLLECTORS, *COLLECTORS, None, "c9")
"""Whom a device reports to: `c9` never ticks."""
HOLD = {60: 210_000, 10: 35_000, 0.5: 1750}

Said = list[tuple[int, bytes]]
"""Lines, each with the instant at which it stands in the log."""


def device_samples(chance: Random, location_id: str, device_id: str, partition: Partition) -> Said:
    """What a device said."""
    interval, collector_id = chance.choice(INTERVALS), chance.choice(SPEAKERS)
    at, said = instant(chance, 12), []
    for _ in range(chance.randint(2, 9)):
        turn = chance.randrange(20)
        if turn == 0:
            interval = chance.choice(INTERVALS)
        elif turn == 1:
            collector_id = chance.choice(COLLECTORS)
        status = "up" if chance.randrange(5) else "down"
        said += _told(chance, location_id, device_id, at, status, interval, collector_id, partition)
        hold = HOLD.get(interval if isinstance(interval, int | float) else 60, 210_000)
        at += chance.choice([0, hold * 2 // 7, hold * 2 // 7, hold - 1, hold, hold + 1, hold * 3, 5 * MINUTE])
    return said


def _told(
    chance: Random,
    location_id: str,
    device_id: str,
    at: int,
    status: str,
    interval: lines.Interval,
    collector_id: str | None,
    partition: Partition,
) -> Said:
    """One sample as it may reach the log: in time, late, doubled, slow, held back, or ahead of its time."""

    def said(stands_at: int, received_at: int | None = None, buffered: bool = False) -> tuple[int, bytes]:
        line = lines.sample(
            location_id, device_id, at, status, interval, collector_id, received_at, buffered, partition, **diagnosis
        )
        return stands_at, line

    diagnosis = _diagnosis(chance) if not chance.randrange(5) else {}
    late = at + chance.choice([30_000, 4 * MINUTE, 15 * MINUTE])
    slow = at + chance.choice([300_000, 300_001, 8 * MINUTE])
    match chance.choice(["in time"] * 8 + ["late", "doubled", "slow", "slow", "slow twice", "held back", "ahead"]):
        case "late":
            return [said(late)]
        case "doubled":
            return [said(at), said(late)]
        case "slow":
            return [said(slow, slow)]
        case "slow twice":
            return [said(slow, slow), said(at + 1, at + chance.choice([1, 7 * MINUTE]))]
        case "held back":
            return [said(slow, slow, buffered=True)]
        case "ahead":
            return [said(at, at - chance.choice([60_000, 60_001]))]
        case _:
            return [said(at)]


def _diagnosis(chance: Random) -> dict[str, Any]:
    """What a device makes of an outage, and what it measured."""
    return {
        "reported_cause": chance.choice(["site_power", "site_power", "site_internet"]),
        "uptime_s": chance.choice([None, 12, 30.5, 86_400]),
        "server_downtime_s": chance.choice([None, None, 3, 86_400]),
    }


def collector_ticks(chance: Random, collector_id: str, partitions: Sequence[Partition]) -> Said:
    """Runs of ticks, and what lies between them: at the edge of blindness, or well beyond."""
    at, ticks = instant(chance, 6), []
    for _ in range(chance.randint(2, 5)):
        step = chance.choice([15_000, 30_000])
        heard = partitions if chance.randrange(6) else partitions[:1]
        for _ in range(chance.randint(2, 12)):
            stands_at = at + (chance.choice([0, 0, 0, 40_000]) if step == 15_000 else 0)
            ticks += [(stands_at, lines.tick(collector_id, at, partition)) for partition in heard]
            at += step
        at += chance.choice([0, 1, 10_000, 10_000, 60_000, 3 * MINUTE, 3 * MINUTE + 30_000, 8 * MINUTE])
    return ticks


def _perhaps(chance: Random, one_in: int) -> str | None:
    """An instant in the recorded time or after it, one time of so many."""
    return None if chance.randrange(one_in) else times.render(chance.choice([instant(chance), instant(chance), EVER]))


def record(chance: Random) -> tuple[int, bytes]:
    """A version of a location, a device or an account: recorded as it becomes valid, late, too late or in advance."""
    since = chance.choice([EARLY, EARLY, START + 10 * MINUTE, EDGE, *(instant(chance) for _ in range(4)), EVER])
    recorded = chance.choice([None, None, None, EARLY, EARLY, EDGE + 90 * MINUTE, FINAL])
    kind = chance.choice(["device", "device", "device", "location", "location", "account"])
    fields: dict[str, Any]
    if kind == "location":
        entity_id = chance.choice(LOCATIONS)
        fields = {
            "account_id": chance.choice(["acme", "acme", "beta"]),
            "sla_from": chance.choice([times.render(EARLY)] * 3 + [times.render(EDGE - MINUTE), None]),
            "activated_at": _perhaps(chance, 4),
            "closed_at": _perhaps(chance, 4),
            "primary_device_id": chance.choice([None, "a", "b"]),
        }
    elif kind == "device":
        entity_id = chance.choice(DEVICES)
        fields = {
            "location_id": chance.choice(LOCATIONS),
            "monitored": chance.randrange(4) > 0,
            "heartbeat_interval_s": chance.choice([None, 10, 30]),
            "closed_at": _perhaps(chance, 6),
        }
    else:
        entity_id, fields = "acme", {"terms": chance.choice([None, "gold"])}
    given = {name: value for name, value in fields.items() if value is not None}
    return recorded or since, lines.record(kind, entity_id, since, recorded, **given)


def end(chance: Random, location_id: str, device_id: str, **location: Any) -> tuple[int, bytes]:
    """A device, or the location where it stands, closes in the recorded time."""
    since, closed_at = EARLY + 1, times.render(instant(chance))
    if chance.randrange(2):
        return since, lines.record("location", location_id, since, **location, closed_at=closed_at)
    return since, lines.record("device", device_id, since, location_id=location_id, closed_at=closed_at)


CAUSES = ("site_power", "site_power", "monitoring_gap", "maintenance", "provider", "third_party")


def annotation(chance: Random, partition_of: dict[str, Partition]) -> tuple[int, bytes]:
    """A revision: of some minutes, to the end of its outage, or of all the recorded time and after the month closed."""
    location_id, from_ = chance.choice(LOCATIONS), instant(chance)
    to = from_ + chance.randint(30, 150) * 10_000 if chance.randrange(2) else None
    recorded = chance.choice([from_ + MINUTE, EDGE + 2 * HOUR, EDGE + 2 * HOUR, FINAL])
    if chance.randrange(3) == 0:
        from_, to, recorded = START, EDGE + HOUR, EDGE + 2 * HOUR
    cause, state = chance.choice(CAUSES), chance.choice(["approved"] * 4 + ["retracted"])
    note, revision = chance.choice(["n1", "n2", "n3"]), chance.randint(1, 3)
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


CLAIMED_AT = (
    START,
    EDGE - 30 * DAY,
    EDGE - 30 * DAY,
    EDGE - 32 * DAY,
    EDGE,
    EDGE + 3 * HOUR,
    DEADLINE - 1,
    DEADLINE,
    EDGE + 31 * DAY,
)


def claim(chance: Random, number: int) -> Said:
    """A ticket that claims March at some location: in time or not, in writing or not, complete or not, or later."""
    at, said = chance.choice(CLAIMED_AT) + chance.randrange(2), []
    account_id, ticket_id = chance.choice(["acme", "acme", "acme", "beta"]), f"T{number}"
    named: dict[str, Any] = {
        "location_id": chance.choice(LOCATIONS),
        "month": chance.choice(["2026-03"] * 5 + ["2026-04"]),
    }
    missing = {name: named.pop(name) for name in [*named] if not chance.randrange(5)}
    channel = chance.choice([None, "email", "email", "phone"])
    told = {**named, "ticket_type": "credit_claim", **({"channel": channel} if channel else {})}
    if chance.randrange(10):  # else nobody hears of its creation
        said.append((at, lines.ticket(ticket_id, at, "created", account_id=account_id, **told)))
    if missing and chance.randrange(3):
        said.append((at + HOUR, lines.ticket(ticket_id, at + HOUR, "note_added", account_id=account_id, **missing)))
    if channel == "phone" and chance.randrange(2):
        written = {"actor": "customer", "channel": "email"}
        said.append((at + DAY, lines.ticket(ticket_id, at + DAY, "note_added", account_id=account_id, **written)))
    return said


def reconciliation(chance: Random, number: int) -> tuple[int, bytes]:
    """Somebody looked at March: what had been told of it, whether or not anything did, and what its chain was to be."""
    recorded = chance.choice([EDGE - MINUTE, EDGE + HOUR, EDGE + 2 * HOUR, EDGE + 3 * HOUR, EDGE + 3 * HOUR, FINAL])
    known = [{"recorded_at": times.render(EDGE), "down_ms": chance.randrange(10) * MINUTE}]
    if not chance.randrange(3):
        known.append({"recorded_at": times.render(EDGE + HOUR), "down_ms": chance.randrange(10) * MINUTE})
    month = {
        "account_id": chance.choice(["acme", "acme", "acme", "beta"]),
        "month": "2026-03",
        "known": known if chance.randrange(5) else [],
        "entries": chance.randrange(3),
        "days": chance.choice([0, 1, 2, 4]),
    }
    if not chance.randrange(3):
        month["lowest_tier_at"] = times.render(chance.choice([START, EDGE - MINUTE, EDGE + HOUR]))
    facts = chance.sample(["location-states", "availability", "credits", "billing-credits"], chance.randint(1, 4))
    said: dict[str, Any] = {"facts": facts, "months": [month], "reason": "it was wrong", "author": "ann"}
    line = lines.record("reconciliation", f"r{number}", START, recorded, location_id=chance.choice(LOCATIONS), **said)
    return recorded, line


CLOSES = EDGE + SETTINGS.month_close_delay_ms
ENDS = (
    (),
    (EDGE + 25 * MINUTE,),
    (CLOSES - 1,),
    (CLOSES,),
    (CLOSES, FINAL + MINUTE),
    (CLOSES, DEADLINE - 1),
    (CLOSES, DEADLINE),
    (CLOSES, DEADLINE),
)
"""Perhaps some last ticks of a collector that only keeps time: to the instant of closing, or past it."""


def recording(chance: Random) -> Recording:
    partitioned = chance.randrange(2) > 0
    partition_of = {key: murmur2_partition(key.encode(), PARTITIONS) if partitioned else None for key in LOCATIONS}
    said: Said = []
    members = [(location_id, device_id) for location_id in LOCATIONS for device_id in DEVICES]
    speaking = chance.sample(members, chance.randint(2, 4))
    for location_id, device_id in speaking:
        said += device_samples(chance, location_id, device_id, partition_of[location_id])
    heard = sorted(set(partition_of.values()), key=str)
    for collector_id in chance.choice([COLLECTORS, COLLECTORS, COLLECTORS, ("c1",), ()]):
        said += collector_ticks(chance, collector_id, heard)
    covered: dict[str, Any] = {"account_id": "acme", "sla_from": times.render(EARLY), "primary_device_id": "a"}
    for key in chance.choice([LOCATIONS, LOCATIONS, ("l1",), ()]):
        said.append((EARLY, lines.record("location", key, EARLY, **covered)))
    said += [record(chance) for _ in range(chance.randrange(5))]
    said += [annotation(chance, partition_of) for _ in range(chance.randrange(5))]
    for at in chance.choice(ENDS):
        said += [(at, lines.tick("clock", at, partition)) for partition in heard[: chance.choice([1, 2, 2])]]
    book = chance.choice(BOOKS)
    if not chance.randrange(3):
        said.append(end(chance, *chance.choice(speaking), **covered))
    for number in range(chance.choice([0, 1, 2, 4, 6])):
        said += claim(chance, number)
    said += [reconciliation(chance, number) for number in range(chance.choice([0, 0, 1, 2]))]
    said.sort(key=lambda each: each[0])
    return Recording(book, tuple(line for _, line in said), partitioned)


def recordings() -> st.SearchStrategy[Recording]:
    """What hypothesis draws, and shrinks."""
    return st.randoms(use_true_random=False).map(recording)


def is_keyed(event: Event) -> bool:
    """Whether an event is of one location; the others are broadcasts."""
    return isinstance(event, Annotation) or (event.KEY == "location_id" and event.TOPIC == "device-heartbeats")
