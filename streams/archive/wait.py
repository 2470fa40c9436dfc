"""Waiting until ClickHouse has read a topic as far as somebody has written it."""

import time
from collections.abc import Mapping

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from streams.archive.readers import consumer_group

_POLL_S = 0.1
_ANSWER_S = 10.0
_STANDS_STILL_S = 0.5
_FEW = 10_000


def caught_up(
    client: Client, topic: str, offsets: Mapping[int, int], timeout: float, *, kafka: Mapping[str, str]
) -> None:
    """Return once every message of `topic` before `offsets` (by partition: the next offset to be written) is read.

    ClickHouse commits an offset when what precedes it is in its tables, in `unreadable`, or left out on purpose, so
    what it committed is asked, of Kafka: `kafka` are librdkafka's options. Messages without a value make no row, and
    it commits none of them until another follows: they are not waited for. `timeout` is in seconds. Raises
    TimeoutError, which says which partitions are behind and what ClickHouse complains about.
    """
    deadline = time.monotonic() + timeout
    wanted = {partition: offset for partition, offset in offsets.items() if offset > 0}
    group = consumer_group(str(client.database), topic)
    consumer = Consumer({**kafka, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    known, since = None, 0.0
    try:
        while behind := _behind(consumer, topic, wanted):
            if behind != known:
                known, since = behind, time.monotonic()
            elif time.monotonic() - since > _STANDS_STILL_S:
                for partition, at in behind.items():
                    if _have_no_value(consumer, topic, partition, at, wanted[partition]):
                        del wanted[partition]
                known = None
                continue
            if time.monotonic() > deadline:
                places = ", ".join(f"partition {each} at {at} of {wanted[each]}" for each, at in behind.items())
                raise TimeoutError(
                    f"ClickHouse is behind on {topic} after {timeout:g} s: {places}{_complaint(client, topic)}"
                )
            time.sleep(_POLL_S)
    finally:
        consumer.close()


def _behind(consumer: Consumer, topic: str, wanted: Mapping[int, int]) -> dict[int, int]:
    """The partitions that are behind, and where each is."""
    if not wanted:
        return {}
    committed = consumer.committed([TopicPartition(topic, partition) for partition in wanted], timeout=_ANSWER_S)
    return {each.partition: max(each.offset, 0) for each in committed if each.offset < wanted[each.partition]}


def _have_no_value(consumer: Consumer, topic: str, partition: int, start: int, end: int) -> bool:
    """Whether the messages in ``[start, end)`` are few, and all without a value."""
    if end - start > _FEW:
        return False
    consumer.assign([TopicPartition(topic, partition, start)])
    try:
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            for message in consumer.consume(end - start, _POLL_S):
                offset: int = message.offset() or 0
                if message.error() is None and offset < end and message.value() is not None:
                    return False
            if consumer.position([TopicPartition(topic, partition)])[0].offset >= end:
                return True
        return False
    finally:
        consumer.unassign()


def _complaint(client: Client, topic: str) -> str:
    query = """
        SELECT argMax(text, time)
        FROM system.kafka_consumers ARRAY JOIN exceptions.time AS time, exceptions.text AS text
        WHERE database = currentDatabase() AND has(assignments.topic, {topic:String})"""
    text = client.query(query, parameters={"topic": topic}).result_rows[0][0]
    return f"; it says: {text}" if text else ""
