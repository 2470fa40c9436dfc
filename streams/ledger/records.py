"""What stands in `ledger-state`: each location's months, claims and chains; each ticket; what was said of each account;
and how far the input is in them. All of a batch is written in one transaction, so the newest of each key fit together.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
import zstandard

from schemas.events import TicketEvent
from schemas.facts import Fact

Kind = Literal["position", "location", "ticket", "account"]

Place = tuple[str, int]
"""A topic and a partition."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """`read`: the next offset of each input; `heard`: of each partition of the heartbeats through when it has been
    followed, and since when (ms); `derived_by`: the folds' versions, the terms and the settings."""

    read: list[tuple[str, int, int]]
    heard: list[tuple[int, int, int]]
    derived_by: str

    @property
    def offsets(self) -> dict[Place, int]:
        return {(topic, partition): offset for topic, partition, offset in self.read}


class SavedTicket(NamedTuple):
    """A ticket's events, and what was said of it by topic."""

    events: list[TicketEvent]
    said: dict[str, msgspec.Raw]


POSITION = ("position",)

_KEY = msgspec.json.Decoder(tuple[str, ...]).decode
_POSITION = msgspec.msgpack.Decoder(Position).decode
_TICKET = msgspec.msgpack.Decoder(SavedTicket).decode
_SAID = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
_LEVEL = 3


def key_of(*names: str) -> bytes:
    """`position`; `location` ID; `ticket` ACCOUNT ID; `account` ID."""
    return msgspec.json.encode(names)


def names_of(key: bytes) -> tuple[str, ...]:
    return _KEY(key)


def packed(value: bytes) -> bytes:
    return zstandard.compress(value, _LEVEL)


def unpacked(value: bytes) -> bytes:
    return zstandard.decompress(value)


def position(value: bytes) -> Position:
    return _POSITION(value)


def encoded(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


def ticket_record(events: Iterable[TicketEvent], said: Mapping[str, Iterable[Fact]]) -> bytes:
    return packed(encoded(([*events], {topic: list(facts) for topic, facts in said.items()})))


def read_ticket(value: bytes) -> SavedTicket:
    return _TICKET(unpacked(value))


def account_record(said: Mapping[str, Iterable[Fact]]) -> bytes:
    return packed(encoded({topic: list(facts) for topic, facts in said.items()}))


def read_account(value: bytes) -> dict[str, msgspec.Raw]:
    return _SAID(unpacked(value))
