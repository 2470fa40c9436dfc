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
_DAY_MS: Final = 86_400_000
_CACHED: Final = 131_072  # more than a day has seconds

SECONDS: Final[dict[str, int]] = {}
"""Of the instants that were parsed lately, what stands before the fraction, in ms: for the one loop that looks there
itself."""
RESTS: Final[dict[str, int]] = {}
"""Likewise what follows."""
_minutes: dict[str, int] = {}
_SECONDS_OF_MINUTE: Final = {f":{second:02}": second * 1000 for second in range(61)}


def parse(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 instant; `ValueError` says what is wrong with any other text.

    A fleet repeats its seconds, and what follows them, so often that look-ups replace the parsing.
    """
    head, rest = text[:19], text[19:]
    second, after = SECONDS.get(head), RESTS.get(rest)
    return (_second(head) if second is None else second) + (_rest(rest) if after is None else after)


def render(ms: int) -> str:
    """The one output form, ``2026-03-01T08:00:00.000Z``."""
    day, in_day = divmod(ms, _DAY_MS)
    minute, in_minute = divmod(in_day, _MINUTE_MS)
    second, fraction = divmod(in_minute, 1000)
    return f"{_day_text(day)}{_minute_text(minute)}:{second:02}.{fraction:03}Z"


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    """``2026-03-01T``, by days since 1970."""
    return (_EPOCH + timedelta(days=day)).isoformat()[:11]


@lru_cache(maxsize=1440)
def _minute_text(minute: int) -> str:
    """``08:00``, by minutes of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _second(text: str) -> int:
    minute, second = _minutes.get(text[:16]), _SECONDS_OF_MINUTE.get(text[16:])
    if minute is None:
        minute = _minute(text[:16])
    if second is None:
        raise ValueError("second must be in 0..60" if _SECOND.fullmatch(text[16:]) else _NO_INSTANT)
    return _remember(SECONDS, text, minute + second)


def _minute(text: str) -> int:
    match = _MINUTE.fullmatch(text)
    if match is None:
        raise ValueError(_NO_INSTANT)
    year, month, day, hour, minute = map(int, match.groups())
    days = (datetime(year, month, day, tzinfo=UTC) - _EPOCH).days
    if hour > 23:
        raise ValueError("hour must be in 0..23")
    if minute > 59:
        raise ValueError("minute must be in 0..59")
    return _remember(_minutes, text, days * _DAY_MS + (hour * 60 + minute) * _MINUTE_MS)


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
