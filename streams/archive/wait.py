"""Waiting until ClickHouse has read a topic as far as somebody has written it."""

import time
from collections.abc import Mapping

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from streams.archive.readers import consumer_group

_POLL_S = 0.1
_ANSWER_S = 10.0


def caught_up(
    client: Client, topic: str, offsets: Mapping[int, int], timeout: float, *, kafka: Mapping[str, str]
) -> None:
    """Return once every message of `topic` before `offsets` (by partition: the next offset to be written) is read.

    ClickHouse commits an offset when what precedes it is in its tables, in `unreadable`, or left out on purpose, so
    what it committed is asked, of Kafka: `kafka` are librdkafka's options. `timeout` is in seconds. Raises
    TimeoutError, which says which partitions are behind and what ClickHouse complains about.
    """
    deadline = time.monotonic() + timeout
    wanted = {partition: offset for partition, offset in offsets.items() if offset > 0}
    consumer = Consumer({**kafka, "group.id": consumer_group(str(client.database), topic)})
    try:
        while behind := _behind(consumer, topic, wanted):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"ClickHouse is behind on {topic} after {timeout:g} s: {behind}{_complaint(client, topic)}"
                )
            time.sleep(_POLL_S)
    finally:
        consumer.close()


def _behind(consumer: Consumer, topic: str, wanted: Mapping[int, int]) -> str:
    committed = consumer.committed([TopicPartition(topic, partition) for partition in wanted], timeout=_ANSWER_S)
    return ", ".join(
        f"partition {each.partition} at {max(each.offset, 0)} of {wanted[each.partition]}"
        for each in committed
        if each.offset < wanted[each.partition]
    )


def _complaint(client: Client, topic: str) -> str:
    query = """
        SELECT argMax(text, time)
        FROM system.kafka_consumers ARRAY JOIN exceptions.time AS time, exceptions.text AS text
        WHERE database = currentDatabase() AND has(assignments.topic, {topic:String})"""
    text = client.query(query, parameters={"topic": topic}).result_rows[0][0]
    return f"; it says: {text}" if text else ""
