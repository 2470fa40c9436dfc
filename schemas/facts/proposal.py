"""`exclusion_proposals`: what the devices of a location say an outage came from (EX-3, EX-4; semantics §6)."""

from typing import ClassVar, Literal

import msgspec

from schemas.facts.fact import Fact, Instant

Cause = Literal["site_power", "site_internet"]


class Diagnosis(msgspec.Struct, frozen=True):
    """What a device made of it, and when."""

    at: Instant
    """The instant that its sample counts for."""
    device_id: str
    cause: Cause
    uptime_s: float | None
    server_downtime_s: float | None


class ExclusionProposal(Fact, frozen=True, kw_only=True):
    """A cause that excludes, proposed for an outage. It changes nothing: only an approved annotation does."""

    TOPIC: ClassVar = "exclusion-proposals"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("proposal_id",)
    ORDER: ClassVar = ("from_", "cause")

    proposal_id: str
    location_id: str
    from_: Instant = msgspec.field(name="from")
    to: Instant | None
    """As the outage ended; null: it is open."""
    cause: Cause
    evidence: tuple[Diagnosis, ...]
    """In order of time, of very many the first."""
