"""Tickets by their events: what responses and claims are told from (semantics §2, §10). They leave no process.

It refuses to say anything about a ticket whose creation is not known. What an event says holds from its own time on,
whenever it arrived; of two at one instant the one with the lesser id comes first.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from schemas.events import TicketEvent
from schemas.facts import Fact
from schemas.facts.fact import Instant
from streams.engine import Fold, Partition
from streams.folds.world import World


class Turn(msgspec.Struct, frozen=True):
    """From an instant on a ticket has a value: a priority, a status, the ticket that it was merged into."""

    at: Instant
    value: str


class Writing(msgspec.Struct, frozen=True):
    """The customer wrote, by a channel; null: none is named."""

    at: Instant
    channel: str | None


class Ticket(Fact, frozen=True, kw_only=True):
    """What is known of a ticket; every list in order of time."""

    TOPIC: ClassVar = "ticket"
    KEY: ClassVar = "account_id"
    IDENTITY: ClassVar = ("account_id", "ticket_id")

    account_id: str
    ticket_id: str
    created_at: Instant
    ticket_type: str | None
    asked: bool
    """Whether the customer created it, or somebody on the customer's behalf."""
    priorities: tuple[Turn, ...]
    statuses: tuple[Turn, ...]
    merges: tuple[Turn, ...]
    closings: tuple[Turn, ...]
    """Who closed it: `customer`, `agent`, `system`, or empty where nobody is named."""
    reopenings: tuple[Instant, ...]
    answers: tuple[Instant, ...]
    """Public words of an agent (I-15)."""
    location_id: str | None
    month: str | None
    """What the first event that names them says: a claim may be completed, but not turned into another."""
    writings: tuple[Writing, ...]


class Events:
    """The state of an account: the events of each of its tickets, and what was told of those that did not change."""

    __slots__ = ("by_ticket", "told")

    def __init__(self) -> None:
        self.by_ticket: dict[str, dict[tuple[Any, ...], TicketEvent]] = {}
        self.told: dict[str, Ticket] = {}


SavedEvent = dict[str, Any]
"""The fields of an event that has been judged: its instants are milliseconds."""

_SAVED = msgspec.msgpack.Decoder(list[SavedEvent])


def loaded(saved: Iterable[SavedEvent]) -> Iterator[TicketEvent]:
    return (TicketEvent(**each) for each in saved)


class Tickets(Fold):
    """The fold: a state is the events of an account."""

    fact: ClassVar[type[Fact]] = Ticket
    reads: ClassVar = frozenset({TicketEvent.TOPIC})

    world: World

    def empty(self) -> Events:
        return Events()

    def absorb(self, events: Events, event: TicketEvent, now: int) -> bool:
        known = events.by_ticket.setdefault(event.ticket_id, {})
        if known.setdefault(event.identity, event) is not event:
            return False
        events.told.pop(event.ticket_id, None)
        return True

    def derive(self, key: str, events: Events, partition: Partition) -> Sequence[Ticket]:
        told = events.told
        for ticket_id in events.by_ticket.keys() - told.keys():
            found = ticket(events.by_ticket[ticket_id].values())
            if found is not None:
                told[ticket_id] = found
        return [*told.values()]

    def save(self, events: Events, told: Sequence[Fact]) -> Any:
        return [event for known in events.by_ticket.values() for event in known.values()]

    def load(self, saved: bytes) -> Events:
        events = Events()
        for event in loaded(_SAVED.decode(saved)):
            self.world.heard_ticket(event.occurred_at)
            self.absorb(events, event, 0)
        return events


def ticket(events: Iterable[TicketEvent]) -> Ticket | None:
    """What a ticket's events say of it; None while none of them creates it."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.id, event.source))
    created = next((event for event in ordered if event.event_type == "created"), None)
    if created is None:
        return None
    return Ticket(
        terms="",
        fold_version=0,
        settings={},
        account_id=created.account_id,
        ticket_id=created.ticket_id,
        created_at=created.occurred_at,
        ticket_type=created.ticket_type,
        asked=created.actor in (None, "customer") or bool(created.on_behalf),
        priorities=_turns((event.occurred_at, event.priority) for event in ordered if _sets_priority(event, created)),
        statuses=_turns((event.occurred_at, event.status) for event in ordered),
        merges=_turns((event.occurred_at, event.merged_into) for event in ordered if event.event_type == "merged"),
        closings=_turns((event.occurred_at, event.actor or "") for event in ordered if event.event_type == "closed"),
        reopenings=tuple(event.occurred_at for event in ordered if event.event_type == "reopened"),
        answers=tuple(event.occurred_at for event in ordered if _answers(event)),
        location_id=next((event.location_id for event in ordered if event.location_id), None),
        month=next((event.month for event in ordered if event.month), None),
        writings=tuple(
            Writing(event.occurred_at, event.channel)
            for event in ordered
            if event is created or (event.event_type == "note_added" and event.actor == "customer" and event.channel)
        ),
    )


def _turns(values: Iterable[tuple[int, str | None]]) -> tuple[Turn, ...]:
    return tuple(Turn(at, value) for at, value in values if value is not None)


def _sets_priority(event: TicketEvent, created: TicketEvent) -> bool:
    return event is created or event.event_type == "priority_changed"


def _answers(event: TicketEvent) -> bool:
    """Whether an event is a public message by a human agent (I-15)."""
    return event.event_type in ("responded", "note_added") and event.actor == "agent" and bool(event.is_public)
