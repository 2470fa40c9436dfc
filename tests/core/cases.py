"""Histories as data: what a case file says, as lines of input, settings and terms. The README beside the cases explains
the notation."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from schemas import times
from schemas.derivation import Derivation
from schemas.terms.book import Book, bind, read_book
from schemas.terms.model import Terms
from tests.core import lines

HISTORIES = Path(__file__).parents[1] / "cases" / "histories"
RESPONSES = HISTORIES.with_name("responses")
DAY = "2026-03-10T"
PACKAGED = read_book().files[0]

Case = dict[str, Any]

SAMPLE = re.compile(r"(?P<at>\S+) (?P<device>\S+) (?P<status>up|down) (?P<interval>\S+)(?P<more>( \S+)*)")
RANGE = re.compile(r"(\D+)(\d+)\.\.(\d+)")
TICKS = re.compile(r"(?P<collector>\S+) (?P<first>\S+?)(\.\.(?P<last>\S+)/(?P<step>\d+))?")


def cases(folder: Path = HISTORIES) -> Iterator[tuple[str, Case]]:
    for path in sorted(folder.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in content["case"]:
            yield f"{path.stem}: {case['rule']}", content.get("common", {}) | case


def instant(text: str) -> int:
    """``00:03:30.001`` on the usual day, or a whole RFC 3339 instant."""
    return times.parse(text if "T" in text else f"{DAY}{text}Z")


def lines_of(case: Case) -> list[bytes]:
    written = [_record(dict(fields)) for fields in case.get("registry", ())]
    written += [line for ticks in case.get("ticks", ()) for line in _ticks(ticks)]
    written += [_sample(text) for text in case.get("samples", ())]
    written += [_annotation(dict(fields)) for fields in case.get("annotations", ())]
    written += [line for text in case.get("tickets", ()) for line in _ticket(text)]
    if case.get("now"):
        at = instant(case["now"])
        written.append(lines.tick("clock", at) if "ticks" in case else lines.sample("elsewhere", "z", at))
    return written


def _sample(text: str) -> bytes:
    parts = SAMPLE.fullmatch(text)
    assert parts, text
    more = dict(part.partition("=")[::2] for part in parts["more"].split())
    interval: lines.Interval
    match parts["interval"]:
        case "changes":
            interval = "changes"
        case "-":
            interval = None
        case seconds:
            interval = float(seconds)
    return lines.sample(
        more.pop("at", "loc"),
        parts["device"],
        instant(parts["at"]),
        parts["status"],
        interval,
        collector_id=more.pop("by", None),
        received_at=instant(more.pop("received")) if "received" in more else None,
        buffered=more.pop("buffered", None) is not None,
        partition=int(more.pop("partition")) if "partition" in more else None,
        reported_cause=more.pop("cause", None),
        uptime_s=float(more.pop("uptime")) if "uptime" in more else None,
        server_downtime_s=float(more.pop("server_downtime")) if "server_downtime" in more else None,
        packet_loss_pct=float(more.pop("loss")) if "loss" in more else None,
        mos=float(more.pop("mos")) if "mos" in more else None,
    )


def _ticket(text: str) -> Iterator[bytes]:
    at, named, event_type, *more = text.split()
    given = (word.partition("=") for word in more)
    fields: dict[str, Any] = {name: value != "false" and (value or True) for name, _, value in given}
    if "received_at" in fields:
        fields["received_at"] = times.render(instant(fields["received_at"]))
    for ticket_id in _each(named):
        yield lines.ticket(ticket_id, instant(at), event_type, **fields)


def _each(named: str) -> list[str]:
    """``t2`` is one ticket, ``t1..3`` are t1, t2 and t3."""
    parts = RANGE.fullmatch(named)
    return [f"{parts[1]}{n}" for n in range(int(parts[2]), int(parts[3]) + 1)] if parts else [named]


def _ticks(text: str) -> Iterator[bytes]:
    text, _, partition = text.partition(" partition=")
    parts = TICKS.fullmatch(text)
    assert parts, text
    first = instant(parts["first"])
    last, step = (instant(parts["last"]), int(parts["step"]) * 1000) if parts["last"] else (first, 1)
    for at in range(first, last + 1, step):
        yield lines.tick(parts["collector"], at, int(partition) if partition else None)


def _record(fields: dict[str, Any]) -> bytes:
    (entity,) = (name for name in ("account", "location", "device") if name in fields)
    entity_id, since = fields.pop(entity), instant(fields.pop("since", "2026-01-01T00:00:00Z"))
    recorded = fields.pop("recorded", None)
    for name in ("sla_from", "activated_at", "closed_at"):
        if name in fields:
            fields[name] = times.render(instant(fields[name]))
    return lines.record(entity, entity_id, since, None if recorded is None else instant(recorded), **fields)


def _annotation(fields: dict[str, Any]) -> bytes:
    to = fields.pop("to", None)
    return lines.annotation(
        fields.pop("location", "loc"),
        fields.pop("id", "note"),
        fields.pop("revision", 1),
        instant(fields.pop("from")),
        None if to is None else instant(to),
        instant(fields.pop("recorded", "2026-03-11T00:00:00Z")),
        **fields,
    )


def book_of(case: Case) -> Book:
    """The packaged terms with the case's changes; one file for each of its `terms`."""
    return bind(_terms(place, changes) for place, changes in enumerate(case.get("terms", [{}])))


def _terms(place: int, changes: Mapping[str, Any]) -> Terms:
    document = PACKAGED.model_dump() | {"digest": f"{place:064x}"}
    for path, value in changes.items():
        *tables, name = path.split(".")
        table = document
        for part in tables:
            table = table[part]
        table[name] = value
    if "effective" in changes:
        document["effective"] = document["notified"] = date.fromisoformat(changes["effective"])
    return Terms.model_validate(document)


def settings_of(case: Case) -> Derivation:
    return Derivation(**case.get("settings", {}))
