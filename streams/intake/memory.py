"""What memory holds of a partition's locations: the hot hours, and what they may change. The rest is left to repair."""

from typing import Any

from schemas.derivation import HOUR_MS
from streams.engine import Held
from streams.folds.chain import Chain
from streams.folds.clock import Clock
from streams.intake.saved import Dirty

STATES, PROPOSALS = HEARING = 0, 2
"""The places of the folds that take heartbeats: all of them, and diagnoses."""


class Memory:
    """What happens in the hot hours reaches back by one hold, which a sample may end, or go on with; and by the time
    after which a collector counts as blind."""

    def __init__(self, chain: Chain, clock: Clock) -> None:
        derivation = chain.world.derivation
        self.hot_ms = derivation.hot_hours * HOUR_MS
        self.dirty: dict[str, Dirty] = {}
        """The locations whose past is to be derived again from the archive."""
        self.in_repair = ""
        """The location of which nothing may be forgotten now."""
        self._blind_after_ms = derivation.blind_after_ms
        self._chain = chain
        self._clock = clock

    @property
    def hot_since(self) -> int:
        return (self._clock.time or 0) - self.hot_ms

    def reaches(self, held: Held, at: int) -> bool:
        """Whether all is there that something new of an instant (ms) may change."""
        return at > self.hot_since or at - longest_hold(held) > held.states[STATES].base_at

    def leave(self, location_id: str, at: int) -> Dirty:
        """Leave to repair what something new of an instant (ms) may change."""
        held = self._chain.loop.keys[location_id]
        held.changed = True
        since = at - longest_hold(held)
        dirty = self.dirty.setdefault(location_id, Dirty(since, []))
        dirty.since = min(dirty.since, since)
        return dirty

    def forget(self, location_id: str) -> None:
        """Drop of a location what nothing in the hot hours can change."""
        held = self._chain.loop.keys[location_id]
        before = self.hot_since - self._blind_after_ms - longest_hold(held)
        if location_id != self.in_repair and before > held.states[STATES].base_at:
            self._chain.forget(location_id, before)


def longest_hold(held: Held) -> int:
    """Of a location's devices, as far as memory reaches (ms)."""
    rows: Any = held.published[STATES]
    return max((row.resolution_ms or 0 for row in rows), default=0)
