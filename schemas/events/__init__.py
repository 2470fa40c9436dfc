"""What the world tells us: every event that may arrive, by the topic it arrives on (semantics §2)."""

from schemas.events.annotation import Annotation
from schemas.events.call import CallRecord
from schemas.events.event import Message
from schemas.events.heartbeat import Heartbeat, HeartbeatMessage, Tick, TickMessage
from schemas.events.registry import (
    ENTITIES,
    Account,
    Campaign,
    DestinationClass,
    Device,
    DoNotCall,
    Location,
    Number,
    Plan,
    Reconciliation,
    RegistryRecord,
)
from schemas.events.ticket import TicketEvent, TicketEventMessage

Event = Heartbeat | Tick | CallRecord | TicketEvent | RegistryRecord | Annotation

CONTRACTS: tuple[type[Message], ...] = (
    HeartbeatMessage,
    TickMessage,
    CallRecord,
    TicketEventMessage,
    *ENTITIES.values(),
    Annotation,
)
"""The published contract of every event."""

__all__ = [
    "CONTRACTS",
    "ENTITIES",
    "Account",
    "Annotation",
    "CallRecord",
    "Campaign",
    "DestinationClass",
    "Device",
    "DoNotCall",
    "Event",
    "Heartbeat",
    "HeartbeatMessage",
    "Location",
    "Message",
    "Number",
    "Plan",
    "Reconciliation",
    "RegistryRecord",
    "Tick",
    "TickMessage",
    "TicketEvent",
    "TicketEventMessage",
]
