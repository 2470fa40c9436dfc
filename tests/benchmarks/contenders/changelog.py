"""A loop that reads decide's changelog as it stands, decodes every record and keeps the last of each location.

python -m tests.benchmarks.contenders.changelog BOOTSTRAP
"""

import json
import sys
import time

from confluent_kafka import Consumer, TopicPartition

from schemas.topics import DECIDE_CHANGELOG
from streams.decide.records import Record, read_record

AT_ONCE = 10_000


def run(bootstrap: str) -> dict[str, object]:
    """The clock starts when the first records are there."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "bare", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    partitions = [*consumer.list_topics(DECIDE_CHANGELOG, timeout=30).topics[DECIDE_CHANGELOG].partitions]
    consumer.assign([TopicPartition(DECIDE_CHANGELOG, each, 0) for each in partitions])
    stand: dict[bytes | None, Record] = {}
    left, done, started = set(partitions), 0, 0.0
    while left:
        for message in consumer.consume(AT_ONCE, 1.0):
            started = started or time.monotonic()
            if message.error() is None:
                stand[message.key()] = read_record(message.value() or b"")
                done += 1
            else:
                left.discard(message.partition() or 0)
    seconds = time.monotonic() - started
    consumer.close()
    return {"messages": done, "seconds": seconds, "locations": len(stand) - len(partitions)}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
