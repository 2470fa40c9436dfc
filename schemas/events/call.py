"""`call-records`: calls, messages and faxes as the switches report them (semantics §2)."""

from typing import Any, ClassVar, Literal

from schemas.events.event import Message
from schemas.events.fields import Count, Currency, Id, Instant, Party


class CallRecord(Message):
    """One call, message or fax. Its numbers are personal data and stay on this topic (semantics §8)."""

    TOPIC: ClassVar = "call-records"
    KEY: ClassVar = "account_id"
    DATED: ClassVar = "started_at"

    id: Id
    record_type: Literal["voice", "sms", "mms", "fax"]
    account_id: Id
    location_id: Id | None = None
    direction: Literal["inbound", "outbound", "internal"]
    from_number: Party | None = None
    to_number: Party | None = None
    started_at: Instant
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    billsec: Count | None = None
    disposition: Literal["answered", "no_answer", "busy", "failed", "congestion", "cancelled", "voicemail"] | None = (
        None
    )
    q850_cause: Count | None = None
    hangup_by: Id | None = None
    campaign_id: Id | None = None
    segments: Count | None = None
    pages: Count | None = None
    fax_success: bool | None = None
    attestation: Literal["A", "B", "C"] | None = None
    device_id: Id | None = None
    line_number: Id | None = None
    carrier_id: Id | None = None
    pdd_ms: float | None = None
    mos: float | None = None
    rated_amount: float | None = None
    currency: Currency | None = None

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.TOPIC, self.source, self.id)
