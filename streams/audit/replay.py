"""The audit: the same folds over a recording of the input, and what follows from it (semantics §7, law 5).

Nothing is derived until everything has been read, so the order of the recording does not matter. Of two messages with
one identity the first in the log stays, which only the whole log can tell: that of their key, for partitions have no
order between them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Annotation, Event, Heartbeat, RegistryRecord, Tick, TicketEvent
from schemas.facts import Availability, DeadLetter, Fact
from schemas.partitioner import partition_of
from schemas.terms.book import Book
from schemas.wire import Gate, Line, Rejected, dead_letter, decode, parse_line
from schemas.wire.document import MAX_BYTES
from schemas.wire.lines import TicketLine
from streams.audit.bulk import Bulk
from streams.audit.identities import Identities, Placed
from streams.audit.packed import Packed
from streams.engine import Partition, Position
from streams.folds.availability import Availabilities
from streams.folds.chain import BETWEEN_FOLDS, Chain
from streams.folds.outages import unretracted
from streams.folds.world import World

NO_LIMIT_S = 1 << 40


@dataclass
class Replay:
    """A replay of one recording. Feed it with `read`, then ask for `facts`."""

    book: Book
    derivation: Derivation
    until: int | None = None
    """What had arrived by then (ms), and nothing later; what does not say when it arrived is always taken."""
    location: str | None = None
    """The one location whose facts are wanted: the heartbeats of others then only move the time."""
    account: str | None = None
    """The one account for which facts are wanted: its own, and those of its locations, whoever's they are besides."""
    partitions: int | None = None
    """Of the topics keyed by location, where the recording is of a platform; None for a file without partitions."""
    keep_refused: bool = False
    """Whether to keep, by reason, what was refused but can be read: to be reconsidered."""
    refused: dict[str, list[tuple[Event, Partition]]] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    packed: Packed | None = field(default=None, init=False)
    """Plain tickets that other processes read, until they are taken in."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Messages with fields that nobody knows, by topic; of heartbeats the archive keeps no such field."""

    def __post_init__(self) -> None:
        self.world = World(self.book, self.derivation)
        if self.partitions is not None:
            self.world.partition_of = partial(partition_of, partitions=self.partitions)
        self.chain = Chain(self.world)
        self._gate = Gate(self.derivation, self.world.open_since)
        self.bulk = Bulk(
            self._gate.max_clock_skew_ms,
            self.derivation.max_clock_lag_s * 1000,
            self.derivation.correction_horizon_ms,
            self.until,
        )
        self._no_gate = Gate(self.derivation.model_copy(update={"max_clock_skew_s": NO_LIMIT_S}))
        self._lag_ms = self.derivation.max_clock_lag_s * 1000
        self.identities = Identities()
        self._tickets: dict[str, list[TicketEvent]] = {}
        """By account, what is beyond doubt and nobody has asked about yet."""

    def read_file(self, lines: Iterable[bytes]) -> None:
        """Take in every line of a file."""
        for number, raw, ticket in self.bulk.others(lines):
            if ticket is not None and self.is_plain(ticket, raw):
                self.take_ticket(ticket, number, raw)
            else:
                self.read_line(number, raw)

    def read_line(self, number: int, raw: bytes) -> None:
        """Take in one line of a file."""
        line = parse_line(raw)
        if isinstance(line, Rejected):
            self.dead_letters.append(dead_letter(line, raw.rstrip(b"\r\n"), topic=None, line=number))
        else:
            self._take(line, number)

    def read(self, lines: Iterable[Line | Rejected]) -> None:
        """Take in messages one by one."""
        for number, line in enumerate(lines, 1):
            if isinstance(line, Rejected):
                self.dead_letters.append(dead_letter(line, b"", topic=None, line=number))
            else:
                self._take(line, number)

    def facts(self) -> Iterator[Fact]:
        """Every current fact that is wanted, in no order."""
        if self.account is None:
            self.end()
            yield from self.rederived()
        else:
            places = self.places_of(self.account) | {self.account}  # where a claim is judged that names no location
            self.end()
            yield from self.settle_desk()
            yield from self.derived(places.__contains__)

    def told(self) -> Iterator[Fact]:
        """Every current fact that it has told, once more, in no order."""
        for held in (*self.chain.desk.keys.values(), *self.chain.loop.keys.values()):
            for facts in held.published:
                yield from (fact for fact in facts if not fact.retracted and not isinstance(fact, BETWEEN_FOLDS))

    def end(self) -> None:
        """All was read: settle what only the whole log can tell."""
        self.unpack()
        self.settle(lambda _: True)

    def unpack(self, share: int | None = None) -> None:
        """Take in the plain tickets that other processes read: of a share of the accounts, or of all."""
        if self.packed is not None:
            for number, place, ticket in self.packed.tickets(share):
                self.take_ticket(ticket, number, place)
            self.identities.recall(self.packed.path)
            self.packed = None

    def settle(self, wanted: Callable[[Event], bool]) -> None:
        """What only the whole log can tell, of some of the events; the others are forgotten."""
        self.bulk.move_time(self.world)
        if set(self.world.clocks) == {None}:  # a file without partitions: nothing belongs to any
            self.world.partition_of = lambda _: None
        self._settle_identities(wanted)

    @property
    def has_tickets(self) -> bool:
        """Whether anything was read of tickets."""
        return self.packed is not None or any(isinstance(event, TicketEvent) for event in self.identities.events())

    def settle_desk(self) -> list[Fact]:
        """The current facts of accounts. Locations have been told of the claims."""
        return self.chain.tell([*self.derived_desk()])

    def derived_desk(self) -> Iterator[Fact]:
        """The current facts of accounts, in no order, and what they claim: to be told to the chain."""
        for account_id, events in self._tickets.items():
            self.chain.absorb_tickets(account_id, events)
        self._tickets.clear()
        desk = self.chain.desk
        yield from desk.settle_all(desk.keys, Position())

    def derived(self, wanted: Callable[[str], bool]) -> Iterator[Fact]:
        """The current facts of some of the locations, in no order. Accounts have been asked before."""
        self.bulk.pour(self.chain, wanted)
        self._add_registered(wanted)
        yield from self.chain.loop.settle_all(filter(wanted, self.chain.loop.keys), Position())

    def locations_of(self, account_id: str) -> set[str]:
        """The locations that an account ever had, by the registry as far as it has been read."""
        registry = self.world.registry
        return {
            location_id
            for location_id in registry.ids("location")
            if any(owner == account_id for _, owner in registry.accounts(location_id))
        }

    def places_of(self, account_id: str) -> set[str]:
        """An account's locations, and those that its tickets name: whose facts its own follow from. Nothing was settled
        yet."""
        self.unpack()
        tickets = (
            event
            for event in self.identities.events()
            if isinstance(event, TicketEvent) and event.account_id == account_id
        )
        return self.locations_of(account_id) | {ticket.location_id for ticket in tickets if ticket.location_id}

    def annotations(self, location_id: str) -> Iterable[Annotation]:
        """Every revision of every annotation of a location, in no order. All was read."""
        held = self.chain.loop.keys.get(location_id)
        states = zip(self.chain.loop.folds, held.states, strict=True) if held is not None else ()
        return [
            note for fold, months in states if isinstance(fold, Availabilities) for note in months.annotations.values()
        ]

    def concerns(self, location_id: str | None) -> bool:
        """Whether what belongs to a location, or to none, is wanted."""
        return self.location in (None, location_id)

    def absorb(self, event: Event, partition: Partition) -> None:
        """Take in an event that is beyond doubt."""
        if isinstance(event, RegistryRecord):
            self.world.registry.absorb(event)
        else:
            self.chain.absorb(event, partition)

    def rederived(self) -> Iterator[Fact]:
        """The facts that are others than those told last."""
        yield from self.settle_desk()
        yield from self.derived(self.concerns)

    def month_as_of(self, published: Availability) -> Availability | None:
        """An account's open month at a location as it was at the published instant; None if it was not then, and where
        it had to be told again since: it has ended, or a state has begun in it."""
        held = self.chain.loop.keys[published.location_id]
        end = self.world.account_calendar(published.account_id).month(published.month).end
        told_until = min(end, self.world.time(held.partition) or 0)
        for fold, state in zip(self.chain.loop.folds, held.states, strict=True):
            if isinstance(fold, Availabilities):
                if published.as_of < end < (self.world.slowest or 0) or any(
                    published.as_of < row.from_ <= told_until for row in unretracted(state.rows)
                ):
                    return None
                months = fold.derive_as_of(published.key, state, held.partition, published.as_of)
                return next((month for month in months if month.identity == published.identity), None)
        return None

    def judged(self, line: Line, unknown: Counter[str] | None = None) -> Event | Rejected | None:
        """The event of a message, or why it is refused; None: it had not arrived. `unknown` is as for `decode`."""
        event = decode(
            line.topic,
            line.value,
            key=line.key,
            headers=line.headers,
            timestamp=line.timestamp,
            check_key=line.partition is not None,
            gate=self._gate,
            unknown=unknown,
        )
        had_arrived = self.until is None or self._had_arrived(event, line.timestamp, self.until)
        return event if had_arrived else None

    def is_plain(self, ticket: TicketLine, raw: bytes) -> bool:
        """Whether what a line says of a ticket is beyond doubt: its event is then as `decode` would have it. If not,
        the line is to be read as any other."""
        event, headers = ticket.value, ticket.headers
        has_own_key = ticket.partition is None or ticket.key == event.account_id
        try:
            timestamp = times.parse(ticket.timestamp) if isinstance(ticket.timestamp, str) else ticket.timestamp
        except ValueError:
            return False
        source = None if headers is None else headers.ce_source
        return has_own_key and len(raw) <= MAX_BYTES and self._gate.tickets.completes(event, timestamp, source)

    def take_ticket(self, ticket: TicketLine, number: int, message: bytes | int) -> None:
        """Take in a plain ticket's line: its bytes, or where in the file it begins."""
        if self.until is None or self._had_arrived(ticket.value, ticket.timestamp, self.until):
            self.identities.take(Placed(ticket.value, ticket.partition, ticket.offset, number, message))

    def _take(self, line: Line, number: int) -> None:
        event = self.judged(line, self.unknown)
        if event is None:
            return
        if isinstance(event, Rejected):
            self._refuse(event, line, number)
        elif isinstance(event, Heartbeat) and not self.concerns(event.location_id):
            self.world.clock(line.partition).event(event.effective_at(self._lag_ms))
        elif isinstance(event, RegistryRecord | Heartbeat | Tick):
            self.absorb(event, line.partition)
        else:
            self.identities.take(Placed(event, line.partition, line.offset, number, line))

    def _had_arrived(self, event: Event | Rejected, timestamp: int | str | None, until: int) -> bool:
        stamp = times.parse(timestamp) if isinstance(timestamp, str) else timestamp
        arrival = stamp if isinstance(event, Rejected) else event.arrival(stamp)
        return arrival is None or arrival <= until

    def _refuse(self, rejected: Rejected, line: Line, number: int) -> None:
        if self.keep_refused:
            event = decode(line.topic, line.value, headers=line.headers, check_key=False, gate=self._no_gate)
            if isinstance(event, Event) and self.concerns(getattr(event, "location_id", None)):
                self.refused.setdefault(rejected.reason, []).append((event, line.partition))
        at = {"line": number} if line.offset is None else {"offset": line.offset}
        self.dead_letters.append(dead_letter(rejected, line.value, topic=line.topic, partition=line.partition, **at))

    def _add_registered(self, wanted: Callable[[str], bool]) -> None:
        """A location that never reported has months, too: in its own partition, if the recording has any."""
        for location_id in filter(wanted, self.world.registry.ids("location")):
            self.chain.loop.held(location_id, self.world.partition_of(location_id))

    def _settle_identities(self, wanted: Callable[[Event], bool]) -> None:
        for placed in self.identities.settle(self._refuse, wanted):
            event = placed.event
            if isinstance(event, TicketEvent):
                self.world.heard_ticket(event.occurred_at)
                self._tickets.setdefault(event.account_id, []).append(event)
            else:
                self.chain.absorb(event, placed.partition)


def in_order(facts: Iterable[Fact | DeadLetter]) -> list[Fact | DeadLetter]:
    """Facts as outputs have them: by topic, key and the fact's own order."""
    of_key: dict[tuple[str, str], list[Fact | DeadLetter]] = {}
    for fact in facts:
        of_key.setdefault((fact.TOPIC, fact.key), []).append(fact)
    return [fact for place in sorted(of_key) for fact in sorted(of_key[place], key=attrgetter("order"))]
