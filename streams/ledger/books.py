"""What follows from a batch of messages, without any I/O: facts, dead letters and what is to be saved come out.

Credits, claims, their answers and the ledger are kept together, so that they never contradict each other: whoever reads
them sees all that follows from a message, or nothing of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from schemas.events import TicketEvent
from schemas.facts import Availability, DeadLetter, Fact, Progress
from schemas.wire import Rejected, conflict, dead_letter, decode
from schemas.wire.envelope import Headers
from streams.broadcasts import Broadcasts
from streams.engine import Fold, Position
from streams.folds.billing import Ledger
from streams.folds.chain import BETWEEN_FOLDS, DESK, Chain
from streams.folds.claim_answers import ClaimAnswers
from streams.folds.claims import Claim
from streams.folds.credits import Credits
from streams.folds.world import World
from streams.ledger import accounts, records
from streams.ledger.accounts import SavedAccount
from streams.ledger.records import Place

FOLDS = (Credits, ClaimAnswers, Ledger)

_EVERY: tuple[type[Fold], ...] = (*FOLDS, *DESK)
SAID = tuple(fold.fact for fold in _EVERY if fold.fact not in BETWEEN_FOLDS)


class Message(NamedTuple):
    """A message of the input."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


@dataclass
class Batch:
    """What goes out in one transaction."""

    facts: list[Fact] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    records: dict[bytes, bytes | None] = field(default_factory=dict)
    """Of `ledger-state`; None: nothing is left of it."""

    def __bool__(self) -> bool:
        return bool(self.facts or self.letters or self.records)


class Books:
    """Every location that has months, and every account that has tickets. `holds`: nothing is added to the ledger.

    Restore what was saved, then say `begin`; from then on `take` messages and `settle`.
    """

    def __init__(self, world: World, *, holds: bool = False) -> None:
        self.world = world
        self.read: dict[Place, int] = {}
        """The next offset of each input."""
        self.forgotten_before = 0
        self.unknown: Counter[str] = Counter()
        """Messages with fields that nobody knows, by topic."""
        self._broadcasts = Broadcasts(world)
        self._chain = Chain(world, FOLDS)
        self._ledger = next(fold for fold in self._chain.loop.folds if isinstance(fold, Ledger))
        self._ledger.holds = holds
        self._first: dict[str, dict[tuple[Any, ...], TicketEvent]] = defaultdict(dict)
        """By account: of each identity the event that came first."""
        self._time = (0, 0)
        """The slowest partition's and the desk's, when it was asked last."""
        self._saved_accounts: dict[str, SavedAccount] = defaultdict(SavedAccount)
        self._clear()

    def _clear(self) -> None:
        self._letters: list[DeadLetter] = []
        self._locations: dict[str, None] = {}
        self._accounts: dict[str, None] = {}
        self._tickets: dict[tuple[str, str], None] = {}

    @property
    def locations(self) -> int:
        return len(self._chain.loop.keys)

    @property
    def accounts(self) -> int:
        return len(self._chain.desk.keys)

    def restore(self, key: bytes, value: bytes) -> None:
        """Take in a record of the saved state."""
        kind, *names = records.names_of(key)
        if kind == "position":
            saved = records.position(value)
            self.read, self.forgotten_before = saved.offsets, saved.forgotten_before
            for partition, through, first in saved.heard:
                self._broadcasts.clock(partition).follow(through, first)
            self._tell_time()
        elif kind == "location":
            self._chain.restore(names[0], None, records.unpacked(value))
        elif kind == "ticket":
            self._saved_accounts[names[0]].tickets.append(records.read_ticket(value))
        else:
            self._saved_accounts[names[0]].said = records.read_account(value)

    def begin(self) -> None:
        """All that was saved was taken in: what the ledger still owes, or what was held back, is to be settled."""
        for account_id, saved in self._saved_accounts.items():
            held = accounts.restore(self._chain.desk, account_id, saved)
            for events in held.states[0].by_ticket.values():
                self._first[account_id].update(events)
                for event in events.values():
                    self.world.heard_ticket(event.occurred_at)
            self._accounts[account_id] = None
        self._saved_accounts.clear()
        place = self._chain.loop.folds.index(self._ledger)
        for location_id, held in self._chain.loop.keys.items():
            if self._ledger.is_behind(held.states[place]):
                self._locations[location_id] = None

    def register(self, message: Message) -> None:
        """Take a record of the registry in. All of it is read at every start, and what is new concerns somebody."""
        concerned = self._broadcasts.register(
            message.offset, message.key, message.value, message.headers, message.timestamp
        )
        if self._is_new(message):
            loop, desk = self._chain.loop.keys, self._chain.desk.keys
            self._locations.update(dict.fromkeys(each for each in concerned if each in loop))
            account_id = (message.key or b"").decode(errors="replace")
            if account_id in desk:
                self._accounts[account_id] = None

    def take(self, message: Message) -> None:
        """Take a message of the other inputs in."""
        if not self._is_new(message):
            return
        if message.topic == Progress.TOPIC:
            self._broadcasts.hear(message.offset, message.value)
            self._tell_time()
        elif message.topic == Availability.TOPIC:
            self._month(message)
        else:
            self._ticket(message)

    def settle(self) -> Batch:
        """What follows from all that was taken in since the last time, and what is to be saved of it."""
        position = Position(sum(self.read.values()))
        loop, desk = self._chain.loop, self._chain.desk
        self._mind_the_time()
        facts: list[Fact] = []
        for account_id in self._accounts:
            facts += desk.settle(account_id, range(len(desk.folds)), position)
        facts += desk.advance(None, position)
        for claim in [fact for fact in facts if isinstance(fact, Claim)]:
            loop.absorb(claim.TOPIC, claim.place, claim, None)
            self._locations[claim.place] = None
        owed: list[Fact] = []
        for location_id in self._locations:
            owed += loop.settle(location_id, range(len(loop.folds)), position)
        owed += loop.advance(None, position)
        owed.sort(key=lambda fact: not fact.retracted)  # the answer to a claim may have moved: the later one counts
        published = [fact for fact in facts if not isinstance(fact, BETWEEN_FOLDS)]
        saved: dict[bytes, bytes | None] = dict(accounts.saved(desk, self._tickets, facts))
        saved.update(self._saved_locations(owed))
        batch = Batch(published + owed, self._letters, saved)
        self._clear()
        return batch

    def position(self) -> tuple[bytes, bytes]:
        """How far the input has been read, as a record."""
        read = [(topic, partition, offset) for (topic, partition), offset in sorted(self.read.items())]
        heard = [
            (partition, clock.time, clock.time if clock.first_tick is None else clock.first_tick)
            for partition, clock in sorted(self._broadcasts.heard.items())
            if clock.time is not None
        ]
        return records.key_of(*records.POSITION), records.encoded(records.Position(read, heard, self.forgotten_before))

    def forget(self) -> Batch:
        """Drop what is over for good. Only to be asked where all of the input was read: what was not may be about a
        time that has passed since."""
        slowest = self.world.slowest
        before = 0 if slowest is None else self.world.open_since(slowest)
        if before <= self.forgotten_before:
            return Batch()
        self.forgotten_before = before
        forgotten = dict(self._forgotten_location(each, before) for each in list(self._chain.loop.keys))
        for account_id in list(self._chain.desk.keys):
            forgotten.update(self._forgotten_tickets(account_id, before))
        return Batch(records=forgotten)

    def _forgotten_tickets(self, account_id: str, before: int) -> dict[bytes, bytes | None]:
        desk = self._chain.desk
        forgotten = dict(accounts.forget(desk, account_id, before, self.world.account_calendar(account_id)))
        if forgotten:
            left = desk.keys[account_id].states[0].by_ticket.values() if account_id in desk.keys else ()
            self._first[account_id] = {identity: event for events in left for identity, event in events.items()}
            if left:
                self._accounts[account_id] = None  # to know again when it is due
            else:
                del self._first[account_id]
        return forgotten

    def _forgotten_location(self, location_id: str, before: int) -> tuple[bytes, bytes | None]:
        loop, key = self._chain.loop, records.key_of("location", location_id)
        loop.forget(location_id, before)
        held = loop.keys[location_id]
        if any(part for state in held.states for part in state):
            return key, records.packed(loop.save(location_id))
        del loop.keys[location_id]
        return key, None

    def _mind_the_time(self) -> None:
        """It falls when a partition is heard of for the first time that is behind the others: then what had been
        decided by time is to be asked again."""
        before, self._time = self._time, (self.world.slowest or 0, self.world.desk_time or 0)
        if self._time[0] < before[0]:
            self._locations.update(dict.fromkeys(self._chain.loop.keys))
        if self._time[1] < before[1]:
            self._accounts.update(dict.fromkeys(self._chain.desk.keys))

    def _tell_time(self) -> None:
        for partition, clock in self._broadcasts.heard.items():
            self.world.clocks[partition] = clock

    def _is_new(self, message: Message) -> bool:
        place = message.topic, message.partition
        if message.offset < self.read.get(place, 0):
            return False
        self.read[place] = message.offset + 1
        return True

    def _month(self, message: Message) -> None:
        try:
            month = Availability.read(msgspec.json.decode(message.value or b""))
        except (ValueError, TypeError, AttributeError) as error:
            self._refuse(message, Rejected("bad_value", f"not a month's availability: {error}"))
            return
        held = self._chain.loop.keys.get(month.location_id)
        is_held = held is not None and (month.account_id, month.month) in held.states[0].months
        is_forgotten = month.final_at - self.world.derivation.correction_horizon_ms <= self.forgotten_before
        if not is_held and (is_forgotten or not month.closed):
            return  # nothing follows from an open month, and nothing changes one that is over for good
        if self._chain.loop.absorb(month.TOPIC, month.location_id, month, None):
            self._locations[month.location_id] = None

    def _ticket(self, message: Message) -> None:
        event = decode(
            message.topic,
            message.value,
            key=message.key,
            headers=message.headers,
            timestamp=message.timestamp,
            gate=self._broadcasts.gate,
            unknown=self.unknown,
        )
        if not isinstance(event, TicketEvent):
            self._refuse(message, event)  # type: ignore[arg-type]  # this topic has no other events
            return
        first = self._first[event.account_id].setdefault(event.identity, event)
        refused = conflict(first, event)
        if refused is not None:
            self._refuse(message, refused)
            return
        self.world.heard_ticket(event.occurred_at)
        if self._chain.desk.absorb(event.TOPIC, event.account_id, event, None):
            self._accounts[event.account_id] = None
            self._tickets[event.account_id, event.ticket_id] = None

    def _refuse(self, message: Message, rejected: Rejected) -> None:
        place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        self._letters.append(dead_letter(rejected, message.value, **place))  # type: ignore[arg-type]

    def _saved_locations(self, facts: Iterable[Fact]) -> Iterator[tuple[bytes, bytes]]:
        said = (getattr(fact, "location_id", None) or fact.key for fact in facts)
        for location_id in {*self._locations, *said}:
            yield records.key_of("location", location_id), records.packed(self._chain.save(location_id))
