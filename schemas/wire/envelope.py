"""CloudEvents 1.0 around our events, in both modes of its Kafka binding.

Binary: the attributes are headers `ce_*`, the value is the event. Structured: the value is the envelope, the event is
its `data`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from schemas.wire.document import object_of, value_of
from schemas.wire.reasons import Refused

Headers = Sequence[tuple[str, bytes | str | None]]

_ATTRIBUTES: Final = ("specversion", "source", "id", "time")
"""Those that we read: `type` is not among them, for the topic and the fields say what a message is."""
_ATTRIBUTE_HEADERS: Final = frozenset(f"ce_{name}" for name in _ATTRIBUTES)
_STRUCTURED: Final = "application/cloudevents+json"


class Envelope(NamedTuple):
    """What an envelope adds to an event: who named it, and what the event itself may leave out."""

    source: str | None = None
    id: str | None = None
    time: str | None = None


BARE: Final = Envelope()


def opened(headers: Headers | None, value: bytes) -> tuple[Envelope, dict[str, msgspec.Raw]]:
    """The envelope of a message, and the fields of the event inside. Raises `Refused`."""
    envelope = of_headers(headers) if headers else BARE
    fields = object_of(value)
    if envelope is None or "specversion" in fields:
        return _structured(fields)
    return envelope, fields


def of_headers(headers: Headers) -> Envelope | None:
    """The envelope in the headers; None: they say that it is in the value. Raises `Refused`."""
    attributes: dict[str, str] = {}
    content_type = ""
    for name, value in headers:
        lower = name.lower()
        if lower in _ATTRIBUTE_HEADERS:
            attributes[lower[3:]] = _text(name, value)
        elif lower == "content-type":
            content_type = _text(name, value).lower()
    if content_type.startswith("application/cloudevents"):
        if content_type.split(";")[0].strip() != _STRUCTURED:
            raise Refused("bad_envelope", f"structured CloudEvents are taken as {_STRUCTURED}")
        return None
    if not attributes:
        return BARE
    if not _is_json(content_type):
        raise Refused("bad_envelope", "the data is not JSON")
    return _envelope(attributes)


def _structured(fields: dict[str, msgspec.Raw]) -> tuple[Envelope, dict[str, msgspec.Raw]]:
    attributes: dict[str, str] = {}
    for name in (*_ATTRIBUTES, "datacontenttype"):
        value = value_of(name, fields[name]) if name in fields else None
        if value is not None and not isinstance(value, str):
            raise Refused("bad_envelope", f"{name} is not text")
        if value is not None:
            attributes[name] = value
    envelope = _envelope(attributes)
    if "data_base64" in fields:
        raise Refused("bad_envelope", "the data is not JSON: data_base64")
    if not _is_json(attributes.get("datacontenttype", "").lower()):
        raise Refused("bad_envelope", "the data is not JSON")
    data = fields.get("data")
    if data is None or bytes(data) == b"null":
        raise Refused("bad_envelope", "no data")
    return envelope, object_of(data)


def _envelope(attributes: dict[str, str]) -> Envelope:
    if attributes.get("specversion") != "1.0":
        raise Refused("bad_envelope", "specversion is not 1.0")
    source = attributes.get("source")
    if not source:
        raise Refused("bad_envelope", "no source")
    return Envelope(source, attributes.get("id"), attributes.get("time"))


def _is_json(content_type: str) -> bool:
    media_type = content_type.split(";")[0].strip()
    return media_type in ("", "application/json", "text/json") or media_type.endswith("+json")


def _text(name: str, value: bytes | str | None) -> str:
    if isinstance(value, str):
        return value
    try:
        return (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_envelope", f"header {name} is not UTF-8") from None
