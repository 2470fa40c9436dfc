"""What one device was, from when to when, by its samples (semantics §3, I-4, I-6).

Each sample speaks from its own time to that of the next, and what it says there depends on nothing before it: an `up`
sample starts afresh, and at a `down` sample the device is down already. So a history is what its samples say, in a row.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from schemas.terms.model import Terms
from streams.engine import FOREVER, Partition
from streams.folds.clock import Clock
from streams.folds.samples import CHANGES_ONLY, UNSTATED, Device, Profile, Profiles
from streams.folds.world import World
from streams.intervals import Interval

UP, DOWN, SILENT, UNKNOWN = range(4)
"""A device's status: `DOWN` was reported, `SILENT` is down by silence."""

MS = 1000


class History(NamedTuple):
    """`statuses`: (from, status), each until the next, the last one open. `holds`: (from, hold in ms), likewise."""

    statuses: list[tuple[int, int]]
    holds: list[tuple[int, int]]


class Judge:
    """By which terms, registry and clock the devices of one location are judged, in the light of stream time `now`.

    Their samples lie in ``[since, newest]``. What is told of the location reaches to `until`: stream time, or its
    newest sample where that is ahead of it.
    """

    def __init__(self, world: World, partition: Partition, location_id: str, since: int, newest: int) -> None:
        self.clock: Clock = world.clock(partition)
        self.now = self.clock.time if self.clock.time is not None else since
        self.until = max(newest, self.now)
        self.turns = world.terms_in_force(location_id, since, self.until)
        self._registry = world.registry

    def terms(self, at: int) -> Terms:
        turns = self.turns
        return turns[0][1] if len(turns) == 1 else turns[bisect_right(turns, at, key=_since) - 1][1]

    def interval_ms(self, device_id: str, at: int, profile: Profile) -> int:
        """How often the device was to report: by the sample, else the registry in force, else the terms' default."""
        if profile.interval_ms != UNSTATED:
            return profile.interval_ms
        device = self._registry.at("device", device_id, at)
        stated = device.heartbeat_interval_s if device is not None else None
        return round((self.terms(at).availability.default_interval_s if stated is None else stated) * MS)

    def hold_ms(self, device_id: str, at: int, profile: Profile) -> int:
        """``(missed_heartbeats + 0.5) × interval``; 0 for a sample that holds until the next one."""
        return one(self.terms(at).hold_ms(self.interval_ms(device_id, at, profile)))

    def silence_begins_after_ms(self, device_id: str, at: int, profile: Profile) -> int:
        """I-4: with the first heartbeat that was due and did not come, or (the alternative) when it was last seen."""
        if self.terms(at).availability.outage_begins == "last_seen":
            return 0
        return self.interval_ms(device_id, at, profile)

    def blind(self, profile: Profile, start: int, end: int) -> Sequence[Interval]:
        return self.clock.blind(profile.collector_id, start, end)


def history(device_id: str, device: Device, profiles: Profiles, judge: Judge) -> History:
    """The whole history that a device's samples tell."""
    told = _Telling(device_id, judge)
    gaps, at, place = device.gaps, device.since, 0
    for index in _told(device, _plain_holds(device, profiles, judge)):
        at += sum(gaps[place:index])
        place = index
        following = at + gaps[index] if index < len(gaps) else FOREVER
        told.sample(at, following, profiles.known[device.code(index)])
    return History(told.statuses, told.holds)


def _told(device: Device, holds: Mapping[int, int]) -> list[int]:
    """The places of the samples that say more than "still up": most of a history is passed over by their holds."""
    gaps, codes = device.gaps, device.codes
    if isinstance(codes, int):
        hold = holds[codes]
        ends = [index for index, gap in enumerate(gaps) if gap > hold] if max(gaps, default=0) > hold else []
    else:
        pairs = enumerate(zip(gaps, codes, islice(codes, 1, None), strict=False))
        ends = [index for index, (gap, code, next_) in pairs if gap > holds[code] or code != next_]
    return sorted({0, len(gaps), *ends, *(index + 1 for index in ends)})


def _plain_holds(device: Device, profiles: Profiles, judge: Judge) -> Mapping[int, int]:
    """By code, the hold of `up` samples where one number says it all; -1 where each must be asked for."""
    known = ((code, profiles.known[code]) for code in device.distinct_codes())
    return {
        code: judge.hold_ms("", 0, profile) if profile.up and profile.interval_ms > 0 and len(judge.turns) == 1 else -1
        for code, profile in known
    }


def judged_from(at: int, hold: int, blind: Sequence[Interval]) -> int:
    """From when the hold of a sample counts: its time, or the last end of blind time that it, or a fresh one, met."""
    for start, end in blind:
        if start > at + hold:
            break
        at = end
    return at


class _Telling:
    """A history while it is being told, sample by sample."""

    def __init__(self, device_id: str, judge: Judge) -> None:
        self._device_id = device_id
        self._judge = judge
        self.statuses: list[tuple[int, int]] = []
        self.holds: list[tuple[int, int]] = []
        self.status = -1

    def _is(self, at: int, status: int) -> None:
        if self.statuses and self.statuses[-1][0] == at:
            self.statuses.pop()
            self.status = self.statuses[-1][1] if self.statuses else -1
        if status != self.status:
            self.statuses.append((at, status))
            self.status = status

    def sample(self, at: int, following: int, profile: Profile) -> None:
        """Tell what a sample says from its time to that of the following one (`FOREVER`: none yet)."""
        hold = self._judge.hold_ms(self._device_id, at, profile)
        if not self.holds or self.holds[-1][1] != hold:
            self.holds.append((at, hold))
        if profile.up and hold != CHANGES_ONLY:
            self._is(at, UP)
            if following - at > hold:
                self._unheld(at, following, hold, profile)
        else:
            self._kept(at, at + hold, following, UP if profile.up else DOWN, profile)

    def _unheld(self, at: int, following: int, hold: int, profile: Profile) -> None:
        """An `up` sample whose own hold is over before another came: silence, or unknown after blind time."""
        judge, end = self._judge, at + hold
        anchor = judged_from(at, hold, judge.blind(profile, at, following))
        runs_out = anchor + hold
        silent = following > runs_out and (following < FOREVER or judge.now > runs_out)
        begins = anchor + judge.silence_begins_after_ms(self._device_id, at, profile) if silent else FOREVER
        if anchor > at and end < min(begins, following) and (following < FOREVER or judge.now > end):
            self._is(end, UNKNOWN)
        if silent:
            self._kept(begins, begins, following, SILENT, profile)

    def _kept(self, start: int, held_until: int, following: int, status: int, profile: Profile) -> None:
        """A status that lasts until the following sample; blind time that no hold covers is unknown."""
        self._is(start, status)
        for blind_start, blind_end in self._judge.blind(profile, start, following):
            unknown = max(blind_start, held_until, start)
            if unknown >= min(blind_end, following):
                continue
            if following == FOREVER and unknown == held_until > max(blind_start, start) and self._judge.now <= unknown:
                continue
            self._is(unknown, UNKNOWN)
            if blind_end < following:
                self._is(blind_end, status)


def one(hold_ms: int) -> int:
    """The one object for all holds of that length: there are few lengths, and a million devices."""
    return _HOLDS.setdefault(hold_ms, hold_ms)


_HOLDS: dict[int, int] = {}


def _since(turn: tuple[int, Terms]) -> int:
    return turn[0]
