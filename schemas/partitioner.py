"""Where a key lives: murmur2 as in Kafka's own client; every producer must agree with it (semantics §1)."""

from functools import lru_cache
from typing import Final

_MASK: Final = 0xFFFFFFFF
_M: Final = 0x5BD1E995
_SEED: Final = 0x9747B28C


@lru_cache(maxsize=65_536)
def murmur2_partition(key: bytes, partitions: int) -> int:
    """The partition of a key: the default of Java and aiokafka, `murmur2_random` in librdkafka."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partition_of(key: str, *, partitions: int) -> int:
    """The partition of an id, such as a location's, in a topic of so many."""
    return murmur2_partition(key.encode(), partitions)


def murmur2(data: bytes) -> int:
    """The 32 bits of MurmurHash2 (Austin Appleby) with Kafka's seed, unsigned."""
    length = len(data)
    whole = length & ~3
    h = _SEED ^ length
    for at in range(0, whole, 4):
        k = (int.from_bytes(data[at : at + 4], "little") * _M) & _MASK
        k ^= k >> 24
        h = ((h * _M) & _MASK) ^ ((k * _M) & _MASK)
    if length > whole:
        h = ((h ^ int.from_bytes(data[whole:], "little")) * _M) & _MASK
    h = ((h ^ (h >> 13)) * _M) & _MASK
    return h ^ (h >> 15)
