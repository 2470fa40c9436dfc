"""How a statement speaks: its sentences, and how numbers, durations and times are written, in English and in French.

Nothing is asked of the machine: no locale, no clock. French follows the usage of Canada: a no-break space before a
colon and a unit and within guillemets, a decimal comma, hours with an `h`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import Formatter
from typing import Final, Literal

from schemas import times
from schemas.terms.zones import zone
from streams.statement.markup import Markup, element, join, text
from streams.statement.words import WORDS

Lang = Literal["en", "fr"]

SPACE: Final = "\u00a0"
"""Where a line may not break."""
_THIN: Final = "\u202f"
_MINUS: Final = "\u2212"

WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000))
_CLAUSE: Final = re.compile(r"\b(?:[A-Z]{2}|I)-\d+\b")
_FRENCH_SPACES: Final = re.compile(r"(?<=«) | (?=[»:%])")


@dataclass(frozen=True)
class Language:
    """A language, and the zone in which its times are told."""

    lang: Lang
    zone: str

    def say(self, key: str, **fields: object) -> Markup:
        """A sentence, with what it is about. KeyError for one that nobody wrote."""
        return self._filled(getattr(WORDS[key], self.lang), fields)

    def count(self, key: str, n: int, **fields: object) -> Markup:
        """A sentence about so many (`{n}`), in the singular or the plural: in French 0 is singular."""
        one, many = getattr(WORDS[key], self.lang).split("|")
        is_one = n == 1 or (n == 0 and self.lang == "fr")
        return self._filled(one if is_one else many, {"n": self.number(n), **fields})

    def days(self, weekdays: Sequence[str]) -> Markup:
        """Days of the week; several in a row by the first and the last."""
        places = [WEEK.index(day) for day in weekdays]
        if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
            return self.say("days.range", first=self.say(f"day.{weekdays[0]}"), last=self.say(f"day.{weekdays[-1]}"))
        return join(*(self.say(f"day.{day}") for day in weekdays), by=", ")

    def knows(self, key: str) -> bool:
        return key in WORDS

    def number(self, n: int) -> str:
        return f"{n:,}".replace(",", _THIN if self.lang == "fr" else ",")

    def decimal(self, number: Decimal) -> str:
        """Exactly, without zeros at the end."""
        plain = f"{number:f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return plain.replace(".", ",") if self.lang == "fr" else plain

    def percent(self, share: Decimal) -> str:
        """Exactly: a share is never rounded to one that it is not."""
        return f"{self.decimal(share.scaleb(2))}{SPACE}%"

    def duration_words(self, ms: int) -> str:
        """Days, hours, minutes and seconds, exact to the millisecond."""
        left, parts = ms, []
        for unit, length in _UNITS:
            if left >= length:
                parts.append(f"{self.number(left // length)}{SPACE}{self.say(f'unit.{unit}')}")
                left %= length
        if left or not parts:
            parts.append(f"{self.decimal(Decimal(left).scaleb(-3))}{SPACE}s")
        return " ".join(parts)

    def duration(self, ms: int) -> Markup:
        return element("time", self.duration_words(ms), datetime=f"PT{Decimal(ms).scaleb(-3).normalize():f}S")

    def moment_words(self, instant: int, *, year: bool = False) -> Markup:
        local = self._local(instant)
        return self.say("moment", day=self._day(local, year=year), time=self._clock(local))

    def moment(self, instant: int) -> Markup:
        """An instant with its year."""
        return element("time", self.moment_words(instant, year=True), datetime=times.render(instant))

    def moment_of_month(self, instant: int) -> Markup:
        """An instant without its year: in tables about one month."""
        return element("time", self.moment_words(instant), datetime=times.render(instant), class_="at")

    def day(self, written: str) -> str:
        """A day that is written ``2026-06-01``."""
        return self._day(datetime.fromisoformat(written), year=True)

    def day_of_month(self, instant: int) -> int:
        return self._local(instant).day

    def month(self, name: str) -> str:
        """A month that is written ``2026-06``."""
        year, _, number = name.partition("-")
        return f"{self.say(f'month.{int(number)}')} {year}"

    def zone_named(self, instants: tuple[int, int]) -> Markup:
        """The zone, with its distance from UTC at both instants."""
        offsets = " / ".join(dict.fromkeys(self._offset(self._local(instant)) for instant in instants))
        known = f"zone.{self.zone}"
        name = self.say(known) if self.knows(known) else text(self.zone)
        return join(name, f" (UTC{offsets})")

    def _filled(self, template: str, fields: Mapping[str, object]) -> Markup:
        if self.lang == "fr":
            template = _FRENCH_SPACES.sub(SPACE, template)
        parts = ((unbroken(words), name) for words, name, _, _ in Formatter().parse(template))
        return join(*(join(words, "" if name is None else fields[name]) for words, name in parts))

    def _local(self, instant: int) -> datetime:
        return (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone(self.zone))

    def _day(self, local: datetime, *, year: bool) -> str:
        number = "1er" if self.lang == "fr" and local.day == 1 else str(local.day)
        parts = [number, str(self.say(f"month.{local.month}")), *([str(local.year)] if year else [])]
        return SPACE.join(parts)

    def _clock(self, local: datetime) -> str:
        """With the distance from UTC where the clocks of the month change."""
        if local.second or local.microsecond:
            clock = f"{local:%H:%M:%S}"
        elif self.lang == "fr":
            clock = f"{local.hour}{SPACE}h" + (f"{SPACE}{local:%M}" if local.minute else "")
        else:
            clock = f"{local:%H:%M}"
        if local.microsecond:
            clock += f"{',' if self.lang == 'fr' else '.'}{local.microsecond // 1000:03}"
        return f"{clock} {self._offset(local)}" if self._changes(local) else clock

    def _changes(self, local: datetime) -> bool:
        first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        following = (first + timedelta(days=32)).replace(day=1)
        return first.utcoffset() != following.utcoffset()

    @staticmethod
    def _offset(local: datetime) -> str:
        distance = local.utcoffset() or timedelta()
        minutes = abs(distance) // timedelta(minutes=1)
        return f"{'+' if distance >= timedelta() else _MINUS}{minutes // 60:02}:{minutes % 60:02}"


def unbroken(words: str) -> Markup:
    """A sentence in which no line ends inside the name of a clause."""
    return Markup(_CLAUSE.sub(r'<span class="clause">\g<0></span>', text(words)))
