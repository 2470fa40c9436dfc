"""A share of the input followed without a Kafka: messages of a recording, and what was said of them in a list."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
import pytest

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Heartbeat, RegistryRecord, Tick
from schemas.facts import DeadLetter, Fact
from schemas.terms.book import Book
from schemas.wire import Gate, Line, Rejected, decode
from streams.folds.samples import Profile
from streams.folds.states import profile_of
from streams.folds.world import World
from streams.intake.outbox import WATCHED, Range, encode
from streams.intake.output import Output
from streams.intake.past import Past, Request
from streams.intake.registry import concerned
from streams.intake.saved import Late
from streams.intake.share import TOPIC, Figures, Share


@dataclass(frozen=True)
class Recorded:
    """A line as Kafka's client hands a message over."""

    line: Line

    def value(self) -> bytes | None:
        return self.line.value

    def key(self) -> bytes | None:
        return self.line.key

    def headers(self) -> Any:
        return self.line.headers

    def timestamp(self) -> tuple[int, int]:
        return 2, self.line.timestamp or 0

    def offset(self) -> int:
        assert self.line.offset is not None
        return self.line.offset


@dataclass
class Spy:
    """In the place of the producer."""

    facts: list[Fact] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def fact(self, fact: Fact, _: int) -> None:
        self.facts.append(fact)

    def dead_letter(self, letter: DeadLetter) -> None:
        self.letters.append(letter)


class Follower:
    """One partition of a recording, followed from its beginning."""

    def __init__(self, book: Book, settings: Derivation, lines: Iterable[Line], partition: int = 0) -> None:
        lines = list(lines)
        self.spy = Spy()
        self.figures = Figures()
        self.world = World(book, settings)
        self.gate = Gate(settings, self.world.open_since)
        self.share = Share(partition, self.world, self.gate, self.spy, self.figures)  # type: ignore[arg-type]
        self.messages = [Recorded(line) for line in lines if line.topic == TOPIC and line.partition == partition]
        self.records = [record for line in lines if isinstance(record := self.decoded(line), RegistryRecord)]

    def decoded(self, line: Line) -> Any:
        headers, timestamp = line.headers, line.timestamp
        return decode(line.topic, line.value, key=line.key, headers=headers, timestamp=timestamp, gate=self.gate)

    def delay(self, random: Random, less_than_ms: int) -> None:
        """Let each message come after its own time by less than that, and refused ones at their time of arrival."""
        lag_ms = self.world.derivation.max_clock_lag_s * 1000

        def comes(message: Recorded) -> int:
            event = self.decoded(message.line)
            at = event.effective_at(lag_ms) if isinstance(event, Heartbeat) else message.timestamp()[1]
            at = event.occurred_at if isinstance(event, Tick) else at
            return int(at + random.randrange(less_than_ms))

        ordered = sorted(self.messages, key=comes)
        lines = [msgspec.structs.replace(each.line, offset=offset) for offset, each in enumerate(ordered)]
        self.messages = [Recorded(line) for line in lines]

    def register(self, records: Sequence[RegistryRecord]) -> None:
        self.share.registry_offset += len(records)
        new = [record for record in records if self.world.registry.absorb(record)]
        self.share.judge_from(concerned(self.share, new))

    def take(self, messages: Sequence[Recorded]) -> None:
        self.share.take(messages)  # type: ignore[arg-type]

    def restore(self, saved: Mapping[str, tuple[int, bytes]]) -> None:
        """Begin with the records of a save that was not completed: what each covers, and the state."""
        for location_id, (_, state) in saved.items():
            self.share.chain.restore(location_id, self.share.partition, state)
        self.share.quiet_until = max((covers for covers, _ in saved.values()), default=0)

    def output(self, said: Sequence[Fact], monkeypatch: pytest.MonkeyPatch) -> Output:
        """Where this stands in the topics."""
        lines = [
            Line(
                topic=fact.TOPIC,
                key=fact.key.encode(),
                value=encode(fact.written()),
                partition=0,
                offset=offset,
                timestamp=0,
                headers=None,
            )
            for offset, fact in enumerate(said)
        ]
        monkeypatch.setattr(
            "streams.intake.output.read",
            lambda _, topic, *__: [Recorded(line) for line in lines if line.topic == topic],
        )
        output = Output(self.share)
        output.look(None, [Range(topic, 0, 0, len(lines)) for topic in WATCHED])  # type: ignore[arg-type]
        return output

    def listen(self, at: int) -> None:
        """Take a tick in, dated then and in time."""
        value = {"id": f"t{at}", "collector_id": "c1", "occurred_at": times.render(at)}
        tick = msgspec.structs.replace(
            self.messages[-1].line, key=None, value=msgspec.json.encode(value), offset=self.share.position, timestamp=at
        )
        self.take([Recorded(tick)])

    def forget(self, hot_ms: int) -> None:
        """As a save does, with so short a memory."""
        self.share.memory.hot_ms = hot_ms
        for location_id in self.share.chain.loop.keys:
            self.share.memory.forget(location_id)

    def past(self, location_id: str) -> Past:
        """What an archive that has read as much as this share holds of a location."""
        lag_ms = self.world.derivation.max_clock_lag_s * 1000
        past = Past(Request(self.share, location_id, self.share.position, 0))
        for message in self.messages:
            sample = self.decoded(message.line) if message.offset() < self.share.position else None
            if isinstance(sample, Heartbeat) and sample.location_id == location_id:
                taken_at, profile = sample.effective_at(lag_ms), profile_of(sample)
                if sample.reported_cause is not None:
                    past.diagnoses.append(sample)
                if taken_at == sample.occurred_at:
                    _times(past, sample.device_id, profile).append(sample.occurred_at)
                else:
                    past.delayed.append(Late(sample.device_id, profile, sample.occurred_at, taken_at))
        for kind in self.kinds():
            current = {each.identity: each for each in newest(self.spy.facts) if isinstance(each, kind)}
            past.published.append(tuple(fact for fact in current.values() if fact.key == location_id))
        return past

    def kinds(self) -> list[type[Fact]]:
        return [fold.fact for fold in self.share.chain.loop.folds]

    def refused(self) -> bool:
        return any(isinstance(self.decoded(message.line), Rejected) for message in self.messages)


def _times(past: Past, device_id: str, profile: Profile) -> "array[int]":
    return past.alike.setdefault((device_id, profile), array("q"))


def newest(facts: Iterable[Fact]) -> list[Fact]:
    """The current facts: of each the newest, the later one on a tie, if it is not retracted."""
    known: dict[tuple[Any, ...], Fact] = {}
    for fact in facts:
        before = known.get((fact.TOPIC, fact.identity))
        if before is None or fact.version >= before.version:
            known[fact.TOPIC, fact.identity] = fact
    return [fact for fact in known.values() if not fact.retracted]


def in_order(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    ordered = sorted(facts, key=lambda fact: (fact.TOPIC, fact.key, fact.order))
    return [{"topic": fact.TOPIC, **fact.current()} for fact in ordered]
