"""What customers write to the help desk: of an outage, and for the credit that it earned; and when somebody answers."""

from collections.abc import Iterator
from random import Random
from typing import Any

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS
from schemas.events import TicketEvent
from streams.simulate.fleet import Simulation, Site
from streams.simulate.incidents import MINUTE_MS, Incident

PRIORITIES = ("urgent", "medium", "low")


def tickets(simulation: Simulation, fleet: list[Site], found: list[Incident]) -> Iterator[TicketEvent]:
    """In no order. It draws from a chance of its own: the rest of a simulation is the same with and without it."""
    random = Random(f"desk {simulation.seed}")  # noqa: S311 -- to be repeatable, not secret
    site_of = {member.location_id: site for site in fleet for member in site.members}
    struck = [incident for incident in found if incident.kind != "blind" and incident.members]
    for number, incident in enumerate(struck, 1):
        site = site_of[incident.members[0].location_id]
        yield from _complaint(number, incident, site, random)
        yield from _claim(number, incident, site, fleet, simulation)


def _complaint(number: int, incident: Incident, site: Site, random: Random) -> Iterator[TicketEvent]:
    """Somebody notices after a while; most are answered in time, some late, a few by nobody."""
    name, at = f"T-{number:04}", incident.start + random.randrange(5 * MINUTE_MS, 2 * HOUR_MS)
    priority = PRIORITIES[number % len(PRIORITIES)]
    asked = {"actor": "customer", "channel": "web", "ticket_type": "incident", "location_id": site.location_id}
    yield _event(name, 1, site, at, "created", priority=priority, **asked)
    yield _event(name, 2, site, at + MINUTE_MS, "note_added", actor="system", is_public=True)
    if number % 23:
        late = 30 if number % 19 == 0 else 1
        answered = at + late * random.randrange(5 * MINUTE_MS, 50 * MINUTE_MS)
        yield _event(name, 3, site, answered, "responded", actor="agent", is_public=True)
        yield _event(name, 4, site, max(answered, incident.end) + HOUR_MS, "closed", actor="agent")


def _claim(
    number: int, incident: Incident, site: Site, fleet: list[Site], simulation: Simulation
) -> Iterator[TicketEvent]:
    """Every second one is claimed for: at once, or when the month is over. Some claims are of no avail."""
    if number % 2:
        return
    month, ended = _month(incident.start), simulation.start + 30 * DAY_MS + number % 50 * HOUR_MS
    at = incident.end + 5 * HOUR_MS if number % 4 else ended
    claim: dict[str, Any] = {"location_id": site.location_id, "month": month, "channel": "email"}
    match number % 40:
        case 6:
            claim["channel"] = "phone"
        case 14:
            claim["month"] = None
        case 22:
            claim["location_id"] = fleet[-1].location_id
        case 30:
            claim["month"] = _month(simulation.start - 60 * DAY_MS)
    asked = {"actor": "customer", "ticket_type": "credit_claim", "priority": "low"}
    yield _event(f"C-{number:04}", 1, site, at, "created", **asked, **claim)
    yield _event(f"C-{number:04}", 2, site, at + HOUR_MS, "responded", actor="agent", is_public=True)


def _month(at: int) -> str:
    """By Universal Time, as people who write would say it."""
    return times.render(at)[:7]


def _event(ticket_id: str, step: int, site: Site, at: int, event_type: Any, **fields: Any) -> TicketEvent:
    return TicketEvent(
        id=f"{ticket_id}.{step}",
        ticket_id=ticket_id,
        account_id=site.account_id,
        occurred_at=at,
        received_at=at + 1000,
        event_type=event_type,
        **{name: value for name, value in fields.items() if value is not None},
    )
