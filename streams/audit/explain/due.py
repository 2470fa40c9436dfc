"""By when a ticket wanted its first answer, by each priority that it had (RS-2, RS-3, I-11, I-12, I-16)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.derivation import HOUR_MS
from schemas.events import TicketEvent
from schemas.facts import TicketResponse
from schemas.terms.model import Terms
from streams.audit.explain import desk, inputs
from streams.audit.explain.arithmetic import Line, at, earliest, equals, latest, ms, number
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Step
from streams.calendars import Month
from streams.engine import FOREVER
from streams.folds.merges import End
from streams.folds.responses import Asked
from streams.folds.targets import Due, priorities, waiting
from streams.folds.tickets import Ticket

URGENCY = ("low", "medium", "urgent")


class Case(NamedTuple):
    """A response that is explained: its ticket, that ticket's events, and what became of it."""

    derived: Derived
    fact: TicketResponse
    month: Month
    asked: Asked
    ticket: Ticket
    events: Sequence[TicketEvent]

    @property
    def terms(self) -> Terms:
        return self.month.terms

    @property
    def end(self) -> End:
        return self.asked.merges.end(self.ticket.ticket_id)

    def told(self, *event_types: str) -> list[TicketEvent]:
        return [event for event in self.events if event.event_type in event_types]


def due_steps(case: Case, wanted: Sequence[Due]) -> Iterator[Step]:
    """When the answer was due, by each priority that the ticket had."""
    changes = case.told("priority_changed")
    before: Due | None = None
    for (since, priority), due in zip(priorities(case.ticket), wanted, strict=True):
        clauses, words, lines, found = _target(case, due, before)
        at_first = before is None
        by = [event for event in (case.told("created") if at_first else changes) if event.occurred_at == since]
        if at_first and not any(event.priority for event in by):
            words.insert(0, "Nobody gave it a priority: then it is medium.")
        yield Step(
            what=f"{priority.capitalize()} from {inputs.instant(since)}: due {_instant(found)}",
            words=words,
            clauses=[case.derived.cite(clause, case.terms, *keys) for clause, *keys in clauses],
            inputs=[*map(inputs.ticket_event, by)],
            arithmetic=lines,
            doubts=[] if found == due.at else [f"{priority}: due explained as {found}, derived as {due.at}"],
        )
        before = due


def _target(case: Case, due: Due, before: Due | None) -> tuple[list[tuple[str, ...]], list[str], list[Line], int]:
    """The clauses, the words and the arithmetic of one priority, and when it makes the answer due."""
    table, clause = ("in_contact_hours", "RS-2") if case.fact.window == "contact" else ("other_times", "RS-3")
    clauses: list[tuple[str, ...]] = [(clause, f"response.{table}.{due.priority}")]
    from_creation, words, lines, more = _reached(case, due, case.ticket.created_at)
    clauses += more
    if before is None or URGENCY.index(due.priority) <= URGENCY.index(before.priority):
        if before is not None:
            words.append("It was lowered: the target counts from creation.")
            clauses.append(("I-16",))
        return clauses, words, lines, from_creation
    from_raise, again, also, _ = _reached(case, due, due.since)
    words += ["It was raised: the target counts from the raise, but it is due no later than before.", *again]
    clauses.append(("I-16",))
    if FOREVER in (from_creation, from_raise, before.at):
        return (
            clauses,
            [*words, "A clock that stands is never due."],
            [*lines, *also],
            min(before.at, max(from_creation, from_raise)),
        )
    found = earliest([at(before.at), latest([at(from_creation), at(from_raise)])])
    return clauses, words, [*lines, *also, equals("due before, from creation, from the raise", found)], int(found.value)


def _reached(case: Case, due: Due, start: int) -> tuple[int, list[str], list[Line], list[tuple[str, ...]]]:
    """When a priority's target is reached from an instant on; `FOREVER` while the clock stands."""
    response = case.terms.response
    targets = response.in_contact_hours if case.fact.window == "contact" else response.other_times
    hours = targets.hours(due.priority)
    if hours is None:
        found, words, lines = desk.next_business_day(start, case.terms)
        return found, words, lines, [("I-12",), ("I-13",)]
    length = number(hours) * ms(HOUR_MS)
    lines = [equals("the target", length)]
    if response.clock == "elapsed":
        reached = at(start) + length.found
        return int(reached.value), [], [*lines, equals("due", reached)], [("I-11",)]
    pauses = waiting(case.ticket, case.end.at) if response.pause_while_pending_customer else []
    stands = next((since for since, until in pauses if until == FOREVER), FOREVER)
    over = [pause for pause in pauses if pause[1] < FOREVER]
    words = [
        f"The clock stood {inputs.instant(since)} to {inputs.instant(until)}: the customer was asked."
        for since, until in pauses
    ]
    found, more = desk.contact_hours_later(int(length.value), start, over, case.terms)
    if found > stands:
        return FOREVER, [*words, "It would be due after the clock came to stand."], [*lines, *more], [("I-11",)]
    return found, words, [*lines, *more], [("I-11",)]


def _instant(at: int) -> str:
    return "never, as long as the clock stands" if at >= FOREVER else inputs.instant(at)
