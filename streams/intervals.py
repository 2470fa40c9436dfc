"""Half-open intervals ``[start, end)`` of integer milliseconds.

`union` brings any intervals into the normal form: sorted, disjoint, not touching, none empty. Every other function
takes that form and gives it, in time linear in its arguments. Two sets of instants are equal exactly when their normal
forms are.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = Sequence[Interval]


def union(*parts: Iterable[Interval]) -> list[Interval]:
    """All instants in any of the parts, which may overlap, be unsorted or hold empty intervals."""
    merged: list[Interval] = []
    for start, end in sorted(interval for part in parts for interval in part):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def intersect(left: Intervals, right: Intervals) -> list[Interval]:
    """The instants in both."""
    common: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return common


def subtract(left: Intervals, right: Intervals) -> list[Interval]:
    """The instants of the left that are not in the right."""
    rest: list[Interval] = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if start < right[k][0]:
                rest.append((start, right[k][0]))
            start = right[k][1]
            k += 1
        if start < end:
            rest.append((start, end))
        j = max(j, k - 1)
    return rest


def clip(intervals: Intervals, start: int, end: int) -> list[Interval]:
    """The instants that lie in ``[start, end)``."""
    return intersect(intervals, [(start, end)]) if start < end else []


def total(intervals: Intervals) -> int:
    """Milliseconds covered."""
    return sum(end - start for start, end in intervals)
