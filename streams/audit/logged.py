"""A Kafka as a recording: the input topics, from what they still hold to where they end now."""

import time
from collections.abc import Callable, Iterator, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.events import Annotation, Heartbeat, RegistryRecord, TicketEvent
from schemas.wire import Line
from streams.audit.sources import UnreadableError

INPUTS = (RegistryRecord.TOPIC, Annotation.TOPIC, TicketEvent.TOPIC, Heartbeat.TOPIC)
GROUP = "fivenines-replay"
"""A name that librdkafka asks for; nothing is committed."""
BATCH = 10_000
POLL_S = 0.1
PATIENCE_S = 30.0


def logged(kafka: Mapping[str, str], warn: Callable[[str], None] = lambda _: None) -> Iterator[Line]:
    """Every message of the input topics, partition by partition in order. `warn` is told what Kafka no longer holds.

    Raises UnreadableError when Kafka does not give it.
    """
    consumer = Consumer(
        {
            **kafka,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.queue.backoff.ms": 10,
        }
    )
    try:
        left = set(_places(consumer, warn))
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in left])
        heard = time.monotonic()
        while left:
            messages = consumer.consume(BATCH, timeout=POLL_S)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > PATIENCE_S:
                raise UnreadableError(f"Kafka has sent nothing for {PATIENCE_S:g} s")
            for message in messages:
                error = message.error()
                if error is None:
                    yield _line(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- its documented name
                    left.discard((message.topic(), message.partition()))
                else:
                    raise UnreadableError(f"Kafka: {error.str()}")
    except KafkaException as error:
        raise UnreadableError(f"Kafka: {error.args[0].str()}") from None
    finally:
        consumer.close()


def _places(consumer: Consumer, warn: Callable[[str], None]) -> Iterator[tuple[str, int]]:
    topics = consumer.list_topics(timeout=PATIENCE_S).topics
    for topic in INPUTS:
        if topic not in topics:
            raise UnreadableError(f"Kafka has no topic {topic}: create the topics with `fivenines topics`")
        for partition in topics[topic].partitions:
            first, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_S)
            if first:
                warn(f"{topic}/{partition}: the first {first:,} messages are no longer in Kafka; the archive has them")
            yield topic, partition


def _line(message: object) -> Line:
    headers = message.headers()  # type: ignore[attr-defined]
    return Line(
        topic=message.topic(),  # type: ignore[attr-defined]
        key=message.key(),  # type: ignore[attr-defined]
        value=message.value(),  # type: ignore[attr-defined]
        partition=message.partition(),  # type: ignore[attr-defined]
        offset=message.offset(),  # type: ignore[attr-defined]
        timestamp=message.timestamp()[1],  # type: ignore[attr-defined]
        headers=[(name, value or b"") for name, value in headers] if headers else None,
    )
