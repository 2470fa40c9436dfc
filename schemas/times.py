"""Instants on the wire and in the core: RFC 3339 text outside, integer milliseconds since 1970 (UTC) inside.

Input (semantics §1): any offset, up to nine fractional digits floored to milliseconds, ``:60`` is the next second.
Output: always ``2026-03-01T08:00:00.000Z``.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)", re.ASCII)
_SECOND: Final = re.compile(r":\d\d", re.ASCII)
_REST: Final = re.compile(r"(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)
_NO_INSTANT: Final = "not an RFC 3339 instant such as 2026-03-01T08:00:00Z"
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000
_CACHED: Final = 65_536  # more hours than seven years have

HOURS: Final[dict[str, int]] = {}
"""Of the instants that were parsed lately, what stands before the minutes, in ms: for the loops that look there
themselves."""
IN_HOUR: Final = {
    f":{minute:02}:{second:02}": minute * _MINUTE_MS + second * 1000 for minute in range(60) for second in range(61)
}
"""Likewise minutes and seconds."""
RESTS: Final[dict[str, int]] = {}
"""Likewise what follows."""

_SECOND_TEXTS: Final = tuple(f":{second // 60:02}:{second % 60:02}." for second in range(3600))
_FRACTION_TEXTS: Final = tuple(f"{fraction:03}Z" for fraction in range(1000))


def parse(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 instant; `ValueError` says what is wrong with any other text.

    Recordings repeat their hours, and what follows the seconds, so often that look-ups replace the parsing.
    """
    hour, in_hour, rest = HOURS.get(text[:13]), IN_HOUR.get(text[13:19]), RESTS.get(text[19:])
    if hour is None or in_hour is None:
        hour, in_hour = _clock(text[:19])
    return hour + in_hour + (_rest(text[19:]) if rest is None else rest)


def render(ms: int) -> str:
    """The one output form, ``2026-03-01T08:00:00.000Z``."""
    hour, in_hour = divmod(ms, _HOUR_MS)
    return _hour_text(hour) + _SECOND_TEXTS[in_hour // 1000] + _FRACTION_TEXTS[in_hour % 1000]


@lru_cache(maxsize=_CACHED)
def _hour_text(hour: int) -> str:
    """``2026-03-01T08``, by hours since 1970."""
    return (_EPOCH + timedelta(hours=hour)).isoformat()[:13]


def _clock(text: str) -> tuple[int, int]:
    """What stands before the fraction: the hour, and the time since."""
    match = _MINUTE.fullmatch(text[:16])
    if match is None:
        raise ValueError(_NO_INSTANT)
    year, month, day, hour, minute = map(int, match.groups())
    days = (datetime(year, month, day, tzinfo=UTC) - _EPOCH).days
    if hour > 23:
        raise ValueError("hour must be in 0..23")
    if minute > 59:
        raise ValueError("minute must be in 0..59")
    in_hour = IN_HOUR.get(text[13:])
    if in_hour is None:
        raise ValueError("second must be in 0..60" if _SECOND.fullmatch(text[16:]) else _NO_INSTANT)
    return _remember(HOURS, text[:13], days * _DAY_MS + hour * _HOUR_MS), in_hour


def _rest(rest: str) -> int:
    """What follows the seconds: the fraction, less the offset from UTC."""
    match = _REST.fullmatch(rest)
    if match is None:
        raise ValueError("an instant needs an offset (Z or ±hh:mm) and at most nine fractional digits")
    fraction, _, sign, hours, minutes = match.groups()
    ms = int(((fraction or "") + "000")[:3])
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            raise ValueError("offset from UTC must be within ±23:59")
        offset = (int(hours) * 60 + int(minutes)) * 60_000
        ms -= offset if sign == "+" else -offset
    return _remember(RESTS, rest, ms)


def _remember(cache: dict[str, int], text: str, ms: int) -> int:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[text] = ms
    return ms
