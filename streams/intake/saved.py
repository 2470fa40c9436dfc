"""What stands in `intake-state`: each location as it was last saved, and one header that says what all of them cover.

A process that was paused may write its queue when it wakes, and put an old record in place of a newer one. The header's
sums show that: they add up which input every location's newest record covers, and an old record does not fit. Then the
input is read again from what that record covers. A stale write costs repeated work and nothing else.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

import msgspec
from confluent_kafka import Consumer

from schemas.topics import INTAKE_STATE
from streams.engine import NEVER
from streams.folds.proposals import Said
from streams.folds.samples import Profile
from streams.kafka import read

HEADER_KEY = b"\xffheader"
"""No location's: it is not UTF-8."""

PARTS = 256
"""Sums are kept for so many parts of the locations, so that those of one part alone say from where to read again."""

_32_BITS = (1 << 32) - 1


class Late(NamedTuple):
    """A sample from a time of its location that memory does not hold any more: dated then, and taken at its arrival
    where its clock is slow (ms); and what it said of a cause."""

    device_id: str
    profile: Profile
    dated: int
    taken_at: int
    said: Said | None = None


class Dirty(msgspec.Struct, array_like=True):
    """What waits for repair: nothing before `since` (ms) is to change; `late` came too late for memory."""

    since: int
    late: list[Late]


class Saved(msgspec.Struct, frozen=True, array_like=True):
    """A location's record. `covers`: the input offset up to which everything is in it. `base`: what its record before
    covers, by which it is recognised when the save that it is part of was never completed."""

    covers: int
    base: int
    state: bytes
    dirty: Dirty | None = None


class Header(msgspec.Struct, frozen=True, array_like=True):
    """Written when all records of a save were acknowledged. `registry` and `outputs` are offsets to go on from: of the
    registry, and of each watched topic's partition of the same number."""

    covers: int
    registry: int
    outputs: dict[str, int]
    clock: bytes
    sums: list[int]


class Sums:
    """Per part, Σ hash(location, what its record covers)."""

    def __init__(self, counted: Mapping[bytes, int]) -> None:
        self.parts = [0] * PARTS
        for location, covers in counted.items():
            self.replace(location, NEVER, covers)

    def replace(self, location: bytes, before: int, covers: int) -> None:
        part = part_of(location)
        self.parts[part] += _hash(location, covers) - _hash(location, before)


def part_of(location: bytes) -> int:
    return crc32(location) % PARTS


def _hash(location: bytes, covers: int) -> int:
    return crc32(location, covers & _32_BITS) if covers != NEVER else 0


_decode_saved = msgspec.msgpack.Decoder(Saved).decode
_decode_header = msgspec.msgpack.Decoder(Header).decode
encode = msgspec.msgpack.encode


class Snapshot:
    """The newest records of a partition."""

    def __init__(self, records: Mapping[bytes, bytes], headers: Sequence[Header]) -> None:
        self.locations = {location: _decode_saved(record) for location, record in records.items()}
        # A stale one may stand after a newer one; of two that cover as much the later counts.
        self.header = max(reversed(headers), key=attrgetter("covers"), default=None)

    @property
    def covered(self) -> int:
        """The input offset that the last complete save covers."""
        return self.header.covers if self.header is not None else 0

    @property
    def heard(self) -> int:
        """The registry offset that it covers."""
        return self.header.registry if self.header is not None else 0

    def is_ahead(self, record: Saved) -> bool:
        """Whether a record belongs to a save that was not completed."""
        return self.header is None or record.covers > self.header.covers

    @cached_property
    def counted(self) -> dict[bytes, int]:
        """By location, what the header counts: where a record is ahead, the one before it."""
        return {
            location: record.base if self.is_ahead(record) else record.covers
            for location, record in self.locations.items()
        }

    @cached_property
    def doubtful(self) -> dict[bytes, int]:
        """The locations of the parts in which a record does not fit the header, and what each covers."""
        if self.header is None:
            return {}
        counted = self.counted
        sums = Sums(counted)
        wrong = {part for part in range(PARTS) if sums.parts[part] != self.header.sums[part]}
        return {location: max(0, covers) for location, covers in counted.items() if part_of(location) in wrong}

    def reaches(self) -> int:
        """The input offset that no record reaches past."""
        return max(self.covered, max((record.covers for record in self.locations.values()), default=0))


def read_snapshot(reader: Consumer, partition: int) -> Snapshot:
    """Everything that was saved of a partition. Raises Interrupted."""
    records: dict[bytes, bytes] = {}
    headers: list[Header] = []
    for message in read(reader, INTAKE_STATE, partition):
        key, value = message.key(), message.value()
        if key == HEADER_KEY and value is not None:
            headers.append(_decode_header(value))
        elif key is not None and value is not None:
            records[key] = value
    return Snapshot(records, headers)
