"""A topic, some messages in it, and all that it holds: enough Kafka for the tests of the servers."""

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from infra.kafka import EmbeddedKafka


def create_topic(kafka: EmbeddedKafka, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(20)


def produce(kafka: EmbeddedKafka, topic: str, *values: bytes) -> None:
    """Acknowledged when it returns."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 5})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(20) == 0


def values_in(kafka: EmbeddedKafka, topic: str, count: int) -> list[bytes]:
    """The first `count` values, or as many as came within 20 s."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "test", "auto.offset.reset": "earliest"})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return [value for message in consumer.consume(count, 20) if (value := message.value()) is not None]
    finally:
        consumer.close()
