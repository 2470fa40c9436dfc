"""`location_outages`: when a location was down (A§2; semantics §3)."""

from typing import ClassVar, Literal

import msgspec

from schemas.facts.fact import Fact, Instant, Milliseconds


class Source(msgspec.Struct, frozen=True):
    """The part of the input in which an outage was seen to begin and last seen to change."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int


class LocationOutage(Fact, frozen=True, kw_only=True):
    """A maximal run of down; blind time between two parts of it is inside, in `unknown_ms`."""

    TOPIC: ClassVar = "location-outages"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("outage_id",)
    ORDER: ClassVar = ("started_at",)

    outage_id: str
    location_id: str
    started_at: Instant
    ended_at: Instant | None
    kind: Literal["reported", "silence"]
    """`reported` when every device that is down at its start reported it."""
    devices: int
    """How many devices are down at its start: those that `kind` speaks of."""
    unknown_ms: Milliseconds
    supersedes: str | None = None
    source: Source | None = None
