"""The partitions a worker owns: which time it is there, what is due, and the version of what is said. No I/O.

Versions. The version of a fact is the sum of five offsets: how far its partition of `location-states`, of
`outage-annotations` and of the changelog, the registry and `progress` have been read. Each only grows, so of two facts
of one process the later is never less, and what follows from new input is greater. When a process takes a partition
over it counts the partition as read up to its end at that moment, although it has yet to read the rest again: so
whatever an earlier owner read, and said, has a version that is no greater; and less, because every owner writes to the
changelog before it says anything of its own. That is why a process that was paused cannot overtake its successor
when it wakes, whichever of its messages are still on their way. What no version can undo is a fact that its successor
never said, such as a credit that was not earned after all: therefore a process that notices a pause says nothing more
(`lifeline.Pulse`).

Crashes. Dead letters are sent first, for no record holds them; records are saved before the facts in them are
published, how far a partition was followed after its locations; and input is acknowledged after all. So every fact
that was ever published stands in a record, and after a crash only those of the newest batch may not have been
published: they are said again. The records say from where on the input is read again, not what the consumer group has
committed; and input that comes again changes nothing, for a location's state is a set. `records` argues what becomes
of what a predecessor saves when it wakes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.events import Annotation
from schemas.facts import Fact, LocationState
from streams.broadcasts import Broadcasts
from streams.decide.agenda import Agenda
from streams.decide.records import AHEAD, Reading, Record, clock_key, is_clock, read_record
from streams.decide.work import Batch, Work
from streams.engine import Position
from streams.folds.availability import Availabilities
from streams.folds.chain import Chain
from streams.folds.clock import Clock
from streams.messages import Message

FOLDS = (Availabilities,)


class Ends(NamedTuple):
    """Where the input of a partition ended when it was taken over: the next offset of each topic."""

    states: int
    annotations: int


@dataclass
class Owned:
    """A partition that this process owns, and how far each of its topics counts as read, and how far it has been."""

    clock: Clock
    states_next: int
    annotations_next: int
    changelog_next: int
    """Where the next record of this process is to stand."""
    batch: int
    """The number of the next batch that is saved of it."""
    read: dict[str, int] = field(default_factory=lambda: {LocationState.TOPIC: 0, Annotation.TOPIC: 0})


class Decider:
    """The partitions that this process owns. Made anew whenever it gets others."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        saved: Callable[[bytes], bytes | None],
        partition_of: Callable[[str], int],
        ends: Mapping[int, Ends],
        readings: Mapping[int, Reading],
        records: Iterable[tuple[int, bytes, Record]],
    ) -> None:
        """`ends`, `readings`: of each partition. `saved` reads a record by key."""
        self.broadcasts = broadcasts
        self.world = broadcasts.world
        self.agenda = Agenda()
        self.owned = {
            at: Owned(
                Clock(self.world.derivation.blind_after_ms), *ends[at], readings[at].next, readings[at].batch + AHEAD
            )
            for at in ends
        }
        self._saved = saved
        self._partition_of = partition_of
        self._slowest: int | None = None
        self._unsure: list[tuple[int, bytes, Record]] = []
        self._restore(readings, records)

    def takeover(self) -> Iterator[Batch]:
        """What goes out before all else, one after the other: what may not have been said; from where on this process
        reads, under its own number; and under that number as well the locations that were said again."""
        unsure, self._unsure = self._unsure, []
        yield Batch(facts=[(partition, fact) for partition, _, record in unsure for fact in self._news(record)])
        yield Batch(followed=[self.followed(partition) for partition in self.owned])
        yield Batch(
            [(at, key, msgspec.structs.replace(it, batch=self.owned[at].batch).encode()) for at, key, it in unsure]
        )
        for owned in self.owned.values():
            owned.batch += 1

    def _news(self, record: Record) -> Iterable[Fact]:
        """What was to be published when a location was saved."""
        chain = self.chain()
        chain.restore("", 0, record.saved)
        return (fact for facts in chain.loop.keys[""].published for fact in facts if fact.version == record.version)

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
        work = Work(self)
        for message in messages:
            work.take(message)
        work.settle(goes_on)
        for partition in {partition for partition, _, _ in (*work.batch.records, *work.batch.followed)}:
            self.owned[partition].batch += 1
        return work.batch

    @property
    def is_behind(self) -> bool:
        """Whether a location is due."""
        return self.agenda.is_due(self.world.slowest, self.world.time)

    def position(self, partition: int) -> Position:
        owned, broadcasts = self.owned[partition], self.broadcasts
        own = owned.states_next + owned.annotations_next + owned.changelog_next
        read = own + broadcasts.registry_next + broadcasts.progress_next
        return Position(read, LocationState.TOPIC, partition, owned.states_next - 1)

    def record(self, partition: int) -> Record:
        """What every record says of its partition."""
        owned, version = self.owned[partition], self.position(partition).version
        return Record(
            version, owned.batch, self.broadcasts.registry_next, owned.clock.first_tick, owned.clock.time or 0
        )

    def followed(self, partition: int) -> tuple[int, bytes, bytes]:
        """How far a partition has been followed, as it is saved: partition, key and value."""
        read = self.owned[partition].read
        record = msgspec.structs.replace(
            self.record(partition), states_next=read[LocationState.TOPIC], annotations_next=read[Annotation.TOPIC]
        )
        return partition, clock_key(partition), record.encode()

    def follow(self, partition: int, through: int, first: int) -> None:
        """The partition's own time, in band: every fact that it covers has been read."""
        clock = self.owned[partition].clock
        before = clock.time, clock.first_tick
        clock.follow(through, first)
        if not before[0] or before[1] != clock.first_tick:
            self._ask_all([partition])  # months may begin earlier
        self._mind_the_slowest()

    def chain(self) -> Chain:
        """The folds, holding no location."""
        return Chain(self.world, FOLDS)

    def load(self, chain: Chain, location_id: str, partition: int) -> Record | None:
        """Bring a location's record into a chain."""
        value = self._saved(location_id.encode())
        record = None if value is None else read_record(value)
        if record is None:
            chain.loop.held(location_id, partition)
        else:
            chain.restore(location_id, partition, record.saved)
        return record

    def _restore(self, readings: Mapping[int, Reading], records: Iterable[tuple[int, bytes, Record]]) -> None:
        found: dict[str, int] = {}
        for partition, key, record in records:
            self._restore_time(self.owned[partition].clock, record)
            if is_clock(key):
                self.owned[partition].read.update(
                    {LocationState.TOPIC: record.states_next, Annotation.TOPIC: record.annotations_next}
                )
            else:
                found[key.decode()] = record.registry
                self._schedule(key.decode(), partition, record)
                if record.batch == readings[partition].newest or key in readings[partition].late:
                    self._unsure.append((partition, key, record))
        self._set_clocks()
        for location_id, concerned in self.broadcasts.concerned.items():
            if found.get(location_id, -1) < concerned:
                self.registered([location_id])

    def _restore_time(self, clock: Clock, record: Record) -> None:
        if record.first is not None:
            clock.follow(record.through, record.first)
        elif record.through:
            clock.event(record.through)

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
