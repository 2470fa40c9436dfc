"""One input partition that this process follows: its messages judged in order, each at its own offset.

What is said depends on the log alone, not on where a batch ends: whoever reads the same messages again, after a crash
or beside a successor, says the same with the same versions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import Message

from schemas.events import Heartbeat, Tick
from schemas.facts import Fact, Progress
from schemas.wire import Gate, Rejected, dead_letter, decode
from streams.engine import FOREVER, Position
from streams.folds.chain import Chain
from streams.folds.clock import Gap, Listening
from streams.folds.outages import Outages
from streams.folds.proposals import Proposals, diagnosis_of
from streams.folds.states import States, profile_of
from streams.folds.world import World
from streams.intake.memory import HEARING, PROPOSALS, STATES, Memory
from streams.intake.outbox import Outbox
from streams.intake.saved import Late
from streams.kafka import offset_of

TOPIC = Heartbeat.TOPIC
FOLDS = (States, Outages, Proposals)

log = structlog.get_logger("intake")


class Figures:
    """What a process counted since it began."""

    def __init__(self) -> None:
        self.processed = 0
        self.late = 0
        self.repaired = 0
        self.delayed = 0
        self.refused: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()


class Share:
    """`position` is the offset of the next message. What stands before `quiet_until` is in the saved states of some
    locations already: it is absorbed, and what follows is said when all have come so far."""

    def __init__(self, partition: int, world: World, gate: Gate, outbox: Outbox, figures: Figures) -> None:
        self.partition = partition
        self.world = world
        self.chain = Chain(world, FOLDS)
        self.clock = world.clock(partition)
        self.position = 0
        self.end = 0
        """The end of the partition, as Kafka said last."""
        self.quiet_until = 0
        self.registry_offset = 0
        """The offset of the next registry record: the other part of every version."""
        self.memory = Memory(self.chain, self.clock)
        self._states: Any = self.chain.loop.folds[STATES]
        self._proposals: Any = self.chain.loop.folds[PROPOSALS]
        self._unsettled: set[str] = set()
        self._unheard: list[Gap | Listening] = []
        self._gate = gate
        self._outbox = outbox
        self.figures = figures
        self._lag_ms = world.derivation.max_clock_lag_s * 1000
        self._told: tuple[int, int] | None = None
        self.has_spoken = False
        """Whether something was said since the last save: also without a new message, there is something to save."""

    def at(self, offset: int) -> Position:
        return Position(offset + self.registry_offset, TOPIC, self.partition, offset)

    @property
    def version(self) -> int:
        """How much input was read."""
        return self.at(self.position - 1).version

    @property
    def is_quiet(self) -> bool:
        return self.position < self.quiet_until

    def take(self, messages: Sequence[Message]) -> None:
        """Take in messages of this partition, in their order."""
        if self.is_quiet:
            split = next((at for at, each in enumerate(messages) if offset_of(each) >= self.quiet_until), len(messages))
            self._take(messages[:split])
            messages = messages[split:]
            if messages or not self.is_quiet:  # offsets may be missing
                self.speak()
        self._take(messages)

    def _take(self, messages: Sequence[Any]) -> None:
        """Nearly every message is a heartbeat that goes on with what is known: these the fold takes in by itself."""
        if not messages:
            return
        heartbeats, keys, states = self._gate.heartbeats, self.chain.loop.keys, self._states
        unknown = heartbeats.with_unknown_fields
        samples = heartbeats.decode_all(messages)
        self.figures.unknown[TOPIC] += heartbeats.with_unknown_fields - unknown
        for index in states.go_on(keys, STATES, samples, self.clock):
            self._take_one(messages[index], samples[index])
        self.position = offset_of(messages[-1]) + 1
        self.figures.processed += len(messages)

    def _take_one(self, message: Any, sample: Heartbeat | None) -> None:
        try:
            if sample is None:
                self._take_slowly(message)
            else:
                self._take_event(sample, message.offset())
        except Exception:
            log.error("this message cannot be taken in", topic=TOPIC, partition=self.partition, offset=message.offset())
            raise

    def _judge(self, sample: Heartbeat, changed: Sequence[int], offset: int) -> None:
        if sample.effective_at(self._lag_ms) != sample.occurred_at:
            self.figures.delayed += 1
        if offset < self.quiet_until:
            self._unsettled.add(sample.location_id)
        else:
            self.say(self.chain.loop.settle(sample.location_id, changed, self.at(offset)))

    def _take_slowly(self, message: Any) -> None:
        """Ticks, refusals, envelopes, and every message while no collector ticked: then events are the clock."""
        offset: int = message.offset()
        value, key, headers, timestamp = message.value(), message.key(), message.headers(), message.timestamp()[1]
        event: Any = self._gate.ticks.decode(value, key, timestamp, headers) if key is None else None
        if event is None:
            event = decode(
                TOPIC,
                value,
                key=key,
                headers=headers,
                timestamp=timestamp,
                gate=self._gate,
                unknown=self.figures.unknown,
            )
        if isinstance(event, Rejected):
            self.figures.refused[event.reason] += 1
            self._outbox.dead_letter(dead_letter(event, value, topic=TOPIC, partition=self.partition, offset=offset))
        elif isinstance(event, Heartbeat):
            self._take_event(event, offset)
        elif isinstance(event, Tick):
            self._tick(event, offset)

    def _take_event(self, sample: Heartbeat, offset: int) -> None:
        if self.clock.newest_tick is None:
            self.clock.event(sample.effective_at(self._lag_ms))
            self._advance(offset)
        held = self.chain.loop.held(sample.location_id, self.partition)
        held.changed = True
        if not self.memory.reaches(held, sample.effective_at(self._lag_ms)):
            self._set_aside(sample)
        elif changed := self._absorbed(sample, held.states):
            self._judge(sample, changed, offset)

    def _absorbed(self, sample: Heartbeat, states: Sequence[Any]) -> Sequence[int]:
        """Take a sample in; the folds whose facts may have changed, by their place."""
        changed = (STATES,) if self._states.absorb(states[STATES], sample, self.clock.time or 0) else ()
        if sample.reported_cause is not None and self._proposals.absorb(states[PROPOSALS], sample, 0):
            return (*changed, PROPOSALS)
        return changed

    def _set_aside(self, sample: Heartbeat) -> None:
        """Keep a sample for repair: memory does not hold its time any more."""
        self.figures.late += 1
        taken_at, said = sample.effective_at(self._lag_ms), diagnosis_of(sample)
        late = Late(sample.device_id, profile_of(sample), sample.occurred_at, taken_at, said)
        self.memory.leave(sample.location_id, late.taken_at).late.append(late)

    def _tick(self, tick: Tick, offset: int) -> None:
        for change in self.chain.heard(tick, self.partition):
            since = self._changed_since(change, tick)
            if since <= self.memory.hot_since:
                self._blind_in_the_past(change, since, offset)
            elif offset < self.quiet_until:
                self._unheard.append(change)
            else:
                self.say(self.chain.loop.broadcast(change, _here, self.at(offset)))
        self._advance(offset)

    def _changed_since(self, change: Gap | Listening, tick: Tick) -> int:
        """From when on (ms) a tick changed blind time: what precedes it by more than the limit still is blind."""
        if isinstance(change, Listening):
            return FOREVER
        return max(change.since, tick.occurred_at - self.world.derivation.blind_after_ms)

    def _blind_in_the_past(self, change: Gap | Listening, since: int, offset: int) -> None:
        """Blind time changed before the hot hours."""
        keys, concerns = self.chain.loop.keys, self._states.concerns
        touched = (each for each, held in keys.items() if concerns(each, held.states[STATES], change))
        self.judge_from(dict.fromkeys(touched, since), offset)

    def _advance(self, offset: int) -> None:
        if offset >= self.quiet_until:
            self.say(self.chain.loop.advance(self.partition, self.at(offset)))

    def changed(self) -> list[str]:
        """The locations of which something was taken in or said since this was asked last."""
        self.has_spoken = False
        changed = [location_id for location_id, held in self.chain.loop.keys.items() if held.changed]
        for location_id in changed:
            self.chain.loop.keys[location_id].changed = False
        return changed

    def speak(self) -> None:
        """Say what follows from all that was only absorbed."""
        here = self.at(self.position - 1)
        unsettled, self._unsettled = self._unsettled, set()
        for location_id in sorted(unsettled):
            self.say(self.chain.loop.settle(location_id, HEARING, here))
        unheard, self._unheard = self._unheard, []
        for change in unheard:
            self.say(self.chain.loop.broadcast(change, _here, here))
        self.say(self.chain.loop.advance(self.partition, here))

    def judge_from(self, concerned: Mapping[str, int], offset: int | None = None) -> None:
        """Ask about locations again, each from an instant on (ms); what memory does not reach is left to repair."""
        keys = self.chain.loop.keys
        now: list[str] = []
        for location_id, since in concerned.items():
            if self.memory.reaches(keys[location_id], since):
                now.append(location_id)
            else:
                self.memory.leave(location_id, since)
        self.judge_again(now, offset)

    def repair_from(self, reconciled: Mapping[str, int]) -> None:
        """Leave locations to repair, each from an instant on (ms), whether or not memory reaches so far: what stands in
        the topics is to be compared."""
        for location_id, since in reconciled.items():
            self.memory.leave(location_id, since)

    def judge_again(self, location_ids: Iterable[str], offset: int | None = None) -> None:
        """Ask about locations again, at an offset or after all that was taken in: something else than a message of
        theirs changed."""
        offset = self.position - 1 if offset is None else offset
        if offset + 1 < self.quiet_until:
            self._unsettled.update(location_ids)
            return
        here = self.at(offset)
        for location_id in location_ids:
            self.say(self.chain.loop.settle(location_id, range(len(FOLDS)), here))

    def say(self, facts: Iterable[Fact]) -> None:
        """What is taken back comes last: whoever has read only a part of a change misses nothing of the past."""
        for fact in sorted(facts, key=_is_retracted):
            self.chain.loop.keys[fact.key].changed = self.has_spoken = True
            self._outbox.fact(fact, self.partition)

    def progress(self) -> Progress | None:
        """How far time has come, and since when, where either is another than when this was asked last."""
        through = self.clock.time
        if through is None or self.is_quiet:
            return None
        first = through if self.clock.first_tick is None else self.clock.first_tick
        if (through, first) == self._told:
            return None
        self._told = through, first
        return Progress(
            topic=TOPIC,
            partition=self.partition,
            through=through,
            first=first,
            version=self.version,
        )


def _is_retracted(fact: Fact) -> bool:
    return fact.retracted


def _here(_: Any) -> bool:
    return True
