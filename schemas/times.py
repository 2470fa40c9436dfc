"""Instants on the wire and in the core: RFC 3339 text outside, integer milliseconds since 1970 (UTC) inside.

Input (semantics §1): any offset, up to nine fractional digits floored to milliseconds, ``:60`` is the next second.
Output: always ``2026-03-01T08:00:00.000Z``.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)", re.ASCII)
_REST: Final = re.compile(r"(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)
_CACHED: Final = 65_536

_seconds: dict[str, int] = {}
_rests: dict[str, int] = {}


def parse(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 instant; `ValueError` says what is wrong with any other text.

    An instant is split behind its seconds: a fleet repeats both halves so often that two look-ups replace the parsing.
    """
    head, rest = text[:19], text[19:]
    try:
        return _seconds[head] + _rests[rest]
    except KeyError:
        return _second(head) + _rest(rest)


def render(ms: int) -> str:
    """The one output form, ``2026-03-01T08:00:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"


def _second(head: str) -> int:
    match = _SECOND.fullmatch(head)
    if match is None:
        raise ValueError("not an RFC 3339 instant such as 2026-03-01T08:00:00Z")
    year, month, day, hour, minute, second = map(int, match.groups())
    if second > 60:
        raise ValueError("second must be in 0..60")
    start = datetime(year, month, day, hour, minute, tzinfo=UTC) - _EPOCH
    ms = (start.days * 86_400 + start.seconds + second) * 1000
    return _remember(_seconds, head, ms)


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
    return _remember(_rests, rest, ms)


def _remember(cache: dict[str, int], text: str, ms: int) -> int:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[text] = ms
    return ms
