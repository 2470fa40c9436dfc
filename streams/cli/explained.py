"""How an explanation is printed: as text for people, or as data."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import TextWrapper
from typing import Any, NamedTuple

import msgspec

from schemas.derivation import DAY_MS, SECOND_MS
from schemas.events import Heartbeat
from schemas.facts import Fact
from schemas.terms.cited import Reference, Stand
from streams.audit.explain.arithmetic import Line
from streams.audit.explain.places import Place, Places
from streams.audit.explain.step import Explanation, Input, Step
from streams.spoken import all_spoken, instants_spoken, spoken
from streams.visible import visible

WIDTH = 100
LEGEND = "§ is a clause and where the terms state it, - what was read and where it stood, › arithmetic."
YEAR_MS = 366 * DAY_MS
_LENGTH_FOUND = re.compile(r"(?:^|= )(-?\d+) ms$")
"""What a formula comes to, where that is a length. A product beyond a year was reckoned to be compared."""
LEFT_OUT = frozenset({"version", "revision", "supersedes", "source", "retracted", "settings", "fold_version"})
"""Of a fact, what its explanation is not about; settings and fold have a line of their own."""


class Printed(NamedTuple):
    """A line, and how it looks on a terminal."""

    line: str
    style: str = ""


TITLE, HEADING, LABEL, CLAUSE, ALARM = "bold underline", "bold", "italic", "dim", "bold red"


def as_text(explanation: Explanation, places: Places, width: int = WIDTH) -> Iterator[Printed]:
    """Line by line."""
    yield from _wrapped(explanation.title, "", "  ", width, TITLE)
    yield Printed("")
    name = f", the UUIDv5 of {explanation.name}" if explanation.name else ""
    yield from _fields({"id": f"{explanation.id}{name}", **_told(explanation.fact)}, width)
    yield Printed("")
    yield from _wrapped(LEGEND, "  ", "  ", width, CLAUSE)
    said: set[str] = set()
    for number, step in enumerate(explanation.steps, 1):
        yield Printed("")
        yield from _step(number, step, places, said, width)
    yield Printed("")
    if explanation.differences:
        yield Printed("THE EXPLANATION DIFFERS FROM WHAT WAS DERIVED:", ALARM)
        for difference in explanation.differences:
            yield from _wrapped(difference, "  - ", "    ", width, ALARM)
    else:
        yield from _wrapped("Every number that the steps arrive at is that of the derived fact.", "", "", width)


def as_data(explanation: Explanation, places: Places) -> dict[str, Any]:
    fact = explanation.fact
    return {
        "explains": explanation.kind,
        "id": explanation.id,
        "name": explanation.name,
        "title": explanation.title,
        "fact": {"topic": fact.TOPIC, "key": fact.key, "value": fact.current()},
        "steps": [_step_as_data(number, step, fact, places) for number, step in enumerate(explanation.steps, 1)],
        "differences": explanation.differences,
    }


def _fields(told: Mapping[str, str], width: int) -> Iterator[Printed]:
    """A field in a line."""
    widest = max(map(len, told))
    for name, value in told.items():
        yield from _wrapped(value, f"  {name:{widest}}  ", " " * (widest + 4), width)


def _step(number: int, step: Step, places: Places, said: set[str], width: int) -> Iterator[Printed]:
    """A clause is told in words where it is cited first; `said` are those that have been."""
    yield from _wrapped(all_spoken(step.what), f"{number}. ", "   ", width, HEADING)
    for words in step.words:
        yield from _wrapped(all_spoken(words), "   ", "   ", width)
    for clause in step.clauses:
        yield from _wrapped(_cited(clause, clause.id not in said), "   § ", "     ", width, CLAUSE)
        said.add(clause.id)
    for entry in step.inputs:
        yield from _wrapped(f"{all_spoken(entry.words)} {_at(entry, places)}".rstrip(), "   - ", "     ", width)
    for line in step.arithmetic:
        yield from _sum(line, width)


def _sum(line: Line, width: int) -> Iterator[Printed]:
    """What is worked out, then how: in the same line where there is room. The formula stays in the units in which it
    was reckoned; what it comes to is said in those that people think in, too."""
    first = "   › "
    formula = instants_spoken(line.formula)
    found = _LENGTH_FOUND.search(formula)
    if found and SECOND_MS <= abs(int(found[1])) < YEAR_MS:
        formula += f" ({spoken(int(found[1]))})"
    if line.says and len(first) + len(line.says) + 2 + len(formula) > width:
        yield from _wrapped(f"{line.says}:", first, "     ", width, LABEL)
        yield from _wrapped(formula, "       ", "         ", width)
    else:
        yield from _wrapped(f"{line.says}: {formula}" if line.says else formula, first, "     ", width)


def _step_as_data(number: int, step: Step, fact: Fact, places: Places) -> dict[str, Any]:
    return {
        "step": number,
        "what": step.what,
        "words": list(step.words),
        "clauses": [
            msgspec.structs.asdict(clause) | {"stated": [*map(msgspec.structs.asdict, clause.stated)]}
            for clause in step.clauses
        ],
        "inputs": [{"says": entry.words, **_placed(entry, places)} for entry in step.inputs],
        "arithmetic": [{"finds": line.says, "formula": line.formula} for line in step.arithmetic],
        "gives": _written(fact, step.gives),
        "doubts": list(step.doubts),
    }


def _placed(entry: Input, places: Places) -> dict[str, Any]:
    if entry.said is None:
        return {}
    place = places.get(entry.said)
    if place is None:
        return {"topic": entry.said.topic, "found": False}
    return {**place._asdict(), "found": True}


def _at(entry: Input, places: Places) -> str:
    """Where a message stood."""
    if entry.said is None:
        return ""
    place = places.get(entry.said)
    return "[not found again]" if place is None else f"[{_place(place)}]"


def _place(place: Place) -> str:
    parts = [place.topic]
    if place.partition is not None:
        parts.append(f"partition {place.partition}")
    if place.offset is not None:
        parts.append(f"offset {place.offset}")
    if place.line is not None:
        parts.append(f"line {place.line}")
    if place.event_id is not None:
        parts.append(f"id {place.event_id}")
    elif place.topic == Heartbeat.TOPIC:  # the archive keeps ids of heartbeats for 35 days, and of ticks none
        parts.append("id not kept")
    if place.copies > 1:
        parts.append(f"the first of {place.copies}")
    return ", ".join(parts)


def _cited(clause: Reference, in_words: bool) -> str:
    """``I-4 (A§2) when downtime begins: availability.missed_heartbeats = 3 (2024-09-23.toml:18)``."""
    told = f"{clause.id} ({clause.section})" + (f" {clause.says}" if in_words else "")
    stated = "; ".join(f"{one.key} = {one.value}" for one in clause.stated)
    if len(clause.stated) > 3:  # a table
        stated = " and ".join(dict.fromkeys(one.key.partition("[")[0] for one in clause.stated))
    return f"{told}: {stated} ({_lines(clause.stated) or clause.terms})" if stated else told


def _lines(stated: Sequence[Stand]) -> str:
    """``2024-09-23.toml:35-48``; the file is named by its digest in the fact's `terms`."""
    found = []
    for file, group in groupby((one for one in stated if one.line is not None), key=lambda one: one.file):
        numbers = sorted({one.line for one in group if one.line is not None})
        found.append(f"{file}:{numbers[0]}" + (f"-{numbers[-1]}" if len(numbers) > 1 else ""))
    return ", ".join(found)


def _told(fact: Fact) -> dict[str, str]:
    """The fact's fields as they are written, lengths in words besides; and with what it was derived."""
    written = fact.current()
    told = {name: _plain(value) for name, value in written.items() if name not in LEFT_OUT}
    for name, value in written.items():
        if name.endswith("_ms") and isinstance(value, int) and abs(value) >= SECOND_MS:
            told[name] += f" ({spoken(value)})"
    settings = ", ".join(f"{name} {value}" for name, value in fact.settings.items())
    return {**told, "settings": settings, "fold_version": str(fact.fold_version)}


def _written(fact: Fact, gives: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as a step gives them, written as those of the fact."""
    names = dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True))
    written = msgspec.structs.replace(fact, **gives).written()
    return {names[field]: written[names[field]] for field in gives}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_plain, value)) or "none"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else instants_spoken(str(value))


def _wrapped(text: str, first: str, then: str, width: int, style: str = "") -> Iterable[Printed]:
    wrapper = TextWrapper(
        width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
    return [Printed(line, style) for line in wrapper.wrap(visible(text)) or [first.rstrip()]]
