"""How soon the NOC sees it: from a `down` heartbeat, and from the end of a hold, to the row in `location_outages`.

The fleet reports in real time through the whole platform: Kafka, intake, Kafka, ClickHouse. A row counts as seen when a
query returns it.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from random import Random

from clickhouse_connect.driver.client import Client
from confluent_kafka import Producer

from schemas.topics import murmur2_partition
from streams.archive.migrate import migrate
from tests.benchmarks import intake, topic
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.load import text, uuid4
from tests.benchmarks.stage import Stage, wait_until

PARTITIONS = 8
DEVICES = 10_000
INTERVAL_MS = 2_000
HOLD_MS = 7_000
"""3.5 intervals, by the terms' three missed heartbeats."""
COLLECTORS = 5
TICK_MS = 5_000
SLOT_MS = 20
"""Heartbeats are sent so many milliseconds' worth at a time: 5 000 a second are 100 to a slot."""
WARM_UP_S = 20
MEASURED_S = 60
LEFT_S = 15
"""For the last of the rows."""
DOWN_EVERY_MS = 100
SILENT_EVERY_MS = 200
POLL_S = 0.02


class Live:
    """A fleet of one device to a location that reports in real time. `clock` is the broker's at the start, in ms."""

    def __init__(self, bootstrap: str, clock: int, devices: int) -> None:
        self._random = Random(9)
        self._devices = devices
        self._began = time.monotonic() - clock / 1000
        self._next_subject = count()
        self._partitions = [murmur2_partition(location(n).encode(), PARTITIONS) for n in range(devices)]
        self._silent: set[int] = set()
        self._last: dict[int, int] = {}
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "compression.type": "lz4"})
        self.sent = 0
        self.downs: dict[str, int] = {}
        """When each location that was reported down was, in ms."""
        self.ends_of_hold: dict[str, int] = {}
        """When the hold of each location that fell silent ends."""

    def now(self) -> int:
        """The broker's clock, in ms."""
        return int((time.monotonic() - self._began) * 1000)

    def play(self, warm_up_s: float, measured_s: float, left_s: float) -> None:
        """Report until the time is over; outages begin in the measured part alone."""
        start = self.now()
        measured = range(start + int(warm_up_s * 1000), start + int((warm_up_s + measured_s) * 1000))
        end = measured.stop + int(left_s * 1000)
        for slot in range(start, end, SLOT_MS):
            while (ahead := slot + SLOT_MS - self.now()) > 0:
                time.sleep(ahead / 1000)
            self._report(slot - start, slot in measured)
            self._producer.poll(0)
        self._producer.flush(10)

    def _report(self, since_start: int, is_measured: bool) -> None:
        """One slot: the devices whose turn it is, and the collector whose turn it is."""
        in_turn = self._devices * SLOT_MS // INTERVAL_MS
        first = since_start // SLOT_MS * in_turn
        turn = [each % self._devices for each in range(first, first + in_turn)]
        if is_measured and not since_start % DOWN_EVERY_MS:
            subject = next(self._next_subject) % self._devices
            self._send(subject, "down")
        if is_measured and not since_start % SILENT_EVERY_MS:
            self._fall_silent(self._devices - 1 - len(self._silent))
        for device in turn:
            if device not in self._silent:
                self._send(device)
        if not since_start % (TICK_MS // COLLECTORS):
            self._tick(since_start // (TICK_MS // COLLECTORS) % COLLECTORS)

    def _send(self, device: int, status: str = "up") -> None:
        now = self.now()
        if status == "down":
            self.downs[location(device)] = now
        self._last[device] = now
        value = (
            f'{{"id":"{uuid4(self._random)}","device_id":"device-{device}","location_id":"{location(device)}",'
            f'"occurred_at":"{text(now)}","status":"{status}","interval_s":{INTERVAL_MS // 1000},'
            f'"collector_id":"collector-{device % COLLECTORS}"}}'
        )
        self._producer.produce(topic.HEARTBEATS, value, location(device), self._partitions[device])
        self.sent += 1

    def _fall_silent(self, device: int) -> None:
        self._silent.add(device)
        self.ends_of_hold[location(device)] = self._last[device] + HOLD_MS

    def _tick(self, collector: int) -> None:
        value = f'{{"id":"tick","collector_id":"collector-{collector}","occurred_at":"{text(self.now())}"}}'
        for partition in range(PARTITIONS):
            self._producer.produce(topic.HEARTBEATS, value, None, partition)


class Watch(threading.Thread):
    """Asks for the outages again and again; `seen` tells when each location's first row was there."""

    def __init__(self, client: Client, live: Live) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._live = live
        self._stopped = threading.Event()
        self.seen: dict[str, int] = {}
        self.asked = 0

    def run(self) -> None:
        while not self._stopped.wait(POLL_S):
            rows = self._client.query("SELECT DISTINCT location_id FROM location_outages").result_rows
            now = self._live.now()
            self.asked += 1
            for (location_id,) in rows:
                self.seen.setdefault(location_id, now)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def latency(stage: Stage) -> Iterator[Figure]:
    devices = 500 if stage.small else DEVICES
    seconds = (3, 5, 12) if stage.small else (WARM_UP_S, MEASURED_S, LEFT_S)
    with ExitStack() as held:
        bootstrap = held.enter_context(stage.kafka(PARTITIONS))
        client = held.enter_context(stage.clickhouse()).client
        migrate(client, kafka_broker_list=bootstrap)
        folder = held.enter_context(stage.folder())
        process = held.enter_context(intake.running(bootstrap, folder / "intake.log"))
        wait_until(lambda: len(process.figures().get("lag_messages", {})) == PARTITIONS, 60, what="taking over")
        wait_until(lambda: _reads_everything(client), 60, what="ClickHouse taking up its topics")
        live = Live(bootstrap, topic.broker_clock(bootstrap), devices)
        watch = Watch(client, live)
        watch.start()
        stage.say(f"{devices * 1000 // INTERVAL_MS:,} heartbeats a second for {sum(seconds):.0f} s")
        live.play(*seconds)
        watch.stop()
        process.stop()
        published = _published(bootstrap)
    rate = live.sent / sum(seconds)
    yield from _figures("down heartbeat", live.downs, watch, published, {50: 1.0, 99: 3.0}, rate)
    yield from _figures("end of a hold", live.ends_of_hold, watch, published, {50: None, 99: 5.0}, rate)


def _reads_everything(client: Client) -> bool:
    query = "SELECT count(), countIf(notEmpty(assignments.topic)) FROM system.kafka_consumers"
    consumers, assigned = client.query(query).result_rows[0]
    return bool(consumers) and consumers == assigned


def _published(bootstrap: str) -> dict[str, int]:
    """When each location's first outage was on its topic, by the broker's clock: intake's part of the way."""
    first: dict[str, int] = {}
    for message in topic.read(bootstrap, "location-outages"):
        if (key := message.key()) is not None:
            first.setdefault(bytes(key).decode(), message.timestamp()[1])
    return first


def _figures(
    what: str,
    began: dict[str, int],
    watch: Watch,
    published: dict[str, int],
    targets: dict[int, float | None],
    rate: float,
) -> Iterator[Figure]:
    """Nothing is told while some were never seen: a missing row must not make the figure better."""
    took = sorted((watch.seen[each] - at) / 1000 for each, at in began.items() if each in watch.seen)
    on_topic = sorted((published[each] - at) / 1000 for each, at in began.items() if each in published)
    unseen = len(began) - len(took)
    for percent, target in targets.items():
        note = f"{unseen} of {len(began)} were never seen"
        if not unseen:
            there = nearest_rank(on_topic, percent)
            note = f"of {len(took)}; on its topic after {there:.2g} s; {number(rate)} heartbeats/s"
        yield Figure(
            name=f"{what} → row, p{percent}",
            value=None if unseen else nearest_rank(took, percent),
            unit="s",
            target=target,
            better="less",
            note=note,
            details={"seconds": took, "seconds to its topic": on_topic, "queries": watch.asked},
        )


def nearest_rank(in_order: Sequence[float], percent: int) -> float:
    return in_order[-(-percent * len(in_order) // 100) - 1]


def location(device: int) -> str:
    return f"location-{device:06}"
