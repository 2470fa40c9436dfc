"""How differences are printed: as data each with every column; for people in words, and only where it matters."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from streams.audit.difference import Difference
from streams.cli.output import Format, Record, format_for, named, show, shown
from streams.cli.remarks import remark

DERIVED_BY = frozenset({"terms", "settings", "fold_version"})
"""Columns that say by what a fact was derived, and nothing of what became of anybody."""


def show_differences(
    found: Sequence[Difference],
    how: Format | None,
    *,
    more: Callable[[Difference], Mapping[str, Any]] = lambda _: {},
    after: Sequence[Record] = (),
) -> None:
    """Print what is published otherwise than derived, `more` with each, and other records `after` all of them."""
    if format_for(how) is Format.TABLE:
        told = [each for each in found if not _by_others_only(each)]
        records = [{**_place(each), "value": {**_in_words(each), **more(each)}} for each in told]
        show([*records, *after], how)
        if alike := len(found) - len(told):
            remark(f"{alike:,} more say the same by other terms, settings or folds; --format ndjson has them")
        return
    records = [{**_place(each), "value": {**each.told("published", "derived"), **more(each)}} for each in found]
    show([*records, *after], how)


def credit_days(changes: Iterable[tuple[int, int]]) -> str:
    """How many days the ledger would add up to, as they are and as they would be of each month."""
    changed = [(before, after) for before, after in changes if before != after]
    if not changed:
        return "none"
    before, after = (sum(days) for days in zip(*changed, strict=True))
    return f"{after - before:+,} in {len(changed):,} months, from {before:,} to {after:,}"


def _place(difference: Difference) -> dict[str, Any]:
    return {"topic": difference.fact.TOPIC, "key": difference.fact.key}


def _by_others_only(difference: Difference) -> bool:
    return bool(difference.columns) and difference.columns.keys() <= DERIVED_BY


def _in_words(difference: Difference) -> dict[str, Any]:
    """Of a fact that only one side knows all that it says, of another what changes."""
    told = difference.told("published", "derived")
    fact = told.pop("fact")
    columns = told.pop("columns")
    return {**told, "says": ", ".join(_said(fact) if fact is not None else _changes(columns))}


def _said(fact: Mapping[str, Any]) -> Iterator[str]:
    words = ((name, shown(name, value)) for name, value in fact.items() if name not in DERIVED_BY)
    return (f"{_name(name)} {word}" for name, word in words if word)


def _changes(columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, sides in columns.items():
        if name not in DERIVED_BY:
            was, now = (shown(name, sides[side]) or "none" for side in ("published", "derived"))
            yield f"{_name(name)} {was} → {now}"


def _name(column: str) -> str:
    return named(column).replace("_", " ")
