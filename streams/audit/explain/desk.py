"""Contact hours as an explanation tells them: what day it was, when the desk was open, and when an answer is due by it
(RS-1 to RS-3, I-1, I-11 to I-13)."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import get_args

from schemas.facts.response import Window
from schemas.terms.days_off import day_off
from schemas.terms.fields import Weekday
from schemas.terms.model import Terms
from schemas.terms.zones import local_date, local_moment
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, at, by_clock, compared, equals, ms
from streams.contact_hours import opening_hours
from streams.engine import FOREVER
from streams.intervals import Interval, clip, subtract

_WEEKDAYS: Sequence[Weekday] = get_args(Weekday)
_ONE_DAY = timedelta(days=1)


def window(instant: int, terms: Terms) -> tuple[Window, list[str], list[Line]]:
    """Whether an instant lies in contact hours: `contact` or `other`, and why."""
    day = local_date(instant, terms.response.hours_zone)
    words = [_local(instant, terms)]
    lines: list[Line] = []
    inside = False
    if not holiday(day, terms):
        for hours in terms.response.contact_hours:
            if weekday(day) in hours.days:
                opens, closes = (
                    by_clock(day, clock, terms.response.hours_zone) for clock in (hours.opens, hours.closes)
                )
                lines += [
                    compared("against opening", at(instant), opens),
                    compared("against closing", at(instant), closes),
                ]
                inside = inside or opens.value <= instant < closes.value
    if not lines:
        words.append("There are no contact hours on that day.")
    return "contact" if inside else "other", words, lines


def next_business_day(instant: int, terms: Terms) -> tuple[int, list[str], list[Line]]:
    """The end of contact hours on the first business day after the local day of an instant; or, by other terms, of that
    day itself if they had not begun."""
    today = local_date(instant, terms.response.hours_zone)
    words = [_local(instant, terms)]
    same_day = terms.response.next_business_day == "same_day_before_opening"
    if same_day and is_business_day(today, terms) and instant < opening_hours(terms).of_day(today)[0][0]:
        words.append("By the terms what comes before opening on a business day is due on that day.")
        due, lines = _closing(today, terms)
        return due, words, lines
    for day in _days_after(today):
        if is_business_day(day, terms):
            words.append(f"The next business day is {told(day, terms)}.")
            due, lines = _closing(day, terms)
            return due, words, lines
        words.append(f"{told(day, terms)}: no business day.")
    raise AssertionError("days have no end")


def contact_hours_later(duration: int, start: int, pauses: Sequence[Interval], terms: Terms) -> tuple[int, list[Line]]:
    """When so many milliseconds of contact hours have passed, without the pauses: each stretch that counts, in turn."""
    lines: list[Line] = []
    left = ms(duration)
    for day in _days_from(local_date(start, terms.response.hours_zone)):
        for opens, closes in subtract(clip(opening_hours(terms).of_day(day), start, FOREVER), pauses):
            if left.value <= closes - opens:
                due = at(opens) + left.found
                lines.append(equals(f"due, on {told(day, terms)}", due))
                return int(due.value), lines
            left = left.found - (at(closes) - at(opens))
            lines.append(equals(f"still to go after {told(day, terms)}", left))
    raise AssertionError("days have no end")


def _local(instant: int, terms: Terms) -> str:
    """An instant by the desk's own calendar and clock."""
    zone = terms.response.hours_zone
    moment = local_moment(instant, zone)
    return f"{inputs.instant(instant)} is {moment:%H:%M:%S} on {told(moment.date(), terms)} in {zone}."


def told(day: date, terms: Terms) -> str:
    """A day in words: ``Thursday 2026-12-25 (Christmas Day)``."""
    name = holiday(day, terms)
    return f"{weekday(day).capitalize()} {day}" + (f" ({name})" if name else "")


def weekday(day: date) -> Weekday:
    return _WEEKDAYS[day.weekday()]


def holiday(day: date, terms: Terms) -> str | None:
    where = terms.response.holidays
    return day_off(where.country, where.subdivision, day)


def is_business_day(day: date, terms: Terms) -> bool:
    return weekday(day) in terms.response.business_days and bool(opening_hours(terms).of_day(day))


def _closing(day: date, terms: Terms) -> tuple[int, list[Line]]:
    """The last end of a day's contact hours."""
    closes = max(hours.closes for hours in terms.response.contact_hours if weekday(day) in hours.days)
    due = by_clock(day, closes, terms.response.hours_zone)
    return int(due.value), [equals("due, when contact hours end", due)]


def _days_after(day: date) -> Iterator[date]:
    return _days_from(day + _ONE_DAY)


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += _ONE_DAY
