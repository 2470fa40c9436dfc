"""What a value of the terms may be, and how each field names the clause it comes from.

Nothing is coerced: an exact decimal is a string, a whole number is a number, a list is a list.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.terms.zones import zone_names

Item = TypeVar("Item")

_EXACT = re.compile(r"\d+(\.\d+)?", re.ASCII)


class Part(BaseModel):
    """A table of the terms file: frozen, every key known, every key present."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def term(clause: str, meaning: str, **limits: Any) -> Any:
    """A field of the terms: the clause or interpretation it states, what it means, and its limits (`ge`, `le`, …)."""
    return Field(description=meaning, json_schema_extra={"clause": clause}, **limits)


def nearest(word: str, known: Sequence[str]) -> str:
    """`; did you mean …?` when a known word is close, else nothing."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _EXACT.fullmatch(value):
        return Decimal(value)
    raise ValueError('must be an exact decimal written as a string, such as "0.95"')


def _known_zone(name: str) -> str:
    if name not in zone_names():
        raise ValueError(f"must be a time zone of the tz database, such as 'Etc/GMT+8'{nearest(name, zone_names())}")
    return name


def _as_tuple(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(value)
    raise ValueError("must be a list")


def _distinct(values: tuple[Item, ...]) -> tuple[Item, ...]:
    doubled = [value for place, value in enumerate(values) if value in values[:place]]
    if doubled:
        raise ValueError(f"names {doubled[0]!r} twice")
    return values


Exact = Annotated[Decimal, BeforeValidator(_exact)]
Share = Annotated[Exact, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Text = Annotated[str, Field(min_length=1, max_length=256)]
Listed = Annotated[tuple[Item, ...], BeforeValidator(_as_tuple)]
Distinct = Annotated[tuple[Item, ...], BeforeValidator(_as_tuple), AfterValidator(_distinct)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
