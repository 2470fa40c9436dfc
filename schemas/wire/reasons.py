"""Why a message is not taken: each reason once, with what it means and what its sender should do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

Reason = Literal[
    "empty",
    "too_large",
    "not_utf8",
    "not_json",
    "not_an_object",
    "bad_envelope",
    "missing_field",
    "bad_value",
    "unknown_entity",
    "unknown_topic",
    "bad_line",
    "wrong_key",
    "clock_ahead",
    "too_late",
    "conflict",
]


class Meaning(NamedTuple):
    meaning: str
    remedy: str


REASONS: Mapping[Reason, Meaning] = MappingProxyType(
    {
        "empty": Meaning("no value, or one of no bytes", "send no tombstones: an entity ends by `closed_at`"),
        "too_large": Meaning("more than 1 MiB", "send one event a message, and leave attachments out"),
        "not_utf8": Meaning("bytes that are not UTF-8", "encode the text as UTF-8"),
        "not_json": Meaning("not one JSON document, or one nested more than 64 deep", "check how it is serialised"),
        "not_an_object": Meaning("JSON, but not an object", "send one object a message, not a list"),
        "bad_envelope": Meaning("a CloudEvents envelope that cannot be read", "send CloudEvents 1.0 with JSON data"),
        "missing_field": Meaning("a required field is absent or null", "see the topic's published schema"),
        "bad_value": Meaning("a field has another type or value than allowed", "see the topic's published schema"),
        "unknown_entity": Meaning("a registry record of an entity that does not exist", "see the list of entities"),
        "unknown_topic": Meaning("not a topic that the platform takes as input", "check the topic's name"),
        "bad_line": Meaning("a line of a file that is not an event in the line format", "see the line format"),
        "wrong_key": Meaning("the message's key is not the event's own", "use the key field's UTF-8 as key"),
        "clock_ahead": Meaning("dated later than it arrived", "set the sender's clock, and send it again"),
        "too_late": Meaning("arrived when every month it could change was final", "nothing: final months stay"),
        "conflict": Meaning("the identity of an earlier event with other contents", "give every event its own id"),
    }
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that is not taken. The detail names fields, never what was in them."""

    reason: Reason
    detail: str


class Refused(Exception):  # noqa: N818 -- a verdict, not an error; it never leaves this package
    """Carries a refusal out of the depth in which it was found."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.rejected = Rejected(reason, detail)
