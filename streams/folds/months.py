"""An account's month at a location, in numbers (AV-1, AV-2, EX-1..EX-6, I-6, I-7, I-9, I-10; semantics §4).

Every covered millisecond is exactly one of up, down, excluded and unknown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas import times
from schemas.events import Annotation
from schemas.facts import Availability, Correction, LocationState
from schemas.terms.model import MINUTE_MS
from streams.calendars import Month
from streams.engine import Partition
from streams.folds.clock import Clock
from streams.folds.exclusions import excluded, in_force
from streams.folds.registry import Tenure, Told
from streams.folds.timeline import Timeline
from streams.folds.world import World
from streams.intervals import Interval, clip, intersect, subtract, total, union

FOLD_VERSION = 2

DEPENDS_ON = ("blind_after_s", "max_clock_skew_s", "max_clock_lag_s", "month_close_delay_h", "correction_horizon_days")

PLACES = 9


class Breakdown(NamedTuple):
    """What a month's covered time was, in milliseconds; `counted`: when it was down and nothing excludes it."""

    covered: int
    up: int
    down: int
    excluded: int
    unknown: int
    counted: Sequence[Interval]


def availability(
    location_id: str,
    rows: Sequence[LocationState],
    annotations: Iterable[Annotation],
    world: World,
    partition: Partition,
    now: int | None = None,
) -> list[Availability]:
    """Every month of every account that had the location, up to stream time (or an earlier `now`)."""
    clock = world.clock(partition)
    now = clock.time if now is None else now
    listening = listens_since(clock, rows[0].from_ if rows else None)
    if now is None or listening is None:
        return []
    timeline = Timeline(rows)
    annotations = list(annotations)
    told = {
        (account_id, month.name): (month, covered)
        for account_id, tenures in _by_account(world.registry.tenures(location_id)).items()
        for month, covered in _months(account_id, tenures, world, listening, now)
    }
    for account_id, month in _taken_back(location_id, world, listening, now):
        told.setdefault((account_id, month.name), (month, []))
    return [
        _month(location_id, account_id, month, covered, timeline, annotations, world, min(now, month.end))
        for (account_id, _), (month, covered) in told.items()
    ]


def listens_since(clock: Clock, first_state: int | None) -> int | None:
    """The first that the platform holds for a location: a tick of its partition or its own first state."""
    return min((at for at in (clock.first_tick, first_state) if at is not None), default=None)


def _by_account(tenures: Iterable[Tenure]) -> Mapping[str, list[Tenure]]:
    accounts: dict[str, list[Tenure]] = {}
    for tenure in tenures:
        accounts.setdefault(tenure.account_id, []).append(tenure)
    return accounts


def _months(
    account_id: str, tenures: Sequence[Tenure], world: World, listening: int, now: int
) -> Iterator[tuple[Month, list[Interval]]]:
    """The months in which an account had the location since the platform listens, and what is covered of each."""
    had = union((max(tenure.since, listening), min(tenure.until, now)) for tenure in tenures if tenure.since < now)
    covered = union(*(tenure.covered for tenure in tenures))
    for month in world.account_calendar(account_id).months(listening, now):
        if clip(had, month.start, month.end):
            yield month, clip(covered, month.start, min(now, month.end))


def _taken_back(location_id: str, world: World, listening: int, now: int) -> Iterator[tuple[str, Month]]:
    """The months that an account had by what was known at some time between their closing and the end of corrections,
    where the terms keep what was issued by then (I-18): whatever was recorded since, they are told, if of no covered
    time."""
    derivation = world.derivation
    for (since, until), known in world.registry.tenures_known(location_id) if world.book.keeps_issued else ():
        for account_id, tenures in _by_account(known).items():
            for month, _ in _months(account_id, tenures, world, listening, now):
                is_kept = month.terms.credits.corrections_after_issue == "never"
                if is_kept and max(since, derivation.closes_at(month.end)) < min(until, derivation.final_at(month.end)):
                    yield account_id, month


def _month(
    location_id: str,
    account_id: str,
    month: Month,
    covered: Sequence[Interval],
    timeline: Timeline,
    annotations: Iterable[Annotation],
    world: World,
    as_of: int,
) -> Availability:
    derivation, terms = world.derivation, month.terms
    final_at = derivation.final_at(month.end)
    counting = [note for note in annotations if note.recorded_at < final_at]
    time = breakdown(covered, timeline.up, timeline.down, *excluded(in_force(counting), timeline.outages, terms))
    budget = terms.budget_ms(time.covered) - time.down
    told = reconciled(location_id, account_id, month, world, final_at)
    known = _as_known(location_id, account_id, month, timeline, counting, world, final_at, told)
    return Availability(
        terms=terms.reference,
        fold_version=FOLD_VERSION,
        settings=world.settings(DEPENDS_ON),
        account_id=account_id,
        location_id=location_id,
        month=month.name,
        covered_ms=time.covered,
        up_ms=time.up,
        down_ms=time.down,
        excluded_ms=time.excluded,
        unknown_ms=time.unknown,
        availability=_share(time.covered - time.down, time.covered),
        objective_met=budget >= 0,
        budget_left_ms=budget,
        incomplete=terms.is_incomplete(time.unknown, time.covered),
        resolution_ms=timeline.resolution_ms(month.start, as_of),
        closed=as_of == month.end and (world.slowest or 0) >= derivation.closes_at(month.end),
        as_of=as_of,
        final_at=final_at,
        terms_before_effective=month.terms_before_effective,
        lowest_tier_at=_lowest_tier_at(month, [time, *(each for _, each in known)], told),
        corrections=_corrections(known, told),
    )


def _as_known(
    location_id: str,
    account_id: str,
    month: Month,
    timeline: Timeline,
    annotations: Iterable[Annotation],
    world: World,
    final_at: int,
    told: Told | None,
) -> list[tuple[int, Breakdown]]:
    """What the month was by what had been recorded at its end, or when it was reconciled, and at each recording after
    that: annotations and records of the location. Nothing where there are none."""
    registry = world.registry
    since = month.end if told is None else told.record.recorded_at
    recorded = {note.recorded_at for note in annotations} | {*registry.recordings("location", location_id)}
    after = sorted(at for at in recorded if since < at < final_at)
    known = []
    for at in (since, *after) if after or told is not None else ():
        noted = in_force(note for note in annotations if note.recorded_at <= at)
        tenures = [each for each in registry.tenures(location_id, at) if each.account_id == account_id]
        covered = clip(union(*(tenure.covered for tenure in tenures)), month.start, month.end)
        spans = excluded(noted, timeline.outages, month.terms)
        known.append((at, breakdown(covered, timeline.up, timeline.down, *spans)))
    return known


def _corrections(known: Iterable[tuple[int, Breakdown]], told: Told | None) -> tuple[Correction, ...]:
    """How the counted downtime changed by what was recorded after the month's end, and by a corrected derivation. Empty
    if it did not."""
    steps = [] if told is None else known_until(told)
    for at, time in known:
        if not steps or steps[-1].down_ms != time.down:
            steps.append(Correction(at, time.down))
    return tuple(steps) if len(steps) > 1 else ()


def _lowest_tier_at(month: Month, known: Iterable[Breakdown], told: Told | None) -> int | None:
    """When the counted downtime reached the lowest tier, by what is known now or ever was since the month's end: the
    latest, for whoever claimed in time by what was known then has claimed in time (I-8)."""
    lowest = month.terms.credits.tiers[0].minutes * MINUTE_MS
    reached = [_reached(lowest, time.counted) for time in known]
    if told is not None:
        reached.append(reached_until(told, month))
    return max((at for at in reached if at is not None), default=None)


def reconciled(location_id: str, account_id: str, month: Month, world: World, final_at: int) -> Told | None:
    """What the newest reconciliation of a month tells of it that was recorded after its end and says what was known."""
    for told in reversed(world.registry.told(location_id, account_id, month.name)):
        if told.month["known"] and month.end < told.record.recorded_at < final_at:
            return told
    return None


def known_until(told: Told) -> list[Correction]:
    """What had been told of a month until it was reconciled: whatever somebody writes, not after that."""
    latest = told.record.recorded_at
    return [Correction(min(times.parse(step["recorded_at"]), latest), step["down_ms"]) for step in told.month["known"]]


def reached_until(told: Told, month: Month) -> int | None:
    """When its lowest tier had been reached as was told until then: whatever somebody writes, within the month."""
    published = told.month.get("lowest_tier_at")
    return None if published is None else max(month.start, min(times.parse(published), month.end))


def _reached(duration: int, counted: Sequence[Interval]) -> int | None:
    """The instant by which so much time has been counted; None: never."""
    left = duration
    for start, end in counted:
        if end - start >= left:
            return start + left
        left -= end - start
    return None


def breakdown(
    covered: Sequence[Interval],
    up: Sequence[Interval],
    down: Sequence[Interval],
    excluding: Sequence[Interval],
    gaps: Sequence[Interval],
) -> Breakdown:
    """Split covered time: down in an approved monitoring gap is unknown, then excluded where a cause excludes it."""
    was_down = subtract(intersect(covered, down), gaps)
    counted = subtract(was_down, excluding)
    whole, was_up, was_counted = total(covered), total(intersect(covered, up)), total(counted)
    excluded = total(was_down) - was_counted
    return Breakdown(whole, was_up, was_counted, excluded, whole - was_up - was_counted - excluded, counted)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part * 10**PLACES // whole).scaleb(-PLACES) if whole else None
