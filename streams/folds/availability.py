"""`availability`: a location's states -> an account's month there (AV-1, AV-2, EX-1..EX-6, I-6, I-7, I-9,
I-10; semantics §4).

Every covered millisecond is exactly one of up, down, excluded and unknown. It refuses to say anything about months in
which nobody had the location, and about time after `as_of`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import msgspec

from schemas import times
from schemas.derivation import DAY_MS
from schemas.events import Annotation, Reconciliation, RegistryRecord
from schemas.events.fields import WIRE
from schemas.facts import Availability, Correction, Fact, LocationState
from schemas.terms.model import MINUTE_MS, Terms
from streams.calendars import ALWAYS, Month
from streams.engine import FOREVER, Fold, Partition, untold
from streams.folds.clock import Clock, Gap, Listening
from streams.folds.outages import Rows, drop_before, keep_newest, outages, unretracted
from streams.folds.registry import Tenure, Told
from streams.folds.world import World
from streams.intervals import Interval, clip, intersect, subtract, total, union

FOLD_VERSION = 2

DEPENDS_ON = ("blind_after_s", "max_clock_skew_s", "max_clock_lag_s", "month_close_delay_h", "correction_horizon_days")

PLACES = 9

MONTH_MS = 31 * DAY_MS


_SAVED = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, list[tuple[str, dict[str, Any]]]])


class Months:
    """The state of a location: its rows, and every revision of its annotations."""

    __slots__ = ("annotations", "final_before", "rows")

    def __init__(self) -> None:
        self.rows: Rows = []
        self.annotations: dict[tuple[str, int, str], Annotation] = {}
        self.final_before = ALWAYS
        """Months that begin before it have been forgotten: they are final."""


class Availabilities(Fold):
    """The fold: a state is a location's `Months`. They close by the time that every partition has reached."""

    fact: ClassVar[type[Fact]] = Availability
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({LocationState.TOPIC, "outage-annotations"})
    by_slowest: ClassVar = True
    of_registered: ClassVar = True

    world: World

    def empty(self) -> Months:
        return Months()

    def absorb(self, months: Months, event: LocationState | Annotation, now: int) -> bool:
        if isinstance(event, LocationState):
            return keep_newest(months.rows, event)
        identity = event.annotation_id, event.revision, event.payload_hash
        return months.annotations.setdefault(identity, event) is event

    def derive(self, key: str, months: Months, partition: Partition) -> Sequence[Availability]:
        return self.derive_as_of(key, months, partition, None)

    def derive_as_of(self, key: str, months: Months, partition: Partition, now: int | None) -> Sequence[Availability]:
        """What follows up to an earlier instant: None is stream time."""
        facts = availability(
            key, one_at_a_time(unretracted(months.rows)), months.annotations.values(), self.world, partition, now
        )
        horizon = self.world.derivation.correction_horizon_ms
        return [fact for fact in facts if fact.final_at - horizon > months.final_before]

    def due(self, key: str, months: Months, partition: Partition) -> int:
        """When there is a time, then when an account has the location, a month has begun or an ended one closes."""
        world, now = self.world, self.world.slowest
        if not now:  # no partition has a time, or one is known to have it of which nothing has been read (0)
            return 0
        delay = world.derivation.month_close_delay_ms
        turns = (
            turn
            for tenure in _ever(key, world)
            for month in world.account_calendar(tenure.account_id).months(now - delay - MONTH_MS, now + 1)
            for turn in (tenure.since, month.end, month.end + delay - 1)
        )
        clock = world.clock(partition)
        heard = _listening(clock, months.rows[0].from_ if months.rows else None)
        if heard is not None and heard >= (clock.time or heard):  # nothing has passed yet that could be told of
            return max(heard, now)
        return min((turn for turn in turns if turn >= now), default=FOREVER)

    def save(self, months: Months, told: Sequence[Fact]) -> Any:
        notes = [(note.source, note.written()) for note in months.annotations.values()]
        return months.final_before, untold(months.rows, told), notes

    def load(self, saved: bytes) -> Months:
        months = Months()
        months.final_before, rows, notes = _SAVED.decode(saved)
        months.rows = [*LocationState.load(rows)]
        for source, written in notes:
            note = Annotation.model_validate(written, context=WIRE)
            note.said_by(None if source == note.TOPIC else source)
            months.annotations[note.annotation_id, note.revision, note.payload_hash] = note
        return months

    def forget(
        self, key: str, months: Months, partition: Partition, published: Sequence[Availability], before: int
    ) -> Sequence[Availability]:
        """Keep of the past what the months that reach past `before`, the first instant of one of them, are made of."""
        months.final_before = before
        horizon = self.world.derivation.correction_horizon_ms
        kept = [fact for fact in published if fact.final_at - horizon > before]
        # in the zone of another series a month that is kept may begin before `before`
        calendars = ((self.world.account_calendar(fact.account_id), fact.month) for fact in kept)
        needed = min([before, *(months_of.month(name).start for months_of, name in calendars)])
        drop_before(months.rows, needed, needed)
        for identity, note in list(months.annotations.items()):
            if note.to is not None and note.to <= needed:
                del months.annotations[identity]
        return kept

    def concerns(self, key: str, months: Months, broadcast: Gap | Listening | RegistryRecord) -> bool:
        if isinstance(broadcast, Gap | Listening):
            return isinstance(broadcast, Listening)
        if broadcast.entity == "location":
            return broadcast.entity_id == key
        if isinstance(broadcast, Reconciliation):
            return broadcast.subject == key
        tenures = _ever(key, self.world) if broadcast.entity == "account" else ()
        return any(tenure.account_id == broadcast.entity_id for tenure in tenures)


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
    listening = _listening(clock, rows[0].from_ if rows else None)
    if now is None or listening is None:
        return []
    timeline = _Timeline(rows)
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


def _listening(clock: Clock, first_state: int | None) -> int | None:
    """The first that the platform holds for a location: a tick of its partition or its own first state."""
    return min((at for at in (clock.first_tick, first_state) if at is not None), default=None)


def one_at_a_time(rows: Sequence[LocationState]) -> list[LocationState]:
    """Rows of which one speaks of each instant: the newest. Two do while a change of the past is being read, of which
    what is new comes before what is taken back."""
    told: list[LocationState] = []
    for rivals in _overlapping(rows):
        told += rivals if len(rivals) == 1 else _newest_of(rivals)
    return told


def _overlapping(rows: Sequence[LocationState]) -> Iterator[list[LocationState]]:
    """Runs of rows that have time in common; nearly always of one."""
    rivals: list[LocationState] = []
    reach = ALWAYS
    for row in rows:
        if rivals and row.from_ >= reach:
            yield rivals
            rivals = []
        rivals.append(row)
        reach = max(reach, _span(row)[1])
    if rivals:
        yield rivals


def _newest_of(rivals: Sequence[LocationState]) -> list[LocationState]:
    """A run of rows that have time in common: at each instant the newest of them speaks, on a tie the earlier."""
    told: list[tuple[int, int, LocationState]] = []
    speaking: list[tuple[int, int]] = []  # a heap of versions and places, the newest first
    begun = 0
    for start, end in pairwise(sorted({edge for row in rivals for edge in _span(row)})):
        while begun < len(rivals) and rivals[begun].from_ <= start:
            heappush(speaking, (-rivals[begun].version, begun))
            begun += 1
        while _span(rivals[speaking[0][1]])[1] <= start:
            heappop(speaking)
        row = rivals[speaking[0][1]]
        since = told.pop()[0] if told and told[-1][2] is row else start
        told.append((since, end, row))
    return [msgspec.structs.replace(row, from_=start, to=None if end == FOREVER else end) for start, end, row in told]


def _span(row: LocationState) -> Interval:
    return row.from_, FOREVER if row.to is None else row.to


class _Timeline:
    """A location's states as spans of time."""

    def __init__(self, rows: Sequence[LocationState]) -> None:
        spans = [(_span(row), row) for row in rows]
        self.up = union(span for span, row in spans if row.state in ("up", "degraded"))
        self.down = union(span for span, row in spans if row.state == "down")
        self.outages = [
            (outage.started_at, FOREVER if outage.ended_at is None else outage.ended_at) for outage in outages(rows)
        ]
        self._holds = [(span, row.resolution_ms) for span, row in spans if row.resolution_ms]

    def resolution_ms(self, start: int, end: int) -> int | None:
        return max((hold for span, hold in self._holds if span[0] < end and span[1] > start), default=None)


def _ever(location_id: str, world: World) -> Iterable[Tenure]:
    """Who has a location; and who had it by what was known before, where that may still be told."""
    if not world.keeps_issued:
        return world.registry.tenures(location_id)
    return [tenure for _, known in world.registry.tenures_known(location_id) for tenure in known]


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
    for (since, until), known in world.registry.tenures_known(location_id) if world.keeps_issued else ():
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
    timeline: _Timeline,
    annotations: Iterable[Annotation],
    world: World,
    as_of: int,
) -> Availability:
    derivation, terms = world.derivation, month.terms
    final_at = derivation.final_at(month.end)
    counting = [note for note in annotations if note.recorded_at < final_at]
    time = breakdown(covered, timeline.up, timeline.down, *_spans(in_force(counting), timeline.outages, terms))
    budget = terms.budget_ms(time.covered) - time.down
    told = reconciled(location_id, account_id, month, world, final_at)
    known = _as_known(location_id, account_id, month, timeline, counting, world, final_at, told)
    return Availability(
        terms=terms.reference,
        fold_version=FOLD_VERSION,
        settings={name: getattr(derivation, name) for name in DEPENDS_ON},
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
    timeline: _Timeline,
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
        spans = _spans(noted, timeline.outages, month.terms)
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
    if told is not None and (published := told.month.get("lowest_tier_at")) is not None:
        reached.append(min(times.parse(published), month.end))
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


def in_force(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Of each annotation the newest revision, then the newest recording, then the greater hash; if it is approved."""
    newest: dict[str, Annotation] = {}
    for note in annotations:
        rival = newest.get(note.annotation_id)
        if rival is None or rank(note) > rank(rival):
            newest[note.annotation_id] = note
    return [note for note in newest.values() if note.state == "approved"]


def rank(note: Annotation) -> tuple[int, int, str]:
    return note.revision, note.recorded_at, note.payload_hash


def _spans(
    annotations: Iterable[Annotation], down: Sequence[Interval], terms: Terms
) -> tuple[list[Interval], list[Interval]]:
    """The time that approved causes exclude, and the approved monitoring gaps."""
    excluding, gaps = [], []
    for note in annotations:
        span = (note.from_, end_of_outage(note.from_, down) if note.to is None else note.to)
        if note.cause == "monitoring_gap":
            gaps.append(span)
        elif terms.excludes(note.cause):
            excluding.append(span)
    return union(excluding), union(gaps)


def end_of_outage(at: int, down: Sequence[Interval]) -> int:
    """Where the outage that contains an instant ends; the instant itself where none does."""
    return next((end for start, end in down if start <= at < end), at)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part * 10**PLACES // whole).scaleb(-PLACES) if whole else None
