"""A loop that consumes heartbeats and decodes them, times included, and does nothing else: the most that Python can do.

python -m tests.benchmarks.contenders.bare BOOTSTRAP TOPIC MESSAGES BATCH [OPTION=VALUE…]
"""

import gc
import json
import sys
import time
import uuid
from datetime import datetime

import msgspec
from confluent_kafka import Consumer


class Sample(msgspec.Struct, gc=False):
    """The fields of a heartbeat, which are also those of a tick."""

    id: str
    occurred_at: datetime
    device_id: str | None = None
    location_id: str | None = None
    status: str = "up"
    interval_s: float | None = None
    collector_id: str | None = None
    received_at: datetime | None = None
    buffered: bool = False
    reported_cause: str | None = None
    registration_status: str | None = None
    uptime_s: float | None = None
    server_downtime_s: float | None = None
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    packet_loss_pct: float | None = None
    mos: float | None = None
    power_source: str | None = None


def run(bootstrap: str, topic: str, messages: int, batch: int, options: dict[str, str]) -> dict[str, object]:
    """The clock starts when the first batch is there, which is not counted, and stops with the last. `options` are
    librdkafka's."""
    config = {
        "bootstrap.servers": bootstrap,
        "group.id": f"bare-{uuid.uuid4()}",
        "partition.assignment.strategy": "cooperative-sticky",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
        **options,
    }
    consumer = Consumer(config)
    consumer.subscribe([topic])
    decode = msgspec.json.Decoder(Sample).decode
    gc.disable()  # it keeps nothing, so there is nothing to collect
    first = done = 0
    started = cpu = 0.0
    while done < messages:
        taken = consumer.consume(batch, 0.05)
        for message in taken:
            decode(message.value())  # type: ignore[arg-type]  # every one has a value
        done += len(taken)
        if taken and not first:
            first, started, cpu = done, time.monotonic(), time.process_time()
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu
    consumer.close()
    return {
        "messages": done - first,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "settings": config | {"batch": batch},
    }


if __name__ == "__main__":
    bootstrap, topic, messages, batch, *options = sys.argv[1:]
    given = dict(option.split("=") for option in options)
    print(json.dumps(run(bootstrap, topic, int(messages), int(batch), given)))
