"""What decide does with a batch of messages, without any I/O: records, facts and dead letters come out.

A batch loads the locations it touches from their records, takes all of its events in, asks each location once, and
says what is to be saved and then published. Nothing of a location stays in memory but its record.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from schemas.events import Annotation, Reconciliation
from schemas.facts import DeadLetter, Fact, LocationState
from schemas.wire import Rejected, conflict, decode
from streams.broadcasts import read_progress
from streams.calendars import ALWAYS
from streams.decide.records import compressed
from streams.decide.turns import changes_from, next_turn
from streams.engine import FOREVER
from streams.folds.availability import Months
from streams.folds.outages import find
from streams.messages import Message

if TYPE_CHECKING:
    from streams.decide.decider import Decider

MONTHS = 0
"""The place of the availability fold in the chain."""


@dataclass
class Batch:
    """What is to be saved, then published; its messages are acknowledged after both."""

    records: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """Of locations: partition, key and value."""
    followed: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """Likewise, how far partitions have been followed."""
    facts: list[tuple[int, Fact]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    asked: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """Events with fields that nobody knows, by topic."""


class Work:
    """One batch in the making."""

    def __init__(self, decider: "Decider") -> None:
        self.decider = decider
        self.batch = Batch()
        self._chain = decider.chain()
        self._partition: dict[str, int] = {}
        self._due: dict[str, int] = {}
        """At which time of its partition a location that was loaded is to be asked; 0: whatever the time is."""
        self._reconciled: dict[str, list[Reconciliation]] = {}
        """Of a location that was loaded what somebody had said again since it was saved."""
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
        self.batch.followed += map(self.decider.followed, self._followed)

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
        _, known = find(months.rows, row.from_)
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
        self.batch.letters.append(message.refused(rejected))

    def _load(self, location_id: str, partition: int) -> Months:
        if location_id not in self._partition:
            self._partition[location_id] = partition
            record = self.decider.load(self._chain, location_id, partition)
            if record is not None:
                broadcasts = self.decider.broadcasts
                is_concerned = record.registry < broadcasts.concerned.get(location_id, 0)
                self._due[location_id] = 0 if is_concerned else record.awaits
                self._reconciled[location_id] = broadcasts.reconciliations(location_id, record.registry)
        months: Months = self._chain.loop.keys[location_id].states[MONTHS]
        return months

    def _ask(self, location_id: str) -> None:
        partition = self._partition[location_id]
        self._changed[location_id] = None
        self.batch.asked += 1
        position = self.decider.position(partition)
        facts = self._chain.loop.settle(location_id, [MONTHS], position)
        for reconciliation in self._reconciled.get(location_id, ()):
            facts += self._chain.loop.repeat(location_id, reconciliation.corrects, position)
        self.batch.facts += [(partition, fact) for fact in facts]

    def _save(self, location_id: str) -> None:
        decider, partition = self.decider, self._partition[location_id]
        self._forget(location_id)
        held = self._chain.loop.keys[location_id]
        awaits = next_turn(location_id, held.states[MONTHS], decider.world, partition)
        record = msgspec.structs.replace(
            decider.record(partition),
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


def _conflicts(months: Months, event: Annotation) -> Rejected | None:
    """Of two annotations with one identity and other contents the first in the log stays."""
    return next((refused for known in months.annotations.values() if (refused := conflict(known, event))), None)
