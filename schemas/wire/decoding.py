"""Bytes to an event, or to the reason why not: the one door through which every driver takes its input."""

from collections import Counter
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from schemas.events import (
    ENTITIES,
    Annotation,
    CallRecord,
    Event,
    Heartbeat,
    HeartbeatMessage,
    Message,
    RegistryRecord,
    Tick,
    TicketEvent,
    TicketEventMessage,
    TickMessage,
)
from schemas.events.event import wire_names
from schemas.events.fields import WIRE
from schemas.wire.document import text_of, value_of
from schemas.wire.envelope import Envelope, Headers, opened
from schemas.wire.gate import Gate
from schemas.wire.reasons import Refused, Rejected

OPEN: Final = Gate()
"""The default settings, and no month final."""

_ONE_CONTRACT: Final[dict[str, type[Message]]] = {
    model.TOPIC: model for model in (CallRecord, TicketEventMessage, Annotation)
}
_STRUCTS: Final[dict[type[Message], Any]] = {
    HeartbeatMessage: Heartbeat,
    TickMessage: Tick,
    TicketEventMessage: TicketEvent,
}


def decode(
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Headers | None = None,
    timestamp: int | None = None,
    check_key: bool = True,
    gate: Gate = OPEN,
    unknown: Counter[str] | None = None,
) -> Event | Rejected:
    """The event of a message, or why it is refused; raises nothing, whatever the bytes.

    `timestamp` is the broker's, in ms. `unknown` counts, by topic, the events with fields that nobody knows.
    """
    for decoder in gate.plain.get(topic, ()):
        known = decoder.with_unknown_fields
        event: Event | None = decoder.decode(value, key, timestamp, headers, check_key)
        if event is not None:
            if unknown is not None and decoder.with_unknown_fields > known:
                unknown[topic] += 1
            return event
    return decode_by_contract(
        topic, value, key=key, headers=headers, timestamp=timestamp, check_key=check_key, gate=gate, unknown=unknown
    )


def decode_by_contract(
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Headers | None = None,
    timestamp: int | None = None,
    check_key: bool = True,
    gate: Gate = OPEN,
    unknown: Counter[str] | None = None,
) -> Event | Rejected:
    """What `decode` says without its fast way in: the published contracts alone."""
    try:
        envelope, fields = opened(headers, text_of(value))
        model = _contract(topic, fields)
        event = _validated(model, envelope, fields)
        if check_key:
            _check_key(event, key)
        gate.check(event, timestamp)
    except Refused as refused:
        return refused.rejected
    if unknown is not None and not wire_names(model).issuperset(fields):
        unknown[topic] += 1
    return event


def _contract(topic: str, fields: dict[str, msgspec.Raw]) -> type[Message]:
    if topic == Heartbeat.TOPIC:
        return HeartbeatMessage if "device_id" in fields or "location_id" in fields else TickMessage
    if topic == RegistryRecord.TOPIC:
        return _entity(fields)
    if topic not in _ONE_CONTRACT:
        raise Refused("unknown_topic", "not an input topic")
    return _ONE_CONTRACT[topic]


def _entity(fields: dict[str, msgspec.Raw]) -> type[Message]:
    entity = value_of("entity", fields["entity"]) if "entity" in fields else None
    if entity is None:
        raise Refused("missing_field", "entity: Field required")
    if not isinstance(entity, str):
        raise Refused("bad_value", "entity: not text")
    if entity not in ENTITIES:
        raise Refused("unknown_entity", f"entity is none of {', '.join(ENTITIES)}")
    return ENTITIES[entity]


def _validated(model: type[Message], envelope: Envelope, fields: dict[str, msgspec.Raw]) -> Event:
    known = wire_names(model)
    values = {name: value_of(name, raw) for name, raw in fields.items() if name in known}
    for name, attribute in (("id", envelope.id), ("occurred_at", envelope.time)):
        if name in known and values.get(name) is None and attribute is not None:
            values[name] = attribute
    try:
        message = model.model_validate(values, context=WIRE)
    except ValidationError as error:
        raise _refusal(error) from None
    message.said_by(envelope.source)
    struct = _STRUCTS.get(model)
    if struct is None:
        return message  # type: ignore[return-value]
    return struct(**{name: getattr(message, name) for name in struct.__struct_fields__})  # type: ignore[no-any-return]


def _refusal(error: ValidationError) -> Refused:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    missing = any(problem["type"] == "missing" for problem in errors)
    detail = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in errors[:5])
    return Refused("missing_field" if missing else "bad_value", detail.removeprefix(": "))


def _check_key(event: Event, key: bytes | None) -> None:
    own = event.key
    if own is not None and key != own.encode("utf-8"):
        raise Refused("wrong_key", f"the key is not the event's own {event.KEY}")
