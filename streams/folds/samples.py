"""The samples of a device: a set in order of time, so that how they arrived leaves no trace (semantics §1, §7)."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from streams.engine import FOREVER

CHANGES_ONLY = 0
"""The interval of a device that reports changes only (an explicit null)."""
UNSTATED = -1
"""The interval of a sample that says none: the registry's in force, else the terms' default."""


class Profile(NamedTuple):
    """What a sample says beside its time. Of two at one instant one counts: `up` wins, then the longer interval."""

    up: bool
    interval_ms: int
    collector_id: str | None

    def rank(self) -> tuple[bool, int, str]:
        interval = FOREVER if self.interval_ms == CHANGES_ONLY else self.interval_ms
        return self.up, interval, self.collector_id or ""


class Profiles:
    """Profiles as small numbers: a fleet has few, and a million samples name them."""

    def __init__(self) -> None:
        self.codes: dict[Profile, int] = {}
        self.known: list[Profile] = []

    def code(self, profile: Profile) -> int:
        code = self.codes.get(profile)
        if code is None:
            code = self.codes[profile] = len(self.known)
            self.known.append(profile)
        return code


class Delayed(NamedTuple):
    """Samples that need more than their time: `taken` at their arrival because their clock was slow, by what identifies
    them; and those `outranked` by another of the same instant.
    """

    taken: dict[tuple[int, int], int]
    outranked: set[tuple[int, int]]


class SavedSamples(NamedTuple):
    """A device's samples as plain values. Codes are places in `profiles`; without any, all samples have the first."""

    first: int
    times: bytes
    codes: bytes
    profiles: list[Profile]
    taken: list[tuple[int, int, int]]
    outranked: list[tuple[int, int]]


class Device:
    """The samples of one device at one location: `times` in order, and the profile of each.

    `codes` is one number while all samples have the same profile, which is nearly always.
    """

    __slots__ = ("codes", "delayed", "first", "hold_ms", "last_code", "times")

    def __init__(self) -> None:
        self.times = array("q")
        self.codes: int | array[int] = -1
        self.last_code = -1
        self.first = FOREVER
        self.hold_ms = 0
        """How long the latest sample holds: 0 when it must be asked for."""
        self.delayed: Delayed | None = None

    def code(self, index: int) -> int:
        return self.codes if isinstance(self.codes, int) else self.codes[index]

    def is_inside_a_hold(self, at: int, code: int) -> bool:
        """Whether a late sample falls between two like it that one hold joins: it changes nothing."""
        if self.last_code != code or not self.hold_ms or self.delayed is not None:
            return False
        index = bisect_left(self.times, at)
        if not 0 < index < len(self.times) or self.times[index] == at:
            return False
        alike = self.code(index - 1) == self.code(index) == code
        return alike and self.times[index] - self.times[index - 1] <= self.hold_ms

    def last(self, profiles: Profiles) -> tuple[int, int]:
        """Time and code of the last sample that counts."""
        if self.delayed and self.delayed.taken:
            times, codes = self.in_order(profiles)
            return times[-1], codes[-1]
        return self.times[-1], self.last_code

    def distinct_codes(self) -> set[int]:
        codes = {self.codes} if isinstance(self.codes, int) else set(self.codes)
        return codes | {code for _, code in self.delayed.taken} if self.delayed else codes

    def add(self, at: int, code: int, profiles: Profiles) -> bool:
        """Take in a sample dated `at`; whether it was new."""
        times = self.times
        if self.delayed and self.delayed.taken.pop((at, code), None) is not None:
            self._insert(at, code, profiles)
            return True
        if not times or at > times[-1]:
            self._append(at, code)
            return True
        return self._insert(at, code, profiles)

    def add_all(self, times: Sequence[int], code: int, profiles: Profiles) -> None:
        """Take in samples that differ in nothing but their time, in any order."""
        ordered = array("q", dict.fromkeys(sorted(times)))
        if self.times:
            for at in ordered:
                self.add(at, code, profiles)
            return
        self.times, self.codes, self.last_code = ordered, code, code
        self.first = min(self.first, ordered[0])
        if self.delayed:
            for dated, profile in list(self.delayed.taken):
                if profile == code and self._has(dated, code):
                    del self.delayed.taken[dated, profile]

    def add_delayed(self, dated: int, arrived: int, code: int) -> bool:
        """Take in a sample at its arrival, its own clock being slow; of one received twice the earliest counts."""
        if self._has(dated, code):
            return False
        self.delayed = self.delayed or Delayed({}, set())
        known = self.delayed.taken.get((dated, code), FOREVER)
        self.delayed.taken[dated, code] = min(known, arrived)
        self.first = min(self.first, arrived)
        return arrived < known

    def _has(self, at: int, code: int) -> bool:
        index = bisect_left(self.times, at)
        if index < len(self.times) and self.times[index] == at and self.code(index) == code:
            return True
        return self.delayed is not None and (at, code) in self.delayed.outranked

    def _append(self, at: int, code: int) -> None:
        if self.codes != code:
            if not self.times:
                self.codes, self.first = code, min(self.first, at)
            else:
                self._codes().append(code)
        self.times.append(at)
        self.last_code = code

    def _insert(self, at: int, code: int, profiles: Profiles) -> bool:
        index = bisect_left(self.times, at)
        if index == len(self.times):
            self._append(at, code)
            return True
        if self.times[index] == at:
            return self._contest(index, code, profiles)
        if self.codes != code:
            self._codes().insert(index, code)
        self.times.insert(index, at)
        self.first = min(self.first, at)
        return True

    def _contest(self, index: int, code: int, profiles: Profiles) -> bool:
        """Two samples of one instant: the greater is kept, the other remembered so that it is not taken again."""
        holder = self.code(index)
        if holder == code:
            return False
        self.delayed = self.delayed or Delayed({}, set())
        wins = profiles.known[code].rank() > profiles.known[holder].rank()
        self.delayed.outranked.add((self.times[index], holder if wins else code))
        if wins:
            self._codes()[index] = code
            self.last_code = self.code(-1)
        return wins

    def _codes(self) -> "array[int]":
        if isinstance(self.codes, int):
            self.codes = array("H", [self.codes]) * len(self.times)
        return self.codes

    def in_order(self, profiles: Profiles) -> tuple[Sequence[int], Sequence[int]]:
        """Times and codes of the samples that count, in order of time."""
        codes = array("H", [max(0, self.codes)]) * len(self.times) if isinstance(self.codes, int) else self.codes
        if not self.delayed or not self.delayed.taken:
            return self.times, codes
        merged = dict(zip(self.times, codes, strict=True))
        for (_, code), arrived in self.delayed.taken.items():
            rival = merged.get(arrived)
            if rival is None or profiles.known[code].rank() > profiles.known[rival].rank():
                merged[arrived] = code
        times = sorted(merged)
        return times, [merged[at] for at in times]

    def save(self, profiles: Profiles) -> SavedSamples:
        # the profile of all samples in time, where there is one, comes first: `load` takes it from there
        codes = sorted(self.distinct_codes() | self._outranked_codes(), key=lambda code: (code != self.codes, code))
        places = {code: place for place, code in enumerate(codes)}
        delayed = self.delayed or Delayed({}, set())
        return SavedSamples(
            self.first,
            self.times.tobytes(),
            b"" if isinstance(self.codes, int) else array("H", [places[code] for code in self.codes]).tobytes(),
            [profiles.known[code] for code in codes],
            [(dated, places[code], arrived) for (dated, code), arrived in delayed.taken.items()],
            [(dated, places[code]) for dated, code in delayed.outranked],
        )

    @classmethod
    def load(cls, saved: SavedSamples, profiles: Profiles) -> "Device":
        device = cls()
        codes = [profiles.code(profile) for profile in saved.profiles]
        device.first = saved.first
        device.times.frombytes(saved.times)
        if saved.codes:
            places = array("H")
            places.frombytes(saved.codes)
            device.codes = array("H", [codes[place] for place in places])
        elif device.times:
            device.codes = codes[0]
        device.last_code = device.code(-1)
        if saved.taken or saved.outranked:
            taken = {(dated, codes[place]): arrived for dated, place, arrived in saved.taken}
            device.delayed = Delayed(taken, {(dated, codes[place]) for dated, place in saved.outranked})
        return device

    def _outranked_codes(self) -> set[int]:
        return {code for _, code in self.delayed.outranked} if self.delayed else set()

    def forget(self, before: int) -> None:
        """Keep the last sample at or before an instant and all after it: they say everything from there on."""
        cut = bisect_left(self.times, before + 1) - 1
        if cut > 0:
            del self.times[:cut]
            if not isinstance(self.codes, int):
                del self.codes[:cut]
                if len(set(self.codes)) == 1:
                    self.codes = self.codes[0]
        if self.delayed:
            past = [at for at in (*self.times[:1], *self.delayed.taken.values()) if at <= before]
            since = max(past, default=before)
            taken = {sample: at for sample, at in self.delayed.taken.items() if at >= since}
            outranked = {sample for sample in self.delayed.outranked if self.times and sample[0] >= self.times[0]}
            self.delayed = Delayed(taken, outranked) if taken or outranked else None
