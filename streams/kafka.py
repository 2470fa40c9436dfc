"""Kafka as intake sees it: where it is, ranges of a partition read once, and what ends a session."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

PATIENCE_S = 30.0
READ_AT_ONCE = 10_000
SWIFT = {"fetch_wait_max_ms": 50, "fetch_queue_backoff_ms": 10}
"""A consumer's settings. By its defaults librdkafka waits long for little, and rests for a second when its queue was
full."""


class Interrupted(Exception):  # noqa: N818 -- what happened, not a mistake: a new session goes on from the saved state
    """Kafka did not take or give what it was asked for, or this process stood still too long to trust itself."""


@dataclass(frozen=True)
class Kafka:
    """`options` are librdkafka's, for TLS and SASL."""

    bootstrap: str
    options: Mapping[str, str] = field(default_factory=dict)

    def config(self, **settings: Any) -> dict[str, Any]:
        """A client's configuration: `settings` with underscores for librdkafka's dots."""
        named = {name.replace("_", "."): value for name, value in settings.items()}
        return {**self.options, "bootstrap.servers": self.bootstrap, "log_level": 3, **named}

    def reader(self) -> Consumer:
        """A consumer that belongs to no group: it reads what it is told to."""
        return Consumer(
            self.config(
                group_id="fivenines-intake-reader",  # demanded by librdkafka, used for nothing
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                **SWIFT,
            )
        )


def read(
    reader: Consumer, topic: str, partition: int, start: int = OFFSET_BEGINNING, end: int | None = None
) -> Iterator[Message]:
    """The messages of a partition from `start` to `end` (default: to its end as it is now), each once.

    Raises Interrupted when Kafka stops answering.
    """
    low, high = watermarks(reader, topic, partition)
    end = high if end is None else min(end, high)
    if max(start, low) >= end:
        return
    reader.assign([TopicPartition(topic, partition, max(start, low))])
    deadline = time.monotonic() + PATIENCE_S
    while True:
        for message in reader.consume(READ_AT_ONCE, 0.2):
            deadline = time.monotonic() + PATIENCE_S
            if message.error() is None and offset_of(message) < end:
                yield message
        # The position passes offsets that hold no message, such as those that compaction removed.
        if reader.position([TopicPartition(topic, partition)])[0].offset >= end:
            break
        if time.monotonic() > deadline:
            raise Interrupted(f"{topic}/{partition} cannot be read: no answer for {PATIENCE_S:g} s")
    reader.unassign()


def watermarks(reader: Consumer, topic: str, partition: int) -> tuple[int, int]:
    """The first offset of a partition and the one after its last. Raises Interrupted."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            low, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=5.0)
        except KafkaException as error:
            if time.monotonic() > deadline:
                raise Interrupted(f"{topic}/{partition} cannot be read: {error.args[0].str()}") from error
        else:
            return low, high


def offset_of(message: Message) -> int:
    """A message that was read has one; the client's types also speak of messages that were not."""
    return message.offset()  # type: ignore[return-value]


def reason(error: KafkaError) -> str:
    return f"{error.name()}: {error.str()}"
