"""`availability`: an account's month at a location (AV-1, AV-2, EX-1..EX-6; semantics §4)."""

from decimal import Decimal
from typing import ClassVar

import msgspec

from schemas.facts.fact import Fact, Instant, Milliseconds


class Correction(msgspec.Struct, frozen=True):
    """The month's counted downtime by what had been recorded at an instant."""

    recorded_at: Instant
    down_ms: Milliseconds


class Availability(Fact, frozen=True, kw_only=True):
    """Every covered millisecond is exactly one of up, down, excluded and unknown."""

    TOPIC: ClassVar = "availability"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("account_id", "location_id", "month")
    ORDER: ClassVar = ("month", "account_id")

    account_id: str
    location_id: str
    month: str
    covered_ms: Milliseconds
    up_ms: Milliseconds
    down_ms: Milliseconds
    excluded_ms: Milliseconds
    unknown_ms: Milliseconds
    availability: Decimal | None
    """(covered - down) / covered, rounded down to 9 places; null when nothing is covered."""
    objective_met: bool
    budget_left_ms: int
    incomplete: bool
    resolution_ms: Milliseconds | None
    closed: bool
    as_of: Instant
    final_at: Instant
    terms_before_effective: bool
    """Whether the month lies before the first effective date of its terms, which judge it all the same."""
    lowest_tier_at: Instant | None = None
    """When the counted downtime reached the lowest tier of credits, by what is known, or was since the month's end: the
    latest of these, for a correction closes no window for claims (I-8). Null: never."""
    corrections: tuple[Correction, ...] = ()
    """Where what was recorded after the month's end changed `down_ms`: first as it was at the end, then at each change
    (I-17, I-18). What was measured counts as known from the start, whenever it arrived."""
