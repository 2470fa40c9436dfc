"""An archive with its Kafka, as the tests of this folder use it."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.clickhouse import EmbeddedClickHouse
from schemas.facts import DeadLetter, Fact, Progress
from streams.archive import readers, sql
from streams.archive.readers import table_of
from streams.archive.wait import caught_up

PATIENCE_S = 60.0
_numbers = count(1)
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


def database(clickhouse: EmbeddedClickHouse) -> Client:
    """A client of a database of its own, which does not exist yet."""
    client = clickhouse_connect.get_client(
        host=clickhouse.host, port=clickhouse.http_port, username=clickhouse.user, password=clickhouse.password
    )
    client.database = f"archive_{next(_numbers)}"
    return client


def tables_only(client: Client) -> None:
    """What `migrate` makes, without the readers of Kafka."""
    client.command(f"CREATE DATABASE {client.database}", use_database=False)
    for script in (*(script for _, script in sql.migrations()), readers.functions(), *sql.views()):
        for statement in script.statements:
            client.command(statement)


def insert(client: Client, *facts: Fact | Progress, partition: int = 0) -> None:
    """The facts' rows, as if they had been read from `partition` in this order, each in a block of its own."""
    for offset, fact in enumerate(facts):
        row = {**fact.written(), "_partition": partition, "_offset": offset}
        settings = {"date_time_input_format": "best_effort"}
        client.raw_insert(table_of(fact.TOPIC), insert_block=_ENCODE(row), fmt="JSONEachRow", settings=settings)


class Archive:
    """Publishes to topics, and reads the tables once they hold it."""

    def __init__(self, client: Client, bootstrap: str) -> None:
        self.client = client
        self.kafka = {"bootstrap.servers": bootstrap}
        self._producer = Producer({**self.kafka, "linger.ms": 1, "message.max.bytes": 2 << 20, "log_level": 0})

    def publish(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int = 0,
    ) -> None:
        self._producer.produce(topic, value=value, key=key, headers=list(headers), partition=partition)

    def publish_fact(self, fact: Fact | Progress | DeadLetter, topic: str | None = None) -> None:
        self.publish(topic or fact.TOPIC, _ENCODE(fact.written()))

    def settled(self, topic: str) -> Mapping[int, int]:
        """Wait until all that was published stands in the tables; the end of each partition."""
        self._producer.flush(PATIENCE_S)
        ends = self._ends(topic)
        caught_up(self.client, topic, ends, PATIENCE_S, kafka=self.kafka)
        return ends

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.client.query(query, parameters=parameters).result_rows]

    def _ends(self, topic: str) -> dict[int, int]:
        consumer = Consumer({**self.kafka, "group.id": "ends"})
        try:
            partitions = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), PATIENCE_S)[1] for p in partitions}
        finally:
            consumer.close()
