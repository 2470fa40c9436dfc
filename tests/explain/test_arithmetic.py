"""A line of arithmetic is made of the numbers that it shows, and is true."""

from datetime import date, time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import times
from streams.audit.explain.arithmetic import (
    Number,
    added,
    as_written,
    at,
    by_clock,
    compared,
    cut,
    day,
    days,
    earliest,
    equals,
    exact,
    latest,
    ms,
    number,
)
from tests.explain.recomputed import holds

NOON = times.parse("2026-03-10T12:00:00Z")

lengths = st.integers(-(10**12), 10**12).map(ms)
counts = st.integers(0, 10**6).map(number)
chosen = st.sampled_from([latest, earliest])
expressions = st.recursive(
    lengths,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] + two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] - two[1]),
        st.tuples(inner, counts).map(lambda two: two[0] * two[1]),
        st.tuples(inner, st.integers(1, 1000)).map(lambda two: two[0] / number(two[1])),
        inner.map(cut),
        st.tuples(chosen, inner, inner).map(lambda three: three[0](three[1:])),
    ),
    max_leaves=8,
)


@given(expressions)
def test_whatever_is_worked_out_is_true_as_it_is_printed(found: Number) -> None:
    if found.value.denominator == 1:
        assert holds(equals("", found).formula)
    assert holds(compared("", found, ms(0)).formula)


@pytest.mark.parametrize(
    ("found", "formula"),
    [
        (at(NOON) + ms(60_000), "2026-03-10T12:00:00.000Z + 60000 ms = 2026-03-10T12:01:00.000Z"),
        (at(NOON) - at(NOON - 900_000), "2026-03-10T12:00:00.000Z - 2026-03-10T11:45:00.000Z = 900000 ms"),
        (cut((number(3) + exact("0.5")) * ms(60_000)), "⌊(3 + 0.5) × 60000 ms⌋ = 210000 ms"),
        (ms(5) - (ms(1) - ms(2)), "5 ms - (1 ms - 2 ms) = 6 ms"),
        (ms(900_000) // ms(60_000), "⌊900000 ms ÷ 60000 ms⌋ = 15"),
        (day(date(2026, 3, 1)) + days(30) + days(1), "2026-03-01 + 30 days + 1 day = 2026-04-01"),
        (
            by_clock(date(2026, 3, 1), time(), "Etc/GMT+8"),
            "2026-03-01 00:00:00 in Etc/GMT+8 = 2026-03-01T08:00:00.000Z",
        ),
        (added([1, 2, 3]), "1 ms + 2 ms + 3 ms = 6 ms"),
        (added([]), "0 ms"),
        (latest([at(NOON)]), "2026-03-10T12:00:00.000Z"),
        (latest([ms(1), ms(2)]), "max(1 ms, 2 ms) = 2 ms"),
    ],
)
def test_a_number_is_written_with_its_unit_and_how_it_was_come_by(found: Number, formula: str) -> None:
    assert equals("", found).formula == formula
    assert holds(formula)


def test_a_comparison_says_which_is_greater() -> None:
    for left, right, formula in ((1, 2, "1 < 2"), (2, 2, "2 = 2"), (3, 2, "3 > 2")):
        assert compared("", number(left), number(right)).formula == formula


@given(st.decimals(0, 1, places=6))
def test_a_share_is_a_part_of_a_power_of_ten(share: Decimal) -> None:
    part, whole = as_written(share)
    assert Fraction(part.value, whole.value) == Fraction(share)


def test_what_is_false_is_found_out() -> None:
    """The checker of these tests."""
    assert not holds("1 ms + 1 ms = 3 ms")
    assert not holds("2026-03-10T12:00:00.000Z > 2026-03-10T12:00:00.000Z")
    with pytest.raises(ValueError, match="what is"):
        holds("1 ms and more")
