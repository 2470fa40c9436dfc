"""Events to their topics: right keys, Kafka's own partitioner, ticks to every partition (semantics §1)."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.events import Heartbeat
from schemas.topics import BODY_BYTES

ALL_GONE_WITHIN_S = 120.0
POLL_EVERY = 1000
BATCH_HEADER_BYTES = 61
"""What Kafka counts beside a batch's records, and librdkafka's own limit does not (Kafka's message format, v2)."""
MAX_BYTES = BODY_BYTES - BATCH_HEADER_BYTES


class PublishingError(Exception):
    """Kafka did not take a message; the message says why."""


class TooLargeError(PublishingError):
    """No topic takes so large a message: it was not queued, and the others are not concerned."""


class Publisher:
    """A context: it ends when Kafka has taken everything. `kafka` are librdkafka's options, `partitions` those of
    `device-heartbeats`.
    """

    def __init__(self, kafka: Mapping[str, str], partitions: int) -> None:
        options: dict[str, Any] = {
            **kafka,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "message.max.bytes": MAX_BYTES,  # what the topics take; what the platform does not, it refuses itself
            "delivery.report.only.error": True,  # a report for each message would cost more than the message
            "queue.buffering.max.messages": 200_000,
            "log_level": 3,  # a broker that still loads is no news
        }
        self._producer = Producer(options)
        self._partitions = range(partitions)
        self._queued = 0
        self._failure: KafkaError | None = None

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        told_to_stop = kind is not None and not issubclass(kind, Exception)
        left = self._producer.flush(1.0 if told_to_stop else ALL_GONE_WITHIN_S)
        if kind is None:
            self._check()
            if left:
                raise PublishingError(f"Kafka has not taken {left} messages within {ALL_GONE_WITHIN_S:g} s")

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """Queue a message. One of `device-heartbeats` without a key is a tick and goes to every partition.

        Raises TooLargeError when the topic does not take this one, PublishingError when Kafka refused an earlier one.
        """
        if topic == Heartbeat.TOPIC and key is None:
            for partition in self._partitions:
                self._queue(topic, value=value, headers=headers, partition=partition)
        else:
            self._queue(topic, key=key, value=value, headers=headers)

    def _queue(self, topic: str, **message: Any) -> None:
        while True:
            try:
                self._producer.produce(topic, on_delivery=self._delivered, **message)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                    raise PublishingError(f"Kafka did not take a message: {error.args[0].str()}") from None
                raise TooLargeError(f"larger than the {MAX_BYTES:,} bytes that {topic} takes") from None
            else:
                break
        self._queued += 1
        if self._queued % POLL_EVERY == 0:
            self._producer.poll(0)
            self._check()

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failure = error

    def _check(self) -> None:
        if self._failure is not None:
            raise PublishingError(f"Kafka did not take a message: {self._failure.str()}")
