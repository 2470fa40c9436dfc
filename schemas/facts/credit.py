"""`credits`: the days a month's downtime earned, and what became of them (CR-1, CR-2, CR-3; semantics §5)."""

from typing import ClassVar, Literal

from schemas.facts.fact import Fact, Instant

CreditState = Literal["eligible", "claimed", "issued", "expired", "withdrawn", "reversed"]


class Credit(Fact, frozen=True, kw_only=True):
    """Days only: what a day is worth is billing's matter (I-19)."""

    TOPIC: ClassVar = "credits"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("account_id", "location_id", "month")
    ORDER: ClassVar = ("month", "account_id")

    credit_id: str
    account_id: str
    location_id: str
    month: str
    downtime_minutes: int
    credit_days: int
    state: CreditState
    eligible_at: Instant
    claim_deadline: Instant
    """The first instant that is too late for a claim; of several windows (I-17), for one in the last."""
    claimed_at: Instant | None = None
    claim_ticket_id: str | None = None
    """Null where nobody claimed, or the provider for the customer (`auto_claim`)."""
    final_at: Instant
    """From then on nothing corrects it any more."""
