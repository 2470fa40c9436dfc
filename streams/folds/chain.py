"""The chain of folds, and how each kind of event reaches it: the one way in that every driver shares."""

from collections.abc import Iterable, Sequence

from schemas.events import Annotation, Event, Heartbeat, RegistryRecord, Tick, TicketEvent
from schemas.facts import Fact
from streams.engine import Fold, Held, Loop, Partition, Position
from streams.folds.availability import Availabilities
from streams.folds.billing import Billing
from streams.folds.claim_answers import ClaimAnswers
from streams.folds.claims import Claim, Claims
from streams.folds.clock import Gap, Listening
from streams.folds.credits import Credits
from streams.folds.outages import Outages
from streams.folds.proposals import Proposals
from streams.folds.response_months import ResponseMonths
from streams.folds.responses import Responses
from streams.folds.samples import Profile
from streams.folds.states import States
from streams.folds.tickets import Ticket, Tickets
from streams.folds.world import World

FOLDS: tuple[type[Fold], ...] = (States, Outages, Proposals, Availabilities, Credits, ClaimAnswers, Billing)
"""Every fold of a location, in the order in which one follows from another."""

DESK: tuple[type[Fold], ...] = (Tickets, Claims, Responses, ResponseMonths)
"""Every fold of an account, likewise."""

BETWEEN_FOLDS: tuple[type[Fact], ...] = (Ticket, Claim)
"""What one fold tells another and nobody else."""


class Desk(Loop):
    """The loop over accounts. It goes by its own time."""

    @property
    def slowest(self) -> int:
        return self.world.desk_time or 0


class Chain:
    """Two loops, fed with events: over some of the folds of locations, and over those of accounts. What an account
    claims, its locations are told. It holds every fact that follows."""

    def __init__(self, world: World, folds: Sequence[type[Fold]] = FOLDS) -> None:
        self.world = world
        self.loop = Loop([fold(world) for fold in folds], world)
        self.desk = Desk([fold(world) for fold in DESK], world)
        self._lag_ms = world.derivation.max_clock_lag_s * 1000

    def absorb(self, event: Event, partition: Partition) -> None:
        """Take an event in and derive nothing yet: for a replay, which asks once at the end."""
        if isinstance(event, Heartbeat):
            self.world.clock(partition).event(event.effective_at(self._lag_ms))
            self._stands(event.location_id, partition)
            self.loop.absorb(event.TOPIC, event.location_id, event, partition)
        elif isinstance(event, Tick):
            self.world.tick(partition, event.collector_id, event.occurred_at)
        elif isinstance(event, RegistryRecord):
            self._register(event)
        elif isinstance(event, Annotation):
            self._stands(event.location_id, partition)
            self.loop.absorb(event.TOPIC, event.location_id, event, partition)
        elif isinstance(event, TicketEvent):
            self.world.heard_ticket(event.occurred_at)
            self.desk.absorb(event.TOPIC, event.account_id, event, None)

    def settle_desk(self) -> list[Fact]:
        """Ask about every account; the facts that changed. Locations have been told of the claims, and not asked."""
        return self.tell([*self.desk.settle_all(self.desk.keys, Position())])

    def tell(self, said: Sequence[Fact]) -> list[Fact]:
        """Tell locations what accounts claim, and ask nobody; the facts that were said of accounts to all."""
        for claim in _claims(said):
            self.loop.absorb(claim.TOPIC, claim.place, claim, self.world.partition_of(claim.place))
        return _published(said)

    def absorb_tickets(self, account_id: str, events: Iterable[TicketEvent]) -> None:
        """Take in the events of an account's tickets, and derive nothing yet. Time itself has come so far already."""
        held = self.desk.held(account_id, None)
        for fold, state in zip(self.desk.folds, held.states, strict=True):
            if isinstance(fold, Tickets):
                for event in events:
                    fold.absorb(state, event, 0)

    def absorb_all(
        self, location_id: str, device_id: str, profile: Profile, times: Sequence[int], partition: Partition
    ) -> None:
        """Take in a device's heartbeats that differ in nothing but their time, and derive nothing yet. Time itself has
        come so far already."""
        held = self._stands(location_id, partition)
        for fold, state in zip(self.loop.folds, held.states, strict=True):
            if isinstance(fold, States):
                fold.absorb_all(state, device_id, profile, times)

    def _stands(self, location_id: str, partition: Partition) -> Held:
        """A location's place, in a recording that may name several: the least, whichever is read first."""
        held = self.loop.held(location_id, partition)
        if partition is not None and (held.partition is None or partition < held.partition):
            held.partition = partition
        return held

    def take(self, event: Event, partition: Partition, position: Position) -> list[Fact]:
        """Take an event in; the facts that changed because of it, or of the time it brought."""
        before = self.world.desk_time if self.desk.keys else None
        said = self._taken(event, partition, position)
        return said + self._pass_time(before, position) if self.desk.keys else said

    def _taken(self, event: Event, partition: Partition, position: Position) -> list[Fact]:
        if isinstance(event, Heartbeat):
            said = self._time(partition, position, event.effective_at(self._lag_ms))
            return said + self.loop.take(event.TOPIC, event.location_id, event, partition, position)
        if isinstance(event, Tick):
            return self._tick(event, partition, position)
        if isinstance(event, RegistryRecord):
            return self._registered(event, position) if self._register(event) else []
        if isinstance(event, Annotation):
            return self.loop.take(event.TOPIC, event.location_id, event, partition, position)
        if isinstance(event, TicketEvent):
            return self._ticket(event, position)
        return []

    def _ticket(self, event: TicketEvent, position: Position) -> list[Fact]:
        self.world.heard_ticket(event.occurred_at)
        said = self.desk.take(event.TOPIC, event.account_id, event, None, position)
        for claim in _claims(said):
            said += self.loop.take(claim.TOPIC, claim.place, claim, self.world.partition_of(claim.place), position)
        return _published(said)

    def _pass_time(self, before: int | None, position: Position) -> list[Fact]:
        """After an event, what is due at the desk. Its time may fall, when a partition is heard of that is behind the
        others: then what had become overdue is not."""
        if before is not None and (self.world.desk_time or 0) < before:
            return _published(self.desk.settle_all(self.desk.keys, position))
        return _published(self.desk.advance(None, position))

    def _registered(self, record: RegistryRecord, position: Position) -> list[Fact]:
        said = self.loop.broadcast(record, _everywhere, position)
        return said + _published(self.desk.broadcast(record, _everywhere, position))

    def _register(self, record: RegistryRecord) -> bool:
        """Take a registry record in; whether it was new. A location is known from then on to the folds that ask."""
        if record.entity == "location" and any(fold.of_registered for fold in self.loop.folds):
            self.loop.held(record.entity_id, self.world.partition_of(record.entity_id))
        return self.world.registry.absorb(record)

    def save(self, key: str) -> bytes:
        """A location's whole state, and what was last said of it."""
        return self.loop.save(key)

    def restore(self, key: str, partition: Partition, saved: bytes) -> None:
        self.loop.restore(key, partition, saved)

    def forget(self, key: str, before: int) -> None:
        """Drop of a location what only matters to the time before an instant."""
        self.loop.forget(key, before)

    def forget_all(self, partition: Partition) -> None:
        """Drop a partition: its locations and its time."""
        self.loop.forget_all(partition)
        self.world.clocks.pop(partition, None)

    def _time(self, partition: Partition, position: Position, at: int) -> list[Fact]:
        """Where no collector ever ticked, events are the clock."""
        clock = self.world.clock(partition)
        clock.event(at)
        return self.loop.advance(partition, position) if clock.newest_tick is None else []

    def heard(self, tick: Tick, partition: Partition) -> list[Gap | Listening]:
        """Take a tick in; what is to be broadcast because of it."""
        first = self.world.clock(partition).first_tick
        changes: list[Gap | Listening] = [*self.world.tick(partition, tick.collector_id, tick.occurred_at)]
        if first is None or tick.occurred_at < first:
            changes.append(Listening(tick.occurred_at))
        return changes

    def _tick(self, tick: Tick, partition: Partition, position: Position) -> list[Fact]:
        said: list[Fact] = []
        for change in self.heard(tick, partition):
            said += self.loop.broadcast(change, lambda other: partition in (None, other), position)
        reached = [partition] if partition is not None else list(self.world.clocks)
        for each in reached:
            said += self.loop.advance(each, position)
        return said


def _everywhere(_: Partition) -> bool:
    return True


def _claims(facts: Iterable[Fact]) -> list[Claim]:
    return [fact for fact in facts if isinstance(fact, Claim)]


def _published(facts: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in facts if not isinstance(fact, BETWEEN_FOLDS)]
