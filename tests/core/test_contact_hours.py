"""Contact hours hold what they promise, minute by minute, in zones whose clocks change."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from holidays import country_holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.terms.model import Terms
from schemas.terms.zones import zone
from schemas.times import parse, render
from streams.contact_hours import opening_hours
from tests.core.cases import book_of

ZONES = ["Etc/GMT+8", "America/Vancouver", "Pacific/Apia", "Asia/Kolkata", "Africa/Cairo"]
MINUTE = 60_000
DAY = 1440 * MINUTE
OPEN = [(5, 17)] * 5 + [(6, 14), (0, 0)]
"""The contract's hours, from Monday on."""

FIRST = parse("1970-01-03T00:00:00Z") // MINUTE
LAST = parse("2110-12-01T00:00:00Z") // MINUTE
APIA = parse("2011-12-28T00:00:00Z") // MINUTE
"""Two days later there was a day that Samoa left out."""
minutes = st.one_of(st.integers(FIRST, LAST), st.integers(APIA, APIA + 7 * 1440)).map(lambda minute: minute * MINUTE)


@cache
def terms(hours_zone: str, next_business_day: str = "after_creation") -> Terms:
    changes: dict[str, Any] = {"response.hours_zone": hours_zone, "response.next_business_day": next_business_day}
    return book_of({"terms": [changes]}).files[0]


def clock(instant: int, hours_zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(zone(hours_zone))


@cache
def is_holiday(day: date) -> bool:
    return day in country_holidays("CA", subdiv="BC", years=day.year)


def is_open(instant: int, hours_zone: str) -> bool:
    """By the clock on the wall."""
    now = clock(instant, hours_zone)
    opens, closes = OPEN[now.weekday()]
    return opens <= now.hour < closes and not is_holiday(now.date())


@given(minutes, st.sampled_from(ZONES), st.sampled_from([-1, 0, 1]))
def test_an_instant_is_in_contact_hours_if_the_clock_on_the_wall_says_so(at: int, hours_zone: str, ms: int) -> None:
    assert opening_hours(terms(hours_zone)).contain(at + ms) == is_open(at + ms, hours_zone)


@given(minutes, st.integers(1, 40), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=60)
def test_so_many_contact_hours_have_passed_when_so_many_minutes_were_open(at: int, hours: int, hours_zone: str) -> None:
    end = opening_hours(terms(hours_zone)).later_by(hours * 60 * MINUTE, at)
    assert sum(is_open(minute, hours_zone) for minute in range(at, end, MINUTE)) == hours * 60
    assert is_open(end - 1, hours_zone)


@given(minutes, st.integers(1, 12), st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900)), max_size=3))
@settings(deadline=None, max_examples=60)
def test_minutes_of_a_pause_do_not_count(at: int, hours: int, drawn: list[tuple[int, int]]) -> None:
    pauses, edge = [], at
    for after, lasting in drawn:
        pauses.append((edge + after * MINUTE, edge + (after + lasting) * MINUTE))
        edge = pauses[-1][1] + MINUTE
    end = opening_hours(terms("Etc/GMT+8")).later_by(hours * 60 * MINUTE, at, pauses)
    counted = (minute for minute in range(at, end, MINUTE) if not any(start <= minute < to for start, to in pauses))
    assert sum(is_open(minute, "Etc/GMT+8") for minute in counted) == hours * 60


@given(minutes, st.sampled_from(ZONES), st.booleans())
def test_the_next_business_day_ends_at_five_on_the_first_that_is_one(at: int, hours_zone: str, same_day: bool) -> None:
    rule = "same_day_before_opening" if same_day else "after_creation"
    end = opening_hours(terms(hours_zone, rule)).next_business_day(at)
    created, due = clock(at, hours_zone), clock(end, hours_zone)
    assert (due.hour, due.minute, due.second) == (17, 0, 0)
    asked = created.date() if same_day and created.hour < 5 else created.date() + timedelta(days=1)
    days = [asked + timedelta(days=n) for n in range(15)]
    left_out = date(2011, 12, 30) if hours_zone == "Pacific/Apia" else None
    assert due.date() == next(d for d in days if d.weekday() < 5 and not is_holiday(d) and d != left_out)


@pytest.mark.parametrize("year", [1970, 2000, 2110])
def test_every_year_that_has_months_has_contact_hours(year: int) -> None:
    hours = opening_hours(terms("Etc/GMT+8"))
    noon = parse(f"{year}-03-05T20:00:00Z")
    assert sum(hours.contain(noon + day * DAY) for day in range(7)) == 6
    assert render(hours.later_by(12 * 60 * MINUTE, parse(f"{year}-03-05T13:00:00Z"))).startswith(f"{year}-03-0")
