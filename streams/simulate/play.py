"""A simulation as messages in the order of their arrival.

Nearly all are plain heartbeats: those of one interval are put together at once, from what is the same every time.
Whatever else is said waits in a heap for the interval in which it arrives.
"""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import chain
from operator import itemgetter
from random import Random
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.events import Annotation, RegistryRecord
from schemas.wire import encode_event
from streams.simulate.desk import tickets
from streams.simulate.fleet import Member, Simulation, Site, registry, sites
from streams.simulate.incidents import Incident, annotations, incidents

Message = tuple[int, str, str | None, str]
"""Arrival (ms), topic, key and value."""

HEARTBEATS = "device-heartbeats"
LATEST_MS = 600_000
MAX_LAG_MS = 300_000
DAY_S = 86_400
TICK_LATENCY_MS = 5
EPOCH = date(1970, 1, 1)


class Template(NamedTuple):
    """A device, and what is the same in each of its heartbeats: the parts around the number and the two seconds."""

    member: Member
    second: int
    arrives_ms: int
    head: str
    middle: str
    tail: str


def play(simulation: Simulation) -> Iterator[list[Message]]:
    """All messages, one interval of the devices at a time."""
    return _Play(simulation).batches()


def line_of(message: Message) -> str:
    """The message as a line of a file."""
    _, topic, key, value = message
    name = "null" if key is None else f'"{key}"'
    return f'{{"topic":"{topic}","key":{name},"value":{value}}}\n'


class _Play:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._random = random = Random(simulation.seed)  # noqa: S311 -- to be repeatable, not secret
        fleet = sites(simulation, random)
        found = incidents(simulation, fleet, random)
        self._templates = sorted(
            (_template(member, simulation) for site in fleet for member in site.members),
            key=lambda template: template.member.phase_ms,
        )
        self._waiting: list[tuple[int, int, Message]] = []
        self._waited = 0
        self._blind = [incident for incident in found if incident.kind == "blind"]
        self._silences = _silences(simulation, fleet, found)
        self._silent: list[tuple[int, int, str]] = []
        self._odd_share = simulation.late + simulation.duplicates
        self._next_odd = self._gap() - 1
        for event in chain[RegistryRecord | Annotation](registry(simulation, fleet), annotations(found)):
            self._record(event)
        for incident in found:
            self._report(incident)
        for step in tickets(simulation, fleet, found):
            if step.received_at is not None and step.received_at < simulation.end:
                self._wait((step.received_at, step.TOPIC, step.account_id, encode_event(step).decode()))

    def batches(self) -> Iterator[list[Message]]:
        simulation = self._simulation
        yield self._arrived(simulation.start)
        step_ms = simulation.interval_s * 1000
        for step, at in enumerate(range(simulation.start, simulation.end, step_ms)):
            until = min(at + step_ms, simulation.end)
            batch = self._heartbeats(step, at, until)
            batch += self._ticks(at, until)
            batch += self._arrived(until)
            batch.sort(key=itemgetter(0))
            yield batch
        yield self._arrived(simulation.end + 2 * LATEST_MS)

    def _heartbeats(self, step: int, at: int, until: int) -> list[Message]:
        """The plain ones; what is late or doubled is put aside for its arrival."""
        absent = self._absent(at, until)
        odd = self._odd()
        times_of_day = _times_of_day()
        base = at // 1000
        plain: list[Message] = []
        for index, template in enumerate(self._templates):
            member, second, arrives_ms, head, middle, tail = template
            if at + member.phase_ms >= until:
                break
            if member.device_id in absent and _holds(absent[member.device_id], at + member.phase_ms):
                continue
            day, second = divmod(base + second, DAY_S)
            stamp = f"{_date(day)}{times_of_day[second]}"
            message = (
                at + arrives_ms,
                HEARTBEATS,
                member.location_id,
                f"{head}{step}{_OCCURRED}{stamp}{middle}{stamp}{tail}",
            )
            if index in odd and not self._is_doubled(message, member, step, at + member.phase_ms):
                continue
            plain.append(message)
        return plain

    def _is_doubled(self, message: Message, member: Member, step: int, at: int) -> bool:
        """Whether an odd heartbeat arrives in time and once more later; else it only arrives late."""
        random = self._random
        doubled = random.random() * self._odd_share >= self._simulation.late
        received = message[0] + random.randrange(1000, 60_000) if doubled else at + random.randrange(1000, LATEST_MS)
        more: dict[str, Any] = {}
        if received - at > MAX_LAG_MS and random.random() < 0.9:  # the others have a clock that is slow
            more["buffered"] = True
        self._sample(member, f"{member.device_id}.{step}", at, received, **more)
        return doubled

    def _ticks(self, at: int, until: int) -> Iterator[Message]:
        simulation = self._simulation
        every = simulation.ticks_s * 1000
        first = at + (simulation.start - at) % every
        for number in range(1, simulation.collectors + 1):
            collector_id = f"collector-{number}"
            for tick in range(first, until, every):
                if number == 1 and any(blind.start <= tick < blind.end for blind in self._blind):
                    continue
                arrival = tick + TICK_LATENCY_MS
                value = (
                    f'{{"id":"{collector_id}.{tick}","collector_id":"{collector_id}",'
                    f'"occurred_at":"{times.render(tick)}","received_at":"{times.render(arrival)}"}}'
                )
                yield arrival, HEARTBEATS, None, value

    def _record(self, event: RegistryRecord | Annotation) -> None:
        if event.recorded_at < self._simulation.end:
            self._wait((event.recorded_at, event.TOPIC, event.key, encode_event(event).decode()))

    def _report(self, incident: Incident) -> None:
        """Devices that can tell say `down` when it begins, and all of those say `up` when it is over."""
        if not incident.is_reported:
            return
        more: dict[str, Any] = {"reported_cause": incident.cause} if incident.cause else {}
        if incident.kind == "power":
            more["power_source"] = "battery"
        for number, member in enumerate(incident.members):
            name, start = f"{member.device_id}.{incident.start}", incident.start + number
            self._sample(member, f"{name}.down", start, start + member.latency_ms, status="down", **more)
            if incident.end < self._simulation.end:
                end = incident.end + number
                self._sample(member, f"{name}.up", end, end + member.latency_ms)

    def _sample(self, member: Member, name: str, at: int, received: int, **more: Any) -> None:
        value = {
            "device_id": member.device_id,
            "location_id": member.location_id,
            "interval_s": self._simulation.interval_s,
            "collector_id": member.collector_id,
            "id": name,
            "occurred_at": times.render(at),
            "received_at": times.render(received),
            **more,
        }
        self._wait((received, HEARTBEATS, member.location_id, msgspec.json.encode(value).decode()))

    def _wait(self, message: Message) -> None:
        self._waited += 1
        heappush(self._waiting, (message[0], self._waited, message))

    def _arrived(self, until: int) -> list[Message]:
        arrived = []
        while self._waiting and self._waiting[0][0] < until:
            arrived.append(heappop(self._waiting)[2])
        return arrived

    def _absent(self, at: int, until: int) -> dict[str, list[tuple[int, int]]]:
        """The devices that are not heard at some time in the interval, and when."""
        while self._silences and self._silences[-1][0] < until:
            self._silent.append(self._silences.pop())
        self._silent = [silence for silence in self._silent if silence[1] > at]
        absent: dict[str, list[tuple[int, int]]] = {}
        for start, end, device_id in self._silent:
            absent.setdefault(device_id, []).append((start, end))
        return absent

    def _odd(self) -> set[int]:
        """Which of the interval's heartbeats are late or doubled."""
        odd = set()
        while self._next_odd < len(self._templates):
            odd.add(self._next_odd)
            self._next_odd += self._gap()
        self._next_odd -= len(self._templates)
        return odd

    def _gap(self) -> int:
        """How many heartbeats on the next odd one is, each being odd with the same probability."""
        share = self._odd_share
        if not 0 < share < 1:
            return 1 if share else 1 << 60
        return 1 + int(math.log(1 - self._random.random()) / math.log(1 - share))


_OCCURRED = '","occurred_at":"'


def _template(member: Member, simulation: Simulation) -> Template:
    second, ms = divmod(member.phase_ms, 1000)
    head = (
        f'{{"device_id":"{member.device_id}","location_id":"{member.location_id}","interval_s":{simulation.interval_s},'
        f'"collector_id":"{member.collector_id}","id":"{member.device_id}.'
    )
    middle = f'.{ms:03}Z","received_at":"'
    tail = f'.{ms + member.latency_ms:03}Z"}}'
    return Template(member, second, member.phase_ms + member.latency_ms, head, middle, tail)


def _silences(simulation: Simulation, fleet: list[Site], found: list[Incident]) -> list[tuple[int, int, str]]:
    """When which device is not heard, the latest first."""
    silences = [(incident.start, incident.end, member.device_id) for incident in found for member in incident.members]
    closed = [site for site in fleet if site.closed_at is not None]
    silences += [(site.closed_at or 0, simulation.end, member.device_id) for site in closed for member in site.members]
    return sorted(silences, reverse=True)


def _holds(spans: list[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


@cache
def _times_of_day() -> list[str]:
    return [f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(DAY_S)]


@cache
def _date(day: int) -> str:
    return f"{EPOCH + timedelta(days=day)}T"
