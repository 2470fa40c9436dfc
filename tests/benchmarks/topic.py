"""The load on Kafka, produced once for every contender, and what intake published about it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import msgspec
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.derivation import Derivation
from schemas.facts import Fact, LocationOutage, LocationState
from schemas.topics import INTAKE_STATE
from schemas.wire import Line
from streams import topics
from tests.benchmarks import load

HEARTBEATS = "device-heartbeats"
INTAKE_GROUP = "fivenines-intake"
OUTPUTS = ("location-states", "location-outages", "exclusion-proposals", "progress", "dead-letters", INTAKE_STATE)
FACTS: tuple[type[Fact], ...] = (LocationState, LocationOutage)
CURRENT = dict[tuple[str, Hashable], dict[str, Any]]
PATIENCE_S = 30.0


def create(bootstrap: str, partitions: int) -> None:
    topics.create(bootstrap, Derivation(), partitions=partitions)


def broker_clock(bootstrap: str) -> int:
    """What time the broker has, in ms: it stamps what it takes. Heartbeats must be dated before they arrive."""
    stamped: list[int] = []
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(
        "dead-letters", b"", b"clock", on_delivery=lambda _, message: stamped.append(message.timestamp()[1])
    )
    producer.flush(PATIENCE_S)
    return stamped[0]


def produce(bootstrap: str, messages: Iterable[load.Message]) -> int:
    """Send messages in their order; how many there were."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 50,
            "batch.size": 1 << 20,
            "compression.type": "lz4",
            "enable.idempotence": True,
            "queue.buffering.max.messages": 500_000,
            "queue.buffering.max.kbytes": 1 << 19,
        }
    )
    sent = 0
    for partition, key, value, headers in messages:
        while True:
            try:
                producer.produce(HEARTBEATS, value, key, partition, headers=headers)  # type: ignore[arg-type]  # a list of pairs
            except BufferError:
                producer.poll(0.1)
            else:
                break
        sent += 1
        if not sent % 10_000:
            producer.poll(0)
    if producer.flush(PATIENCE_S):
        raise TimeoutError("Kafka did not take the whole load")
    return sent


def forget_outputs(bootstrap: str, partitions: int) -> None:
    """As if intake had never run: its topics are empty, and its group knows nothing."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.delete_topics(list(OUTPUTS), operation_timeout=PATIENCE_S).values():
        future.result()
    groups = admin.list_consumer_groups().result().valid
    if INTAKE_GROUP in {group.group_id for group in groups}:
        admin.delete_consumer_groups([INTAKE_GROUP])[INTAKE_GROUP].result()
    create(bootstrap, partitions)


def read(bootstrap: str, topic: str) -> Iterator[Message]:
    """All messages of a topic as it is now, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "benchmark", "enable.partition.eof": True})
    try:
        partitions = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions
        for partition in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_S)
            consumer.assign([TopicPartition(topic, partition, low)])
            position = low
            while position < high:
                for message in consumer.consume(10_000, 1.0):
                    if message.error() is None:
                        position = message.offset() + 1  # type: ignore[operator]
                        yield message
                    else:
                        position = max(position, consumer.position([TopicPartition(topic, partition)])[0].offset)
    finally:
        consumer.close()


def lines(bootstrap: str) -> Iterator[Line]:
    """The load as the audit takes it."""
    for message in read(bootstrap, HEARTBEATS):
        yield Line(
            topic=HEARTBEATS,
            key=message.key(),
            value=message.value(),
            partition=message.partition(),
            offset=message.offset(),
            timestamp=message.timestamp()[1],
            headers=message.headers(),  # type: ignore[arg-type]  # as consumed: a list of pairs
        )


def published(bootstrap: str) -> CURRENT:
    """The current facts that intake said: of each the greatest version, then the later, unless it is retracted."""
    newest: dict[tuple[str, Hashable], tuple[int, Fact]] = {}
    for kind in FACTS:
        for message in read(bootstrap, kind.TOPIC):
            if message.key() is None:  # progress, in band
                continue
            fact = kind.read(msgspec.json.decode(message.value()))  # type: ignore[arg-type]
            place = kind.TOPIC, fact.identity
            if place not in newest or newest[place][0] <= fact.version:
                newest[place] = fact.version, fact
    return {place: fact.current() for place, (_, fact) in newest.items() if not fact.retracted}


def ends(bootstrap: str, topic: str) -> dict[int, int]:
    """The offset after the last message of each partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "benchmark"})
    try:
        partitions = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions
        return {
            each: consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=PATIENCE_S)[1]
            for each in partitions
        }
    finally:
        consumer.close()


def by_kind(facts: CURRENT) -> dict[str, int]:
    return dict(Counter(topic for topic, _ in facts))
