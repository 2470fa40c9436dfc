"""Arithmetic that is shown: a line is made of the numbers that it shows, and says what follows from them.

`equals("", at(end) - at(start))` is ``2026-03-10T00:15:00.000Z - 2026-03-10T00:00:00.000Z = 900000 ms``. Whoever reads
it can do it again with a calculator, as `tests/explain/recomputed.py` does.
"""

from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import reduce
from operator import add

import msgspec

from schemas import times
from schemas.terms.zones import local_instant
from streams.intervals import Interval


class Unit(Enum):
    """What a number counts. `INSTANT` and `DAY` are points: the difference of two is a length."""

    NUMBER = ""
    MS = " ms"
    DAYS = " days"
    INSTANT = "instant"
    DAY = "day"


_LENGTH_OF = {Unit.INSTANT: Unit.MS, Unit.DAY: Unit.DAYS}

ATOM, PRODUCT, SUM = 0, 1, 2
"""How loosely the text of a number holds together: what is looser than its surroundings needs brackets."""


class Number(msgspec.Struct, frozen=True):
    """A value and how it was come by."""

    value: Fraction
    unit: Unit
    text: str
    holds: int = ATOM

    def __add__(self, other: "Number") -> "Number":
        return self._combined(" + ", other, self.value + other.value, self.unit, SUM)

    def __sub__(self, other: "Number") -> "Number":
        unit = _LENGTH_OF.get(self.unit, self.unit) if self.unit is other.unit else self.unit
        return self._combined(" - ", other, self.value - other.value, unit, SUM)

    def __mul__(self, other: "Number") -> "Number":
        unit = other.unit if self.unit is Unit.NUMBER else self.unit
        return self._combined(" × ", other, self.value * other.value, unit, PRODUCT)

    def __truediv__(self, other: "Number") -> "Number":
        unit = Unit.NUMBER if self.unit is other.unit else self.unit
        return self._combined(" ÷ ", other, self.value / other.value, unit, PRODUCT)

    def __floordiv__(self, other: "Number") -> "Number":
        return cut(self / other)

    def _combined(self, sign: str, other: "Number", value: Fraction, unit: Unit, holds: int) -> "Number":
        left = f"({self.text})" if self.holds > holds else self.text
        right = f"({other.text})" if other.holds >= holds else other.text
        return Number(value, unit, f"{left}{sign}{right}", holds)

    @property
    def found(self) -> "Number":
        """The value alone, however it was come by."""
        return Number(self.value, self.unit, _written(self.value, self.unit))


class Line(msgspec.Struct, frozen=True):
    """`formula` is true as it stands; `says` is what it finds."""

    says: str
    formula: str


def number(value: int) -> Number:
    return Number(Fraction(value), Unit.NUMBER, str(value))


def exact(value: str) -> Number:
    """An exact decimal, such as ``0.5``."""
    return Number(Fraction(value), Unit.NUMBER, value)


def ms(value: int) -> Number:
    return Number(Fraction(value), Unit.MS, _written(Fraction(value), Unit.MS))


def at(instant: int) -> Number:
    return Number(Fraction(instant), Unit.INSTANT, times.render(instant))


def day(of: date) -> Number:
    return Number(Fraction(of.toordinal()), Unit.DAY, of.isoformat())


def days(count: int) -> Number:
    return Number(Fraction(count), Unit.DAYS, _written(Fraction(count), Unit.DAYS))


def by_clock(of: date, clock: time, zone: str) -> Number:
    """The instant at which the clocks of a zone show this time of a day."""
    return Number(Fraction(local_instant(of, clock, zone)), Unit.INSTANT, f"{of} {clock:%H:%M:%S} in {zone}")


def as_written(share: Decimal) -> tuple[Number, Number]:
    """An exact decimal as a part of a whole: 0.95 is 95 of 100."""
    whole = 10 ** max(0, -int(share.as_tuple().exponent))
    return number(int(share * whole)), number(whole)


def cut(found: Number) -> Number:
    """Rounded down to a whole number."""
    return Number(Fraction(found.value // 1), found.unit, f"⌊{found.text}⌋")


def latest(numbers: Sequence[Number]) -> Number:
    return _chosen("max", max(numbers, key=_value), numbers)


def earliest(numbers: Sequence[Number]) -> Number:
    return _chosen("min", min(numbers, key=_value), numbers)


def added(lengths: Iterable[int]) -> Number:
    """So many milliseconds in all."""
    return reduce(add, [*map(ms, lengths)] or [ms(0)])


def equals(says: str, found: Number) -> Line:
    """What a number is; one that was not worked out stands alone."""
    value = found.found.text
    return Line(says, value if found.text == value else f"{found.text} = {value}")


def counted(count: int, what: str) -> str:
    """``1 day``, ``2 days``, in words."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def compared(says: str, left: Number, right: Number) -> Line:
    sign = "<" if left.value < right.value else ">" if left.value > right.value else "="
    return Line(says, f"{left.text} {sign} {right.text}")


def lengths(says: str, spans: Iterable[Interval]) -> list[Line]:
    """How long each is, and all together."""
    spans = list(spans)
    lines = [equals("", at(end) - at(start)) for start, end in spans]
    return [*lines, equals(says, added(end - start for start, end in spans))]


def _chosen(name: str, chosen: Number, numbers: Sequence[Number]) -> Number:
    """One number needs no choice."""
    if len(numbers) == 1:
        return chosen
    return Number(chosen.value, chosen.unit, f"{name}({', '.join(each.text for each in numbers)})")


def _value(one: Number) -> Fraction:
    return one.value


def _written(value: Fraction, unit: Unit) -> str:
    if unit is Unit.INSTANT:
        return times.render(int(value))
    if unit is Unit.DAY:
        return date.fromordinal(int(value)).isoformat()
    whole = str(value) if value.denominator == 1 else f"{value.numerator} ÷ {value.denominator}"
    return f"{whole} day" if unit is Unit.DAYS and value == 1 else f"{whole}{unit.value}"
