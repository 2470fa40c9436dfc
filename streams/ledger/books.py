"""What follows from a batch of messages, without any I/O: facts, dead letters and what is to be saved come out.

Credits, claims, their answers and the ledger are kept together, so that they never contradict each other: whoever reads
them sees all that follows from a message, or nothing of it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from schemas.events import Reconciliation, RegistryRecord, TicketEvent
from schemas.facts import Availability, DeadLetter, Fact, Progress
from schemas.wire import Rejected, conflict, decode
from streams.broadcasts import Broadcasts
from streams.engine import FOREVER, Fold, Loop, Position
from streams.folds.billing import Ledger
from streams.folds.chain import BETWEEN_FOLDS, DESK, Chain
from streams.folds.claim_answers import ClaimAnswers
from streams.folds.claims import Claim
from streams.folds.world import World
from streams.ledger import accounts, records
from streams.ledger.accounts import SavedAccount
from streams.ledger.finality import LastingCredits
from streams.ledger.records import Place
from streams.messages import Message

CREDITS = 0
"""The place of their fold."""
FOLDS = (LastingCredits, ClaimAnswers, Ledger)

_EVERY: tuple[type[Fold], ...] = (*FOLDS, *DESK)
SAID = tuple(fold.fact for fold in _EVERY if fold.fact not in BETWEEN_FOLDS)
REPEATED = frozenset(fact.TOPIC for fact in SAID) - {Ledger.fact.TOPIC}
"""An entry is written once: what stands in its chain is added to, never said again."""

log = structlog.get_logger("ledger")


@dataclass
class Batch:
    """What goes out in one transaction."""

    facts: list[Fact] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    records: dict[bytes, bytes] = field(default_factory=dict)
    """Of `ledger-state`."""

    def __bool__(self) -> bool:
        return bool(self.facts or self.letters or self.records)


class Books:
    """Every location that has months, and every account that has tickets. `holds`: nothing is added to the ledger.

    Restore what was saved, then say `begin`; from then on `take` messages and `settle`.
    """

    def __init__(self, world: World, partition_of: Callable[[str], int], *, holds: bool = False) -> None:
        """`partition_of`: the partition of a location."""
        self.world = world
        world.partition_of = partition_of
        self.read: dict[Place, int] = {}
        """The next offset of each input."""
        self.unknown: Counter[str] = Counter()
        """Messages with fields that nobody knows, by topic."""
        self._broadcasts = Broadcasts(world, [fact.TOPIC for fact in SAID])
        self._chain = Chain(world, FOLDS)
        self._credits = next(fold for fold in self._chain.loop.folds if isinstance(fold, LastingCredits))
        self._credits.said = self._credits_of
        self._ledger = next(fold for fold in self._chain.loop.folds if isinstance(fold, Ledger))
        self._ledger.holds = holds
        self._first: dict[str, dict[tuple[Any, ...], TicketEvent]] = defaultdict(dict)
        """By account: of each identity the event that came first."""
        self._time = (0, 0)
        """The slowest partition's and the desk's, when it was asked last."""
        self._claimed: dict[str, set[str]] = defaultdict(set)
        """By account where it has claimed: the keys under which its claims are judged."""
        self._derived_by = ""
        self._saved_accounts: dict[str, SavedAccount] = defaultdict(SavedAccount)
        self._clear()

    def _clear(self) -> None:
        self._letters: list[DeadLetter] = []
        self._locations: dict[str, None] = {}
        self._accounts: dict[str, None] = {}
        self._tickets: dict[tuple[str, str], None] = {}
        self._named: dict[str, None] = {}
        self._reconciled: list[Reconciliation] = []
        self._credits.touched = set()
        self._credits.recorded = {}

    def _credits_of(self, location_id: str) -> Sequence[Any]:
        return self._chain.loop.keys[location_id].published[CREDITS]

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
            self.read, self._derived_by = saved.offsets, saved.derived_by
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
            self._chain.desk.wait(account_id)
        self._saved_accounts.clear()
        place = self._chain.loop.folds.index(self._ledger)
        for location_id, held in self._chain.loop.keys.items():
            if self._ledger.is_behind(held.states[place]):
                self._locations[location_id] = None
            for account_id, _ in held.states[0].claims:
                self._claimed[account_id].add(location_id)
        self._time = self.world.slowest or 0, self.world.desk_time or 0
        if self._derived_by not in ("", derived_by(self.world)):
            log.warning(
                "what was said before was derived by other folds, terms or settings, and stays until something new is "
                "heard of it: `fivenines reconcile` shows what would change, and publishes it",
                before=self._derived_by,
                now=derived_by(self.world),
            )

    def register(self, message: Message) -> None:
        """Take a record of the registry in. All of it is read at every start, and what is new concerns somebody."""
        record = self._broadcasts.absorb(message.offset, message.key, message.value, message.headers, message.timestamp)
        if self._is_new(message) and record is not None:
            self._hear(record)

    def _hear(self, record: RegistryRecord) -> None:
        self._named.update(dict.fromkeys((*self._broadcasts.concerns(record), record.entity_id)))
        if record.entity == "account":
            recorded = self._credits.recorded
            recorded[record.entity_id] = min(record.recorded_at, recorded.get(record.entity_id, FOREVER))
        if isinstance(record, Reconciliation):
            self._named[record.subject] = None
            self._reconciled.append(record)

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
        self._mind_the_named()
        facts: list[Fact] = []
        for account_id in self._accounts:
            facts += desk.settle(account_id, range(len(desk.folds)), position)
        facts += desk.advance(None, position)
        for claim in [fact for fact in facts if isinstance(fact, Claim)]:
            loop.absorb(claim.TOPIC, claim.place, claim, None)
            self._locations[claim.place] = None
            self._claimed[claim.account_id].add(claim.place)
        owed: list[Fact] = []
        for location_id in self._locations:
            owed += loop.settle(location_id, range(len(loop.folds)), position)
        owed += loop.advance(None, position)
        for reconciliation in self._reconciled:
            facts += _repeated(desk, reconciliation, position)
            owed += _repeated(loop, reconciliation, position)
        owed.sort(key=lambda fact: not fact.retracted)  # the answer to a claim may have moved: the later one counts
        published = [fact for fact in facts if not isinstance(fact, BETWEEN_FOLDS)]
        saved = {**dict(accounts.saved(desk, self._tickets, facts)), **dict(self._saved_locations(owed))}
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
        return records.key_of(*records.POSITION), records.encoded(records.Position(read, heard, derived_by(self.world)))

    def _mind_the_time(self) -> None:
        """It falls when a partition is heard of for the first time that is behind the others: then what had been
        decided by time is to be asked again."""
        before, self._time = self._time, (self.world.slowest or 0, self.world.desk_time or 0)
        if self._time[0] < before[0]:
            self._locations.update(dict.fromkeys(self._chain.loop.keys))
        if self._time[1] < before[1]:
            self._accounts.update(dict.fromkeys(self._chain.desk.keys))

    def _mind_the_named(self) -> None:
        """Of whom the registry said something: their months, their tickets, and where they claim."""
        loop, desk = self._chain.loop.keys, self._chain.desk.keys
        for name in self._named:
            self._locations.update(dict.fromkeys(self._claimed.get(name, ())))
            if name in desk:
                self._accounts[name] = None
            if name in loop:
                self._locations[name] = None

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
            self.world.account_calendar(month.account_id).month(month.month)
        except (ValueError, TypeError, AttributeError) as error:
            self._refuse(message, Rejected("bad_value", f"not a month's availability: {error}"))
            return
        held = self._chain.loop.keys.get(month.location_id)
        is_held = held is not None and (month.account_id, month.month) in held.states[0].months
        if not is_held and not month.closed:
            return  # nothing follows from an open month
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
        self._letters.append(message.refused(rejected))

    def _saved_locations(self, facts: Iterable[Fact]) -> Iterator[tuple[bytes, bytes]]:
        said = (getattr(fact, "location_id", None) or fact.key for fact in facts)
        for location_id in {*self._locations, *said}:
            yield records.key_of("location", location_id), records.packed(self._chain.save(location_id))


def _repeated(loop: Loop, reconciliation: Reconciliation, position: Position) -> list[Fact]:
    """What may stand otherwise in its topic, said again."""
    if reconciliation.subject not in loop.keys:
        return []
    return loop.repeat(
        reconciliation.subject, lambda fact: fact.TOPIC in REPEATED and reconciliation.corrects(fact), position
    )


def derived_by(world: World) -> str:
    """By what the saved facts were derived, for who wonders about a difference."""
    versions = [fold.version for fold in FOLDS]
    settings = world.derivation.model_dump(exclude={"hot_hours"})
    return f"{versions} {[file.reference for file in world.book.files]} {settings}"
