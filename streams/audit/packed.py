"""Plain tickets on their way from the processes that read them to those that derive from them.

Each account belongs to one share, so that who derives its facts need not unpack the events of all others.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

import msgspec

from schemas.wire.lines import TicketLine

Numbered = tuple[int, int, TicketLine]
"""The number of a line, where in the file it begins, and what it says."""

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


def pack(tickets: Iterable[Numbered], processes: int) -> list[bytes]:
    """A packet for each share; empty where it has none."""
    shares: list[list[Numbered]] = [[] for _ in range(processes)]
    for each in tickets:
        shares[share_of(each[2].value.account_id, processes)].append(each)
    return [msgspec.msgpack.encode(share) if share else b"" for share in shares]


@lru_cache(maxsize=65_536)
def share_of(key: str, processes: int) -> int:
    """Whose a key is follows from its name."""
    return crc32(key.encode()) % processes


def line_at(file: BinaryIO, place: int) -> bytes:
    file.seek(place)
    return file.readline()
