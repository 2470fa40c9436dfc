"""Contract months: where each begins, and by which terms it is judged (VE-1, I-1, I-8, CR-3).

A month begins at local midnight of its first day in the zone of the terms of the month **before**, and ends where the
next one begins: a change of zone between two terms neither loses nor doubles an hour. Its terms are the last ones
effective on or before its first day, in the series the account has at its first instant. Before the first effective
date the first file applies. Months are known from 1970-01 to 2110-12; outside, there are none.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from schemas.terms.book import Book
from schemas.terms.model import STANDARD, Terms
from schemas.terms.zones import local_date, midnight

ALWAYS: Final = -(2**63)
"""An instant before all others: since when the first series of a history holds."""

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2110

SeriesHistory: TypeAlias = tuple[tuple[int, str], ...]
"""Which series of terms holds since when (ms), ascending; the first since `ALWAYS`."""

STANDARD_HISTORY: Final[SeriesHistory] = ((ALWAYS, STANDARD),)


class Month(NamedTuple):
    """A contract month: ``[start, end)`` in ms since 1970 (UTC), and the terms that judge it."""

    name: str
    start: int
    end: int
    terms: Terms

    @property
    def terms_before_effective(self) -> bool:
        """Whether the month lies before the first effective date of its terms."""
        return date.fromisoformat(f"{self.name}-01") < self.terms.effective


class Calendar:
    """The months of every account with one history of series; get it from `calendar`, which shares them."""

    def __init__(self, book: Book, series_history: SeriesHistory) -> None:
        self._months = _months(book, series_history)
        self._starts = [month.start for month in self._months]

    def month_at(self, instant: int) -> Month:
        """The month that holds the instant; `ValueError` where there is none."""
        place = bisect_right(self._starts, instant) - 1
        if place < 0 or instant >= self._months[-1].end:
            raise ValueError(f"no contract month holds {instant}: months run from {FIRST_YEAR} to {LAST_YEAR}")
        return self._months[place]

    def month(self, name: str) -> Month:
        """The month of a name such as ``2026-03``; `ValueError` where there is none."""
        year, _, number = name.partition("-")
        place = (int(year) - FIRST_YEAR) * 12 + int(number) - 1 if year.isdecimal() and number.isdecimal() else -1
        if not 0 <= place < len(self._months) or self._months[place].name != name:
            raise ValueError(f"no contract month {name!r}: months run from {FIRST_YEAR}-01 to {LAST_YEAR}-12")
        return self._months[place]

    def months(self, start: int, end: int) -> Iterator[Month]:
        """The months that have an instant in ``[start, end)``, in order."""
        if start < end:
            first = max(0, bisect_right(self._starts, start) - 1)
            yield from (m for m in self._months[first : bisect_left(self._starts, end)] if start < m.end)

    def start_of_month(self, instant: int) -> int:
        """Where the month that holds the instant begins; `ValueError` where there is none."""
        return self.month_at(instant).start


def calendar(book: Book, series_history: SeriesHistory = STANDARD_HISTORY) -> Calendar:
    """The one calendar of all accounts whose histories of series mean the same."""
    if not series_history or series_history[0][0] != ALWAYS or list(series_history) != sorted(series_history):
        raise ValueError("a history of series ascends, and its first series holds since ALWAYS")
    return _shared(book, _canonical(book, series_history))


def eligible_at(month: Month, lowest_tier_at: int | None = None) -> int:
    """When the customer becomes eligible for the month's credit: the first instant of the next month, or, if the terms
    say so, the instant at which the month's downtime reached the lowest tier (I-8)."""
    if month.terms.claims.eligible_at == "fifteenth_minute" and lowest_tier_at is not None:
        return lowest_tier_at
    return month.end


def deadline_after(eligible: int, terms: Terms) -> int:
    """00:00 of the (`window_days` + 1)th local day after an instant: eligible on 1 March, in time before 1 April."""
    last_day = local_date(eligible, terms.month_zone) + timedelta(days=terms.claims.window_days)
    return midnight(last_day + timedelta(days=1), terms.month_zone)


@lru_cache(maxsize=4096)
def _shared(book: Book, series_history: SeriesHistory) -> Calendar:
    return Calendar(book, series_history)


def _canonical(book: Book, history: SeriesHistory) -> SeriesHistory:
    """The history without changes that change nothing: to the same series, or between unknown ones."""
    steps: list[tuple[int, str]] = []
    for since, name in history:
        series = name if name in book.series_names() else STANDARD
        if not steps or steps[-1][1] != series:
            steps.append((since, series))
    return tuple(steps)


def _months(book: Book, history: SeriesHistory) -> list[Month]:
    first_days = [date(year, number, 1) for year in range(FIRST_YEAR, LAST_YEAR + 1) for number in range(1, 13)]
    first_days.append(date(LAST_YEAR + 1, 1, 1))
    zone = book.in_force(history[0][1], first_days[0]).month_zone
    start = midnight(first_days[0], zone)
    months: list[Month] = []
    for first_day, next_day in pairwise(first_days):
        series = history[bisect_right(history, start, key=lambda step: step[0]) - 1][1]
        terms = book.in_force(series, first_day)
        end = midnight(next_day, terms.month_zone)
        months.append(Month(f"{first_day:%Y-%m}", start, end, terms))
        start = end
    return months
