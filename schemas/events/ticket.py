"""`tickets`: what happened to a customer's request; a credit claim is one too (semantics §2).

A decoded `TicketEvent` is a Struct, as a heartbeat is: a replay reads years of them at once.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import field_validator

from schemas import times
from schemas.events.event import Event, Message
from schemas.events.fields import Id, Instant, Month
from schemas.events.struct import struct_of

EARLIEST: Final = times.parse("1971-01-01T00:00:00Z")
LATEST: Final = times.parse("2100-01-01T00:00:00Z")


class _Step(Event):
    __slots__ = ()

    TOPIC: ClassVar = "tickets"
    KEY: ClassVar = "account_id"
    DATED: ClassVar = "occurred_at"

    if TYPE_CHECKING:
        id: Id
        source: str

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.TOPIC, self.source, self.id)


class TicketEventMessage(_Step, Message):
    """One step in the life of a ticket."""

    id: Id
    ticket_id: Id
    account_id: Id
    occurred_at: Instant
    event_type: Literal[
        "created", "responded", "status_changed", "priority_changed", "note_added", "merged", "reopened", "closed"
    ]
    ticket_type: Literal["incident", "request", "complaint", "number_port", "number_change", "credit_claim"] | None = (
        None
    )
    priority: Literal["urgent", "medium", "low"] | None = None
    status: Literal["open", "pending_customer", "resolved"] | None = None
    actor: Literal["customer", "agent", "system"] | None = None
    on_behalf: bool | None = None
    is_public: bool | None = None
    channel: Literal["email", "web", "letter", "chat", "phone"] | None = None
    location_id: Id | None = None
    outage_id: Id | None = None
    merged_into: Id | None = None
    month: Month | None = None
    """The month that a credit claim is about."""

    @field_validator("occurred_at")
    @classmethod
    def _within_the_calendar(cls, at: int) -> int:
        """What customers ask, and what they are owed, goes by days of a calendar, which has its limits."""
        if not EARLIEST <= at < LATEST:
            raise ValueError("a ticket's event lies within the years 1971 to 2099")
        return at


if TYPE_CHECKING:
    TicketEvent = TicketEventMessage
else:
    TicketEvent = struct_of("TicketEvent", TicketEventMessage, _Step, is_kept=True)
