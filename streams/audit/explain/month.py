"""A month of an account at a location: what was covered, what it was, and what is judged of it (AV-1, AV-2, I-6, I-7,
I-9, I-10; semantics §4)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from schemas.facts import Availability, Correction
from schemas.terms.model import MINUTE_MS
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, Number, as_written, at, compared, cut, equals, latest, ms, number
from streams.audit.explain.covered import Case, case_of, closing, covered, edges
from streams.audit.explain.derived import Derived
from streams.audit.explain.downtime import Parts, counting, parts, taken_away, unknown, up, was_down
from streams.audit.explain.step import Explanation, Step
from streams.folds.months import PLACES, known_until, reached_until, reconciled
from streams.folds.registry import Told
from streams.intervals import Interval, clip, total, union
from streams.spoken import spoken


def explain_month(derived: Derived, fact: Availability) -> Explanation:
    case = case_of(derived, fact)
    spans_step, spans = covered(case)
    notes, others = counting(case)
    split = parts(case, spans, notes)
    return Explanation(
        kind="month",
        id=f"{fact.location_id}/{fact.month}",
        name=None,
        title=f"{fact.month} of {fact.account_id} at {fact.location_id}",
        fact=fact,
        steps=[
            edges(case),
            spans_step,
            was_down(case, spans),
            taken_away(case, split, notes, others),
            unknown(case, split),
            up(split, spans),
            *judged(case),
            _lowest_tier(case, split),
            _resolution(case),
            closing(case),
            _corrections(case),
        ],
    )


def judged(case: Case) -> Iterator[Step]:
    """Availability, the objective and whether too much is unknown. Nothing is rounded before it is judged."""
    fact, terms, derived = case.fact, case.terms, case.derived
    if not fact.covered_ms:
        yield Step(what="Nothing is covered, so that there is nothing to be judged", gives={"availability": None})
    else:
        scaled = cut((ms(fact.covered_ms) - ms(fact.down_ms)) * number(10**PLACES) / ms(fact.covered_ms))
        share = Decimal(int(scaled.value)).scaleb(-PLACES)
        yield Step(
            what=f"Availability: {share:f}",
            words=[
                f"The share of covered time that was not down, {fact.covered_ms - fact.down_ms}/{fact.covered_ms}, "
                f"cut off after {PLACES} places."
            ],
            clauses=[derived.cite("AV-1", terms), derived.cite("I-7", terms)],
            arithmetic=[equals(f"availability, in parts of 10^{PLACES}", scaled)],
            gives={"availability": share},
        )
    yield _objective(case)
    part, whole = as_written(terms.availability.max_unknown)
    unknown_part, limit = ms(fact.unknown_ms) * whole, ms(fact.covered_ms) * part
    yield Step(
        what="Whether too much of it is unknown",
        words=["It is incomplete if the unknown share is above the limit; credits are earned all the same."],
        clauses=[derived.cite("I-6", terms)],
        arithmetic=[compared(f"unknown above {terms.availability.max_unknown} of covered?", unknown_part, limit)],
        gives={"incomplete": unknown_part.value > limit.value},
    )


def _objective(case: Case) -> Step:
    fact, terms = case.fact, case.terms
    promised, whole = as_written(terms.availability.objective)
    may_be_down = (whole - promised).found
    down, allowed = ms(fact.down_ms) * whole, ms(fact.covered_ms) * may_be_down
    budget = cut(ms(fact.covered_ms) * may_be_down / whole)
    left = budget.found - ms(fact.down_ms)
    is_met = down.value <= allowed.value
    return Step(
        what=f"The objective of {terms.availability.objective} is {'met' if is_met else 'missed'}",
        words=["Judged on integers: downtime times the whole, against covered time times the part that may be down."],
        clauses=[case.derived.cite("AV-1", terms), case.derived.cite("I-10", terms)],
        arithmetic=[
            equals("downtime", down),
            equals("allowed", allowed),
            compared("met while downtime is not greater", down.found, allowed.found),
            equals("the budget", budget),
            equals("left of it", left),
        ],
        gives={"objective_met": is_met, "budget_left_ms": int(left.value)},
    )


def _lowest_tier(case: Case, split: Parts) -> Step:
    """When the downtime reached the least that earns a credit: of all that is known, and was, the latest."""
    lowest = case.terms.credits.tiers[0].minutes
    reached, lines = _reached(lowest, split.down)
    found = [] if reached is None else [reached]
    words: list[str] = []
    asked, instants = _recordings(case)
    for instant in instants:
        then, _ = _reached(lowest, _parts_by(case, instant).down)
        if then is not None:
            found.append(then)
            when = inputs.instant(int(then.value))
            words.append(f"By what was recorded at {inputs.instant(instant)} it was reached at {when}.")
    if asked is not None and (published := reached_until(asked, case.month)) is not None:
        found.append(at(published))
        words.append(f"Until it was reconciled, {inputs.instant(published)} was published.")
    if words:
        words.append("The latest counts: who claimed in time by what was known then has claimed in time.")
        lines.extend([equals("the latest", latest(found))] if found else [])
    told = max((int(each.value) for each in found), default=None)
    return Step(
        what="The lowest tier of credits was "
        + ("never reached" if told is None else f"reached at {inputs.instant(told)}"),
        words=words,
        clauses=[
            case.derived.cite("CR-1", case.terms, "credits.tiers[0]"),
            *([case.derived.cite("I-8", case.terms)] if words else []),
        ],
        arithmetic=lines,
        gives={"lowest_tier_at": told},
    )


def _reached(minutes: int, down: Sequence[Interval]) -> tuple[Number | None, list[Line]]:
    """When so many minutes had been down, and how that is come by."""
    whole = left = number(minutes) * ms(MINUTE_MS)
    lines: list[Line] = [equals(f"the lowest tier, {minutes} minutes", left)]
    for start, end in down:
        if end - start >= left.value:
            found = at(start) + left.found
            return found.found, [*lines, equals("reached", found)]
        left = left.found - (at(end) - at(start)).found
        lines.append(equals(f"still to go at {inputs.instant(end)}", left))
    return None, [lines[0], compared("downtime", ms(total(down)), whole)]


def _resolution(case: Case) -> Step:
    touching = [
        row.resolution_ms
        for row in case.rows
        if row.resolution_ms and row.from_ < case.end and (row.to is None or row.to > case.month.start)
    ]
    longest = max(touching, default=None)
    told = "nothing with a hold spoke for the location" if longest is None else f"shorter than {spoken(longest)}"
    return Step(
        what=f"What goes unseen: {told}",
        words=[
            "The longest hold of the samples that spoke for the location in the month: a shorter silence is not seen."
        ],
        clauses=[case.derived.cite("I-4", case.terms)],
        gives={"resolution_ms": longest},
    )


def _corrections(case: Case) -> Step:
    """How the counted downtime changed by what was recorded after the month's end."""
    fact, registry = case.fact, case.derived.world.registry
    records = [version.fields for version in registry.versions("location", fact.location_id)]
    notes = [*case.state.annotations.values()]
    asked, instants = _recordings(case)
    found = [] if asked is None else known_until(asked)
    told = [
        f"Until it was reconciled this was published: {spoken(step.down_ms)} down, by what was recorded at "
        f"{inputs.instant(step.recorded_at)}."
        for step in found
    ]
    lines: list[Line] = []
    for instant in instants:
        down = _known_by(case, instant)
        lines.append(equals(f"down, by what was recorded at {inputs.instant(instant)}", down))
        if not found or found[-1].down_ms != down.value:
            found.append(Correction(instant, int(down.value)))
    changed = len(found) > 1
    return Step(
        what=f"What was recorded after the month's end {'changed it' if changed else 'did not change it'}",
        words=["What was measured counts as known from the start, whenever it arrived.", *told],
        clauses=[case.derived.cite("I-17", case.terms), case.derived.cite("I-18", case.terms)] if changed else [],
        inputs=[
            *(inputs.note(note) for note in notes if note.recorded_at in instants[1:]),
            *(inputs.record(record) for record in records if record.recorded_at in instants[1:]),
            *([] if asked is None else [inputs.record(asked.record)]),
        ],
        arithmetic=lines,
        gives={"corrections": tuple(found) if changed else ()},
    )


def _recordings(case: Case) -> tuple[Told | None, list[int]]:
    """What a reconciliation tells of the month; and when something else may have been known of it: at its end, or when
    it was reconciled, and at each recording after that."""
    fact, registry = case.fact, case.derived.world.registry
    asked = reconciled(fact.location_id, fact.account_id, case.month, case.derived.world, fact.final_at)
    since = case.month.end if asked is None else asked.record.recorded_at
    recorded = {note.recorded_at for note in case.state.annotations.values()}
    recorded |= {*registry.recordings("location", fact.location_id)}
    after = sorted(instant for instant in recorded if since < instant < fact.final_at)
    return asked, [since, *after] if after or asked is not None else []


def _parts_by(case: Case, instant: int) -> Parts:
    """What the covered time was by what had been recorded at an instant."""
    notes, _ = counting(case, instant)
    return parts(case, _covered_by(case, instant), notes)


def _known_by(case: Case, instant: int) -> Number:
    """The downtime by what had been recorded at an instant."""
    split = _parts_by(case, instant)
    before = union(split.down, split.excluded, split.gaps)
    return ms(total(before)) - ms(total(split.gaps)) - ms(total(split.excluded))


def _covered_by(case: Case, recorded_by: int) -> list[Interval]:
    tenures = case.derived.world.registry.tenures(case.fact.location_id, recorded_by)
    own = (tenure.covered for tenure in tenures if tenure.account_id == case.fact.account_id)
    return clip(union(*own), case.month.start, case.month.end)
