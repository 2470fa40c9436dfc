"""100 000 locations with five months each: a restart, and a month that closes while outages go on."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from infra.kafka import EmbeddedKafka
from schemas import times
from schemas.events import Heartbeat
from schemas.facts import Availability, LocationState, Progress
from schemas.partitioner import murmur2_partition
from schemas.topics import DECIDE_CHANGELOG
from streams.decide.records import clock_key, compressed, is_clock, read_record
from tests.decide.cluster import Cluster, Process
from tests.decide.platform import Platform, Worker, wait
from tests.decide.said import out, state_of
from tests.decide.story import Out, Story

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(1500)]

LOCATIONS = 100_000
PARTITIONS = 8
BEGIN = times.parse("2026-01-05T00:00:00Z")
CLOSING = times.parse("2026-06-03T08:00:00Z")
MODEL = "location-000000"


def name(number: int) -> str:
    return f"location-{number:06}"


def partition_of(location_id: str) -> int:
    return murmur2_partition(location_id.encode(), PARTITIONS)


def registry(locations: int) -> Iterator[Out]:
    since = {"valid_from": times.render(BEGIN), "recorded_at": times.render(BEGIN)}
    for number in range(locations):
        account = f"account-{number // 100}"
        if not number % 100:
            yield out("registry", 0, account, {"entity": "account", "account_id": account} | since)
        record = {
            "entity": "location",
            "location_id": name(number),
            "account_id": account,
            "sla_from": since["valid_from"],
        }
        yield out("registry", 0, name(number), record | since)


def progress(through: int) -> Iterator[Out]:
    for partition in range(PARTITIONS):
        said = Progress(topic=Heartbeat.TOPIC, partition=partition, through=through, first=BEGIN, version=through)
        yield out(LocationState.TOPIC, partition, None, said.written())
        yield out(Progress.TOPIC, 0, said.key, said.written())


def row(location_id: str, since: int, to: int | None, state: str) -> Out:
    return state_of(location_id, partition_of(location_id), since, to, state, hold_ms=1_050_000)


def five_months() -> dict[bytes, bytes]:
    """The records of one location after five months with an outage in each, just before the fifth one closes."""
    cluster, story = Cluster(PARTITIONS), Story(PARTITIONS)
    outs = [*registry(1), row(MODEL, BEGIN, None, "up"), *progress(BEGIN + 1000)]
    for month in range(2, 7):
        first = times.parse(f"2026-{month:02}-01T09:00:00Z")
        down = first - 5 * 86_400_000
        outs += [row(MODEL, down, down + 3_600_000, "down"), row(MODEL, down + 3_600_000, None, "up")]
        outs += [*progress(first), *progress(first + 40 * 3_600_000)]
    for each in outs:
        cluster.append(each)
    process = Process(cluster, story, range(PARTITIONS)).start()
    while process.finish(at_most=2):
        pass
    return process.table


def changelog() -> Iterator[Out]:
    records = five_months()
    model = read_record(records[MODEL.encode()])
    for partition in range(PARTITIONS):
        clock = msgspec.structs.replace(read_record(records[clock_key(partition)]), states_next=0, annotations_next=0)
        yield Out(DECIDE_CHANGELOG, partition, clock_key(partition), clock.encode(), 0)
    for number in range(LOCATIONS):
        state = compressed(model.saved.replace(MODEL.encode(), name(number).encode()))
        record = msgspec.structs.replace(model, state=state, registry=1 << 40, batch=number // 100 + 1)
        yield Out(DECIDE_CHANGELOG, partition_of(name(number)), name(number).encode(), record.encode(), 0)
    assert all(is_clock(key) or key == MODEL.encode() for key in records)


def resident_mib(worker: Worker) -> float:
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def test_a_closing_month_does_not_hold_up_the_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        platform = Platform(kafka.bootstrap, tmp_path, PARTITIONS)
        try:
            figures = "\n".join(measured(platform))
        finally:
            platform.close()
    with capsys.disabled():
        print("\n" + figures)


def measured(platform: Platform) -> Iterator[str]:
    platform.publish(registry(LOCATIONS))
    platform.publish(changelog())
    began = time.monotonic()
    worker = platform.worker(session_s=60)
    wait(lambda: "Worker ready" in worker.log() or worker.process.poll() is not None, 400, worker.log)
    yield f"ready with {LOCATIONS} locations of five months after {time.monotonic() - began:.1f} s"
    yield f"resident: {resident_mib(worker):.0f} MiB"
    platform.publish(progress(CLOSING - 3_600_000))
    news = Consumer({"bootstrap.servers": platform.bootstrap, "group.id": "news", "fetch.wait.max.ms": 20})
    try:
        delays, closed, took = closing(platform, news, worker)
    finally:
        news.close()
    yield f"closed {closed} months in {took:.1f} s: {closed / took:.0f} a second"
    yield f"meanwhile a state's end to its month: at most {max(delays):.2f} s, {len(delays)} measured"
    yield f"resident: {resident_mib(worker):.0f} MiB"
    assert closed >= LOCATIONS
    assert max(delays) < 5


def closing(platform: Platform, news: Consumer, worker: Worker) -> tuple[list[float], int, float]:
    """While the month closes, end a state now and then, and wait for the month that says so."""
    ends = [TopicPartition(Availability.TOPIC, each) for each in range(PARTITIONS)]
    news.assign([TopicPartition(each.topic, each.partition, news.get_watermark_offsets(each)[1]) for each in ends])
    platform.publish(progress(CLOSING))
    began, delays, closed, number = time.monotonic(), [], 0, 0
    asked: float | None = None
    quiet = time.monotonic()
    while time.monotonic() - quiet < 15:
        if asked is None and time.monotonic() - began > number * 4 and closed < LOCATIONS:
            number += 1
            at = CLOSING + number * 1000
            location = name(number * 7919 % LOCATIONS)
            platform.publish([row(location, at - 500, at, "down"), row(location, at, None, "up"), *progress(at)])
            asked = time.monotonic()
        message = news.poll(0.5)
        if message is None or message.error():
            continue
        fact = msgspec.json.decode(message.value() or b"{}")
        if fact["closed"] and fact["month"] == "2026-05":
            closed, quiet, took = closed + 1, time.monotonic(), time.monotonic() - began
        if asked is not None and fact["location_id"] == location and fact["as_of"] == times.render(at):
            delays.append(time.monotonic() - asked)
            asked = None
        assert worker.process.poll() is None, worker.log()
    return delays, closed, took
