"""Tickets by their events: what responses and claims are told from (semantics §2, §10). They leave no process.

It refuses to say anything about a ticket whose creation is not known. What an event says holds from its own time on,
whenever it arrived; of two at one instant the one with the lesser id comes first.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
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


in_order = attrgetter("occurred_at", "id", "source")
"""Of two at one instant the one with the lesser id comes first."""

_NONE: dict[str, int] = {}

_SAVED = msgspec.msgpack.Decoder(list[TicketEvent])


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
        for event in _SAVED.decode(saved):
            self.world.heard_ticket(event.occurred_at)
            self.absorb(events, event, 0)
        return events


def ticket(events: Iterable[TicketEvent]) -> Ticket | None:
    """What a ticket's events say of it; None while none of them creates it."""
    created: TicketEvent | None = None
    location_id = month = None
    priorities: list[Turn] = []
    statuses: list[Turn] = []
    merges: list[Turn] = []
    closings: list[Turn] = []
    reopenings: list[int] = []
    answers: list[int] = []
    writings: list[Writing] = []
    for event in sorted(events, key=in_order):
        at = event.occurred_at
        location_id, month = location_id or event.location_id, month or event.month
        if event.status is not None:
            statuses.append(Turn(at, event.status))
        is_creation = created is None and event.event_type == "created"
        if is_creation:
            created = event
        if event.priority is not None and (is_creation or event.event_type == "priority_changed"):
            priorities.append(Turn(at, event.priority))
        if is_creation or _writes(event):
            writings.append(Writing(at, event.channel))
        match event.event_type:
            case "responded" | "note_added" if event.actor == "agent" and event.is_public:
                answers.append(at)
            case "merged" if event.merged_into is not None:
                merges.append(Turn(at, event.merged_into))
            case "closed":
                closings.append(Turn(at, event.actor or ""))
            case "reopened":
                reopenings.append(at)
    if created is None:
        return None
    return Ticket(
        terms="",
        fold_version=0,
        settings=_NONE,
        account_id=created.account_id,
        ticket_id=created.ticket_id,
        created_at=created.occurred_at,
        ticket_type=created.ticket_type,
        asked=created.actor in (None, "customer") or bool(created.on_behalf),
        priorities=tuple(priorities),
        statuses=tuple(statuses),
        merges=tuple(merges),
        closings=tuple(closings),
        reopenings=tuple(reopenings),
        answers=tuple(answers),
        location_id=location_id,
        month=month,
        writings=tuple(writings),
    )


def _writes(event: TicketEvent) -> bool:
    """Whether the customer names a channel in a note."""
    return event.event_type == "note_added" and event.actor == "customer" and bool(event.channel)
