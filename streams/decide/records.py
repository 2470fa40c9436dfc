"""What decide keeps of a location: one record, which holds all months that are not final. One record more
for each partition says how far that has been followed.

Every batch that is saved has a number, and of two records of one location that of the later batch counts, then the
greater version, wherever they stand in the changelog. A process goes on `AHEAD` of the greatest number that it finds in
a partition, and claims the partition by a record under its own before it saves a location: so what a predecessor was
saving when it was paused, and delivers when it wakes, counts for less than what was saved since.

Such a record may come late, behind one of a later batch. What it says may never have been published; a third process
may not know it; and Kafka would keep it, for it stands last, and drop the one that counts. So whoever finds it when it
takes over says the location again, as it stands, and saves it again under its own number. An owner that sees by the
offsets of its own records that another wrote between them ends, so that its partitions are taken over.

A record that arrives between a successor's reading and its claim does not come late; and as it is the claim that shows
it, no location was saved behind it. Therefore the newest batch, which may not have been published, is the newest that
saved a location.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from schemas.topics import DECIDE_CHANGELOG
from streams.decide.lifeline import stop_hard
from streams.engine import FOREVER

AHEAD: Final = 1_000
"""More batches than a process can save after it was paused, until it notices: one."""

COMPRESSION: Final = 1
"""The months of a location repeat each other: zlib's fastest level leaves an eighth."""

_CLOCK: Final = b"\xff"
"""Not UTF-8, so no location has such a key."""


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A location as it was decided, or (with an empty `state`) how far its partition has been followed."""

    version: int
    """The sum of the offsets of all inputs that had been read."""
    batch: int
    """The number of the batch that wrote it."""
    registry: int
    """The next offset of the registry."""
    first: int | None
    """From when the platform listens to the partition, in ms; None: no tick came."""
    through: int
    """The time of the partition, in ms."""
    due: int = FOREVER
    """The instant after which the months may change although nothing arrives, by the slowest partition's time."""
    awaits: int = FOREVER
    """The next instant at which the partition's own time changes what is to be said."""
    state: bytes = b""
    """The location as its chain saved it, compressed."""
    states_next: int = 0
    annotations_next: int = 0
    """With the time of a partition: from where on its input is to be read again."""

    def encode(self) -> bytes:
        return _ENCODE(self)

    @property
    def rank(self) -> tuple[int, int]:
        """Of two records of one key the greater counts."""
        return self.batch, self.version

    @property
    def saved(self) -> bytes:
        return zlib.decompress(self.state)


def compressed(saved: bytes) -> bytes:
    return zlib.compress(saved, COMPRESSION)


def read_record(value: bytes) -> Record:
    """Raises `msgspec.DecodeError` on anything else."""
    return _DECODE(value)


def clock_key(partition: int) -> bytes:
    """Where it is kept how far a partition has been followed, beside its locations."""
    return _CLOCK + str(partition).encode()


def is_clock(key: bytes) -> bool:
    return key.startswith(_CLOCK)


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Record).decode


@dataclass
class Reading:
    """How far the changelog of a partition has been read."""

    next: int = 0
    """The next offset."""
    batch: int = 0
    """The latest that was met."""
    newest: int = 0
    """The latest of a location."""
    late: set[bytes] = field(default_factory=set)
    """Locations of which a record stands last that came late."""

    def take(self, offset: int, key: bytes, value: bytes, standing: MutableMapping[bytes, bytes]) -> None:
        """Take a record in: it stands if it counts rather than the one that stands."""
        self.next = offset + 1
        record, known = read_record(value), standing.get(key)
        if known is None or record.batch > self.batch or record.rank >= read_record(known).rank:
            standing[key] = value
        if not is_clock(key):
            self.newest = max(self.newest, record.batch)
            (self.late.add if record.batch < self.batch else self.late.discard)(key)
        self.batch = max(self.batch, record.batch)


class Records:
    """The records of the partitions this process owns, in memory."""

    def __init__(self) -> None:
        self.data: dict[bytes, bytes] = {}
        self.readings: dict[int, Reading] = defaultdict(Reading)
        self._partition_of: dict[bytes, int] = {}

    def take(self, partition: int, offset: int, key: bytes, value: bytes) -> None:
        """Take a record in from the changelog. One that cannot be read ends the process."""
        self._partition_of[key] = partition
        try:
            self.readings[partition].take(offset, key, value, self.data)
        except (msgspec.DecodeError, TypeError) as error:
            stop_hard(f"{DECIDE_CHANGELOG}/{partition}: at offset {offset} stands no record of ours: {error}")

    def put(self, key: bytes, value: bytes, partition: int) -> None:
        """Keep a record that stands in the changelog."""
        self._partition_of[key] = partition
        self.data[key] = value

    def locations(self, partitions: Iterable[int]) -> int:
        """How many locations some partitions have."""
        wanted = set(partitions)
        return sum(self._partition_of[key] in wanted for key in self.data if not is_clock(key))

    def of(self, partitions: Iterable[int]) -> Iterable[tuple[int, bytes, Record]]:
        """The records of some partitions, each with its partition and key."""
        wanted = set(partitions)
        for key, value in self.data.items():
            partition = self._partition_of[key]
            if partition in wanted:
                yield partition, key, read_record(value)
