"""`availability`: a location's states and annotations -> each account's months there.

It refuses to say anything about months in which nobody had the location, and about time after `as_of`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec

from schemas.derivation import DAY_MS
from schemas.events import Annotation, Reconciliation, RegistryRecord
from schemas.events.fields import WIRE
from schemas.facts import Availability, Fact, LocationState
from streams.calendars import ALWAYS
from streams.engine import FOREVER, Fold, Partition, untold
from streams.folds.clock import Gap, Listening
from streams.folds.months import FOLD_VERSION, availability, listens_since
from streams.folds.outages import Rows, drop_before, keep_newest, unretracted
from streams.folds.registry import Tenure
from streams.folds.timeline import one_at_a_time
from streams.folds.world import World

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
        heard = listens_since(clock, months.rows[0].from_ if months.rows else None)
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


def _ever(location_id: str, world: World) -> Iterable[Tenure]:
    """Who has a location; and who had it by what was known before, where that may still be told."""
    if not world.book.keeps_issued:
        return world.registry.tenures(location_id)
    return [tenure for _, known in world.registry.tenures_known(location_id) for tenure in known]
