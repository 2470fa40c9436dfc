"""The arithmetic of an explanation, done again: as an auditor would who has the printed line and nothing else.

A line is an expression, or two with a relation between them. Numbers are exact; instants are milliseconds, days are
counted, and a clock's time is looked up in its zone.
"""

import re
from datetime import UTC, date, datetime
from fractions import Fraction
from operator import add, eq, gt, lt, mul, sub, truediv
from zoneinfo import ZoneInfo

TOKEN = re.compile(
    r"""\s*(?:
    (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)
    | (?P<clock>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)\ in\ (?P<zone>[\w/+-]+)
    | (?P<day>\d{4}-\d\d-\d\d)
    | (?P<number>\d+(?:\.\d+)?)(?:\ (?:ms|days?))?\b
    | (?P<name>max|min)\(
    | (?P<sign>[-+×÷()⌊⌋,<>=])
    )""",
    re.VERBOSE,
)
SUMS = {"+": add, "-": sub}
PRODUCTS = {"×": mul, "÷": truediv}
RELATIONS = {"=": eq, "<": lt, ">": gt}
CLOSED_BY = {"(": ")", "⌊": "⌋"}


def holds(formula: str) -> bool:
    """Whether a line is true as it is printed. ValueError: it is no line of arithmetic."""
    reading = Reading(formula)
    left = reading.sum()
    if not reading.left:
        return True
    relation = RELATIONS[reading.take()]
    right = reading.sum()
    if reading.left:
        raise ValueError(f"{formula}: what is {' '.join(reading.left)}?")
    return bool(relation(left, right))


class Reading:
    """The rest of a line, word by word."""

    def __init__(self, formula: str) -> None:
        self.left: list[str] = []
        place = 0
        while place < len(formula):
            token = TOKEN.match(formula, place)
            if token is None:
                raise ValueError(f"{formula}: what is {formula[place:]}?")
            self.left.append(token[0].strip())
            place = token.end()

    def take(self) -> str:
        return self.left.pop(0)

    def sum(self) -> Fraction:
        value = self.product()
        while self.left and self.left[0] in SUMS:
            value = SUMS[self.take()](value, self.product())
        return value

    def product(self) -> Fraction:
        value = self.atom()
        while self.left and self.left[0] in PRODUCTS:
            value = PRODUCTS[self.take()](value, self.atom())
        return value

    def atom(self) -> Fraction:
        word = self.take()
        if word == "-":
            return -self.atom()
        if word in CLOSED_BY:
            value = self.sum()
            assert self.take() == CLOSED_BY[word]
            return Fraction(value // 1) if word == "⌊" else value
        if word in ("max(", "min("):
            return self.chosen(max if word == "max(" else min)
        return value_of(word)

    def chosen(self, choose: type) -> Fraction:  # type: ignore[type-arg]
        values = [self.sum()]
        while self.take() == ",":
            values.append(self.sum())
        return choose(values)  # type: ignore[return-value]


def value_of(word: str) -> Fraction:
    token = TOKEN.fullmatch(word)
    assert token, word
    if token["instant"]:
        return _ms(datetime.fromisoformat(token["instant"]))
    if token["clock"]:
        return _ms(datetime.fromisoformat(token["clock"]).replace(tzinfo=ZoneInfo(token["zone"])))
    if token["day"]:
        return Fraction(date.fromisoformat(token["day"]).toordinal())
    return Fraction(token["number"])


def _ms(moment: datetime) -> Fraction:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction((since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000)
