"""What decide does with its input, without any I/O: a batch of messages in; records, facts and dead letters out.

A batch loads the locations it touches from their records, takes all of its events in, asks each location once, and
says what is to be saved and then published. Nothing of a location stays in memory but its record.

Versions. The version of a fact is the sum of four offsets: how far its partition of `location-states` and of
`outage-annotations`, the registry and `progress` have been read. Each only grows, so of two facts of one process the
later is never less, and what follows from new input is greater. When a process takes a partition over it counts the
partition as read up to its end at that moment, although it has yet to read the rest again: so whatever an earlier
owner read, and said, has a version that is no greater. That is why a process that was paused cannot overtake its
successor when it wakes, whichever of its messages are still on their way; and where both have read the same, they say
the same. What no version can undo is a fact that its successor never said, such as a credit that was not earned after
all: therefore a process that notices a pause says nothing more (`lifeline.Pulse`).

Crashes. Records are saved before the facts in them are published, and input is acknowledged after both. So every fact
that was ever published stands in a record, and after a crash only those of the newest batch may not have been
published: they are said again. The records say from where on the input is read again, not what the consumer group has
committed; and input that comes again changes nothing, for a location's state is a set.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.events import Annotation
from schemas.facts import DeadLetter, Fact, LocationState
from schemas.wire import Rejected, conflict, dead_letter, decode
from schemas.wire.envelope import Headers
from streams.calendars import ALWAYS
from streams.decide.agenda import Agenda
from streams.decide.broadcasts import Broadcasts, read_progress
from streams.decide.records import AHEAD, Record, clock_key, compressed, is_clock, read_record
from streams.decide.turns import changes_from, next_turn
from streams.engine import FOREVER, Position
from streams.folds.availability import Availabilities, Months
from streams.folds.chain import Chain
from streams.folds.clock import Clock
from streams.folds.credits import Credits

FOLDS = (Availabilities, Credits)
MONTHS = 0
"""The place of the availability fold in the chain."""


class Message(NamedTuple):
    """A message of the two topics that a partition is decided by."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


@dataclass
class Owned:
    """A partition that this process owns, and how far each of its topics counts as read, and how far it has been."""

    clock: Clock
    states_next: int
    annotations_next: int
    read: dict[str, int] = field(default_factory=lambda: {LocationState.TOPIC: 0, Annotation.TOPIC: 0})
    batch: int = 1
    """The number of the next batch that is saved of it."""


@dataclass
class Batch:
    """What is to be saved, then published; its messages are acknowledged after both."""

    records: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """Partition, key and value."""
    facts: list[tuple[int, Fact]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    asked: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """Events with fields that nobody knows, by topic."""


class Decider:
    """The partitions that this process owns. Made anew whenever it gets others."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        saved: Callable[[bytes], bytes | None],
        partition_of: Callable[[str], int],
        ends: Mapping[int, tuple[int, int]],
        records: Iterable[tuple[int, bytes, Record]],
    ) -> None:
        """`ends`: of each partition the next offsets of its states and annotations. `saved` reads a record by key."""
        self.broadcasts = broadcasts
        self.world = broadcasts.world
        self.agenda = Agenda()
        self.owned = {
            partition: Owned(Clock(self.world.derivation.blind_after_ms), *ends[partition]) for partition in ends
        }
        self._saved = saved
        self._partition_of = partition_of
        self._slowest: int | None = None
        self._unsure: list[tuple[int, Record]] = []
        self._restore(records)

    def restart_with(self) -> Batch:
        """What the newest batch of each partition said: it may not have been published. To be said before all else."""
        batch = Batch()
        for partition, record in self._unsure:
            chain = self._chain()
            chain.restore("", partition, record.saved)
            published = (fact for facts in chain.loop.keys[""].published for fact in facts)
            batch.facts += [(partition, fact) for fact in published if fact.version == record.version]
        self._unsure.clear()
        return batch

    def hear(self, partition: int) -> None:
        """A broadcast said how far a partition has been followed."""
        if partition not in self.owned:
            self.world.clocks[partition] = self.broadcasts.heard[partition]
        self._mind_the_slowest()

    def registered(self, locations: Iterable[str]) -> None:
        """A broadcast said something about these locations."""
        for location_id in locations:
            partition = self._partition_of(location_id)
            if partition in self.owned and self.owned[partition].clock.time:
                self.agenda.at_once(location_id, partition)

    def batch(self, messages: Iterable[Message], goes_on: Callable[[int], bool]) -> Batch:
        """Take messages in, and ask the locations that are due as long as `goes_on`, given how many were asked."""
        work = _Work(self)
        for message in messages:
            work.take(message)
        work.settle(goes_on)
        for partition in {partition for partition, _, _ in work.batch.records}:
            self.owned[partition].batch += 1
        return work.batch

    @property
    def is_behind(self) -> bool:
        """Whether a location is due."""
        return self.agenda.is_due(self.world.slowest, self.world.time)

    def position(self, partition: int) -> Position:
        owned, broadcasts = self.owned[partition], self.broadcasts
        read = owned.states_next + owned.annotations_next + broadcasts.registry_next + broadcasts.progress_next
        return Position(read, LocationState.TOPIC, partition, owned.states_next - 1)

    def follow(self, partition: int, through: int, first: int) -> None:
        """The partition's own time, in band: every fact that it covers has been read."""
        clock = self.owned[partition].clock
        before = clock.time, clock.first_tick
        clock.follow(through, first)
        if not before[0] or before[1] != clock.first_tick:
            self._ask_all([partition])  # months may begin earlier
        self._mind_the_slowest()

    def load(self, chain: Chain, location_id: str, partition: int) -> Record | None:
        """Bring a location's record into a chain."""
        value = self._saved(location_id.encode())
        record = None if value is None else read_record(value)
        if record is None:
            chain.loop.held(location_id, partition)
        else:
            chain.restore(location_id, partition, record.saved)
        return record

    def _chain(self) -> Chain:
        return Chain(self.world, FOLDS)

    def _restore(self, records: Iterable[tuple[int, bytes, Record]]) -> None:
        newest: dict[int, list[Record]] = {}
        found: dict[str, int] = {}
        for partition, key, record in records:
            batches = newest.setdefault(partition, [])
            if not batches or record.batch > batches[0].batch:
                batches.clear()
            if not batches or record.batch == batches[0].batch:
                batches.append(record)
            self._restore_time(self.owned[partition].clock, record)
            if is_clock(key):
                self.owned[partition].read.update(
                    {LocationState.TOPIC: record.states_next, Annotation.TOPIC: record.annotations_next}
                )
            else:
                found[key.decode()] = record.registry
                self._schedule(key.decode(), partition, record)
        for partition, batches in newest.items():
            self.owned[partition].batch = batches[0].batch + AHEAD
        self._unsure = [(at, record) for at, batches in newest.items() for record in batches if record.state]
        self._set_clocks()
        for location_id, concerned in self.broadcasts.concerned.items():
            if found.get(location_id, -1) < concerned:
                self.registered([location_id])

    def _restore_time(self, clock: Clock, record: Record) -> None:
        if record.first is None:
            clock.event(record.through)
        else:
            clock.follow(record.through, record.first)

    def _set_clocks(self) -> None:
        """Own partitions have the time that is in band, others the broadcast one: it holds the closing of months."""
        clocks = self.world.clocks
        for partition, clock in self.broadcasts.heard.items():
            clocks[partition] = clock
        for partition, owned in self.owned.items():
            if owned.clock.time is None and partition in self.broadcasts.heard:
                owned.clock.event(0)  # it has a time, of which nothing has been read here: nothing may close by it
            clocks[partition] = owned.clock
        self._slowest = self.world.slowest

    def _schedule(self, location_id: str, partition: int, record: Record) -> None:
        self.agenda.when_slowest_passes(record.due, location_id, partition)
        self.agenda.when_partition_reaches(record.awaits, location_id, partition)

    def _mind_the_slowest(self) -> None:
        """A partition that has a time for the first time may set the slowest back: then months are open again."""
        before, self._slowest = self._slowest, self.world.slowest
        if before is not None and self._slowest is not None and self._slowest < before:
            self._ask_all(self.owned)

    def _ask_all(self, partitions: Iterable[int]) -> None:
        for location_id in self.broadcasts.concerned:
            partition = self._partition_of(location_id)
            if partition in self.owned and partition in partitions:
                self.agenda.at_once(location_id, partition)


class _Work:
    """One batch in the making."""

    def __init__(self, decider: Decider) -> None:
        self.decider = decider
        self.batch = Batch()
        self._chain = Chain(decider.world, FOLDS)
        self._partition: dict[str, int] = {}
        self._due: dict[str, int] = {}
        """At which time of its partition a location that was loaded is to be asked; 0: whatever the time is."""
        self._changed: dict[str, None] = {}
        self._followed: set[int] = set()

    def take(self, message: Message) -> None:
        owned = self.decider.owned[message.partition]
        self._followed.add(message.partition)
        owned.read[message.topic] = max(owned.read[message.topic], message.offset + 1)
        if message.topic == Annotation.TOPIC:
            owned.annotations_next = max(owned.annotations_next, message.offset + 1)
            self._annotation(message)
            return
        owned.states_next = max(owned.states_next, message.offset + 1)
        if message.key is None:
            self._progress(message)
        else:
            self._state(message, message.key)

    def settle(self, goes_on: Callable[[int], bool]) -> None:
        """Ask what was touched, then what is due; then say what is to be saved."""
        world, agenda = self.decider.world, self.decider.agenda
        for location_id, due in self._due.items():
            if due <= (world.time(self._partition[location_id]) or 0):
                self._ask(location_id)
        while goes_on(self.batch.asked) and (popped := agenda.pop(world.slowest, world.time)) is not None:
            self._load(*popped)
            self._ask(popped[0])
        for location_id in self._changed:
            self._save(location_id)
        for partition in self._followed:
            read = self.decider.owned[partition].read
            record = msgspec.structs.replace(
                self._record(partition),
                states_next=read[LocationState.TOPIC],
                annotations_next=read[Annotation.TOPIC],
            )
            self.batch.records.append((partition, clock_key(partition), record.encode()))

    def _progress(self, message: Message) -> None:
        progress = read_progress(message.value)
        if progress is None:
            self._refuse(message, Rejected("bad_value", "a message without key is a progress record, and this is none"))
            return
        self.decider.follow(message.partition, progress.through, progress.first)

    def _state(self, message: Message, key: bytes) -> None:
        try:
            row = LocationState.read(msgspec.json.decode(message.value or b""))
        except (ValueError, TypeError, AttributeError) as error:
            self._refuse(message, Rejected("bad_value", f"not a location state: {error}"))
            return
        if row.key.encode() != key:
            self._refuse(message, Rejected("wrong_key", "the key is not the state's own location_id"))
            return
        months = self._load(row.location_id, message.partition)
        known = next((each for each in months.rows if each.from_ == row.from_), None)
        if row != known and self._chain.loop.absorb(row.TOPIC, row.location_id, row, message.partition):
            self._told(row.location_id, changes_from(row, known))

    def _annotation(self, message: Message) -> None:
        event = decode(
            message.topic,
            message.value,
            key=message.key,
            headers=message.headers,
            timestamp=message.timestamp,
            gate=self.decider.broadcasts.gate,
            unknown=self.batch.unknown,
        )
        if isinstance(event, Rejected):
            self._refuse(message, event)
        elif isinstance(event, Annotation):
            months = self._load(event.location_id, message.partition)
            refused = _conflicts(months, event)
            if refused is not None:
                self._refuse(message, refused)
            elif self._chain.loop.absorb(event.TOPIC, event.location_id, event, message.partition):
                self._told(event.location_id, 0)

    def _told(self, location_id: str, since: int) -> None:
        """What was absorbed changes what is to be said from an instant on."""
        self._changed[location_id] = None
        self._due[location_id] = min(self._due.get(location_id, FOREVER), since)

    def _refuse(self, message: Message, rejected: Rejected) -> None:
        place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        self.batch.letters.append(dead_letter(rejected, message.value, **place))  # type: ignore[arg-type]

    def _load(self, location_id: str, partition: int) -> Months:
        if location_id not in self._partition:
            self._partition[location_id] = partition
            record = self.decider.load(self._chain, location_id, partition)
            if record is not None:
                self._due[location_id] = record.awaits
        months: Months = self._chain.loop.keys[location_id].states[MONTHS]
        return months

    def _ask(self, location_id: str) -> None:
        partition = self._partition[location_id]
        self._changed[location_id] = None
        self.batch.asked += 1
        facts = self._chain.loop.settle(location_id, [MONTHS], self.decider.position(partition))
        self.batch.facts += [(partition, fact) for fact in facts]

    def _save(self, location_id: str) -> None:
        decider, partition = self.decider, self._partition[location_id]
        self._forget(location_id)
        held = self._chain.loop.keys[location_id]
        awaits = next_turn(location_id, held.states[MONTHS], decider.world, partition)
        record = msgspec.structs.replace(
            self._record(partition),
            due=held.due_by_slowest,
            awaits=awaits,
            state=compressed(self._chain.save(location_id)),
        )
        self.batch.records.append((partition, location_id.encode(), record.encode()))
        decider.agenda.when_slowest_passes(held.due_by_slowest, location_id, partition)
        decider.agenda.when_partition_reaches(awaits, location_id, partition)

    def _forget(self, location_id: str) -> None:
        """Drop the months that are final by the time that every partition has reached."""
        world = self.decider.world
        slowest = world.slowest
        months: Months = self._chain.loop.keys[location_id].states[MONTHS]
        final_before = ALWAYS if slowest is None else world.open_since(slowest)
        if final_before > months.final_before:
            self._chain.forget(location_id, final_before)

    def _record(self, partition: int) -> Record:
        decider, owned = self.decider, self.decider.owned[partition]
        version, registry = decider.position(partition).version, decider.broadcasts.registry_next
        return Record(version, owned.batch, registry, owned.clock.first_tick, owned.clock.time or 0)


def _conflicts(months: Months, event: Annotation) -> Rejected | None:
    """Of two annotations with one identity and other contents the first in the log stays."""
    return next((refused for known in months.annotations.values() if (refused := conflict(known, event))), None)
