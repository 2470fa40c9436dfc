"""A fleet that reports through intake while the month of very many other locations closes: how soon is it told, on
`location-outages` by intake and on `availability` by decide, that one of its devices went down?

The fleet's clock runs as fast as the broker's, and stands elsewhere: its messages say themselves when they arrived. All
delays are differences of the broker's own stamps.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
from confluent_kafka import Message, Producer

from schemas.facts import Availability, LocationOutage
from tests.benchmarks import topic
from tests.benchmarks.load import text
from tests.benchmarks.months import CLOSING, partition_of

INTERVAL_MS = 10_000
SLOT_MS = 50
TICK_MS = 1_000
DOWN_EVERY_MS = 250
WARM_UP_MS = 10_000
BEFORE_MS = 20_000
"""So long are outages measured before the month closes."""
LEFT_S = 15.0
"""For the last of them."""
LOOK_S = 1.0
CLOSED_MONTH, MONTH = "2026-05", "2026-06"

Stamps = Mapping[str, int]
"""Of each location a time of the broker's, in ms."""


def live(number: int) -> str:
    return f"live-{number:06}"


@dataclass(frozen=True)
class Seen:
    """When each outage was reported, and told of first; and when the months closed."""

    downs: Stamps
    outages: Stamps
    months: Stamps
    closings: Stamps

    @property
    def closed(self) -> int:
        return len(self.closings)

    @property
    def closed_within_ms(self) -> int:
        return max(self.closings.values()) - min(self.closings.values())

    def delays_s(self, told: Stamps) -> tuple[list[float | None], list[float | None]]:
        """Of what was reported while the months closed, and before; None: it was never told."""
        first, last = min(self.closings.values()), max(self.closings.values())
        delays = {
            location: (told[location] - at) / 1000 if location in told else None for location, at in self.downs.items()
        }
        return (
            [delay for location, delay in delays.items() if first <= self.downs[location] <= last],
            [delay for location, delay in delays.items() if self.downs[location] < first],
        )


def play(bootstrap: str, devices: int, is_over: Callable[[], bool], within_s: float) -> Seen:
    """Report until all months have closed, and see what became of it. Raises TimeoutError."""
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(is_over, over, time.monotonic() + within_s), daemon=True)
    fleet = _Fleet(bootstrap, devices)
    looking.start()
    fleet.report(over)
    looking.join()
    if not over.is_set():
        raise TimeoutError(f"the months did not close within {within_s:g} s")
    return _seen(bootstrap)


def _look(is_over: Callable[[], bool], over: threading.Event, deadline: float) -> None:
    while not is_over():
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_S)
    over.set()


class _Fleet:
    """One device to a location; a device that went down says nothing more."""

    def __init__(self, bootstrap: str, devices: int) -> None:
        self._devices = devices
        self._down = 0
        self._partitions = [partition_of(live(device)) for device in range(devices)]
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})

    def report(self, over: threading.Event) -> None:
        """Until the months have closed, and the last outages had their time; or all devices are down."""
        began = time.monotonic()
        until = None
        for slot in self._slots():
            if (ahead := began + slot / 1000 - time.monotonic()) > 0:
                time.sleep(ahead)
            if until is None and (over.is_set() or self._down == self._devices):
                until = time.monotonic() + LEFT_S
            if until is not None and time.monotonic() > until:
                break
            self._slot(slot, CLOSING - WARM_UP_MS - BEFORE_MS + slot, is_measured=until is None)
        self._producer.flush(30)

    def _slots(self) -> Iterator[int]:
        slot = 0
        while True:
            yield slot
            slot += SLOT_MS

    def _slot(self, slot: int, now: int, *, is_measured: bool) -> None:
        in_turn = max(1, self._devices * SLOT_MS // INTERVAL_MS)
        if is_measured and slot >= WARM_UP_MS and not slot % DOWN_EVERY_MS and self._down < self._devices:
            self._send(self._down, now, "down")
            self._down += 1
        for turn in range(slot // SLOT_MS * in_turn, (slot // SLOT_MS + 1) * in_turn):
            if (device := turn % self._devices) >= self._down:
                self._send(device, now, "up")
        if not slot % TICK_MS:
            at = text(now)
            tick = f'{{"id":"{at}","collector_id":"collector","occurred_at":"{at}","received_at":"{at}"}}'
            for partition in sorted({*self._partitions}):
                self._producer.produce(topic.HEARTBEATS, tick, None, partition)
        self._producer.poll(0)

    def _send(self, device: int, now: int, status: str) -> None:
        at = text(now)
        value = (
            f'{{"id":"{device}/{at}","device_id":"device-{device}","location_id":"{live(device)}","occurred_at":"{at}",'
            f'"received_at":"{at}","status":"{status}","interval_s":{INTERVAL_MS // 1000},"collector_id":"collector"}}'
        )
        self._producer.produce(topic.HEARTBEATS, value, live(device), self._partitions[device])


def _seen(bootstrap: str) -> Seen:
    """A month tells of an outage when it is told up to its start or later."""
    downs: dict[str, int] = {}
    since: dict[str, str] = {}
    for at, location, beat in _told(bootstrap, topic.HEARTBEATS):
        if beat["status"] == "down":
            downs[location], since[location] = at, str(beat["occurred_at"])
    outages: dict[str, int] = {}
    for at, location, _ in _told(bootstrap, LocationOutage.TOPIC):
        outages.setdefault(location, at)
    months: dict[str, int] = {}
    closings: dict[str, int] = {}
    for at, location, month in _told(bootstrap, Availability.TOPIC):
        if month["month"] == CLOSED_MONTH and month["closed"]:
            closings.setdefault(location, at)
        elif month["month"] == MONTH and location in since and str(month["as_of"]) >= since[location]:
            months.setdefault(location, at)
    return Seen(downs, outages, months, closings)


def _told(bootstrap: str, name: str) -> Iterator[tuple[int, str, dict[str, object]]]:
    """The messages of a topic that have a key: when the broker took each, the key and the value."""
    for message in topic.read(bootstrap, name):
        if (key := _key(message)) is not None:
            yield message.timestamp()[1], key, msgspec.json.decode(message.value() or b"{}")


def _key(message: Message) -> str | None:
    key = message.key()
    return None if key is None else bytes(key).decode()  # type: ignore[arg-type]
