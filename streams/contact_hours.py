"""Contact hours, and what is due by them (RS-1 to RS-3, I-1, I-11, I-12, I-13).

They are hours of the local weekday in the terms' `hours_zone`, half-open, and there are none on a holiday. Instants are
milliseconds since 1970 (UTC).
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, get_args

from schemas.terms.days_off import SOURCE, days_off
from schemas.terms.fields import Weekday
from schemas.terms.model import Terms
from schemas.terms.zones import local_date, local_instant
from streams.intervals import Interval, clip, subtract, union

_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
_DAY: Final = timedelta(days=1)
_LATEST: Final = 1 << 62


class OpeningHours:
    """The contact hours of one file of terms; get them from `opening_hours`, which shares them."""

    holidays: Final = SOURCE
    """Who names the holidays."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms.response
        self._known: dict[date, Sequence[Interval]] = {}
        self._due_after: dict[date, int] = {}
        """By local day, what is due on the next business day after it."""

    def contain(self, instant: int) -> bool:
        return any(start <= instant < end for start, end in self.of_day(self._day(instant)))

    def of_day(self, day: date) -> Sequence[Interval]:
        """The contact hours of a local day."""
        hours = self._known.get(day)
        if hours is None:
            hours = self._known[day] = [] if self._is_holiday(day) else self._usual(day)
        return hours

    def later_by(self, duration: int, instant: int, pauses: Sequence[Interval] = ()) -> int:
        """When so many milliseconds of contact hours have passed since an instant. Those within pauses, which are in
        order and apart, do not count."""
        for day in _days_from(self._day(instant)):
            for start, end in subtract(clip(self.of_day(day), instant, _LATEST), pauses):
                if duration <= end - start:
                    return start + duration
                duration -= end - start
        raise AssertionError("days have no end")

    def next_business_day(self, instant: int) -> int:
        """The end of contact hours on the first business day after the local day of an instant. Where the terms say so,
        an instant before opening on a business day has the end of that day (I-12)."""
        today = self._day(instant)
        same_day = self._terms.next_business_day == "same_day_before_opening"
        if same_day and self._is_business_day(today) and instant < self.of_day(today)[0][0]:
            return self.of_day(today)[-1][1]
        due = self._due_after.get(today)
        if due is None:
            following = next(filter(self._is_business_day, _days_from(today + _DAY)))
            due = self._due_after[today] = self.of_day(following)[-1][1]
        return due

    def _day(self, instant: int) -> date:
        return local_date(instant, self._terms.hours_zone)

    def _usual(self, day: date) -> list[Interval]:
        """The contact hours of a day that is no holiday, if it comes at all: at the date line a day was left out."""
        zone = self._terms.hours_zone
        hours = [hours for hours in self._terms.contact_hours if _weekday(day) in hours.days]
        spans = ((local_instant(day, each.opens, zone), local_instant(day, each.closes, zone)) for each in hours)
        return union(span for span in spans if self._day(span[0]) == day)

    def _is_holiday(self, day: date) -> bool:
        where = self._terms.holidays
        return day in days_off(where.country, where.subdivision, day.year)

    def _is_business_day(self, day: date) -> bool:
        return _weekday(day) in self._terms.business_days and bool(self.of_day(day))


@lru_cache(maxsize=256)
def opening_hours(terms: Terms) -> OpeningHours:
    return OpeningHours(terms)


def _weekday(day: date) -> Weekday:
    return _WEEKDAYS[day.weekday()]


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += _DAY
