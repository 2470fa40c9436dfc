"""Public holidays of a country's subdivision, as the `holidays` package names them (I-13).

The package knows none after 2100. It learns of new holidays, and of single days off, from release to release: whatever
depends on them names the `SOURCE` it was told by.
"""

from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Final

import holidays

SOURCE: Final = f"holidays {version('holidays')}"


@cache
def days_off(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The holidays of a year, those that are kept on another day included."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False))


def day_off(country: str, subdivision: str, day: date) -> str | None:
    """The name of the holiday that a day is; None: it is none."""
    name: str | None = holidays.country_holidays(country, subdiv=subdivision, years=day.year, expand=False).get(day)
    return name
