"""Refusals by time (semantics §1): by the message and its recorded arrival, never by when it is processed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas import times
from schemas.derivation import SECOND_MS, Derivation
from schemas.events import Annotation, CallRecord, Event, Heartbeat, TicketEvent
from schemas.wire.hot import HeartbeatDecoder, PlainDecoder, TickDecoder, TicketDecoder
from schemas.wire.reasons import Refused, Rejected


@dataclass(frozen=True)
class Gate:
    """`final_before` tells, for an arrival in ms, the first instant of the oldest month that is not final then; without
    it nothing is too late. What is dated less than the correction horizon before its arrival never is."""

    derivation: Derivation = field(default_factory=Derivation)
    final_before: Callable[[int], int] | None = None
    heartbeats: HeartbeatDecoder = field(init=False, repr=False, compare=False)
    ticks: TickDecoder = field(init=False, repr=False, compare=False)
    tickets: TicketDecoder = field(init=False, repr=False, compare=False)
    plain: Mapping[str, Sequence[PlainDecoder[Any]]] = field(init=False, repr=False, compare=False)
    """By topic, the fast ways in, in the order in which they are tried."""

    def __post_init__(self) -> None:
        horizon = None if self.final_before is None else self.derivation.correction_horizon_ms
        object.__setattr__(self, "heartbeats", HeartbeatDecoder(self.max_clock_skew_ms, horizon))
        object.__setattr__(self, "ticks", TickDecoder(self.max_clock_skew_ms, horizon))
        object.__setattr__(self, "tickets", TicketDecoder(self.max_clock_skew_ms, horizon))
        plain = {Heartbeat.TOPIC: (self.heartbeats, self.ticks), TicketEvent.TOPIC: (self.tickets,)}
        object.__setattr__(self, "plain", plain)

    @property
    def max_clock_skew_ms(self) -> int:
        return self.derivation.max_clock_skew_s * SECOND_MS

    def check(self, event: Event, timestamp: int | None) -> None:
        """Raises `Refused` for what is dated ahead of its arrival or changes final months only."""
        arrival = event.arrival(timestamp)
        if arrival is None:
            return
        if event.dated is not None and event.dated > arrival + self.max_clock_skew_ms:
            ahead = (event.dated - arrival) / SECOND_MS
            raise Refused("clock_ahead", f"dated {ahead:.3f} s after its arrival")
        if self.final_before is None or event.newest_change is None:
            return
        open_from = self.final_before(arrival)
        if event.newest_change < open_from:
            raise Refused("too_late", f"months before {times.render(open_from)} were final")


def conflict(first: Event, later: Event) -> Rejected | None:
    """Whether two events of one identity say different things: the first in the log stays (semantics §1).

    Heartbeats and ticks are values, and registry records are versions: of these several may stand side by side.
    """
    if not isinstance(later, TicketEvent | CallRecord | Annotation) or later.identity != first.identity:
        return None
    if first == later or first.payload_hash == later.payload_hash:
        return None
    return Rejected("conflict", f"payload {later.payload_hash}, the first was {first.payload_hash}")
