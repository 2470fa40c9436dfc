"""`location_states`: what a location was, from when to when (semantics §3)."""

from typing import ClassVar, Literal

import msgspec

from schemas.facts.fact import Fact, Instant, Milliseconds

State = Literal["up", "degraded", "down", "unknown"]


class LocationState(Fact, frozen=True, kw_only=True):
    """A maximal interval in which the state of a location and the count of its devices in each state did not change."""

    TOPIC: ClassVar = "location-states"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("location_id", "from_")

    location_id: str
    from_: Instant = msgspec.field(name="from")
    to: Instant | None
    state: State
    devices_up: int
    devices_down: int
    devices_unknown: int
    devices_silent: int
    """Of `devices_down`, those that at `from` had fallen silent rather than reported it."""
    resolution_ms: Milliseconds | None
    """The longest hold of the samples that speak for the interval; null where none has a hold."""
