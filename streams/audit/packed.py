"""Plain tickets on their way from the processes that read them to those that derive from them.

Each account belongs to one share, so that who derives its facts need not unpack the events of all others.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from schemas.wire.lines import TicketLine

Numbered = tuple[int, int, TicketLine]
"""The number of a line, where in the file it begins, and what it says."""

PACKET = 4_096
"""Tickets in one packet."""

_decode = msgspec.msgpack.Decoder(list[Numbered]).decode


class Packed(NamedTuple):
    """The plain tickets of a file, by the shares of their accounts: each packet, and how many lines precede it."""

    path: Path
    shares: Sequence[list[tuple[int, bytes]]]

    def tickets(self, share: int | None) -> Iterator[Numbered]:
        """Those of a share, or all of them."""
        for before, packet in self.shares[share] if share is not None else (each for of in self.shares for each in of):
            for number, place, ticket in _decode(packet):
                yield before + number, place, ticket


class Packing:
    """What a process reads, by shares. A packet is closed when it is large enough: what was packed is forgotten."""

    def __init__(self, processes: int) -> None:
        self._open: list[list[Numbered]] = [[] for _ in range(processes)]
        self._closed: list[list[bytes]] = [[] for _ in range(processes)]

    def add(self, number: int, place: int, ticket: TicketLine) -> None:
        share = share_of(ticket.value.account_id, len(self._open))
        self._open[share].append((number, place, ticket))
        if len(self._open[share]) == PACKET:
            self._close(share)

    def packets(self) -> list[list[bytes]]:
        """All of them, by share."""
        for share in range(len(self._open)):
            self._close(share)
        return self._closed

    def _close(self, share: int) -> None:
        if self._open[share]:
            self._closed[share].append(msgspec.msgpack.encode(self._open[share]))
            self._open[share].clear()


@lru_cache(maxsize=65_536)
def share_of(key: str, processes: int) -> int:
    """Whose a key is follows from its name."""
    return crc32(key.encode()) % processes
