"""The fast way in for what comes in great numbers: it takes what is plainly right and leaves every doubt to `decode`.

`tests/schemas/test_one_contract.py` proves that what it takes, `decode` takes too, with the same values.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

import msgspec

from schemas import times
from schemas.events.event import Event
from schemas.events.heartbeat import Heartbeat, HeartbeatMessage, Tick
from schemas.events.struct import struct_of
from schemas.events.ticket import LATEST, TicketEvent, TicketEventMessage
from schemas.wire.document import MAX_BYTES, has_huge_number, is_too_deep, is_utf8
from schemas.wire.envelope import Headers, of_headers
from schemas.wire.reasons import Refused

_PLAUSIBLE_FROM: Final = times.parse("1971-01-01T00:00:00Z")
_PLAUSIBLE_TO: Final = times.parse("9998-01-01T00:00:00Z")

_USUAL: Final = frozenset({"content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"})

Kind = TypeVar("Kind", bound=Event)


class KafkaMessage(Protocol):
    """A message as Kafka's client hands it over."""

    def value(self) -> bytes | None: ...
    def key(self) -> bytes | None: ...
    def headers(self) -> Headers | None: ...
    def timestamp(self) -> tuple[int, int]: ...


class PlainDecoder(Generic[Kind]):
    """Of one kind of event. Times in ms. What is dated within `never_too_late_ms` before its arrival is not too late.

    `with_unknown_fields` counts the messages that were taken with fields which nobody knows.
    """

    KIND: type[Kind]
    TOLERANT: ClassVar[Any] = None
    """The same Struct, deaf to unknown fields; None: a message that has any is a doubt."""
    DATED_BEFORE: ClassVar[int] = _PLAUSIBLE_TO

    __slots__ = (
        "_decode",
        "_decode_tolerantly",
        "_is_named",
        "_key_of",
        "_never_too_late_ms",
        "_skew_ms",
        "with_unknown_fields",
    )

    def __init__(self, max_clock_skew_ms: int, never_too_late_ms: int | None) -> None:
        self._skew_ms = max_clock_skew_ms
        self._never_too_late_ms = _PLAUSIBLE_TO if never_too_late_ms is None else never_too_late_ms
        self._decode: Any = msgspec.json.Decoder(self.KIND).decode
        self._decode_tolerantly = msgspec.json.Decoder(self.TOLERANT).decode if self.TOLERANT else None
        self._key_of = attrgetter(self.KIND.KEY) if self.KIND.KEY else None
        self._is_named = "source" in self.KIND.__struct_fields__  # type: ignore[attr-defined]
        self.with_unknown_fields = 0

    def decode(
        self,
        value: bytes | None,
        key: bytes | None = None,
        timestamp: int | None = None,
        headers: Headers | None = None,
        check_key: bool = True,
    ) -> Kind | None:
        """The event; None: ask `schemas.wire.decode`, which knows other kinds, envelopes and what is wrong."""
        if not value or len(value) > MAX_BYTES or (headers and not leaves_the_value_alone(headers)):
            return None
        with_unknown_fields = False
        try:
            event = self._decode(value)
        except ValueError:
            event = self._past_unknown_fields(value)
            if event is None:
                return None
            with_unknown_fields = True
        if check_key and self._key_of is not None and key != self._key_of(event).encode():
            return None
        envelope = of_headers(headers) if headers and self._is_named else None
        if not self.completes(event, timestamp, envelope.source if envelope is not None else None):
            return None
        if with_unknown_fields:
            self.with_unknown_fields += 1
        return event  # type: ignore[no-any-return]

    def completes(self, event: Any, timestamp: int | None, source: str | None) -> bool:
        """Whether an event as it was decoded is plainly right. Its instants and its source are then put in."""
        try:
            dated = event.occurred_at = times.parse(event.occurred_at)
            arrival = timestamp
            if event.received_at is not None:
                arrival = event.received_at = times.parse(event.received_at)
        except (ValueError, TypeError):  # a number where text must stand
            return False
        if arrival is None:
            arrival = dated
        if not _PLAUSIBLE_FROM < dated <= arrival + self._skew_ms < _PLAUSIBLE_TO or dated >= self.DATED_BEFORE:
            return False
        if dated <= arrival - self._never_too_late_ms:
            return False
        if self._is_named:
            if event.source is not event.TOPIC:  # no longer the default itself: the value has a field of that name
                return False
            event.source = source or event.TOPIC
        return True

    def _past_unknown_fields(self, value: bytes) -> Any:
        # An escape could hide the name of an envelope's field; the parser does not look into what it passes over.
        if self._decode_tolerantly is None or b"specversion" in value or (b"\\" in value and b"\\u" in value):
            return None
        if not is_utf8(value) or is_too_deep(value) or has_huge_number(value):
            return None
        try:
            tolerated = self._decode_tolerantly(value)
        except ValueError:
            return None
        return self.KIND(**msgspec.structs.asdict(tolerated))


class HeartbeatDecoder(PlainDecoder[Heartbeat]):
    """Of heartbeats."""

    KIND = Heartbeat
    TOLERANT = struct_of("TolerantHeartbeat", HeartbeatMessage, Event, forbid_unknown_fields=False)

    __slots__ = ()

    def decode_all(self, messages: Iterable[KafkaMessage]) -> list[Heartbeat | None]:
        """What `decode` says of each message of a batch, in half the time: the usual case is written out, and what is
        not the usual goes to `decode`."""
        decode, hours, in_hour, rests = self._decode, times.HOURS, times.IN_HOUR, times.RESTS
        decoded: list[Heartbeat | None] = []
        add = decoded.append
        arrival = latest = earliest = 0
        for message in messages:
            key = message.key()
            if key is None:  # a tick, or refused
                add(None)
                continue
            value, timestamp, headers = message.value(), message.timestamp()[1], message.headers()
            if timestamp != arrival:  # a broker stamps many messages alike
                arrival, latest = timestamp, timestamp + self._skew_ms
                latest = latest if latest < _PLAUSIBLE_TO else 0
                earliest = max(timestamp - self._never_too_late_ms, _PLAUSIBLE_FROM)
            if value and len(value) <= MAX_BYTES and (not headers or leaves_the_value_alone(headers)):
                try:
                    event: Any = decode(value)
                    text = event.occurred_at
                    dated = event.occurred_at = hours[text[:13]] + in_hour[text[13:19]] + rests[text[19:]]
                except (KeyError, ValueError):
                    add(self.decode(value, key, timestamp))
                    continue
                if event.received_at is None and earliest < dated <= latest and key == event.location_id.encode():
                    add(event)
                    continue
            add(self.decode(value, key, timestamp, headers))
        return decoded


class TickDecoder(PlainDecoder[Tick]):
    """Of ticks, which have no key of their own. One with unknown fields may be a heartbeat that lacks some."""

    KIND = Tick

    __slots__ = ()


class TicketDecoder(PlainDecoder[TicketEvent]):
    """Of what happened to tickets."""

    KIND = TicketEvent
    TOLERANT = struct_of("TolerantTicketEvent", TicketEventMessage, Event, is_kept=True, forbid_unknown_fields=False)
    DATED_BEFORE = LATEST

    __slots__ = ()


def leaves_the_value_alone(headers: Headers) -> bool:
    """Whether the event is the value, and the headers add nothing that it needs."""
    if len(named := dict(headers)) == len(headers) and _are_plain(named):
        return True
    try:
        return of_headers(headers) is not None
    except Refused:
        return False


def _are_plain(headers: dict[str, bytes | str | None]) -> bool:
    """The usual headers of binary mode, recognised without reading them one by one."""
    source = headers.get("ce_source") or b""
    return (
        headers.get("ce_specversion") == b"1.0"
        and headers.get("content-type") == b"application/json"
        and headers.keys() <= _USUAL
        and source != b""
        and source.isascii()
        and (headers.get("ce_id") or b"").isascii()
        and (headers.get("ce_time") or b"").isascii()
    )
