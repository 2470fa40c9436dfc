"""The registry: which fields of an account, a location or a device are in force at each instant (semantics §2).

A record is a version. Of those of one `valid_from` the newest `recorded_at` is in force, then the greater hash. What is
recorded after a month became final changes nothing in it, so a version counts from the first month that was still
open to correction when it was recorded.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from schemas.events import Reconciliation
from schemas.events.registry import ReconciledMonth
from streams.calendars import ALWAYS, SeriesHistory
from streams.engine import FOREVER
from streams.intervals import Interval, union


class Record(Protocol):
    """What the registry needs of a record; the fields of its entity are read where they matter."""

    @property
    def identity(self) -> tuple[Any, ...]: ...
    @property
    def valid_from(self) -> int: ...
    @property
    def recorded_at(self) -> int: ...
    @property
    def payload_hash(self) -> str: ...


class Version(NamedTuple):
    """The fields in force from `since` until `until`."""

    since: int
    until: int
    fields: Any


class Tenure(NamedTuple):
    """A stretch of time in which one account has a location, and the part of it that the contract covers (EX-5)."""

    account_id: str
    since: int
    until: int
    covered: Sequence[Interval]


class Told(NamedTuple):
    """What a reconciliation tells of a month."""

    record: Reconciliation
    month: ReconciledMonth


class Registry:
    """Every version of every entity. `open_since` tells from which instant on a recording still counts."""

    def __init__(self, open_since: Callable[[int], int] = lambda _: ALWAYS) -> None:
        self._open_since = open_since
        self._records: dict[tuple[str, str], dict[str, Record]] = {}
        self._versions: dict[tuple[str, str], Sequence[Version]] = {}
        self._reconciliations: dict[str, list[Reconciliation]] = {}
        self._told: dict[tuple[str | None, str, str], list[Told]] = {}
        """By location, account and month."""

    def absorb(self, record: Record) -> bool:
        """Take a record in; whether it was new."""
        entity, entity_id = record.identity[:2]
        records = self._records.setdefault((entity, entity_id), {})
        if record.payload_hash in records:
            return False
        records[record.payload_hash] = record
        self._versions.pop((entity, entity_id), None)
        if isinstance(record, Reconciliation):
            self._hear(record)
        return True

    def _hear(self, record: Reconciliation) -> None:
        insort(self._reconciliations.setdefault(record.subject, []), record, key=_recorded)
        for month in record.months:
            place = record.location_id, month["account_id"], month["month"]
            insort(self._told.setdefault(place, []), Told(record, month), key=lambda told: _recorded(told.record))

    def reconciliations(self, subject: str) -> Sequence[Reconciliation]:
        """Those of a location or an account, in the order in which they were recorded."""
        return self._reconciliations.get(subject, ())

    def told(self, location_id: str, account_id: str, month: str) -> Sequence[Told]:
        """What reconciliations tell of a month, in the order in which they were recorded."""
        return self._told.get((location_id, account_id, month), ())

    def ids(self, entity: str) -> Iterable[str]:
        return (entity_id for kind, entity_id in self._records if kind == entity)

    def versions(self, entity: str, entity_id: str) -> Sequence[Version]:
        """The versions in force, in order; empty for what was never registered."""
        key = (entity, entity_id)
        if key not in self._records:
            return ()
        if key not in self._versions:
            self._versions[key] = self._in_force(self._records[key].values())
        return self._versions[key]

    def at(self, entity: str, entity_id: str, instant: int) -> Any | None:
        """The fields in force at an instant, or None."""
        for version in reversed(self.versions(entity, entity_id)):
            if version.since <= instant:
                return version.fields
        return None

    def next_turn(self, entity: str, entity_id: str, instant: int) -> int:
        """The first instant after one at which the registry may say something else of an entity; `FOREVER` if none."""
        versions = self.versions(entity, entity_id)
        turns = (turn for since, _, fields in versions for turn in (since, _or(fields.closed_at, FOREVER)))
        return min((turn for turn in turns if turn > instant), default=FOREVER)

    def _in_force(self, records: Iterable[Record]) -> Sequence[Version]:
        counting = sorted(
            (max(record.valid_from, self._open_since(record.recorded_at)), _rank(record), record) for record in records
        )
        turns: list[tuple[int, Record]] = []
        best: tuple[int, int, str] | None = None
        for since, rank, record in counting:
            if best is None or rank > best:
                best = rank
                if turns and turns[-1][0] == since:
                    turns.pop()
                turns.append((since, record))
        ends = [since for since, _ in turns[1:]] + [FOREVER]
        return [Version(since, until, record) for (since, record), until in zip(turns, ends, strict=True)]

    def series_history(self, account_id: str | None) -> SeriesHistory:
        """Which series of terms an account is under, from when on; `standard` before and without a record."""
        versions = self.versions("account", account_id) if account_id else ()
        return (ALWAYS, "standard"), *((version.since, version.fields.terms or "standard") for version in versions)

    def takes_part(self, location_id: str, device_id: str) -> Sequence[Interval]:
        """When a device may speak for a location: monitored, not closed, and registered there or not at all."""
        versions = self.versions("device", device_id)
        if not versions:
            return ((ALWAYS, FOREVER),)
        spans = [(ALWAYS, versions[0].since)]
        for since, until, device in versions:
            if device.monitored is not False and device.location_id in (None, location_id):
                spans.append((since, min(until, _or(device.closed_at, FOREVER))))
        return union(spans)

    def open(self, location_id: str) -> Sequence[Interval]:
        """When a location is not closed."""
        versions = self.versions("location", location_id)
        if not versions:
            return ((ALWAYS, FOREVER),)
        spans = [(ALWAYS, versions[0].since)]
        spans += [(since, min(until, _or(fields.closed_at, FOREVER))) for since, until, fields in versions]
        return union(spans)

    def primary(self, location_id: str, instant: int) -> str | None:
        """The device that decides for a location where the terms say that its primary does (I-5)."""
        location = self.at("location", location_id, instant)
        return location.primary_device_id if location is not None else None

    def accounts(self, location_id: str) -> Sequence[tuple[int, str | None]]:
        """Whose a location is, from when on, whether or not it is active; nobody's before its first record."""
        return [(version.since, version.fields.account_id) for version in self.versions("location", location_id)]

    def recordings(self, entity: str, entity_id: str) -> Iterable[int]:
        """When something was recorded of an entity, in no order."""
        return (record.recorded_at for record in self._records.get((entity, entity_id), {}).values())

    def tenures(self, location_id: str, recorded_by: int | None = None) -> Sequence[Tenure]:
        """Who had a location, and when it was covered: ``[max(activated_at, sla_from), closed_at)`` (semantics §4);
        as far as it had been recorded by an instant, if one is given. What was recorded first counts as known always:
        it corrects nothing."""
        versions = self.versions("location", location_id)
        if recorded_by is not None and versions:
            known_by = max(recorded_by, min(self.recordings("location", location_id)))
            records = self._records["location", location_id].values()
            versions = self._in_force(record for record in records if record.recorded_at <= known_by)
        tenures = []
        for since, until, location in versions:
            if location.account_id is None:
                continue
            start = max(since, _or(location.activated_at, ALWAYS))
            end = min(until, _or(location.closed_at, FOREVER))
            covered = (max(start, _or(location.sla_from, FOREVER)), end)
            if start < end:
                tenures.append(Tenure(location.account_id, start, end, (covered,) if covered[0] < covered[1] else ()))
        return tenures

    def tenures_known(self, location_id: str) -> Sequence[tuple[Interval, Sequence[Tenure]]]:
        """Who had a location by what had been recorded: from each recording until the next."""
        later = sorted({*self.recordings("location", location_id)})[1:]
        known = zip([ALWAYS, *later], [*later, FOREVER], strict=True)
        return [((since, until), self.tenures(location_id, since)) for since, until in known]


def _rank(record: Record) -> tuple[int, int, str]:
    return record.valid_from, record.recorded_at, record.payload_hash


def _recorded(record: Record) -> tuple[int, str]:
    return record.recorded_at, record.payload_hash


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
