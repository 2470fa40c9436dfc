"""`ticket_responses` and `response_monthly`: whether requests were answered in time, one by one and by the month
(RS-1 to RS-4, NU-1; semantics §10)."""

from decimal import Decimal
from typing import ClassVar, Literal

import msgspec

from schemas.facts.fact import Fact, Instant

Priority = Literal["urgent", "medium", "low"]
Window = Literal["contact", "other"]
TicketType = Literal["incident", "request", "complaint", "number_port", "number_change", "credit_claim"]
Outcome = Literal["met", "missed", "pending"]
Counted = Literal["total", "apart", "withdrawn", "not_asked", "other_type"]


class TicketResponse(Fact, frozen=True, kw_only=True):
    """When the first answer to a ticket was due, and whether it came by then."""

    TOPIC: ClassVar = "ticket-responses"
    KEY: ClassVar = "account_id"
    IDENTITY: ClassVar = ("account_id", "ticket_id")
    ORDER: ClassVar = ("created_at", "ticket_id")

    ticket_id: str
    account_id: str
    month: str
    """That of its creation (I-14)."""
    ticket_type: TicketType
    counted: Counted
    """`total`: it is a request of the month. `apart`: of a type that depends on third parties (NU-1). Neither:
    `withdrawn`, closed by the customer before it was answered or missed; `not_asked`, opened by the provider of its own
    accord; `other_type`."""
    priority: Priority
    """The one in force when it was answered, missed or withdrawn; until then the last one."""
    window: Window
    """Whether it was created in contact hours, or at any other time."""
    created_at: Instant
    due_at: Instant | None
    """The last instant in time; null while a contact clock stands, for the customer is asked (I-11)."""
    responded_at: Instant | None
    missed_at: Instant | None
    """What came later than this was too late; null unless it was missed."""
    closed_at: Instant | None
    """Null while it is open, and when it was opened again."""
    outcome: Outcome
    holidays: str
    """Who named the holidays, with the version (I-13)."""


class Apart(msgspec.Struct, frozen=True):
    """The tickets of a type that is counted and not judged (NU-1)."""

    ticket_type: TicketType
    total: int
    met: int
    missed: int
    pending: int


class ResponseMonth(Fact, frozen=True, kw_only=True):
    """An account's requests of a month, by priority and window; `all` is the sum over either."""

    TOPIC: ClassVar = "response-monthly"
    KEY: ClassVar = "account_id"
    IDENTITY: ClassVar = ("account_id", "month", "priority", "window")

    account_id: str
    month: str
    priority: Literal["urgent", "medium", "low", "all"]
    window: Literal["contact", "other", "all"]
    total: int
    """Met and missed."""
    met: int
    missed: int
    pending: int
    """Neither answered nor due: in no total yet (I-14)."""
    verdict: Literal["met", "breached", "none"]
    """`none` without requests, and where the terms judge all customers together (I-20)."""
    attainment: Decimal
    """The share of the total that must be met (RS-4)."""
    apart: tuple[Apart, ...]
    """By type, those that have tickets."""
