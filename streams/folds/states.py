"""`location_states`: heartbeats -> what a location was, from when to when (A§2, I-4, I-5, I-6; semantics §3).

It refuses to say anything about the time before the location's first sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from schemas.events import Heartbeat, RegistryRecord
from schemas.facts import Fact, LocationState
from streams.calendars import ALWAYS
from streams.engine import FOREVER, Fold, Held, Partition
from streams.folds.clock import Clock, Gap, Listening
from streams.folds.histories import Judge, judged_from, one
from streams.folds.locations import FOLD_VERSION, rows
from streams.folds.samples import CHANGES_ONLY, UNSTATED, Device, Profile, Profiles, SavedSamples
from streams.folds.world import World


class Location(msgspec.Struct, eq=False, gc=False):
    """The state of one location: the samples of its devices, and the row in force where older ones were forgotten."""

    devices: dict[str, Device] = {}
    base: LocationState | None = None
    base_at: int = ALWAYS
    settled_at: int = ALWAYS
    """Stream time at which the facts were last derived."""
    settled_until: int = ALWAYS
    """Until when samples like the last ones hold as long as those do."""
    turns_at: int = FOREVER
    """When the registry or the terms may next say something else; nothing is told of that yet."""


_SAVED = msgspec.msgpack.Decoder(tuple[list[tuple[str, SavedSamples, int]], LocationState | None, int, int, int, int])


class States(Fold):
    """The fold: a state is a `Location`."""

    fact: ClassVar[type[Fact]] = LocationState
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({"device-heartbeats"})

    world: World

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._one_terms = len(world.book.files) == 1
        self._lag_ms = world.derivation.max_clock_lag_s * 1000
        self.profiles = Profiles()
        self._codes: dict[tuple[Any, ...], int] = {}
        """The code of what a sample says, in its own words."""
        self._says: dict[int, tuple[Any, ...]] = {}
        """The words that a code was heard in first: to compare costs less than to look up."""

    def empty(self) -> Location:
        return Location()

    def absorb(self, location: Location, sample: Heartbeat, now: int) -> bool:
        """Take in a sample. One that only continues what is known, as nearly all do, changes nothing."""
        says = (sample.status, sample.interval_s, sample.collector_id)
        code = self._codes.get(says)
        if code is None:
            code = self._codes[says] = self.profiles.code(profile_of(sample))
            self._says.setdefault(code, says)
        device = location.devices.get(sample.device_id)
        if device is None:
            device = location.devices[sample.device_id] = Device()
        at = sample.occurred_at
        if sample.received_at is not None:
            taken_at = sample.effective_at(self._lag_ms)
            if taken_at != at:
                return device.add_delayed(at, taken_at, code, self.profiles)
        if device.last_code == code and at < location.settled_until:
            # Alike, and within the hold of the last one, which still lasts.
            last = device.last_at
            if last < at <= last + device.hold_ms >= now:
                device.append(at, code)
                return False
        return self._insert(device, at, code)

    def go_on(
        self, keys: Mapping[str, Held], place: int, samples: Sequence[Heartbeat | None], clock: Clock
    ) -> Iterator[int]:
        """Absorb of a batch the samples that only go on with what is known, as nearly all do; the indices of the others
        come one by one, for the caller to take in before it asks for the next. A diagnosis is one of these.

        `place` is this fold's among those of the loop that holds the `keys`. What `absorb` does is written out here.
        """
        get, codes, says = keys.get, self._codes.get, self._says.get
        now = FOREVER if clock.newest_tick is None else clock.newest_tick
        for index, sample in enumerate(samples):
            if sample is not None and (held := get(sample.location_id)) is not None:
                location: Location = held.states[place]
                device = location.devices.get(sample.device_id)
                if (
                    device is not None
                    and device.delayed is None
                    and sample.received_at is None
                    and sample.reported_cause is None
                ):
                    at, last = sample.occurred_at, device.last_at
                    if (
                        last < at <= last + device.hold_ms >= now
                        and at < location.settled_until
                        and (
                            (said := (sample.status, sample.interval_s, sample.collector_id)) == says(device.last_code)
                            or codes(said) == device.last_code
                        )
                    ):
                        try:
                            device.gaps.append(at - last)
                        except OverflowError:
                            device.append(at, device.last_code)
                        else:
                            device.last_at = at
                            if not isinstance(device.codes, int):
                                device.codes.append(device.last_code)
                        held.changed = True
                        continue
            yield index
            now = FOREVER if clock.newest_tick is None else clock.newest_tick

    def absorb_all(self, location: Location, device_id: str, profile: Profile, times: Sequence[int]) -> None:
        """Take in samples of one device that differ in nothing but their time, in any order: for a replay."""
        device = location.devices.get(device_id)
        if device is None:
            device = location.devices[device_id] = Device()
        device.add_all(times, self.profiles.code(profile), self.profiles)

    def absorb_delayed(self, location: Location, device_id: str, profile: Profile, dated: int, arrived: int) -> None:
        """Take in a sample at its arrival: for a replay."""
        device = location.devices.setdefault(device_id, Device())
        device.add_delayed(dated, arrived, self.profiles.code(profile), self.profiles)

    def merge(self, location: Location, other: Location) -> None:
        """Take in all samples of another state of the same location."""
        for device_id, device in other.devices.items():
            location.devices.setdefault(device_id, Device()).merge(device, self.profiles)

    def _insert(self, device: Device, at: int, code: int) -> bool:
        alike = self._one_terms and self.profiles.known[code].interval_ms != UNSTATED
        passed_over = alike and device.is_inside_a_hold(at, code)
        return device.add(at, code, self.profiles) and not passed_over

    def derive(self, key: str, location: Location, partition: Partition) -> Sequence[LocationState]:
        if not location.devices:
            return []
        judge = self.judge(key, location, partition)
        for device_id, device in location.devices.items():
            device.hold_ms = judge.hold_ms(device_id, device.last_at, self.profiles.known[device.last_code])
        location.settled_at = judge.now
        location.turns_at = self._turns_at(key, location, judge.until)
        location.settled_until = min(location.turns_at, self._settled_until(key, location))
        return _continued(location, rows(key, location.devices, self.profiles, judge, self.world))

    def judge(self, key: str, location: Location, partition: Partition) -> Judge:
        """By what the devices of a location are judged. It must have some."""
        devices = location.devices.values()
        since, newest = min(device.first for device in devices), max(device.last_at for device in devices)
        return Judge(self.world, partition, key, since, newest)

    def _settled_until(self, key: str, location: Location) -> int:
        until = FOREVER
        for device_id, device in location.devices.items():
            last = device.last_at
            until = min(until, self.world.settled_until(key, last))
            versions = self.world.registry.versions("device", device_id)
            until = min([until, *(version.since for version in versions if version.since > last)])
        return until

    def _turns_at(self, key: str, location: Location, until: int) -> int:
        """When the registry or the terms may first say something else of a location than they did until an instant."""
        turns_at = self.world.registry.next_turn("location", key, until)
        for device_id in location.devices:
            turns_at = min(turns_at, self.world.registry.next_turn("device", device_id, until))
        terms_until = FOREVER if self._one_terms else self.world.settled_until(key, until)
        return min(turns_at, terms_until) if terms_until > until else turns_at

    def due(self, key: str, location: Location, partition: Partition) -> int:
        settled_at = location.settled_at
        due = FOREVER if location.turns_at == FOREVER else location.turns_at - 1
        for device in location.devices.values():
            end: int = device.last_at + device.hold_ms
            if end < settled_at:
                profile = self.profiles.known[device.last_code]
                end = self._end_of_fresh_hold(device.last_at, device.hold_ms, profile, partition)
            if settled_at <= end < due:
                due = end
        return due

    def _end_of_fresh_hold(self, at: int, hold_ms: int, profile: Profile, partition: Partition) -> int:
        """When the hold is over that counts after blind time; its own end where a sample met none."""
        if not profile.up:
            return at + hold_ms
        blind = self.world.clock(partition).blind(profile.collector_id, at, FOREVER)
        return judged_from(at, hold_ms, blind) + hold_ms

    def concerns(self, key: str, location: Location, broadcast: Gap | Listening | RegistryRecord) -> bool:
        if isinstance(broadcast, Listening):
            return True
        if isinstance(broadcast, Gap):
            return any(self._is_touched(device, broadcast) for device in location.devices.values())
        if broadcast.entity == "device":
            return broadcast.entity_id in location.devices
        if broadcast.entity == "location":
            return broadcast.entity_id == key
        accounts = self.world.registry.accounts(key) if broadcast.entity == "account" else ()
        return any(account_id == broadcast.entity_id for _, account_id in accounts)

    def _is_touched(self, device: Device, gap: Gap) -> bool:
        """Whether a gap may speak for a device: not while the hold of its last sample lasts."""
        at, profile = device.last_at, self.profiles.known[device.last_code]
        if gap.since >= at and (profile.collector_id != gap.collector_id or gap.now <= at + device.hold_ms):
            return False
        return any(self.profiles.known[code].collector_id == gap.collector_id for code in device.distinct_codes())

    def save(self, location: Location, told: Sequence[Fact]) -> Any:
        devices = [
            (device_id, device.save(self.profiles), device.hold_ms) for device_id, device in location.devices.items()
        ]
        settled = location.settled_at, location.settled_until, location.turns_at
        return devices, location.base, location.base_at, *settled

    def load(self, saved: bytes) -> Location:
        location = Location()
        devices, location.base, location.base_at, *settled = _SAVED.decode(saved)
        location.settled_at, location.settled_until, location.turns_at = settled
        for device_id, samples, hold_ms in devices:
            device = location.devices[device_id] = Device.load(samples, self.profiles)
            device.hold_ms = one(hold_ms)
        return location

    def forget(
        self,
        key: str,
        location: Location,
        partition: Partition,
        published: Sequence[LocationState],
        before: int,
    ) -> Sequence[LocationState]:
        """Keep of the past the row that reaches past `before`, and what is needed to go on from there."""
        kept = [
            row for row in published if row.from_ > before or not (row.retracted or (row.to or before + 1) <= before)
        ]
        for row in kept:
            if row.from_ <= before:
                location.base, location.base_at = self._as_far_as(before, row, key, location, partition), before
        for device in location.devices.values():
            device.forget(before)
        return kept

    def _as_far_as(
        self, until: int, row: LocationState, key: str, location: Location, partition: Partition
    ) -> LocationState:
        """A row with the longest hold that it had until then: what came after is still known, and may change."""
        base = location.base
        if base is not None and base.from_ == row.from_ and base.resolution_ms == row.resolution_ms:
            return row
        judge = self.judge(key, location, partition)
        judge.until = until
        told = _continued(location, rows(key, location.devices, self.profiles, judge, self.world))
        if not told or told[-1].from_ != row.from_:  # what it was made of may be gone
            return row
        return msgspec.structs.replace(row, resolution_ms=told[-1].resolution_ms)


def profile_of(sample: Heartbeat) -> Profile:
    interval = sample.interval_ms
    interval_ms = UNSTATED if interval is UNSET else CHANGES_ONLY if interval is None else interval
    return Profile(sample.status == "up", interval_ms, sample.collector_id)


def _continued(location: Location, told: list[LocationState]) -> list[LocationState]:
    """The rows from where the samples begin, joined to the row that was in force there."""
    base, since = location.base, location.base_at
    if base is None:
        return told
    told = [row for row in told if row.to is None or row.to > since]
    if not told or told[0].from_ > since:
        return [base, *told]
    first = told[0]
    if _tally(first) == _tally(base):
        resolution = max(base.resolution_ms or 0, first.resolution_ms or 0) or None
        return [msgspec.structs.replace(base, to=first.to, resolution_ms=resolution), *told[1:]]
    first = msgspec.structs.replace(first, from_=since)
    if base.from_ == since:
        return [first, *told[1:]]
    return [msgspec.structs.replace(base, to=since), first, *told[1:]]


def _tally(row: LocationState) -> tuple[Any, ...]:
    return row.state, row.devices_up, row.devices_down, row.devices_unknown
