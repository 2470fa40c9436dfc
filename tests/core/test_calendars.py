"""Contract months: where they begin, which terms judge them, until when their credit is claimed."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.terms.book import Book, bind, read_book
from schemas.terms.model import STANDARD, Terms
from schemas.times import parse, render
from streams.calendars import ALWAYS, Calendar, SeriesHistory, calendar, deadline_after, eligible_at

CASES: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "months.toml").read_text(encoding="utf-8")
)
ZONES = ["Etc/GMT+8", "Etc/UTC", "America/Vancouver", "Africa/Cairo", "America/Havana", "Pacific/Apia", "Asia/Kolkata"]
PACKAGED = read_book().files[0]

FIRST = parse("1970-01-02T00:00:00Z")
LAST = parse("2110-12-30T00:00:00Z")


def terms(effective: date, month_zone: str, series: str = STANDARD) -> Terms:
    digest = f"{effective}{month_zone}{series}"
    return PACKAGED.model_copy(
        update={"effective": effective, "month_zone": month_zone, "series": series, "digest": digest}
    )


def book_of(case: dict[str, Any]) -> Book:
    return bind(
        terms(date.fromisoformat(effective), month_zone, series)
        for series in ("standard", "wholesale")
        for effective, month_zone in case.get(series, {}).items()
    )


def history_of(case: dict[str, Any]) -> SeriesHistory:
    return ((ALWAYS, STANDARD), *((parse(since), series) for since, series in case.get("history", [])))


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["rule"])
def test_months_begin_and_are_judged_as_their_case_says(case: dict[str, Any]) -> None:
    months = calendar(book_of(case), history_of(case))
    for name, expected in case["months"].items():
        month = months.month(name)
        found = {"start": render(month.start), "end": render(month.end), "terms": month.terms.effective.isoformat()}
        assert found == expected, name
        assert months.month_at(month.start) is months.month_at(month.end - 1) is month


@pytest.mark.parametrize("case", CASES["deadline"], ids=lambda case: f"{case['month']} {case['month_zone']}")
def test_a_claim_is_too_late_from_midnight_after_the_window(case: dict[str, Any]) -> None:
    book = bind([terms(date(2010, 1, 1), case["month_zone"])])
    month = calendar(book).month(case["month"])
    assert render(deadline_after(eligible_at(month), month.terms)) == case["deadline"]


def test_a_window_opened_within_a_day_ends_at_midnight_too() -> None:
    """Eligible on 10 March at 15:00 local; the 31st day after it is 10 April."""
    assert render(deadline_after(parse("2026-03-10T23:00:00Z"), PACKAGED)) == "2026-04-10T08:00:00.000Z"


def test_a_month_knows_that_it_lies_before_its_terms() -> None:
    months = calendar(read_book())
    assert months.month("2024-09").terms_before_effective
    assert not months.month("2024-10").terms_before_effective


@st.composite
def books(draw: st.DrawFn) -> Book:
    effective = st.dates(date(1990, 1, 1), date(2040, 1, 1))
    files = [
        terms(day, draw(st.sampled_from(ZONES)), series)
        for series in ("standard", "wholesale")
        for day in draw(st.lists(effective, min_size=series == STANDARD, max_size=3, unique=True))
    ]
    return bind(files)


@st.composite
def histories(draw: st.DrawFn) -> SeriesHistory:
    changes = draw(st.lists(st.integers(FIRST, LAST), max_size=4, unique=True).map(sorted))
    names = draw(st.lists(st.sampled_from(["standard", "wholesale", "retail"]), min_size=5, max_size=5))
    return tuple(zip([ALWAYS, *changes], names, strict=False))


@given(books(), histories(), st.lists(st.tuples(st.integers(FIRST, LAST), st.integers(0, 10**10)), min_size=20))
@settings(max_examples=25, deadline=None)
def test_every_instant_lies_in_exactly_one_month(
    book: Book, history: SeriesHistory, spans: list[tuple[int, int]]
) -> None:
    months = calendar(book, history)
    every = list(months.months(FIRST, LAST))
    assert [month.end for month in every[:-1]] == [month.start for month in every[1:]]
    assert all(month.start < month.end for month in every)
    edges = [(month.start, month.end - month.start) for month in every[1:-1:100]]
    for start, length in [*spans, *edges]:
        (holding,) = (month for month in every if month.start <= start < month.end)
        assert months.month_at(start) == holding == months.month(holding.name)
        assert months.start_of_month(start) == holding.start
        end = min(start + length, LAST)
        assert list(months.months(start, end)) == [m for m in every if m.start < end and start < m.end and start < end]


@given(books(), histories())
@settings(max_examples=25, deadline=None)
def test_a_month_is_judged_by_the_last_terms_effective_when_it_begins(book: Book, history: SeriesHistory) -> None:
    for month in calendar(book, history).months(FIRST, LAST):
        series = [name for since, name in history if since <= month.start][-1]
        files = book.series(series)
        begun = [one for one in files if one.effective <= date.fromisoformat(f"{month.name}-01")]
        assert month.terms == (begun[-1] if begun else files[0])
        assert eligible_at(month) == month.end


@given(books(), histories(), st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_terms_not_yet_in_force_change_nothing(book: Book, history: SeriesHistory, years: int) -> None:
    later = date(2040 + years, 2, 15)
    longer = bind([*book.files, *(terms(later, "Asia/Kolkata", name) for name in book.series_names())])
    until = parse(f"{later.year}-02-01T00:00:00Z")
    before = list(calendar(book, history).months(FIRST, until))
    assert list(calendar(longer, history).months(FIRST, until)) == before


def test_accounts_with_the_same_terms_share_one_calendar() -> None:
    book = read_book()
    shared = calendar(book)
    assert calendar(read_book(), ((ALWAYS, "standard"), (0, "standard"))) is shared
    assert calendar(book, ((ALWAYS, "unknown"), (0, "standard"), (5, "another"))) is shared


@pytest.mark.parametrize("name", ["2026-3", "2026-13", "2026-00", "1969-12", "2111-01", "2026", "march", "2026-03-01"])
def test_a_name_that_is_no_month_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no contract month"):
        calendar(read_book()).month(name)


@pytest.mark.parametrize("instant", ["1969-12-31T00:00:00Z", "2111-01-02T00:00:00Z"])
def test_outside_the_calendar_there_are_no_months(instant: str) -> None:
    months: Calendar = calendar(read_book())
    with pytest.raises(ValueError, match="no contract month"):
        months.month_at(parse(instant))
    assert list(months.months(parse(instant), parse(instant) + 1)) == []


@pytest.mark.parametrize("history", [(), ((0, "standard"),), ((ALWAYS, "standard"), (5, "b"), (4, "a"))])
def test_a_history_of_series_that_does_not_ascend_from_always_is_refused(history: SeriesHistory) -> None:
    with pytest.raises(ValueError, match="ascends"):
        calendar(read_book(), history)
