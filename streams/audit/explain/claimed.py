"""Claims and tickets as those who explain them need them: their events, and when each was made in writing (CR-3)."""

from schemas.events import TicketEvent
from schemas.terms.model import Terms
from streams.audit.explain import inputs
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Input
from streams.folds.claims import Claim, of_month
from streams.folds.credits import Asked, Credits
from streams.folds.tickets import Events, Tickets


def claims_at(derived: Derived, location_id: str, account_id: str, month: str) -> list[Claim]:
    """The claims for a credit, in the order of their tickets."""
    asked: Asked | None = derived.of_location(Credits, location_id)
    claims = [] if asked is None else asked.claims.values()
    return sorted(of_month(claims, account_id, location_id, month), key=lambda claim: claim.ticket_id)


def events_of(derived: Derived, account_id: str, ticket_id: str) -> list[TicketEvent]:
    """A ticket's events in order of time."""
    events: Events | None = derived.of_account(Tickets, account_id)
    known = {} if events is None else events.by_ticket.get(ticket_id, {})
    return sorted(known.values(), key=lambda event: (event.occurred_at, event.id, event.source))


def writings(derived: Derived, claim: Claim) -> list[Input]:
    """The events of a claim's ticket that may make it, or that say what it is for."""
    events = events_of(derived, claim.account_id, claim.ticket_id)
    told = (
        event for event in events if event.channel or event.month or event.location_id or event.event_type == "created"
    )
    return [*map(inputs.ticket_event, told)]


def made_at(claim: Claim, terms: Terms) -> int | None:
    """When it was made in writing; who names no channel has written."""
    channels = (None, *terms.claims.written_channels)
    return min((writing.at for writing in claim.writings if writing.channel in channels), default=None)
