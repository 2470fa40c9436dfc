"""A contract month's edges, and what of it is covered (VE-1, I-1, EX-5; semantics §4)."""

from collections.abc import Sequence
from datetime import date, time
from typing import NamedTuple

from schemas.derivation import DAY_MS, HOUR_MS
from schemas.facts import Availability, LocationState
from schemas.terms.model import Terms
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import (
    Line,
    added,
    at,
    by_clock,
    compared,
    earliest,
    equals,
    latest,
    ms,
    number,
)
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Step
from streams.calendars import Month
from streams.engine import FOREVER
from streams.folds.availability import Availabilities, Months
from streams.folds.outages import unretracted
from streams.folds.registry import Version
from streams.intervals import Interval, union

MIDNIGHT = time()


class Case(NamedTuple):
    """A month that is explained: its fact, its place in the calendar, the location's states in order of time."""

    derived: Derived
    fact: Availability
    month: Month
    rows: Sequence[LocationState]
    state: Months

    @property
    def terms(self) -> Terms:
        return self.month.terms

    @property
    def end(self) -> int:
        """As far as the month is told of."""
        return self.fact.as_of


def case_of(derived: Derived, fact: Availability) -> Case:
    state: Months = derived.of_location(Availabilities, fact.location_id) or Months()
    month = derived.calendar(fact.account_id).month(fact.month)
    return Case(derived, fact, month, unretracted(state.rows), state)


def edges(case: Case) -> Step:
    """From when to when the month is, and how far it is told of."""
    month, fact, derived = case.month, case.fact, case.derived
    first = date.fromisoformat(f"{month.name}-01")
    start = by_clock(first, MIDNIGHT, _zone_before(case))
    end = by_clock(_next(first), MIDNIGHT, case.terms.month_zone)
    told = earliest([at(derived.clock(fact.location_id).time or 0), end.found])
    horizon = number(derived.world.derivation.correction_horizon_days) * ms(DAY_MS)
    final = end.found + horizon.found
    account = derived.world.registry.at("account", fact.account_id, month.start)
    words = ["It begins at midnight in the zone of the terms of the month before, and ends where the next one begins."]
    if month.terms_before_effective:
        words.append("It lies before the first effective date of the terms: they judge it all the same.")
    return Step(
        what=f"The month {month.name}, judged by the terms {case.terms.reference}",
        words=words,
        clauses=[derived.cite("VE-1", case.terms), derived.cite("I-1", case.terms, "month_zone")],
        inputs=[
            *([inputs.record(account)] if account is not None else []),
            inputs.stream_time(derived.clock(fact.location_id), derived.partition(fact.location_id)),
        ],
        arithmetic=[
            equals("the month begins", start),
            equals("the month ends", end),
            equals("it is told up to the end, or to stream time", told),
            equals("corrections are taken for", horizon),
            equals("from then on nothing changes it", final),
        ],
        gives={
            "as_of": int(told.value),
            "final_at": int(final.value),
            "terms": case.terms.reference,
            "terms_before_effective": first < case.terms.effective,
        },
        doubts=[
            f"the month's {name}: explained as {found.value}, derived as {known}"
            for name, found, known in (("begin", start, month.start), ("end", end, month.end))
            if found.value != known
        ],
    )


def _zone_before(case: Case) -> str:
    """The zone in which the month begins; the first month there is begins in its own."""
    first = date.fromisoformat(f"{case.month.name}-01")
    before = f"{first.year - (first.month == 1)}-{(first.month - 2) % 12 + 1:02}"
    try:
        return case.derived.calendar(case.fact.account_id).month(before).terms.month_zone
    except ValueError:
        return case.terms.month_zone


def _next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def covered(case: Case) -> tuple[Step, list[Interval]]:
    """What of the month is covered, by the records of the location that were in force."""
    fact = case.fact
    words = ["From activation and the move to the provider's circuit to the closing, while a record is in force."]
    lines: list[Line] = []
    spans: list[Interval] = []
    versions = _in_force(case)
    for version in versions:
        if version.since > version.fields.valid_from:
            since = inputs.instant(version.since)
            words.append(f"It changes no month that was final when it was recorded: it counts from {since}.")
        if version.fields.sla_from is None:
            words.append("A record without sla_from covers nothing.")
            continue
        span = _span(case, version, lines)
        if span[0] < span[1]:
            lines.append(equals("covered by this record", at(span[1]) - at(span[0])))
            spans.append(span)
    spans = union(spans)
    whole = added(end - start for start, end in spans)
    return Step(
        what=f"What {fact.account_id} had covered at {fact.location_id} in the month",
        words=words,
        clauses=[case.derived.cite("EX-5", case.terms), case.derived.cite("I-7", case.terms)],
        inputs=[inputs.record(version.fields) for version in versions],
        arithmetic=[*lines, equals("covered", whole)],
        gives={"covered_ms": int(whole.value)},
    ), spans


def _in_force(case: Case) -> list[Version]:
    """The location's records of the account that were in force in the month."""
    versions = case.derived.world.registry.versions("location", case.fact.location_id)
    touching = (version for version in versions if version.since < case.end and version.until > case.month.start)
    return [version for version in touching if version.fields.account_id == case.fact.account_id]


def _span(case: Case, version: Version, lines: list[Line]) -> Interval:
    """What a record covers of the month."""
    fields = version.fields
    starts = {
        "the record": version.since,
        "activation": fields.activated_at,
        "the provider's circuit": fields.sla_from,
        "the month": case.month.start,
    }
    ends = {
        "the next record": version.until if version.until < FOREVER else None,
        "closing": fields.closed_at,
        "the month, as far as it is told": case.end,
    }
    first, last = ({what: at(edge) for what, edge in edges.items() if edge is not None} for edges in (starts, ends))
    start, end = latest([*first.values()]), earliest([*last.values()])
    lines.append(equals(f"from the latest of {inputs.listed(first)}", start))
    lines.append(equals(f"to the earliest of {inputs.listed(last)}", end))
    return int(start.value), int(end.value)


def closing(case: Case) -> Step:
    """A month is closed when every partition's time is past its end by the delay."""
    world, month = case.derived.world, case.month
    slowest = world.slowest or 0
    hours = number(world.derivation.month_close_delay_h) * ms(HOUR_MS)
    closes = at(month.end) + hours.found
    is_closed = case.end == month.end and slowest >= int(closes.value)
    state = "closed" if is_closed else "open: it is told again as time goes on"
    return Step(
        what=f"The month is {state}",
        words=["It closes by the time that every partition has reached."],
        inputs=[case.derived.slowest()],
        arithmetic=[
            equals("the delay", hours),
            equals("it closes", closes),
            compared("the slowest partition's time", at(slowest), closes.found),
        ],
        gives={"closed": is_closed},
    )
