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
    """What a set of samples must remember beside their times.

    `arrivals`: when samples of a slow clock were taken, by what identifies them; of these, those that stand where they
    do for that reason `alone`; and the samples that are `outranked` by another of the same instant.
    """

    arrivals: dict[tuple[int, int], int]
    alone: set[tuple[int, int]]
    outranked: set[tuple[int, int]]


class SavedSamples(NamedTuple):
    """A device's samples as plain values. Codes are places in `profiles`; without any, all samples have the first."""

    first: int
    times: bytes
    codes: bytes
    profiles: list[Profile]
    arrivals: list[tuple[int, int, int]]
    alone: list[tuple[int, int]]
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
        if self.last_code != code or not self.hold_ms or (self.delayed and (at, code) in self.delayed.arrivals):
            return False
        index = bisect_left(self.times, at)
        if not 0 < index < len(self.times) or self.times[index] == at:
            return False
        alike = self.code(index - 1) == self.code(index) == code
        return alike and self.times[index] - self.times[index - 1] <= self.hold_ms

    def last(self) -> tuple[int, int]:
        """Time and code of the last sample that counts."""
        return self.times[-1], self.last_code

    def distinct_codes(self) -> set[int]:
        return {self.codes} if isinstance(self.codes, int) else set(self.codes)

    def add(self, at: int, code: int, profiles: Profiles) -> bool:
        """Take in a sample dated `at`; whether it changed what counts."""
        moved = False
        if self.delayed:
            self.delayed.alone.discard((at, code))
            if (at, code) in self.delayed.arrivals:
                self._withdraw(at, code, profiles)
                moved = True
        return self._insert(at, code, profiles) or moved

    def add_all(self, times: Sequence[int], code: int, profiles: Profiles) -> None:
        """Take in samples that differ in nothing but their time, in any order."""
        ordered = array("q", dict.fromkeys(sorted(times)))
        if self.times:
            for at in ordered:
                self.add(at, code, profiles)
            return
        self.times, self.codes, self.last_code = ordered, code, code
        self.first = min(self.first, ordered[0])

    def add_delayed(self, dated: int, arrived: int, code: int, profiles: Profiles) -> bool:
        """Take in a sample at its arrival, its own clock being slow; of one received twice the earliest counts."""
        if self._has(dated, code) and not (self.delayed and (dated, code) in self.delayed.alone):
            return False
        delayed = self.delayed = self.delayed or Delayed({}, set(), set())
        if arrived >= delayed.arrivals.get((dated, code), FOREVER):
            return False
        if (dated, code) in delayed.arrivals:
            self._withdraw(dated, code, profiles)
        delayed.arrivals[dated, code] = arrived
        if not self._has(arrived, code):
            delayed.alone.add((arrived, code))
        self._insert(arrived, code, profiles)
        return True

    def merge(self, other: "Device", profiles: Profiles) -> None:
        """Take in all samples of another that is known under the same codes."""
        delayed = other.delayed or Delayed({}, set(), set())
        for sample in (*zip(*other.in_order(), strict=True), *delayed.outranked):
            if sample not in delayed.alone:
                self.add(*sample, profiles)
        for (dated, code), arrived in delayed.arrivals.items():
            self.add_delayed(dated, arrived, code, profiles)

    def _withdraw(self, dated: int, code: int, profiles: Profiles) -> None:
        """Take a delayed sample out again, unless another one stands there too; the next in rank takes its place."""
        assert self.delayed
        arrived = self.delayed.arrivals.pop((dated, code))
        here = (arrived, code)
        shared = any(at == arrived and other == code for (_, other), at in self.delayed.arrivals.items())
        if here not in self.delayed.alone or shared:
            return
        self.delayed.alone.discard(here)
        if here in self.delayed.outranked:
            self.delayed.outranked.discard(here)
            return
        index = bisect_left(self.times, arrived)
        rivals = [rival for at, rival in self.delayed.outranked if at == arrived]
        if rivals:
            heir = max(rivals, key=lambda rival: profiles.known[rival].rank())
            self.delayed.outranked.discard((arrived, heir))
            self._codes()[index] = heir
        else:
            del self.times[index]
            if not isinstance(self.codes, int):
                del self.codes[index]
        self.last_code = self.code(-1) if self.times else -1

    def _has(self, at: int, code: int) -> bool:
        index = bisect_left(self.times, at)
        if index < len(self.times) and self.times[index] == at and self.code(index) == code:
            return True
        return self.delayed is not None and (at, code) in self.delayed.outranked

    def _append(self, at: int, code: int) -> None:
        if not self.times:
            self.codes, self.first = code, min(self.first, at)
        elif self.codes != code:
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
        self.delayed = self.delayed or Delayed({}, set(), set())
        wins = profiles.known[code].rank() > profiles.known[holder].rank()
        self.delayed.outranked.add((self.times[index], holder if wins else code))
        if wins:
            self.delayed.outranked.discard((self.times[index], code))
            self._codes()[index] = code
            self.last_code = self.code(-1)
        return wins

    def _codes(self) -> "array[int]":
        if isinstance(self.codes, int):
            self.codes = array("H", [self.codes]) * len(self.times)
        return self.codes

    def in_order(self) -> tuple[Sequence[int], Sequence[int]]:
        """Times and codes of the samples that count, in order of time."""
        codes = array("H", [max(0, self.codes)]) * len(self.times) if isinstance(self.codes, int) else self.codes
        return self.times, codes

    def save(self, profiles: Profiles) -> SavedSamples:
        # the profile of all samples in time, where there is one, comes first: `load` takes it from there
        codes = sorted(self.distinct_codes() | self._remembered_codes(), key=lambda code: (code != self.codes, code))
        places = {code: place for place, code in enumerate(codes)}
        delayed = self.delayed or Delayed({}, set(), set())
        return SavedSamples(
            self.first,
            self.times.tobytes(),
            b"" if isinstance(self.codes, int) else array("H", [places[code] for code in self.codes]).tobytes(),
            [profiles.known[code] for code in codes],
            sorted((dated, places[code], arrived) for (dated, code), arrived in delayed.arrivals.items()),
            sorted((at, places[code]) for at, code in delayed.alone),
            sorted((at, places[code]) for at, code in delayed.outranked),
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
        if saved.arrivals or saved.outranked:
            device.delayed = Delayed(
                {(dated, codes[place]): arrived for dated, place, arrived in saved.arrivals},
                {(at, codes[place]) for at, place in saved.alone},
                {(at, codes[place]) for at, place in saved.outranked},
            )
        return device

    def _remembered_codes(self) -> set[int]:
        if self.delayed is None:
            return set()
        return {code for _, code in (*self.delayed.arrivals, *self.delayed.outranked)}

    def forget(self, before: int) -> None:
        """Keep the last sample at or before an instant and all after it: they say everything from there on."""
        cut = bisect_left(self.times, before + 1) - 1
        if cut > 0:
            del self.times[:cut]
            if not isinstance(self.codes, int):
                del self.codes[:cut]
                if len(set(self.codes)) == 1:
                    self.codes = self.codes[0]
        if self.delayed and self.times:
            since = self.times[0]
            arrivals = {sample: at for sample, at in self.delayed.arrivals.items() if at >= since}
            alone, outranked = ({each for each in some if each[0] >= since} for some in self.delayed[1:])
            self.delayed = Delayed(arrivals, alone, outranked) if arrivals or outranked else None
