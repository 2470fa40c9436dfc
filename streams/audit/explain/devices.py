"""The devices of a location, by what their samples say: what each was at an instant, and by which sample."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from schemas.events import RegistryRecord
from streams.audit.explain import inputs
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Input
from streams.engine import FOREVER
from streams.folds.histories import DOWN, SILENT, UNKNOWN, UP, Judge, history
from streams.folds.locations import ABSENT
from streams.folds.samples import Device, Profile
from streams.folds.states import States
from streams.intervals import Interval, clip, intersect

STATUS = {UP: "up", DOWN: "down, as reported", SILENT: "silent, so down", UNKNOWN: "unknown", ABSENT: "not taking part"}


class Sample(NamedTuple):
    """A sample speaks from `at` to `following`, that of the next one (`FOREVER`: there is none)."""

    device_id: str
    at: int
    following: int
    profile: Profile


class Devices:
    """Those of one location that ever reported there."""

    def __init__(self, derived: Derived, location_id: str) -> None:
        self.derived = derived
        self.location_id = location_id
        self.fold: States = derived.fold(States)
        state = derived.of_location(States, location_id)
        assert state.devices, "a location without samples has no states"
        self._devices: dict[str, Device] = state.devices
        self.partition = derived.partition(location_id)
        self.judge: Judge = self.fold.judge(location_id, state, self.partition)
        registry, profiles = derived.world.registry, self.fold.profiles
        is_open = registry.open(location_id)
        self.parts: dict[str, Sequence[Interval]] = {}
        self._statuses: dict[str, Sequence[tuple[int, int]]] = {}
        self._times: dict[str, Sequence[int]] = {}
        for device_id, device in sorted(self._devices.items()):
            may = intersect(registry.takes_part(location_id, device_id), is_open)
            self.parts[device_id] = clip(may, device.first, FOREVER)
            self._statuses[device_id] = history(device_id, device, profiles, self.judge).statuses
            self._times[device_id] = device.times()

    def ids(self) -> Sequence[str]:
        return tuple(self.parts)

    def status(self, device_id: str, instant: int) -> int:
        if not any(start <= instant < end for start, end in self.parts[device_id]):
            return ABSENT
        return self._turn(device_id, instant)[1]

    def turned(self, device_id: str, instant: int) -> int:
        """Since when the device has had the status that it has at an instant, by its samples."""
        return self._turn(device_id, instant)[0]

    def joined(self, device_id: str, instant: int) -> int:
        """Since when it has taken part."""
        return next(start for start, end in self.parts[device_id] if start <= instant < end)

    def sample(self, device_id: str, instant: int) -> Sample:
        """The sample that speaks at an instant."""
        times = self._times[device_id]
        place = bisect_right(times, instant) - 1
        following = times[place + 1] if place + 1 < len(times) else FOREVER
        profile = self.fold.profiles.known[self._devices[device_id].code(place)]
        return Sample(device_id, times[place], following, profile)

    def said(self, sample: Sample) -> Input:
        """The message of a sample. One that is taken at its arrival is dated otherwise."""
        delayed = self._devices[sample.device_id].delayed
        here = sample.at, self.fold.profiles.codes[sample.profile]
        if delayed is None or here not in delayed.alone:
            return inputs.sample(self.location_id, sample.device_id, sample.at, sample.profile)
        dated = min(dated for (dated, code), at in delayed.arrivals.items() if (at, code) == here)
        said = inputs.sample(self.location_id, sample.device_id, dated, sample.profile)
        return Input(
            f"{said.words}; its clock was slow, so it counts at its arrival, {inputs.instant(sample.at)}", said.said
        )

    def blind(self, sample: Sample) -> Sequence[Interval]:
        """The blind time that may speak against a sample."""
        return self.judge.blind(sample.profile, sample.at, sample.following)

    def ticks(self, sample: Sample, gap: Interval) -> list[Input]:
        """The two ticks between which a collector was blind; of blind time that lasts, the first and stream time."""
        collector_id = sample.profile.collector_id
        assert collector_id is not None
        first = inputs.tick(collector_id, gap[0], self.partition)
        if gap[1] < FOREVER:
            return [first, inputs.tick(collector_id, gap[1], self.partition)]
        return [first, self.now()]

    def now(self) -> Input:
        return inputs.stream_time(self.judge.clock, self.partition)

    def records(self, device_id: str | None, instant: int) -> list[Input]:
        """The registry's word on a device, or on the location, that is in force at an instant."""
        entity = ("location", self.location_id) if device_id is None else ("device", device_id)
        found: RegistryRecord | None = self.derived.world.registry.at(*entity, instant)
        return [] if found is None else [inputs.record(found)]

    def _turn(self, device_id: str, instant: int) -> tuple[int, int]:
        statuses = self._statuses[device_id]
        return statuses[bisect_right(statuses, instant, key=lambda turn: turn[0]) - 1]
