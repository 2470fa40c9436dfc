"""Which keys are due, and when: a timer wheel. Of a million keys each is one entry in the list of its second."""

from collections.abc import Iterator
from heapq import heappop, heappush

SLOT_MS = 1000


class Timers:
    """Each key may be set more than once: whoever asks knows which of its instants counts."""

    def __init__(self) -> None:
        self._keys: dict[int, list[str]] = {}
        self._slots: list[int] = []

    def set(self, key: str, at: int) -> None:
        slot = slot_of(at)
        keys = self._keys.get(slot)
        if keys is None:
            keys = self._keys[slot] = []
            heappush(self._slots, slot)
        keys.append(key)

    def passed(self, now: int) -> Iterator[tuple[int, str]]:
        """Slot and key of all that was set to an instant of a slot that began before `now`. They are set no more."""
        passed = []
        while self._slots and self._slots[0] * SLOT_MS < now:
            slot = heappop(self._slots)
            passed.append((slot, self._keys.pop(slot)))
        for slot, keys in passed:
            for key in keys:
                yield slot, key


def slot_of(at: int) -> int:
    return at // SLOT_MS
