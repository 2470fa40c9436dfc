"""The line format of files: `{"topic": …, "key": …, "value": {…}}`, one event or fact a line."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from schemas import times
from schemas.events import Heartbeat, TicketEvent
from schemas.wire.reasons import Rejected


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`value` is the message's bytes, None a tombstone; `timestamp` is in ms."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None
    offset: int | None
    timestamp: int | None
    headers: list[tuple[str, bytes]] | None


_Place = Annotated[int, msgspec.Meta(ge=0)]


class _Framed(msgspec.Struct, kw_only=True, gc=False):
    """What may stand beside a value."""

    key: str | None = None
    partition: _Place | None = None
    offset: _Place | None = None
    timestamp: int | str | None = None


class _Written(_Framed, kw_only=True, gc=False):
    topic: str
    value: msgspec.Raw
    headers: dict[str, str] | list[tuple[str, str]] | None = None


_HEADER_NAMES: Final = {"content_type": "content-type"}


class PlainHeaders(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename=_HEADER_NAMES.get):
    """The usual headers of CloudEvents in binary mode: they leave alone a value that has its own id and time."""

    ce_specversion: Literal["1.0"]
    ce_source: Annotated[str, msgspec.Meta(min_length=1)]
    content_type: Literal["application/json"] = "application/json"
    ce_id: str = ""
    ce_time: str = ""
    ce_type: str = ""
    ce_subject: str = ""


class HeartbeatLine(_Framed, kw_only=True, gc=False, tag_field="topic", tag=Heartbeat.TOPIC):
    """A line with a plain heartbeat, decoded at once: its instants are still text, and nothing of it is judged yet."""

    value: Heartbeat
    headers: PlainHeaders | None = None


class TicketLine(_Framed, kw_only=True, gc=False, omit_defaults=True, tag_field="topic", tag=TicketEvent.TOPIC):
    """Likewise with a plain event of a ticket."""

    value: TicketEvent
    headers: PlainHeaders | None = None


PlainLine = HeartbeatLine | TicketLine

_DECODE: Final = msgspec.json.Decoder(_Written).decode


def parse_line(line: bytes) -> Line | Rejected:
    """One line of a file; raises nothing. Members that nobody knows are passed over."""
    try:
        written = _DECODE(line)
        timestamp = written.timestamp
        value = bytes(written.value)
        return Line(
            topic=written.topic,
            key=None if written.key is None else written.key.encode("utf-8"),
            value=None if value == b"null" else value,
            partition=written.partition,
            offset=written.offset,
            timestamp=times.parse(timestamp) if isinstance(timestamp, str) else timestamp,
            headers=_header_bytes(written.headers),
        )
    except (ValueError, RecursionError) as error:
        return Rejected("bad_line", str(error))


def encode_line(
    topic: str,
    key: str | None,
    value: Mapping[str, Any] | msgspec.Raw | bytes | None,
    *,
    partition: int | None = None,
    offset: int | None = None,
    timestamp: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One line with its end. Bytes must be JSON; `timestamp` is in ms and is written as RFC 3339."""
    members: dict[str, Any] = {
        "topic": topic,
        "key": key,
        "value": msgspec.Raw(value) if isinstance(value, bytes) else value,
    }
    optional = {
        "partition": partition,
        "offset": offset,
        "timestamp": None if timestamp is None else times.render(timestamp),
        "headers": headers,
    }
    members.update((name, member) for name, member in optional.items() if member is not None)
    return msgspec.json.encode(members) + b"\n"


def _header_bytes(headers: dict[str, str] | list[tuple[str, str]] | None) -> list[tuple[str, bytes]] | None:
    if headers is None:
        return None
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode("utf-8")) for name, value in pairs]
