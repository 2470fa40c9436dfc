"""The samples of a device: a set in order of time, so that how they arrived leaves no trace (semantics §1, §7)."""

from array import array
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, islice, repeat
from operator import sub
from typing import NamedTuple

import msgspec

from streams.calendars import ALWAYS
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
    """A device's samples as plain values; `width` is the type code of its gaps. Codes are places in `profiles`; without
    any, all samples have the first."""

    first: int
    since: int
    width: str
    gaps: bytes
    codes: bytes
    profiles: list[Profile]
    arrivals: list[tuple[int, int, int]]
    alone: list[tuple[int, int]]
    outranked: list[tuple[int, int]]


class Device(msgspec.Struct, eq=False, gc=False):
    """The samples of one device at one location, in order of time: when the first was, the `gaps` (ms) from each to the
    next, and the profile of each.

    `gaps` is as narrow an array as they fit in, two bytes each where a device reports every minute: a fleet's hot hours
    are held in memory. `codes` is one number while all samples have the same profile, which is nearly always.
    """

    gaps: "array[int]" = msgspec.field(default_factory=partial(array, "H"))
    codes: "int | array[int]" = -1
    since: int = FOREVER
    """When the first sample was that is held."""
    first: int = FOREVER
    """When the first was that there ever was."""
    last_at: int = ALWAYS
    last_code: int = -1
    """Time and code of the last sample that counts; -1: there is none."""
    hold_ms: int = 0
    """How long the latest sample holds: 0 when it must be asked for."""
    delayed: Delayed | None = None

    def __len__(self) -> int:
        return len(self.gaps) + 1 if self.last_code >= 0 else 0

    def times(self) -> list[int]:
        return [*accumulate(self.gaps, initial=self.since)] if self.last_code >= 0 else []

    def code(self, index: int) -> int:
        return self.codes if isinstance(self.codes, int) else self.codes[index]

    def is_inside_a_hold(self, at: int, code: int) -> bool:
        """Whether a late sample falls between two like it that one hold joins: it changes nothing."""
        if self.last_code != code or not self.hold_ms or (self.delayed and (at, code) in self.delayed.arrivals):
            return False
        index, found = self._seek(at)
        if not 0 < index < len(self) or found == at:
            return False
        alike = self.code(index - 1) == self.code(index) == code
        return alike and self.gaps[index - 1] <= self.hold_ms

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
        ordered = sorted(times)
        if self.last_code >= 0:
            for at in ordered:
                self.add(at, code, profiles)
            return
        gaps = [*map(sub, islice(ordered, 1, None), ordered)]
        self.gaps = narrow([*filter(None, gaps)] if 0 in gaps else gaps)
        self.codes = self.last_code = code
        self.since, self.last_at = ordered[0], ordered[-1]
        self.first = min(self.first, self.since)

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
        codes = repeat(other.codes) if isinstance(other.codes, int) else other.codes
        for sample in (*zip(other.times(), codes, strict=False), *delayed.outranked):
            if sample not in delayed.alone:
                self.add(*sample, profiles)
        for (dated, code), arrived in delayed.arrivals.items():
            self.add_delayed(dated, arrived, code, profiles)

    def _seek(self, at: int) -> tuple[int, int]:
        """The first sample of an instant or later, its place and its time: sought from the end, near which late ones
        belong."""
        time, after = self.last_at, FOREVER
        for index in range(len(self), 0, -1):
            if time < at:
                return index, after
            after = time
            time -= self.gaps[index - 2] if index > 1 else 0
        return 0, after

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
        index, _ = self._seek(arrived)
        rivals = [rival for at, rival in self.delayed.outranked if at == arrived]
        if rivals:
            heir = max(rivals, key=lambda rival: profiles.known[rival].rank())
            self.delayed.outranked.discard((arrived, heir))
            self._all_codes()[index] = heir
            self.last_code = self.code(-1)
        else:
            self._remove(index)

    def _remove(self, index: int) -> None:
        times = self.times()
        del times[index]
        if not isinstance(self.codes, int):
            del self.codes[index]
        self.gaps = narrow([*map(sub, islice(times, 1, None), times)])
        self.since, self.last_at = (times[0], times[-1]) if times else (FOREVER, ALWAYS)
        self.last_code = self.code(-1) if times else -1

    def _has(self, at: int, code: int) -> bool:
        index, found = self._seek(at)
        if found == at and self.code(index) == code:
            return True
        return self.delayed is not None and (at, code) in self.delayed.outranked

    def append(self, at: int, code: int) -> None:
        """Take in a sample that is later than all others."""
        if self.last_code < 0:
            self.codes, self.since, self.first = code, at, min(self.first, at)
        else:
            if self.codes != code:
                self._all_codes().append(code)
            gap = at - self.last_at
            try:
                self.gaps.append(gap)
            except OverflowError:
                self.gaps = narrow([*self.gaps, gap])
        self.last_at, self.last_code = at, code

    def _insert(self, at: int, code: int, profiles: Profiles) -> bool:
        if at > self.last_at:
            self.append(at, code)
            return True
        index, found = self._seek(at)
        if found == at:
            return self._contest(index, at, code, profiles)
        if self.codes != code:
            self._all_codes().insert(index, code)
        if index:
            before = found - self.gaps[index - 1]
            self.gaps[index - 1] = at - before
            self.gaps.insert(index, found - at)
            return True
        self.since, self.first = at, min(self.first, at)
        try:
            self.gaps.insert(0, found - at)
        except OverflowError:
            self.gaps = narrow([found - at, *self.gaps])
        return True

    def _contest(self, index: int, at: int, code: int, profiles: Profiles) -> bool:
        """Two samples of one instant: the greater is kept, the other remembered so that it is not taken again."""
        holder = self.code(index)
        if holder == code:
            return False
        self.delayed = self.delayed or Delayed({}, set(), set())
        wins = profiles.known[code].rank() > profiles.known[holder].rank()
        self.delayed.outranked.add((at, holder if wins else code))
        if wins:
            self.delayed.outranked.discard((at, code))
            self._all_codes()[index] = code
            self.last_code = self.code(-1)
        return wins

    def _all_codes(self) -> "array[int]":
        """The code of each sample, in an array that is the device's own from now on."""
        if isinstance(self.codes, int):
            self.codes = array("H", [max(0, self.codes)]) * len(self)
        return self.codes

    def save(self, profiles: Profiles) -> SavedSamples:
        # the profile of all samples in time, where there is one, comes first: `load` takes it from there
        codes = sorted(self.distinct_codes() | self._remembered_codes(), key=lambda code: (code != self.codes, code))
        places = {code: place for place, code in enumerate(codes)}
        delayed = self.delayed or Delayed({}, set(), set())
        return SavedSamples(
            self.first,
            self.since,
            self.gaps.typecode,
            self.gaps.tobytes(),
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
        if saved.since < FOREVER:
            device.since = saved.first if saved.since == saved.first else saved.since  # one number, not two
            device.gaps = array(saved.width, saved.gaps)
            device.last_at = saved.since + sum(device.gaps)
            device.codes = array("H", [codes[place] for place in array("H", saved.codes)]) if saved.codes else codes[0]
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
        cut, since = 0, self.since
        for gap in self.gaps:
            if since + gap > before:
                break
            since += gap
            cut += 1
        if cut:
            del self.gaps[:cut]
            self.since = since
            if not isinstance(self.codes, int):
                del self.codes[:cut]
                if len(set(self.codes)) == 1:
                    self.codes = self.codes[0]
        if self.delayed and self.last_code >= 0:
            arrivals = {sample: at for sample, at in self.delayed.arrivals.items() if at >= self.since}
            alone, outranked = ({each for each in some if each[0] >= self.since} for some in self.delayed[1:])
            self.delayed = Delayed(arrivals, alone, outranked) if arrivals or outranked else None


def narrow(gaps: Sequence[int]) -> "array[int]":
    """Gaps (ms) in the narrowest array that holds the widest of them: 65 seconds, 49 days, or any."""
    widest = max(gaps, default=0)
    return array("H" if widest < 1 << 16 else "I" if widest < 1 << 32 else "q", gaps)
