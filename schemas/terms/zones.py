"""Time zones by IANA name, read from the `tzdata` package only: two machines with one lock file have the same months.

(`zoneinfo.ZoneInfo(name)` would prefer whatever the operating system has installed.)
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from schemas.derivation import HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@cache
def zone_names() -> tuple[str, ...]:
    """Every IANA name that `zone` knows, in the order of the tz database."""
    return tuple(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of that name; `ValueError` for a name that the tz database does not have."""
    if name not in zone_names():
        raise ValueError(f"unknown time zone {name!r}")
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def midnight(day: date, zone_name: str) -> int:
    """Milliseconds since 1970 (UTC) at which the local day begins.

    Where a change of clocks skips midnight, that is the instant of the change; where it repeats midnight, the first of
    the two (both are what `fold=0` means).
    """
    return local_instant(day, time(), zone_name)


def local_instant(day: date, at: time, zone_name: str) -> int:
    """Milliseconds since 1970 (UTC) at which the clocks of a zone show this time.

    Of a time that a change of clocks repeats, the first; one that it skips counts on from the clock before the change.
    """
    return (datetime.combine(day, at, tzinfo=zone(zone_name)).astimezone(UTC) - _EPOCH) // _MS


def local_date(instant: int, zone_name: str) -> date:
    """The calendar day that an instant (ms since 1970, UTC) falls on in a zone."""
    return _day_of_hour(instant // HOUR_MS, zone_name) or local_moment(instant, zone_name).date()


@lru_cache(maxsize=65_536)  # of seven years
def _day_of_hour(hour: int, zone_name: str) -> date | None:
    """The calendar day that a whole hour falls on, by hours since 1970 (UTC); None where a day ends in it, or clocks
    change: that can bring back the day before."""
    first, last = (local_moment(at, zone_name) for at in (hour * HOUR_MS, (hour + 1) * HOUR_MS - 1))
    return first.date() if (first.date(), first.utcoffset()) == (last.date(), last.utcoffset()) else None


def local_moment(instant: int, zone_name: str) -> datetime:
    """What calendar and clock of a zone show at an instant (ms since 1970, UTC)."""
    return (_EPOCH + instant * _MS).astimezone(zone(zone_name))
