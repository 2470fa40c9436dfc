"""Until when a credit may be claimed: the windows, and their deadlines by the calendar (CR-3, I-8, I-17)."""

from collections.abc import Sequence
from datetime import date, time
from itertools import pairwise
from typing import NamedTuple

from schemas.facts import Correction
from schemas.terms.cited import Reference
from schemas.terms.model import Terms
from schemas.terms.zones import local_date
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, at, by_clock, compared, day, days, equals
from streams.audit.explain.derived import Derived
from streams.calendars import Month

MIDNIGHT = time()


class Window(NamedTuple):
    """A claim counts that is made in ``[start, end)``: `lines` is how the end is come by."""

    start: int
    end: int
    words: str
    lines: Sequence[Line]

    def holds(self, instant: int) -> bool:
        return self.start <= instant < self.end


def windows(month: Month, lowest_tier_at: int | None, steps: Sequence[Correction]) -> list[Window]:
    """All that a month has: that of the month itself, and one for each correction that raised its days."""
    terms = month.terms
    words = f"From the month's begin on, {inputs.instant(month.start)}, a claim is kept and counts."
    found = [_window(month.start, eligible_at(month, lowest_tier_at), words, terms)]
    if terms.claims.late_eligibility == "none":
        return found
    for before, after in pairwise(steps):
        was, are = terms.credit_days(before.down_ms), terms.credit_days(after.down_ms)
        if are > was:
            recorded = inputs.instant(after.recorded_at)
            words = f"What was recorded {recorded} raised the days from {was} to {are}: another window opens."
            found.append(_window(after.recorded_at, after.recorded_at, words, terms))
    return found


def eligible_at(month: Month, lowest_tier_at: int | None) -> int:
    if lowest_tier_at is not None and month.terms.claims.eligible_at == "fifteenth_minute":
        return lowest_tier_at
    return month.end


def cited(derived: Derived, terms: Terms) -> list[Reference]:
    return [
        derived.cite("CR-3", terms, "claims.window_days"),
        derived.cite("I-8", terms),
        derived.cite("I-17", terms),
        derived.cite("I-1", terms, "month_zone"),
    ]


def _window(start: int, eligible: int, words: str, terms: Terms) -> Window:
    """Midnight of the local day after the last of the window's days."""
    zone, local = terms.month_zone, local_date(eligible, terms.month_zone)
    last = day(local) + days(terms.claims.window_days) + days(1)
    end = by_clock(date.fromordinal(int(last.value)), MIDNIGHT, zone)
    lines = [
        compared("eligible on that local day", at(eligible), by_clock(local, MIDNIGHT, zone)),
        equals("the first local day that is too late", last),
        equals("a claim is in time before", end),
    ]
    return Window(start, int(end.value), words, lines)
