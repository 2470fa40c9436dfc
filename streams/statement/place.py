"""An account's month at one location, spelled out: what every millisecond was, each outage, and who took time away.

The spans are found here once more, from the location's states and annotations, and must add up to what the fold of
availability says: a statement whose parts do not make its sums is not drawn up.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from schemas.events import Annotation
from schemas.facts import Availability, BillingCredit, Credit, Fact, LocationOutage, LocationState
from schemas.terms.model import CLAUSE_OF_CAUSE, Terms
from streams.audit.replay import Replay
from streams.calendars import Month
from streams.engine import FOREVER
from streams.folds.billing import days_owed
from streams.folds.exclusions import end_of_outage, in_force
from streams.folds.outages import is_of_outage
from streams.folds.registry import Tenure
from streams.folds.world import World
from streams.intervals import Interval, clip, intersect, subtract, total, union
from streams.statement.content import Effect, Note, Outage, Place, Stretch, What, Why

Spans = Sequence[Interval]


class Span(NamedTuple):
    """An annotation and the time that it is about: with its end, or to the end of its outage."""

    note: Annotation
    effect: Effect
    interval: Interval


class Parts(NamedTuple):
    """A month at a location, taken apart. The account had it for `had`; `covered` of that is the sum of what follows,
    the last three kinds being unknown time."""

    had: Spans
    covered: Spans
    up: Spans
    counted: Spans
    excluded: Spans
    gaps: Spans
    not_listening: Spans
    no_device: Spans

    @property
    def down(self) -> Spans:
        """Downtime, whatever became of it."""
        return union(self.counted, self.excluded, self.gaps)


class Records(NamedTuple):
    """What is known of a location: its facts, whoever's they are, and every revision of its annotations."""

    location_id: str
    states: Sequence[LocationState]
    outages: Sequence[LocationOutage]
    annotations: Sequence[Annotation]
    months: Sequence[Availability]
    credits: Sequence[Credit]
    entries: Sequence[BillingCredit]


def records(location_id: str, facts: Sequence[Fact], audit: Replay) -> Records:
    """The records of a location; `facts` are its own."""
    return Records(
        location_id,
        sorted((fact for fact in facts if isinstance(fact, LocationState)), key=lambda row: row.from_),
        sorted((fact for fact in facts if isinstance(fact, LocationOutage)), key=lambda outage: outage.started_at),
        [*audit.annotations(location_id)],
        [fact for fact in facts if isinstance(fact, Availability)],
        [fact for fact in facts if isinstance(fact, Credit)],
        sorted((fact for fact in facts if isinstance(fact, BillingCredit)), key=lambda entry: entry.order),
    )


def place(account_id: str, month: Month, known: Records, audit: Replay) -> Place:
    """What a statement says of a location. `ArithmeticError` where its parts do not add up to what was derived."""
    world = audit.world
    tenures = [
        each
        for each in world.registry.tenures(known.location_id)
        if each.account_id == account_id and each.since < month.end and each.until > month.start
    ]
    whose = account_id, month.name
    fact = next((fact for fact in known.months if (fact.account_id, fact.month) == whose), None)
    as_of = _told_until(fact, tenures, month, world)
    spans = [*_spans(known, month, world.derivation.final_at(month.end))]
    parts = _parts(tenures, month, as_of, known.states, spans)
    if fact is not None and not _adds_up(parts, fact):
        raise ArithmeticError(f"{known.location_id} in {month.name}: the parts do not make the sums")
    had_last = max((min(tenure.until, month.end) for tenure in tenures), default=month.end)
    location = world.registry.at("location", known.location_id, had_last - 1) if tenures else None
    credit = next((credit for credit in known.credits if (credit.account_id, credit.month) == whose), None)
    return Place(
        location_id=known.location_id,
        **{name: getattr(location, name, None) for name in ("name", "site", "access", "sla_from")},
        availability=fact,
        allowed_ms=month.terms.budget_ms(total(parts.covered)),
        timeline=tuple(_timeline(parts, month, as_of)),
        outages=tuple(_outages(known.outages, parts, spans, as_of)),
        annotations=tuple(_notes(spans, parts)),
        credit=credit,
        ledger=tuple(entry for entry in known.entries if (entry.account_id, entry.month) == whose),
        owed_days=0 if credit is None else days_owed(credit),
    )


def _told_until(fact: Availability | None, tenures: Sequence[Tenure], month: Month, world: World) -> int:
    """Up to when the month is told; of a location that the account did not have there is nothing to tell."""
    if fact is not None:
        return fact.as_of
    return month.start if tenures else min(month.end, world.desk_time or month.start)


def _spans(known: Records, month: Month, final_at: int) -> Iterator[Span]:
    """The annotations that touch the month, by what was recorded before it was final, in the order of recording."""
    down = [(outage.started_at, _or_forever(outage.ended_at)) for outage in known.outages]
    notes = in_force(note for note in known.annotations if note.recorded_at < final_at)
    for note in sorted(notes, key=lambda note: (note.recorded_at, note.annotation_id)):
        interval = (note.from_, end_of_outage(note.from_, down) if note.to is None else note.to)
        if interval[0] < month.end and interval[1] > month.start:
            yield Span(note, _effect(note.cause, month.terms), interval)


def _effect(cause: str, terms: Terms) -> Effect:
    return "unknown" if cause == "monitoring_gap" else "excluded" if terms.excludes(cause) else "none"


def _parts(
    tenures: Iterable[Tenure], month: Month, as_of: int, states: Iterable[LocationState], spans: Sequence[Span]
) -> Parts:
    told = month.start, as_of
    tenures = list(tenures)
    had = clip(union((tenure.since, tenure.until) for tenure in tenures), *told)
    covered = clip(union(*(tenure.covered for tenure in tenures)), *told)
    rows = [((row.from_, _or_forever(row.to)), row) for row in states]
    up = intersect(covered, union(span for span, row in rows if row.state in ("up", "degraded")))
    down = intersect(covered, union(span for span, row in rows if row.state == "down"))
    gaps = intersect(down, union(span.interval for span in spans if span.effect == "unknown"))
    was_down = subtract(down, gaps)
    excluded = intersect(was_down, union(span.interval for span in spans if span.effect == "excluded"))
    unknown = subtract(covered, union(up, down))
    unheard = union(span for span, row in rows if row.state == "unknown" and is_of_outage(row))
    return Parts(
        had=had,
        covered=covered,
        up=up,
        counted=subtract(was_down, excluded),
        excluded=excluded,
        gaps=gaps,
        not_listening=intersect(unknown, unheard),
        no_device=subtract(unknown, unheard),
    )


def _adds_up(parts: Parts, fact: Availability) -> bool:
    unknown = total(parts.gaps) + total(parts.not_listening) + total(parts.no_device)
    found = (total(parts.covered), total(parts.up), total(parts.counted), total(parts.excluded), unknown)
    return found == (fact.covered_ms, fact.up_ms, fact.down_ms, fact.excluded_ms, fact.unknown_ms)


def _timeline(parts: Parts, month: Month, as_of: int) -> list[Stretch]:
    told = [(month.start, as_of)] if month.start < as_of else []
    kinds: list[tuple[Spans, What, Why | None]] = [
        (parts.up, "up", None),
        (parts.counted, "down", None),
        (parts.excluded, "excluded", None),
        (parts.gaps, "unknown", "monitoring_gap"),
        (parts.not_listening, "unknown", "not_listening"),
        (parts.no_device, "unknown", "no_device"),
        (subtract(parts.had, parts.covered), "not_covered", None),
        (subtract(told, parts.had), "not_had", None),
        ([(as_of, month.end)] if as_of < month.end else [], "ahead", None),
    ]
    stretches = [Stretch(from_=start, to=end, what=what, why=why) for spans, what, why in kinds for start, end in spans]
    return sorted(stretches, key=lambda stretch: stretch.from_)


def _outages(outages: Iterable[LocationOutage], parts: Parts, spans: Sequence[Span], as_of: int) -> Iterator[Outage]:
    """Each outage for each stretch of time in which the account had the location."""
    for outage in outages:
        whole = outage.started_at, _or_forever(outage.ended_at)
        for start, end in intersect(parts.had, [whole]):
            yield _outage(outage, (start, end), whole, parts, spans)


def _outage(outage: LocationOutage, piece: Interval, whole: Interval, parts: Parts, spans: Sequence[Span]) -> Outage:
    counted, excluded, covered = (total(clip(time, *piece)) for time in (parts.counted, parts.excluded, parts.covered))
    about = [span.note.annotation_id for span in spans if clip([span.interval], *piece)]
    return Outage(
        outage_id=outage.outage_id,
        from_=piece[0],
        to=piece[1],
        began_before=whole[0] < piece[0],
        goes_on=whole[1] > piece[1],
        kind=outage.kind,
        devices=outage.devices,
        counted_ms=counted,
        excluded_ms=excluded,
        unknown_ms=covered - counted - excluded,
        not_covered_ms=piece[1] - piece[0] - covered,
        annotations=tuple(about),
    )


def _notes(spans: Iterable[Span], parts: Parts) -> list[Note]:
    """The annotations that touch downtime of the account. What one took, those that were recorded later did not."""
    left = {"excluded": parts.excluded, "unknown": parts.gaps, "none": ()}
    notes = []
    for note, effect, interval in spans:
        if clip(parts.down, *interval):
            took = clip(left[effect], *interval)
            left[effect] = subtract(left[effect], took)
            notes.append(_note(note, effect, _within(interval, parts.had), total(took)))
    return sorted(notes, key=lambda note: (note.from_, note.annotation_id))


def _within(interval: Interval, had: Spans) -> Interval:
    return max(interval[0], had[0][0]), min(interval[1], had[-1][1])


def _note(note: Annotation, effect: Effect, interval: Interval, took: int) -> Note:
    return Note(
        annotation_id=note.annotation_id,
        revision=note.revision,
        cause=note.cause,
        clause=CLAUSE_OF_CAUSE.get(note.cause),
        effect=effect,
        from_=interval[0],
        to=interval[1],
        took_ms=took,
        author=note.author,
        approved_by=note.approved_by,
        recorded_at=note.recorded_at,
        proposal_id=note.proposal_id,
    )


def _or_forever(instant: int | None) -> int:
    return FOREVER if instant is None else instant
