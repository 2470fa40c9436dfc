"""What the terms state, value by value with its clause: for statements, explanations and `terms check`."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.terms.fields import Part


class Stated(NamedTuple):
    """One value: its key in the file, the clauses or interpretations it states, and what it means."""

    key: str
    value: object
    clauses: tuple[str, ...]
    meaning: str


def stated(part: Part, key: str = "") -> Iterator[Stated]:
    """Every value of the terms, in the order of the model; the entries of a list of tables are numbered from 0."""
    for name, field in type(part).model_fields.items():
        extra = field.json_schema_extra
        clauses = tuple(str(extra["clause"]).split(", ")) if isinstance(extra, dict) and "clause" in extra else ()
        yield from _values(f"{key}.{name}" if key else name, getattr(part, name), clauses, field.description or "")


def stating(part: Part, clause: str) -> list[Stated]:
    """The values that state a clause or interpretation, such as ``CR-1`` or ``I-3``."""
    return [one for one in stated(part) if clause in one.clauses]


def _values(key: str, value: object, clauses: tuple[str, ...], meaning: str) -> Iterator[Stated]:
    if isinstance(value, Part):
        yield from stated(value, key)
    elif isinstance(value, tuple) and any(isinstance(entry, Part) for entry in value):
        for place, entry in enumerate(value):
            yield from _values(f"{key}[{place}]", entry, clauses, meaning)
    elif clauses:
        yield Stated(key, value, clauses, meaning)
