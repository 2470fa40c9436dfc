"""The kinds of values that input events are made of (semantics §1), for pydantic and for msgspec at once.

Each library reads its own constraints and passes over the other's; `tests/schemas/test_one_contract.py` holds the two
together.
"""

from typing import Annotated, Any, Final

from annotated_types import Ge, Gt, Le, Len
from msgspec import Meta
from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo, WithJsonSchema

from schemas import times

EARLIEST: Final = 0
LATEST: Final = times.parse("9999-12-31T23:59:59.999Z")
"""Instants lie between these two: what lies outside could not be written again."""

WIRE: Final = object()
"""The validation context of a message: there an instant is text, whereas Python code may give its milliseconds."""


def _instant(value: Any, info: ValidationInfo) -> int:
    if isinstance(value, str):
        value = times.parse(value)
    elif isinstance(value, bool) or not isinstance(value, int) or info.context is WIRE or info.mode == "json":
        raise ValueError("an instant is RFC 3339 text such as 2026-03-01T08:00:00Z")
    return _within(int(value))


def _within(instant: int) -> int:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("an instant lies within the years 1970 to 9999")
    return instant


def _rendered(text: str) -> str:
    return times.render(_within(times.parse(text)))


INSTANT: Final = BeforeValidator(_instant)
"""Marks an instant: `int` milliseconds since 1970 in Python, RFC 3339 text on the wire."""

Instant = Annotated[int, INSTANT, WithJsonSchema({"type": "string", "format": "date-time"})]
InstantText = Annotated[str, AfterValidator(_rendered), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant within a larger value: it stays the text that a message carries."""
Id = Annotated[str, Len(1, 256), Meta(min_length=1, max_length=256)]
"""An opaque name: an id, a key, a code."""
Text = Annotated[str, Len(1, 65_536), Meta(min_length=1, max_length=65_536)]
"""Words for people."""
Interval = Annotated[float, Gt(0), Le(31_622_400), Meta(gt=0, le=31_622_400)]
"""Seconds, up to a leap year."""
Count = Annotated[int, Ge(0), Le(2**63 - 1), Meta(ge=0, le=2**63 - 1)]
_MONTH: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
Month = Annotated[str, StringConstraints(pattern=_MONTH), Meta(pattern=_MONTH, max_length=7)]
"""To msgspec, whose patterns are Python's, `$` is also the place before a last line feed."""
E164 = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{2,15}$")]
Party = Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{2,15}|[0-9]{2,8}|anonymous)$")]
"""One end of a call: an E.164 number, a short code, x11 or extension, or a withheld number."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
