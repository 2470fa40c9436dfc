"""Bytes to the fields of one JSON object, each still raw: what no contract names is never interpreted."""

import re
from typing import Any, Final

import msgspec

from schemas.wire.reasons import Refused

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 64
"""A limit of our own, because the parser's depends on how deep its caller already is."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_ANY: Final = msgspec.json.Decoder(Any)
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_HUGE: Final = re.compile(rb"\d{300}|\d[eE]\+?\d{3}")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def text_of(value: bytes | None) -> bytes:
    """The value, if it can be a JSON text at all. Raises `Refused`."""
    if not value:
        raise Refused("empty", "no value" if value is None else "no bytes")
    if len(value) > MAX_BYTES:
        raise Refused("too_large", f"{len(value)} bytes, at most {MAX_BYTES}")
    if not is_utf8(value):
        raise Refused("not_utf8", "bytes that are not UTF-8")
    if is_too_deep(value):
        raise Refused("not_json", f"nested more than {MAX_DEPTH} deep")
    if has_huge_number(value):
        raise Refused("bad_value", "number out of range")
    return value


def object_of(value: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The fields of an object; of a field that stands twice the last counts. Raises `Refused`."""
    try:
        return _OBJECT.decode(value)
    except msgspec.ValidationError:
        _check(value)
        raise Refused("not_an_object", "JSON, but not an object") from None
    except msgspec.DecodeError as error:
        raise Refused("not_json", str(error)) from None


def value_of(field: str, raw: msgspec.Raw) -> Any:
    """Raises `Refused` for a number that nothing can hold."""
    try:
        return _ANY.decode(raw)
    except msgspec.ValidationError:
        raise Refused("bad_value", f"{field}: number out of range") from None


def is_utf8(value: bytes) -> bool:
    if value.isascii():
        return True
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_too_deep(value: bytes) -> bool:
    if value.count(b"[") + value.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _TEXT.sub(b"", value).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def has_huge_number(value: bytes) -> bool:
    """Whether a number stands anywhere that no float can hold: a reader of the topic would refuse the message."""
    if not _HUGE.search(value):
        return False
    try:
        _ANY.decode(value)
    except msgspec.ValidationError:
        return True
    except msgspec.DecodeError:
        return False
    return False


def _check(value: bytes | msgspec.Raw) -> None:
    try:
        _RAW.decode(value)
    except msgspec.DecodeError as error:
        raise Refused("not_json", str(error)) from None
