"""Lengths and instants as people read them. Nothing is rounded: what is left out is not there."""

import re

from schemas.derivation import DAY_MS, HOUR_MS
from schemas.terms.model import MINUTE_MS

_UNITS = (("d", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS))
_LENGTH = re.compile(r"(?<![\w.,-])(-?\d+) ms\b")
_WHOLE_SECOND = re.compile(r"(?<![\w/.-])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.000Z(?![\w/-])")
"""An instant that stands alone: within a name, such as ``outage/loc/2026-03-10T00:00:00.000Z``, it stays."""


def spoken(milliseconds: int) -> str:
    """A length as people say it: ``1 h 2 min 3.5 s``."""
    rest, parts = abs(milliseconds), []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    if rest or not parts:
        parts.append(f"{rest // 1000}{f'.{rest % 1000:03}'.rstrip('0') if rest % 1000 else ''} s")
    return ("−" if milliseconds < 0 else "") + " ".join(parts)


def instants_spoken(text: str) -> str:
    """A text whose instants have no milliseconds where there are none."""
    return _WHOLE_SECOND.sub(r"\1Z", text)


def all_spoken(text: str) -> str:
    """Likewise, and ``1200000 ms`` is ``20 min``."""
    return _LENGTH.sub(lambda found: spoken(int(found[1])), instants_spoken(text))
