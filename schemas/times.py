"""Instants on the wire and in the core: RFC 3339 text outside, integer milliseconds since 1970 (UTC) inside.

Input (semantics §1): any offset, up to nine fractional digits floored to milliseconds, ``:60`` is the next second.
Output: always ``2026-03-01T08:00:00.000Z``.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ]", re.ASCII)
_TIME: Final = re.compile(r"(\d\d):(\d\d):(\d\d)", re.ASCII)
_REST: Final = re.compile(r"(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)
_NO_INSTANT: Final = "not an RFC 3339 instant such as 2026-03-01T08:00:00Z"
_DAY_MS: Final = 86_400_000
_CACHED: Final = 131_072  # more than a day has seconds

SECONDS: Final[dict[str, int]] = {}
"""Of the instants that were parsed lately, what stands before the fraction, in ms: for the one loop that looks there
itself."""
RESTS: Final[dict[str, int]] = {}
"""Likewise what follows."""
_dates: dict[str, int] = {}
_times: dict[str, int] = {}


def parse(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 instant; `ValueError` says what is wrong with any other text.

    A fleet repeats its seconds, and what follows them, so often that look-ups replace the parsing.
    """
    try:
        return SECONDS[text[:19]] + RESTS[text[19:]]
    except KeyError:
        return _second(text[:19]) + _rest(text[19:])


def render(ms: int) -> str:
    """The one output form, ``2026-03-01T08:00:00.000Z``."""
    day, rest = divmod(ms, _DAY_MS)
    second, fraction = divmod(rest, 1000)
    return f"{_day_text(day)}{_second_text(second)}.{fraction:03}Z"


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    """``2026-03-01T``, by days since 1970."""
    return (_EPOCH + timedelta(days=day)).isoformat()[:11]


@lru_cache(maxsize=86_400)
def _second_text(second: int) -> str:
    """``08:00:00``, by seconds of the day."""
    minute, second = divmod(second, 60)
    return f"{minute // 60:02}:{minute % 60:02}:{second:02}"


def _second(text: str) -> int:
    date, clock = text[:11], text[11:]
    since = _dates[date] if date in _dates else _date(date)
    after = _times[clock] if clock in _times else _time(clock)
    return _remember(SECONDS, text, since + after)


def _date(head: str) -> int:
    match = _DATE.fullmatch(head)
    if match is None:
        raise ValueError(_NO_INSTANT)
    year, month, day = map(int, match.groups())
    return _remember(_dates, head, (datetime(year, month, day, tzinfo=UTC) - _EPOCH).days * _DAY_MS)


def _time(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(_NO_INSTANT)
    hour, minute, second = map(int, match.groups())
    if hour > 23:
        raise ValueError("hour must be in 0..23")
    if minute > 59:
        raise ValueError("minute must be in 0..59")
    if second > 60:
        raise ValueError("second must be in 0..60")
    return _remember(_times, text, ((hour * 60 + minute) * 60 + second) * 1000)


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
