"""The algebra of intervals is the algebra of sets of milliseconds."""

from hypothesis import given
from hypothesis import strategies as st

from streams.intervals import Interval, Intervals, clip, intersect, subtract, total, union

INSTANT = st.integers(-12, 12)
ANY_INTERVALS = st.lists(st.tuples(INSTANT, INSTANT), max_size=8)
NORMAL = ANY_INTERVALS.map(union)


def points(intervals: Intervals) -> set[int]:
    return {instant for start, end in intervals for instant in range(start, end)}


def is_normal(intervals: list[Interval]) -> bool:
    edges = [edge for interval in intervals for edge in interval]
    return edges == sorted(set(edges))


@given(ANY_INTERVALS, ANY_INTERVALS)
def test_union_holds_the_instants_of_any_part_in_normal_form(left: list[Interval], right: list[Interval]) -> None:
    both = union(left, right)
    assert points(both) == points(left) | points(right)
    assert is_normal(both)


@given(NORMAL, NORMAL)
def test_intersect_holds_the_instants_of_both_in_normal_form(left: list[Interval], right: list[Interval]) -> None:
    common = intersect(left, right)
    assert points(common) == points(left) & points(right)
    assert is_normal(common)


@given(NORMAL, NORMAL)
def test_subtract_holds_the_instants_of_the_left_alone_in_normal_form(
    left: list[Interval], right: list[Interval]
) -> None:
    rest = subtract(left, right)
    assert points(rest) == points(left) - points(right)
    assert is_normal(rest)


@given(NORMAL, INSTANT, INSTANT)
def test_clip_holds_the_instants_inside(intervals: list[Interval], start: int, end: int) -> None:
    inside = clip(intervals, start, end)
    assert points(inside) == points(intervals) & set(range(start, end))
    assert is_normal(inside)


@given(NORMAL)
def test_total_counts_the_instants(intervals: list[Interval]) -> None:
    assert total(intervals) == len(points(intervals))


@given(NORMAL, NORMAL)
def test_equal_sets_have_equal_forms(left: list[Interval], right: list[Interval]) -> None:
    assert (points(left) == points(right)) == (left == right)
    assert union(left) == left


@given(NORMAL, NORMAL)
def test_what_is_taken_away_and_what_remains_conserve_the_total(left: list[Interval], right: list[Interval]) -> None:
    assert total(intersect(left, right)) + total(subtract(left, right)) == total(left)


def test_touching_intervals_are_one() -> None:
    assert union([(0, 5)], [(5, 9)]) == [(0, 9)]


def test_work_is_linear_in_the_intervals() -> None:
    """A comb of 100 000 teeth against its gaps; quadratic work would run into the time limit of the test."""
    teeth = [(4 * n, 4 * n + 2) for n in range(100_000)]
    gaps = [(4 * n + 2, 4 * n + 4) for n in range(100_000)]
    assert subtract(teeth, gaps) == teeth
    assert subtract([(0, 400_000)], gaps) == teeth
    assert intersect([(0, 400_000)], gaps) == gaps
    assert union(gaps, teeth) == [(0, 400_000)]
