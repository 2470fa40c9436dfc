"""`device-heartbeats`: samples of a device's state, and the ticks of the collectors that listen (semantics §2).

A decoded `Heartbeat` is a Struct, because there are hundreds of thousands a second; its published contract is the
model that the Struct is derived from. To a type checker the two are one.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import UNSET, UnsetType

from schemas.events.event import Event, Message
from schemas.events.fields import Id, Instant, Interval
from schemas.events.struct import struct_of


def effective_at(occurred_at: int, received_at: int | None, buffered: bool, max_clock_lag_ms: int) -> int:
    """The instant in ms that a sample counts for: its arrival, if its clock is slow and nothing held it back."""
    if received_at is None or buffered or received_at - occurred_at <= max_clock_lag_ms:
        return occurred_at
    return received_at


class _Sample(Event):
    __slots__ = ()

    TOPIC: ClassVar = "device-heartbeats"
    KEY: ClassVar = "location_id"
    DATED: ClassVar = "occurred_at"
    NULL_SPEAKS: ClassVar = frozenset({"interval_s"})

    if TYPE_CHECKING:
        device_id: Id
        occurred_at: Instant
        status: Literal["up", "down"]
        interval_s: Interval | UnsetType | None
        collector_id: Id | None
        received_at: Instant | None
        buffered: bool

    @property
    def identity(self) -> tuple[Any, ...]:
        """Heartbeats are values: those that agree in this are one (semantics §1)."""
        return (self.device_id, self.occurred_at, self.status, self.interval_s, self.collector_id)

    @property
    def interval_ms(self) -> int | UnsetType | None:
        """How often the device reports, at least 1 ms; None: changes only; UNSET: the registry or the terms say."""
        seconds = self.interval_s
        return max(1, round(seconds * 1000)) if isinstance(seconds, float | int) else seconds

    def effective_at(self, max_clock_lag_ms: int) -> int:
        """The instant in ms that the sample counts for."""
        return effective_at(self.occurred_at, self.received_at, self.buffered, max_clock_lag_ms)


class HeartbeatMessage(_Sample, Message):
    """A device, its collector or its gateway says how the device is."""

    id: Id
    device_id: Id
    location_id: Id
    occurred_at: Instant
    status: Literal["up", "down"] = "up"
    interval_s: Interval | UnsetType | None = UNSET
    collector_id: Id | None = None
    buffered: bool = False
    reported_cause: Literal["site_power", "site_internet"] | None = None
    registration_status: Id | None = None
    # Measurements have no bounds: a meter that is wrong must not cost the state that came with it.
    uptime_s: float | None = None
    server_downtime_s: float | None = None
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    packet_loss_pct: float | None = None
    mos: float | None = None
    power_source: Id | None = None


class _Tick(Event):
    __slots__ = ()

    TOPIC: ClassVar = "device-heartbeats"
    KEY: ClassVar = None
    DATED: ClassVar = "occurred_at"

    if TYPE_CHECKING:
        collector_id: Id
        occurred_at: Instant

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.collector_id, self.occurred_at)


class TickMessage(_Tick, Message):
    """A collector says that it was listening."""

    id: Id
    collector_id: Id
    occurred_at: Instant


if TYPE_CHECKING:
    Heartbeat = HeartbeatMessage
    Tick = TickMessage
else:
    Heartbeat = struct_of("Heartbeat", HeartbeatMessage, _Sample)
    Tick = struct_of("Tick", TickMessage, _Tick)
