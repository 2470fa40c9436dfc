"""By when a ticket wants its first answer (RS-1 to RS-3, I-1, I-11, I-12, I-16).

The clock runs from creation, and whether that was in contact hours is decided there. Which target counts follows from
the priority in force, at each instant anew.
"""

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final, NamedTuple, cast

from schemas.derivation import HOUR_MS
from schemas.facts.response import Priority, Window
from schemas.terms.model import Terms
from streams.contact_hours import opening_hours
from streams.engine import FOREVER
from streams.folds.tickets import Ticket, Turn
from streams.intervals import Interval

UNSTATED: Final[Priority] = "medium"
"""The priority of a ticket while nobody has given it one."""

_URGENCY: Final[dict[Priority, int]] = {"low": 0, "medium": 1, "urgent": 2}


class Due(NamedTuple):
    """From an instant on a ticket has a priority, by which the answer is due `at` another; `FOREVER`: the clock
    stands."""

    since: int
    priority: Priority
    at: int

    @property
    def missed_at(self) -> int:
        """An answer later than this is missed: the due time, or the change of priority that put it into the past."""
        return max(self.since, self.at)


def window_of(instant: int, terms: Terms) -> Window:
    return "contact" if opening_hours(terms).contain(instant) else "other"


def dues(ticket: Ticket, window: Window, terms: Terms, ended: int) -> list[Due]:
    """What was due when: one for each priority that the ticket had, in order. No clock stands after it has `ended`:
    when it was answered or withdrawn; `FOREVER`: it was not."""
    clock = _Clock(ticket, window, terms, ended)
    found: list[Due] = []
    for since, priority in priorities(ticket):
        at = clock.due(priority, ticket.created_at)
        if found and _URGENCY[priority] > _URGENCY[found[-1].priority]:
            at = min(found[-1].at, max(at, clock.due(priority, since)))
        found.append(Due(since, priority, at))
    return found


def first_missed(dues: Sequence[Due]) -> Due:
    """By which an answer that never comes is missed: the first whose time runs out before the priority changes."""
    for due, following in pairwise(dues):
        if due.missed_at < following.since:
            return due
    return dues[-1]


def in_force(dues: Sequence[Due], instant: int) -> Due:
    """What was due when something happened at an instant; a change at the same instant comes after it."""
    for due in reversed(dues):
        if due.since < instant:
            return due
    return dues[0]


class _Clock:
    """A ticket's clock: hours always run, or in contact hours only, perhaps not while the customer is asked (I-11)."""

    def __init__(self, ticket: Ticket, window: Window, terms: Terms, ended: int) -> None:
        response = terms.response
        self._always_runs = response.clock == "elapsed"
        self._terms = terms
        self._targets = response.in_contact_hours if window == "contact" else response.other_times
        self._pauses = waiting(ticket, ended) if response.pause_while_pending_customer else []

    def due(self, priority: Priority, start: int) -> int:
        """When the target of a priority is reached from an instant on; `FOREVER` while the clock stands."""
        hours = self._targets.hours(priority)
        if hours is None:
            return opening_hours(self._terms).next_business_day(start)
        if self._always_runs:
            return start + hours * HOUR_MS
        pauses = [pause for pause in self._pauses if pause[1] < FOREVER]
        at = opening_hours(self._terms).later_by(hours * HOUR_MS, start, pauses)
        stands_from = next((since for since, until in self._pauses if until == FOREVER), FOREVER)
        return at if at <= stands_from else FOREVER


def priorities(ticket: Ticket) -> list[tuple[int, Priority]]:
    """Each priority and since when; the first since creation."""
    steps: list[tuple[int, Priority]] = [(ticket.created_at, UNSTATED)]
    for turn in ticket.priorities:
        priority = cast(Priority, turn.value)
        if turn.at <= ticket.created_at:
            steps[0] = ticket.created_at, priority
        elif priority != steps[-1][1]:
            steps.append((turn.at, priority))
    return steps


def waiting(ticket: Ticket, ended: int) -> list[Interval]:
    """When the provider waited for the customer: until the next status, the closing, or the end."""
    closings = (Turn(closing.at, "closed") for closing in ticket.closings)
    turns = sorted([*ticket.statuses, *closings], key=attrgetter("at"))
    ends = [min(turn.at, ended) for turn in turns[1:]] + [ended]
    waits = zip(turns, ends, strict=False)
    return [(turn.at, end) for turn, end in waits if turn.value == "pending_customer" and turn.at < end]
