"""`ticket_responses`: an account's tickets -> when the first answer to each was due, and whether it came by then
(RS-1 to RS-4, NU-1, I-13 to I-15; semantics §10).

It refuses to say anything about a ticket whose creation is not known, or lies in no month of the calendar.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple, cast

import msgspec

from schemas.events import RegistryRecord
from schemas.facts import Fact, TicketResponse
from schemas.facts.response import Counted, Outcome, TicketType
from schemas.terms.response import Response
from streams.calendars import ALWAYS, Calendar
from streams.contact_hours import OpeningHours
from streams.engine import FOREVER, Fold, Partition, untold
from streams.folds.merges import End, Merges
from streams.folds.targets import dues, first_missed, in_force, window_of
from streams.folds.tickets import Ticket
from streams.folds.world import World

FOLD_VERSION = 1

DEPENDS_ON = ("max_clock_skew_s", "correction_horizon_days")

UNSTATED: Final[TicketType] = "request"
"""The type of a ticket that names none: by leaving it out nothing leaves the total."""


class Judged(NamedTuple):
    """What is said of a ticket until its answer is overdue, and the time after which it is; `FOREVER`: never, for what
    became of it is known."""

    response: TicketResponse
    overdue_after: int

    def at(self, now: int) -> TicketResponse:
        if self.overdue_after >= now:
            return self.response
        return msgspec.structs.replace(self.response, outcome="missed", missed_at=self.overdue_after)


class Asked:
    """The state of an account: its tickets, and what was judged of those that nothing has changed since."""

    __slots__ = ("judged", "merges", "months")

    def __init__(self) -> None:
        self.merges = Merges()
        self.judged: dict[str, Judged | None] = {}
        self.months: Calendar | None = None
        """By which months that was."""

    def keep(self, ticket: Ticket) -> None:
        for ticket_id in self.merges.keep(ticket):
            self.judged.pop(ticket_id, None)


class Responses(Fold):
    """The fold. Answers become overdue by the time that every partition has reached."""

    fact: ClassVar[type[Fact]] = TicketResponse
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({Ticket.TOPIC})
    by_slowest: ClassVar = True

    world: World

    def empty(self) -> Asked:
        return Asked()

    def absorb(self, asked: Asked, ticket: Ticket, now: int) -> bool:
        asked.keep(ticket)
        return True

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[TicketResponse]:
        months = self.world.account_calendar(key)
        if asked.months is not months:
            asked.judged.clear()
            asked.months = months
        for ticket_id, ticket in asked.merges.tickets.items():
            if ticket_id not in asked.judged:
                asked.judged[ticket_id] = judged(ticket, asked.merges.end(ticket_id), months, self.world)
        now = self.world.desk_time or 0
        return [each.at(now) for each in asked.judged.values() if each is not None]

    def due(self, key: str, asked: Asked, partition: Partition) -> int:
        """When the next answer is overdue."""
        now = self.world.desk_time or 0
        turns = (each.overdue_after for each in asked.judged.values() if each is not None)
        return min((turn for turn in turns if turn >= now), default=FOREVER)

    def concerns(self, key: str, asked: Asked, broadcast: Any) -> bool:
        """The registry says under which terms an account is."""
        return isinstance(broadcast, RegistryRecord) and (broadcast.entity, broadcast.entity_id) == ("account", key)

    def save(self, asked: Asked, told: Sequence[Fact]) -> Any:
        return untold(asked.merges.tickets.values(), told)

    def load(self, saved: bytes) -> Asked:
        asked = Asked()
        for ticket in Ticket.load(saved):
            asked.keep(ticket)
        return asked


def judged(ticket: Ticket, end: End, months: Calendar, world: World) -> Judged | None:
    """What follows for a ticket that was answered or withdrawn then; None outside of the calendar."""
    try:
        month = months.month_at(ticket.created_at)
    except ValueError:
        return None
    window = window_of(ticket.created_at, month.terms)
    ended = end.at
    wanted = dues(ticket, window, month.terms, ended)
    missed = first_missed(wanted)
    is_open = ended == FOREVER
    is_missed = not is_open and missed.missed_at < ended
    is_withdrawn = not is_missed and end.withdrawn < end.answered
    due = missed if is_open or is_missed else in_force(wanted, ended)
    kind = cast(TicketType, ticket.ticket_type) or UNSTATED
    outcome: Outcome = "missed" if is_missed else "pending" if is_open or is_withdrawn else "met"
    response = TicketResponse(
        terms=month.terms.reference,
        fold_version=FOLD_VERSION,
        settings=world.settings(DEPENDS_ON),
        ticket_id=ticket.ticket_id,
        account_id=ticket.account_id,
        month=month.name,
        ticket_type=kind,
        counted="withdrawn" if is_withdrawn else _counted(ticket.asked, kind, month.terms.response),
        priority=due.priority,
        window=window,
        created_at=ticket.created_at,
        due_at=_or_null(due.at),
        responded_at=None if is_withdrawn else _or_null(end.answered),
        missed_at=missed.missed_at if is_missed else None,
        closed_at=_closed_at(ticket),
        outcome=outcome,
        holidays=OpeningHours.holidays,
    )
    return Judged(response, missed.missed_at if is_open else FOREVER)


def _closed_at(ticket: Ticket) -> int | None:
    closed = ticket.closings[-1].at if ticket.closings else None
    reopened = ticket.reopenings[-1] if ticket.reopenings else ALWAYS
    return None if closed is None or closed < reopened else closed


def _counted(asked: bool, kind: TicketType, terms: Response) -> Counted:
    if not asked:
        return "not_asked"
    return "total" if kind in terms.ticket_types else "apart" if kind in terms.counted_apart else "other_type"


def _or_null(instant: int) -> int | None:
    return None if instant == FOREVER else instant
