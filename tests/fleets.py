"""Random fleets as a recording of the input topics: what every derivation can be tried on.

Everything is drawn from one `random.Random`: a seed, or hypothesis through `st.randoms()`, is a fleet. Times lie on a
coarse grid, and on the exact ends of holds and of blind time or a millisecond beside them, so that the edges of the
rules are common. Every message is well formed; those that are dated ahead of their arrival, or arrive when their month
is final, are to be refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Annotation, Heartbeat, RegistryRecord, Tick
from schemas.partitioner import murmur2_partition
from schemas.wire import Line, encode_line

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
EDGE = times.parse("2026-04-01T08:00:00Z")
"""Where March ends and April begins by the packaged terms."""

SETTINGS = Derivation(max_clock_lag_s=20, month_close_delay_h=1, correction_horizon_days=1)
"""Short delays: a fleet of a few hours then has open months, closed ones and final ones."""

CAUSES = ("site_power", "customer_action", "provider", "maintenance", "monitoring_gap")
INTERVALS: tuple[Any, ...] = (10, 20, 60, None, "unsaid")
COLLECTORS = ("c1", "c2", "c3", "mute", None)
"""`mute` never ticks."""

Message = tuple[str, int, int, str | None, dict[str, Any]]
"""Its topic, its partition, its arrival in ms, its key and its fields."""

Habits = tuple[Any, str | None]
"""How often a device reports, and to which collector."""


@dataclass
class Fleet:
    """A fleet that lives from `start` to `end` (ms), in a platform of so many partitions."""

    random: Random
    partitions: int = 2
    locations: int = 3
    devices: int = 4
    start: int = EDGE - HOUR
    end: int = EDGE + HOUR
    settings: Derivation = SETTINGS
    ticking: bool = True
    _lines: list[Line] = field(default_factory=list, init=False)
    _offsets: dict[tuple[str, int], int] = field(default_factory=dict, init=False)

    def lines(self) -> list[Line]:
        """The recording, in the order of the log; the same every time it is asked for."""
        if not self._lines:
            messages = [*self._registry(), *self._ticks(), *self._heartbeats(), *self._annotations()]
            self._lines = [self._place(*message) for message in sorted(messages, key=lambda message: message[2])]
        return self._lines

    def ndjson(self) -> bytes:
        return b"".join(
            encode_line(
                line.topic,
                None if line.key is None else line.key.decode(),
                line.value,
                partition=line.partition,
                offset=line.offset,
                timestamp=line.timestamp,
                headers=None if line.headers is None else {name: text.decode() for name, text in line.headers},
            )
            for line in self.lines()
        )

    def location_ids(self) -> list[str]:
        return [f"l{number}" for number in range(self.locations)]

    def device_ids(self) -> list[str]:
        return [f"d{number}" for number in range(self.devices)]

    def _place(self, topic: str, partition: int, arrival: int, key: str | None, fields: dict[str, Any]) -> Line:
        offset = self._offsets.get((topic, partition), 0)
        self._offsets[topic, partition] = offset + 1
        said = {name: value for name, value in fields.items() if value != "unsaid"}
        value, headers = _in_an_envelope(said) if offset % 5 == 0 and "id" in said else (said, None)
        return Line(
            topic=topic,
            key=None if key is None else key.encode(),
            value=msgspec.json.encode(value),
            partition=partition,
            offset=offset,
            timestamp=arrival,
            headers=headers,
        )

    def _home(self, location_id: str) -> int:
        return murmur2_partition(location_id.encode(), self.partitions)

    def _when(self, first: int | None = None, last: int | None = None) -> int:
        """An instant on the grid, or a millisecond beside it."""
        first, last = self.start if first is None else first, self.end if last is None else last
        return first + self.random.randrange(0, max(1, last - first), 5 * SECOND) + self.random.choice((0, 0, 0, -1, 1))

    def _odds(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def _ticks(self) -> Iterator[Message]:
        if not self.ticking:
            return
        for collector in COLLECTORS[:3]:
            at = self.start + self.random.randrange(0, 2 * MINUTE, 5 * SECOND)
            dies = self._when() if self._odds(3) else self.end
            while at < dies:
                for partition in range(self.partitions):
                    if not self._odds(200):
                        yield self._tick(collector, at, partition)
                at += self._pause()
            if self._odds(3):
                yield from (self._tick(collector, self.end, partition) for partition in range(self.partitions))

    def _pause(self) -> int:
        """Mostly a tick's usual distance; now and then just not blind, just blind, or long."""
        blind_after = self.settings.blind_after_ms
        if self._odds(20):
            return self.random.choice((blind_after, blind_after + 1, 2 * blind_after, 2 * MINUTE, 10 * MINUTE))
        return 10 * SECOND

    def _tick(self, collector: str, at: int, partition: int) -> Message:
        fields = {"id": f"t-{collector}-{at}", "collector_id": collector, "occurred_at": times.render(at)}
        return (Tick.TOPIC, partition, at + 50, None, fields)

    def _heartbeats(self) -> Iterator[Message]:
        for device_id in self.device_ids():
            location_id = self.random.choice(self.location_ids())
            habits = self._habits()
            at = self._when(last=self.start + (self.end - self.start) // 3)
            while at < self.end:
                if self._odds(60):
                    location_id = self.random.choice(self.location_ids())
                if self._odds(40):
                    habits = self._habits()
                yield from self._said(device_id, location_id, at, habits)
                at += self._distance(habits[0])

    def _habits(self) -> Habits:
        return (self.random.choice(INTERVALS), self.random.choice(COLLECTORS))

    def _distance(self, interval: Any) -> int:
        """Mostly the interval; now and then the hold, a millisecond around it, or silence."""
        step = (60 if interval in (None, "unsaid") else interval) * SECOND
        hold = step * 7 // 2
        if self._odds(8):
            silence = self.random.randrange(1, 40) * MINUTE
            return self.random.choice((hold - 1, hold, hold + 1, hold + step, 5 * step, silence))
        return step + self.random.choice((0, 0, 0, -SECOND, SECOND, 1))

    def _said(self, device: str, location: str, at: int, habits: Habits) -> Iterator[Message]:
        """A sample, as it arrives: once or twice, in time or not, beside another one or alone."""
        status = "down" if self._odds(12) else self.random.choice(("up", "unsaid"))
        yield self._heartbeat(device, location, at, status, habits)
        if self._odds(20):  # doubled
            yield self._heartbeat(device, location, at, status, habits)
        if self._odds(20):  # a tie
            yield self._heartbeat(device, location, at, self.random.choice(("up", "down")), self._habits())
        if self._odds(150):  # dated ahead
            yield self._heartbeat(device, location, at + HOUR, "down", habits, received_at=at)

    def _heartbeat(
        self, device: str, location: str, at: int, status: str, habits: Habits, received_at: int | None = None
    ) -> Message:
        lag = self.settings.max_clock_lag_s * SECOND
        interval, collector = habits
        arrival = at + 50
        fields: dict[str, Any] = {"status": status, "interval_s": interval, "collector_id": collector or "unsaid"}
        if received_at is None and self._odds(15):
            received_at = at + self.random.choice((0, lag, lag + 1, lag + 5 * SECOND, 2 * MINUTE, 10 * MINUTE))
            fields["buffered"] = self._odds(3)
        elif self._odds(30):  # late by the broker's clock only: as long as its month is not final it counts
            arrival = self.random.choice((at + MINUTE, self.end, self.end + 30 * HOUR))
        if received_at is not None:
            arrival = received_at
            fields["received_at"] = times.render(received_at)
        number = self.random.getrandbits(64)
        fields |= _diagnosis(number)
        named = {"id": f"h{number:x}", "device_id": device, "location_id": location}
        return (
            Heartbeat.TOPIC,
            self._home(location),
            arrival,
            location,
            {**fields, **named, "occurred_at": times.render(at)},
        )

    def _registry(self) -> Iterator[Message]:
        for location_id in self.location_ids():
            for _ in range(self.random.choice((0, 1, 1, 2, 3))):
                yield self._record("location", location_id, **self._location())
        for device_id in self.device_ids():
            for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
                yield self._record("device", device_id, **self._device())
        for account_id in ("a1", "a2"):
            if self._odds(2):
                yield self._record("account", account_id, terms=self.random.choice(("standard", "unsaid", "other")))

    def _location(self) -> dict[str, Any]:
        return {
            "account_id": self.random.choice(("a1", "a1", "a2")),
            "sla_from": self.random.choice((self.start - HOUR, self.start - HOUR, self._when(), None)),
            "activated_at": self.random.choice((None, None, self._when())),
            "closed_at": self._when() if self._odds(8) else None,
            "primary_device_id": self.random.choice((*self.device_ids(), "unsaid")),
        }

    def _device(self) -> dict[str, Any]:
        return {
            "location_id": self.random.choice(self.location_ids()),
            "monitored": self.random.choice((True, True, True, False, "unsaid")),
            "heartbeat_interval_s": self.random.choice((None, 10, 20, 30.5)),
            "closed_at": self._when() if self._odds(8) else None,
        }

    def _record(self, entity: str, entity_id: str, **fields: Any) -> Message:
        """A version from before the fleet, or from an instant in its life; recorded then, later, or too late."""
        valid_from = self.random.choice((self.start - 24 * HOUR, self.start - 24 * HOUR, self._when()))
        final = EDGE + self.settings.correction_horizon_ms
        recorded_at = self.random.choice((valid_from, valid_from, self.end, final - 1, final, final + HOUR))
        instants = {"valid_from": valid_from, "recorded_at": recorded_at}
        instants |= {name: at for name, at in fields.items() if name in ("sla_from", "activated_at", "closed_at")}
        written = {name: None if at is None else times.render(at) for name, at in instants.items()}
        value = {"entity": entity, f"{entity}_id": entity_id, **fields, **written}
        return (RegistryRecord.TOPIC, 0, recorded_at, entity_id, value)

    def _annotations(self) -> Iterator[Message]:
        for number in range(self.random.randrange(1, 3 * self.locations)):
            location_id = self.random.choice(self.location_ids())
            for revision in range(1, self.random.choice((2, 2, 3))):
                yield self._annotation(f"n{number}", revision, location_id)

    def _annotation(self, annotation_id: str, revision: int, location_id: str) -> Message:
        since = self._when()
        final = EDGE + self.settings.correction_horizon_ms
        recorded_at = self.random.choice((self.end, self.end, since, final - 1, final))
        fields = {
            "id": f"{annotation_id}-{revision}",
            "annotation_id": annotation_id,
            "revision": self.random.choice((revision, revision, 1)),
            "location_id": location_id,
            "from": times.render(since),
            "to": self.random.choice((None, times.render(since + self.random.randrange(1, 60) * MINUTE))),
            "cause": self.random.choice(CAUSES),
            "state": self.random.choice(("approved", "approved", "approved", "retracted")),
            "author": "operator",
            "approved_by": "supervisor",
            "recorded_at": times.render(recorded_at),
        }
        return (Annotation.TOPIC, self._home(location_id), recorded_at, location_id, fields)


def _diagnosis(number: int) -> dict[str, Any]:
    """What one heartbeat in three says of a cause, and what it measured."""
    if number % 3:
        return {}
    cause, uptime, out_of_reach = number // 3 % 2, number // 6 % 3, number // 18 % 4
    return {
        "reported_cause": ("site_power", "site_internet")[cause],
        "uptime_s": (12.3, 86_400, "unsaid")[uptime],
        "server_downtime_s": (0, 5, 86_400, "unsaid")[out_of_reach],
    }


def _in_an_envelope(said: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, bytes]] | None]:
    """The event as a CloudEvent, in the one mode or the other; in binary mode its id is in the headers alone."""
    if len(said["id"]) % 2:
        return {"specversion": "1.0", "source": "gateway", "id": said["id"], "type": "said", "data": said}, None
    attributes = {"ce_specversion": "1.0", "ce_source": "gateway", "ce_id": said["id"], "ce_type": "said"}
    rest = {name: value for name, value in said.items() if name != "id"}
    return rest, [(name, text.encode()) for name, text in attributes.items()]
