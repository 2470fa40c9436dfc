"""What a month's covered time was: down, excluded, unknown or up, each millisecond (I-6, I-9, EX-1 to EX-6)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.events import Annotation
from schemas.facts import LocationOutage, LocationState
from schemas.terms.model import CLAUSE_OF_CAUSE
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, added, equals, lengths, ms
from streams.audit.explain.covered import Case
from streams.audit.explain.devices import Devices
from streams.audit.explain.step import Input, Step
from streams.engine import FOREVER
from streams.folds.exclusions import rank
from streams.folds.histories import UNKNOWN
from streams.intervals import Interval, clip, intersect, subtract, total, union

GAP = "monitoring_gap"


class Parts(NamedTuple):
    """The covered time, parted: each in order and apart, and no two of them have anything in common."""

    down: list[Interval]
    """Counted: it was down and nothing takes that away."""
    excluded: list[Interval]
    gaps: list[Interval]
    """Down by the samples, in an approved monitoring gap."""
    unknown: list[Interval]
    up: list[Interval]


class Note(NamedTuple):
    """An annotation in force and the time that it covers; `clause`: by which it excludes, or that it is a gap, or None:
    it changes nothing."""

    event: Annotation
    span: Interval
    clause: str | None


def parts(case: Case, covered: Sequence[Interval], notes: Sequence[Note]) -> Parts:
    down, up = (intersect(covered, _spans(case, *states)) for states in (("down",), ("up", "degraded")))
    unknown = subtract(subtract(covered, down), up)
    gaps = intersect(down, union(note.span for note in notes if note.event.cause == GAP))
    was_down = subtract(down, gaps)
    excluding = union(note.span for note in notes if note.event.cause != GAP and note.clause is not None)
    excluded = intersect(was_down, excluding)
    return Parts(subtract(was_down, excluded), excluded, gaps, unknown, up)


def _spans(case: Case, *states: str) -> list[Interval]:
    return union((row.from_, FOREVER if row.to is None else row.to) for row in case.rows if row.state in states)


def counting(case: Case, recorded_by: int | None = None) -> tuple[list[Note], list[tuple[Annotation, str]]]:
    """The annotations that count, and those that do not with the reason; of what was recorded by an instant, if one
    is given."""
    newest: dict[str, Annotation] = {}
    others: list[tuple[Annotation, str]] = []
    for event in sorted(case.state.annotations.values(), key=lambda note: (note.annotation_id, rank(note))):
        if event.recorded_at >= case.fact.final_at:
            others.append((event, "was recorded when the month was final"))
        elif recorded_by is None or event.recorded_at <= recorded_by:
            if event.annotation_id in newest:
                others.append((newest[event.annotation_id], "is overruled by a later revision"))
            newest[event.annotation_id] = event
    others += [(event, "was taken back") for event in newest.values() if event.state != "approved"]
    return [_note(case, event) for event in newest.values() if event.state == "approved"], others


def _note(case: Case, event: Annotation) -> Note:
    end = _end_of_outage(case, event.from_) if event.to is None else event.to
    excludes = event.cause != GAP and case.terms.excludes(event.cause)
    clause = "I-6" if event.cause == GAP else CLAUSE_OF_CAUSE[event.cause] if excludes else None
    return Note(event, (event.from_, end), clause)


def _end_of_outage(case: Case, instant: int) -> int:
    """Where the outage around an instant ends; the instant itself where there is none."""
    for outage in case.derived.all(LocationOutage, location_id=case.fact.location_id):
        end = FOREVER if outage.ended_at is None else outage.ended_at
        if outage.started_at <= instant < end:
            return end
    return instant


def was_down(case: Case, covered: Sequence[Interval]) -> Step:
    """The parts of outages that lie in the covered time."""
    found: list[Input] = []
    words: list[str] = []
    whole: list[Interval] = []
    for outage in case.derived.all(LocationOutage, location_id=case.fact.location_id):
        span = (outage.started_at, FOREVER if outage.ended_at is None else outage.ended_at)
        here = intersect(clip(covered, *span), _spans(case, "down"))
        if here:
            found.append(Input(f"outage {outage.outage_id}, {inputs.instant(span[0])} to {inputs.instant(span[1])}"))
            whole += here
    if not found:
        words.append("No outage touches the covered time.")
    return Step(
        what="When it was down in that time",
        words=["Of an outage counts what is covered and in the month, without what is unknown.", *words],
        clauses=[case.derived.cite("I-9", case.terms), case.derived.cite("AV-2", case.terms)],
        inputs=found,
        arithmetic=lengths("down", whole) if whole else [],
    )


def taken_away(case: Case, split: Parts, notes: Sequence[Note], others: Sequence[tuple[Annotation, str]]) -> Step:
    """What annotations take away from the downtime: first monitoring gaps, which nobody knows of, then causes."""
    before = union(split.down, split.excluded, split.gaps)
    words = [_effect(note, before) for note in notes]
    words += [
        f"Annotation {event.annotation_id}, revision {event.revision}, does not count: it {why}."
        for event, why in others
    ]
    if not words:
        words.append("Nobody has annotated the location.")
    clauses = {note.clause for note in notes if note.clause is not None}
    if any(note.event.cause == "maintenance" for note in notes):
        clauses.add("EX-6")
    down = ms(total(before)) - ms(total(split.gaps)) - ms(total(split.excluded))
    lines: list[Line] = []
    if split.gaps:
        lines += lengths("unknown, for an approved monitoring gap covers it", split.gaps)
    if split.excluded:
        lines += lengths("excluded", split.excluded)
    return Step(
        what="What approved causes take away",
        words=words,
        clauses=[case.derived.cite(clause, case.terms) for clause in sorted(clauses)],
        inputs=[inputs.note(event) for event in (*(note.event for note in notes), *(event for event, _ in others))],
        arithmetic=[*lines, equals("down, as it counts", down)],
        gives={"down_ms": int(down.value), "excluded_ms": total(split.excluded)},
    )


def _effect(note: Note, down: Sequence[Interval]) -> str:
    event = note.event
    if note.clause is None:
        return f"Annotation {event.annotation_id} excludes nothing: {event.cause} is no cause that the terms exclude."
    takes = total(clip(down, *note.span))
    until = (
        ""
        if event.to is not None
        else f" It has no end: it lasts to that of its outage, {inputs.instant(note.span[1])}."
    )
    makes = "makes unknown" if event.cause == GAP else "excludes"
    return f"Annotation {event.annotation_id} ({event.cause}, {note.clause}) {makes} {takes} ms of the downtime.{until}"


def unknown(case: Case, split: Parts) -> Step:
    """What nobody knows of the covered time."""
    whole = [*split.unknown, *split.gaps]
    rows = [(span, _row_at(case, span[0])) for span in split.unknown]
    blind = [row for _, row in rows if row is not None and row.devices_unknown]
    devices = Devices(case.derived, case.fact.location_id) if blind else None
    words = [f"{_span(span)}: {_why_unknown(case, row)}." for span, row in rows]
    words += [f"{_span(gap)}: an approved monitoring gap." for gap in split.gaps]
    found = [entry for row in blind for entry in _ticks(devices, row)] if devices else []
    return Step(
        what="What is unknown of it",
        words=words or ["Nothing."],
        clauses=[case.derived.cite("I-6", case.terms)],
        inputs=[*dict.fromkeys(found)],
        arithmetic=lengths("unknown", whole) if whole else [],
        gives={"unknown_ms": total(whole)},
    )


def _row_at(case: Case, instant: int) -> LocationState | None:
    return next((row for row in case.rows if row.from_ <= instant and (row.to is None or instant < row.to)), None)


def _why_unknown(case: Case, row: LocationState | None) -> str:
    if row is None:
        return "nothing had been heard of it yet" if case.rows else "nothing was ever heard of it"
    return "a collector was blind, and no hold covered it" if row.devices_unknown else "no device took part"


def _ticks(devices: Devices, row: LocationState) -> Iterator[Input]:
    """Between which ticks the collectors were blind whose devices nobody knows of."""
    until = FOREVER if row.to is None else row.to
    for device_id in devices.ids():
        if devices.status(device_id, row.from_) == UNKNOWN:
            sample = devices.sample(device_id, row.from_)
            blind = [gap for gap in devices.blind(sample) if gap[0] < until]
            for gap in [gap for gap in blind if gap[1] >= row.from_] or blind[-1:]:
                yield from devices.ticks(sample, gap)


def up(split: Parts, covered: Sequence[Interval]) -> Step:
    """The rest; and that every covered millisecond is one of the four."""
    four = [total(span) for span in (split.up, split.down, split.excluded, [*split.unknown, *split.gaps])]
    whole = added(four)
    return Step(
        what="When it was up, and all four together",
        words=["Degraded is up: a device of the location was."],
        arithmetic=[
            *(lengths("up", split.up) if split.up else []),
            equals("up + down + excluded + unknown = covered", whole),
        ],
        gives={"up_ms": four[0], "covered_ms": int(whole.value)},
        doubts=[]
        if whole.value == total(covered)
        else [f"the parts are {whole.value} ms, covered {total(covered)} ms"],
    )


def _span(span: Interval) -> str:
    return f"{inputs.instant(span[0])} to {inputs.instant(span[1])}"
