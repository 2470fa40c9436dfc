"""A seeded fleet's months: the input as the platform took it, and what intake told decide of it."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS, Derivation
from schemas.events import Heartbeat, Tick
from schemas.facts import Availability, Fact, LocationState, Progress
from schemas.partitioner import murmur2_partition
from schemas.terms.book import Book, read_book
from schemas.wire import Line, Rejected, decode
from streams.audit.replay import Replay
from streams.engine import Position
from streams.folds.chain import Chain
from streams.folds.states import States
from streams.folds.world import World

BOOK: Book = read_book(None)
DERIVATION = Derivation(blind_after_s=12 * 3600)
START = times.parse("2026-01-30T08:00:00Z")
STEP_MS = 6 * HOUR_MS
CAUSES = ("customer_action", "site_power", "provider", "maintenance", "monitoring_gap")


class Out(NamedTuple):
    """A message to be published."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    timestamp: int


@dataclass
class Story:
    """`inputs` are those that the audit replays; `outs` what stands in the topics that decide reads."""

    partitions: int
    inputs: list[Line] = field(default_factory=list)
    outs: list[Out] = field(default_factory=list)
    offsets: Counter[tuple[str, int]] = field(default_factory=Counter)
    replayed: list[Fact] = field(default_factory=list)
    _replay: Replay | None = None

    def replay(self) -> Replay:
        """The audit of the inputs; its facts stand in `replayed`."""
        if self._replay is not None:
            return self._replay
        self._replay = replay = Replay(BOOK, DERIVATION)
        replay.world.partition_of = self.partition_of
        replay.read(self.inputs)
        self.replayed = list(replay.facts())
        return replay

    def partition_of(self, location_id: str) -> int:
        return murmur2_partition(location_id.encode(), self.partitions)

    def add(self, topic: str, partition: int, key: str | None, value: dict[str, Any], at: int) -> Line:
        """A message of an input topic, in log order."""
        name = None if key is None else key.encode()
        offset = self.offsets[topic, partition]
        self.offsets[topic, partition] += 1
        line = Line(
            topic=topic,
            key=name,
            value=msgspec.json.encode(value),
            partition=partition,
            offset=offset,
            timestamp=at,
            headers=None,
        )
        self.inputs.append(line)
        if topic in ("registry", "outage-annotations", "tickets"):
            self.outs.append(Out(topic, partition, name, line.value or b"", at))
        return line


def tell(
    seed: int, *, locations: int = 10, partitions: int = 3, days: int = 75, reports: float = 0.15, notes: float = 0.07
) -> Story:
    """A fleet's history with outages of hours, late reports, annotations and registry records, right and wrong ones.

    `reports` is the chance that a location reports in a step, `notes` that somebody annotates or registers something.
    """
    return Teller(seed, locations, partitions, days, reports, notes).story


class Teller:
    """Tells a story step by step."""

    def __init__(self, seed: int, locations: int, partitions: int, days: int, reports: float, notes: float) -> None:
        self.random = random.Random(seed)
        self.story = Story(partitions)
        self.intake = Chain(World(BOOK, DERIVATION), (States,))
        self.names = [f"loc-{number}" for number in range(locations)]
        self.reports = reports
        self.notes = notes
        self.first = START
        self.made: list[dict[str, Any]] = []
        self.number = 0
        for number, name in enumerate(self.names):
            self.register(name, f"account-{number % 4}", START, START)
        for now in range(START, START + days * DAY_MS, STEP_MS):
            self.step(now)

    def step(self, now: int) -> None:
        chance = self.random.random
        for name in self.names[: -max(1, len(self.names) // 5)]:
            if chance() < self.reports:
                self.report(name, now)
        if chance() < self.notes * 6 / 7:
            self.annotate(now)
        if chance() < self.notes / 7:
            self.register(self.random.choice(self.names), f"account-{self.random.randrange(4)}", now, now)
        for partition in range(self.story.partitions):
            value = {"id": f"t{now}", "collector_id": "collector", "occurred_at": times.render(now)}
            self.take(self.story.add(Heartbeat.TOPIC, partition, None, value, now), partition)
            self.progress(partition, now)

    def report(self, name: str, now: int) -> None:
        at = now - self.random.randrange(STEP_MS)
        self.sample(name, at, self.random.choice(("up", "up", "down")), at, now)

    def sample(self, name: str, at: int, status: str, received: int, now: int) -> None:
        value = {
            "id": f"{name}/{at}",
            "device_id": f"{name}/device",
            "location_id": name,
            "occurred_at": times.render(at),
            "received_at": times.render(received),
            "status": status,
            "interval_s": None,
            "buffered": received != at,
        }
        partition = self.story.partition_of(name)
        self.take(self.story.add(Heartbeat.TOPIC, partition, name, value, now), partition)

    def register(self, name: str, account: str, since: int, now: int) -> None:
        for key, value in (
            (account, {"entity": "account", "account_id": account, "name": f"at {now}"}),
            (name, {"entity": "location", "location_id": name, "account_id": account, "sla_from": times.render(START)}),
        ):
            since_when = {"valid_from": times.render(since), "recorded_at": times.render(now)}
            line = self.story.add("registry", 0, key, value | since_when, now)
            self.intake.absorb(_taken(line), None)

    def annotate(self, now: int) -> None:
        """A new annotation, a new revision of one, the same again, or another under a name that is taken."""
        self.number += 1
        kind = self.random.random()
        if self.made and kind < 0.5:
            value = dict(self.random.choice(self.made))
            if kind < 0.25:
                value |= {"id": f"a{self.number}", "revision": value["revision"] + 1}
                value |= {"state": self.random.choice(("approved", "retracted"))}
            elif kind < 0.4:
                value |= {"evidence": f"another payload {self.number}"}
        else:
            start = now - self.random.randrange(20 * DAY_MS)
            value = {
                "id": f"a{self.number}",
                "annotation_id": f"n{self.number}",
                "revision": 1,
                "location_id": self.random.choice(self.names),
                "from": times.render(start),
                "cause": self.random.choice(CAUSES),
                "state": "approved",
                "author": "noc",
            }
            if self.random.random() < 0.6:
                value["to"] = times.render(start + self.random.randrange(1, 3 * DAY_MS))
        value["recorded_at"] = value.get("recorded_at", times.render(now))
        if self.random.random() < 0.1:
            value["cause"] = "weather"
        else:
            self.made.append(value)
        name = value["location_id"]
        self.story.add("outage-annotations", self.story.partition_of(name), name, value, now)

    def take(self, line: Line, partition: int) -> None:
        offset = line.offset or 0
        event = _taken(line)
        for fact in self.intake.take(event, partition, Position(offset + 1, line.topic, partition, offset)):
            self.out(LocationState.TOPIC, partition, fact.key.encode(), fact.written(), line.timestamp or 0)

    def progress(self, partition: int, now: int) -> None:
        version = self.story.offsets[Heartbeat.TOPIC, partition]
        progress = Progress(topic=Heartbeat.TOPIC, partition=partition, through=now, first=self.first, version=version)
        self.out(LocationState.TOPIC, partition, None, progress.written(), now)
        self.out(Progress.TOPIC, 0, progress.key.encode(), progress.written(), now)

    def out(self, topic: str, partition: int, key: bytes | None, value: dict[str, Any], now: int) -> None:
        self.story.outs.append(Out(topic, partition, key, msgspec.json.encode(value), now))


def _taken(line: Line) -> Any:
    event = decode(line.topic, line.value, key=line.key, timestamp=line.timestamp)
    assert not isinstance(event, Rejected), event
    return event


def current(facts: Iterable[Fact]) -> dict[tuple[Any, ...], Fact]:
    """The newest of each, the later in the topic where versions are equal; without those that were retracted."""
    newest: dict[tuple[Any, ...], Fact] = {}
    for fact in facts:
        known = newest.get((fact.TOPIC, *fact.identity))
        if known is None or fact.version >= known.version:
            newest[fact.TOPIC, *fact.identity] = fact
    return {identity: fact for identity, fact in newest.items() if not fact.retracted}


def differences(published: Iterable[Fact], replay: Replay, replayed: Iterable[Fact]) -> Iterator[str]:
    """Where decide differs from the audit: in anything about closed months, or in open ones at their own `as_of`.

    That an open month was last said too early, the audit knows.
    """
    mine = current(published)
    theirs = {
        (fact.TOPIC, *fact.identity): fact for fact in replayed if isinstance(fact, Availability) and not fact.retracted
    }
    for identity in sorted(mine.keys() | theirs.keys()):
        fact, expected = mine.get(identity), theirs.get(identity)
        if isinstance(fact, Availability) and isinstance(expected, Availability) and not expected.closed:
            expected = replay.month_as_of(fact) or expected
        if fact is None or expected is None or fact.current() != expected.current():
            yield f"{identity}: decided {fact and fact.current()}, replayed {expected and expected.current()}"


__all__ = ["BOOK", "DERIVATION", "Out", "Story", "Teller", "Tick", "current", "differences", "tell"]
