"""Reads what was saved of some partitions, all at once.

faust's own recovery of a table takes a record at a time: two hundred microseconds each, where a hundred thousand
locations that were written five times are to be there within a minute.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from schemas.topics import DECIDE_CHANGELOG, STATE_BYTES

POLL_MS: Final = 200
AT_ONCE: Final = 1_000
"""Records, between which others have their turn: members of a group must be heard of."""

Take = Callable[[int, int, bytes, bytes], None]
"""Takes a record: partition, offset, key and value."""


async def read_changelog(
    connection: Mapping[str, Any], next_of: Mapping[int, int], take: Take, goes_on: Callable[[], bool]
) -> None:
    """Read partitions, each from its next offset up to the end that it has now, as long as `goes_on`."""
    consumer = AIOKafkaConsumer(
        **connection,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=POLL_MS,
        max_partition_fetch_bytes=STATE_BYTES,
    )
    await consumer.start()
    try:
        places = {TopicPartition(DECIDE_CHANGELOG, each): offset for each, offset in next_of.items()}
        consumer.assign([*places])
        for place, offset in places.items():
            consumer.seek(place, offset)
        ends = await consumer.end_offsets([*places])
        left = {place for place, end in ends.items() if places[place] < end}
        while left and goes_on():
            fetched = await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place, messages in fetched.items():
                for message in messages:
                    take(place.partition, message.offset, message.key, message.value)
                if await consumer.position(place) >= ends[place]:
                    left.discard(place)
    finally:
        await consumer.stop()
