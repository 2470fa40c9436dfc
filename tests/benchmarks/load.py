"""The load: a seeded fleet's heartbeats and its collectors' ticks, in the order in which they arrive.

Same settings, same bytes. Most heartbeats come when they are due. Some are late by up to ten minutes, some come twice,
some say that the device is down; a few devices are silent for minutes, and one collector is blind for a time, in which
nothing of its devices arrives either.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from schemas import times
from schemas.topics import murmur2_partition

LATE, DOUBLED, DOWN, CLOUDEVENTS, SILENT = 0.01, 0.005, 0.001, 0.1, 0.02
LATE_MS = (1_000, 600_000)
DOUBLED_MS = (0, 5_000)
SILENT_MS = (180_000, 600_000)
BLIND_MS = 300_000
BLIND_FROM = 0.4
"""Of the load's duration; the collector is the last."""
JITTER_MS = 200


class Message(NamedTuple):
    """What a producer sends to `device-heartbeats`."""

    partition: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]] | None = None


class Device(NamedTuple):
    """A device, and what is the same in each of its heartbeats."""

    partition: int
    key: bytes
    phase_ms: int
    collector: int
    ids: str
    tail: str
    silent_from: int
    silent_to: int


@dataclass
class Load:
    """At least `heartbeats` of `devices`; instants in ms. `counts` tells, after a run through it, what there was."""

    start: int
    heartbeats: int = 2_000_000
    devices: int = 10_000
    devices_per_location: int = 2
    partitions: int = 8
    interval_s: int = 30
    collectors: int = 5
    tick_s: int = 5
    seed: int = 9
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def rounds(self) -> int:
        """Intervals to play. Silence and blind time take some heartbeats away, doubled ones give fewer back."""
        return -(-self.heartbeats // self.devices) + 1 + BLIND_MS // (self.interval_s * 1000 * self.collectors)

    @property
    def duration_ms(self) -> int:
        return self.rounds * self.interval_s * 1000

    @property
    def end(self) -> int:
        return self.start + self.duration_ms

    def messages(self) -> Iterator[Message]:
        """All of them, by arrival. What would arrive after the end arrives at the end."""
        random = Random(self.seed)
        self.counts.clear()
        ticks = _Ticks(self)
        fleet = [self._device(random, number) for number in range(self.devices)]
        waiting: list[tuple[int, int, Message]] = []
        sent = 0
        for at in range(self.start, self.end, self.interval_s * 1000):
            for device in fleet:
                now = at + device.phase_ms
                if now >= ticks.next:
                    yield from ticks.until(now)
                while waiting and waiting[0][0] <= now:
                    yield heappop(waiting)[2]
                if device.silent_from <= now < device.silent_to or ticks.is_blind(device.collector, now):
                    self.counts["unheard"] += 1
                    continue
                sent += 1
                message = self._heartbeat(random, device, now)
                if random.random() < LATE:
                    self.counts["late"] += 1
                    heappush(waiting, (now + random.randint(*LATE_MS), sent, message))
                else:
                    yield message
                if random.random() < DOUBLED:
                    self.counts["doubled"] += 1
                    sent += 1
                    heappush(waiting, (now + random.randint(*DOUBLED_MS), sent, message))
        while waiting:
            yield heappop(waiting)[2]
        yield from ticks.until(self.end + self.tick_s * 1000)
        self.counts.update({"heartbeats": sent, "ticks": ticks.sent, "messages": sent + ticks.sent})

    def _heartbeat(self, random: Random, device: Device, now: int) -> Message:
        occurred_at = now + random.randrange(-JITTER_MS, JITTER_MS)
        status = ""
        if random.random() < DOWN:
            self.counts["down"] += 1
            status = ',"status":"down"'
        name = uuid4(random)
        value = f'{{"id":"{name}",{device.ids},"occurred_at":"{text(occurred_at)}"{status}{device.tail}}}'
        headers = None
        if random.random() < CLOUDEVENTS:
            self.counts["cloudevents"] += 1
            headers = [
                ("ce_specversion", b"1.0"),
                ("ce_id", name.encode()),
                ("ce_source", b"gateway/heartbeats"),
                ("ce_type", b"heartbeat"),
                ("content-type", b"application/json"),
            ]
        return Message(device.partition, device.key, value.encode(), headers)

    def _device(self, random: Random, number: int) -> Device:
        location_id = f"location-{number // self.devices_per_location:06}"
        collector = number % self.collectors
        silent_from, silent_to = self.end, self.end
        if random.random() < SILENT:
            self.counts["silent devices"] += 1
            silent_from = self.start + random.randrange(self.duration_ms)
            silent_to = silent_from + random.randint(*SILENT_MS)
        return Device(
            partition=murmur2_partition(location_id.encode(), self.partitions),
            key=location_id.encode(),
            phase_ms=number * self.interval_s * 1000 // self.devices,
            collector=collector,
            ids=f'"device_id":"device-{number:07}","location_id":"{location_id}"',
            tail=f',"interval_s":{self.interval_s},"collector_id":"collector-{collector}","rtt_ms":12.5',
            silent_from=silent_from,
            silent_to=silent_to,
        )


class _Ticks:
    """Each collector's word to every partition; they take turns, so that stream time goes on evenly."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._step = load.tick_s * 1000 // load.collectors
        self._turn = 0
        self._blind_from = load.start + int(load.duration_ms * BLIND_FROM)
        self.next = load.start
        self.sent = 0

    def is_blind(self, collector: int, at: int) -> bool:
        return collector == self._load.collectors - 1 and self._blind_from <= at < self._blind_from + BLIND_MS

    def until(self, now: int) -> Iterator[Message]:
        while self.next <= now:
            collector = self._turn % self._load.collectors
            if not self.is_blind(collector, self.next):
                self.sent += self._load.partitions
                value = (
                    f'{{"id":"tick-{self._turn}","collector_id":"collector-{collector}",'
                    f'"occurred_at":"{text(self.next)}"}}'
                ).encode()
                yield from (Message(partition, None, value) for partition in range(self._load.partitions))
            self._turn += 1
            self.next += self._step


@lru_cache(4096)
def _second(second: int) -> str:
    return times.render(second * 1000)[:19]


def text(ms: int) -> str:
    """An instant as heartbeats write it."""
    return f"{_second(ms // 1000)}.{ms % 1000:03}Z"


def uuid4(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
