"""What numbers and times are made of."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    "moment": Said("{day}, {time}", "{day} à {time}"),
    "unit.d": Said("d", "j"),
    "unit.h": Said("h", "h"),
    "unit.min": Said("min", "min"),
    "month.1": Said("January", "janvier"),
    "month.2": Said("February", "février"),
    "month.3": Said("March", "mars"),
    "month.4": Said("April", "avril"),
    "month.5": Said("May", "mai"),
    "month.6": Said("June", "juin"),
    "month.7": Said("July", "juillet"),
    "month.8": Said("August", "août"),
    "month.9": Said("September", "septembre"),
    "month.10": Said("October", "octobre"),
    "month.11": Said("November", "novembre"),
    "month.12": Said("December", "décembre"),
    "days.range": Said("{first} to {last}", "{first} à {last}"),
    "day.monday": Said("Monday", "lundi"),
    "day.tuesday": Said("Tuesday", "mardi"),
    "day.wednesday": Said("Wednesday", "mercredi"),
    "day.thursday": Said("Thursday", "jeudi"),
    "day.friday": Said("Friday", "vendredi"),
    "day.saturday": Said("Saturday", "samedi"),
    "day.sunday": Said("Sunday", "dimanche"),
}
