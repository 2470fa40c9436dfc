"""What the samples of devices meet: holds, silence and blind time, worked out apart from the folds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import UNSET

from schemas.events import Heartbeat, RegistryRecord, Tick
from streams.engine import Partition
from tests.laws.strategies import SETTINGS, Step

Span = tuple[int, float]
FOREVER = float("inf")


class Told(NamedTuple):
    """A sample at the time it counts for, and when the next of its device counts (`FOREVER`: none)."""

    at: int
    following: float
    sample: Heartbeat


def samples_of(steps: Iterable[Step]) -> list[tuple[Partition, Heartbeat]]:
    return [(partition, event) for event, partition in steps if isinstance(event, Heartbeat)]


def effective(sample: Heartbeat) -> int:
    return sample.effective_at(SETTINGS.max_clock_lag_s * 1000)


def ticks_of(steps: Iterable[Step]) -> dict[tuple[Partition, str], list[int]]:
    ticks: dict[tuple[Partition, str], set[int]] = defaultdict(set)
    for event, partition in steps:
        if isinstance(event, Tick):
            ticks[partition, event.collector_id].add(event.occurred_at)
    return {collector: sorted(times) for collector, times in ticks.items()}


def blind_spans(steps: Sequence[Step]) -> dict[tuple[Partition, str], list[Span]]:
    """When each collector was blind, by partition; without end where it still is."""
    limit, ticks = SETTINGS.blind_after_ms, ticks_of(steps)
    newest: dict[Partition, int] = defaultdict(int)
    for (partition, _), times in ticks.items():
        newest[partition] = max(newest[partition], times[-1])
    spans: dict[tuple[Partition, str], list[Span]] = {}
    for (partition, collector_id), times in ticks.items():
        between: list[Span] = [(start, end) for start, end in pairwise(times) if end - start > limit]
        ongoing: list[Span] = [(times[-1], FOREVER)] if newest[partition] - times[-1] > limit else []
        spans[partition, collector_id] = between + ongoing
    return spans


def of_ticks(steps: Sequence[Step]) -> Iterator[str]:
    ticks = ticks_of(steps)
    if not ticks:
        yield "no tick at all"
    steps_between = {end - start for times in ticks.values() for start, end in pairwise(times)}
    if SETTINGS.blind_after_ms in steps_between:
        yield "ticks exactly blind_after apart"
    if SETTINGS.blind_after_ms + 1 in steps_between:
        yield "ticks a millisecond more than blind_after apart"
    for (partition, collector_id), spans in blind_spans(steps).items():
        others = [
            at for (where, name), times in ticks.items() if where == partition and name != collector_id for at in times
        ]
        if any(start < at < end for start, end in spans for at in others):
            yield "one collector is blind while another ticks"
    newest: dict[Partition, int] = defaultdict(int)
    for (partition, _), times in ticks.items():
        newest[partition] = max(newest[partition], times[-1])
    if len(set(newest.values())) > 1:
        yield "partitions with different times"


def of_devices(steps: Sequence[Step]) -> Iterator[str]:
    blind, ticked = blind_spans(steps), {collector_id for _, collector_id in ticks_of(steps)}
    devices: dict[tuple[Partition, str, str], list[Heartbeat]] = defaultdict(list)
    for partition, sample in samples_of(steps):
        devices[partition, sample.location_id, sample.device_id].append(sample)
    records = (event for event, _ in steps if isinstance(event, RegistryRecord))
    registered = {record.entity_id for record in records if record.entity == "device"}
    for (partition, _, device_id), samples in devices.items():
        yield from _of_ties(samples)
        told = sorted(samples, key=effective)
        if len({sample.collector_id for sample in told}) > 1:
            yield "another collector than before"
        for sample in told:
            if sample.collector_id is None:
                yield "no collector"
            elif sample.collector_id not in ticked and ticked:
                yield "a collector that never ticked"
            if sample.interval_s is UNSET:
                yield "no interval stated"
                if device_id in registered:
                    yield "the registry states the interval"
        times = sorted({effective(sample) for sample in told})
        after = dict(zip(times, [*times[1:], FOREVER], strict=True))
        for sample in told:
            spans = blind.get((partition, sample.collector_id or ""), [])
            yield from _of_sample(Told(effective(sample), after[effective(sample)], sample), spans)


def _of_ties(samples: Sequence[Heartbeat]) -> Iterator[str]:
    at: dict[int, list[Heartbeat]] = defaultdict(list)
    for sample in samples:
        at[effective(sample)].append(sample)
    for tied in at.values():
        if len({sample.status for sample in tied}) > 1:
            yield "up wins a tie"
        if len({sample.interval_s for sample in tied}) > 1:
            yield "a tie of intervals"
        if len({sample.collector_id for sample in tied}) > 1:
            yield "a tie of collectors"


def _of_sample(told: Told, blind: Sequence[Span]) -> Iterator[str]:
    at, following, sample = told
    interval_ms = sample.interval_ms
    in_blind = any(start <= at < end for start, end in blind)
    later = [(start, end) for start, end in blind if end > at and start < following]
    if interval_ms is None:
        yield "reported down, changes only" if sample.status == "down" else "up, changes only"
        if in_blind:
            yield f"{'reported down' if sample.status == 'down' else 'up'} in blind time, changes only"
        elif later and sample.status == "up":
            yield "up before blind time, changes only"
        return
    if not isinstance(interval_ms, int):
        return
    hold = interval_ms * 7 // 2
    if sample.status == "down":
        yield "reported down with an interval"
        if in_blind:
            yield "reported down in blind time, with a hold"
        elif later:
            yield "reported down before blind time"
        return
    for name, end in {"at": 0, "a millisecond before": -1, "a millisecond after": 1}.items():
        if following == at + hold + end:
            yield f"the next sample comes {name} the end of a hold"
    yield from _of_hold(at, following, hold, later)


def _of_hold(at: int, following: float, hold: int, blind: Sequence[Span]) -> Iterator[str]:
    """What an `up` sample with a hold meets until the next one."""
    anchor, fresh = at, 0
    for start, end in blind:
        if start > anchor + hold:
            yield "blind time after silence"
            break
        if following <= at + hold and start >= at and end <= following:
            yield "a hold across blind time"
        if end < at + hold:
            yield "blind time inside a hold"
        if start < at + hold < end and following > at + hold:
            yield "a hold that ends in blind time"
        fresh += 1
        if fresh > 1:
            yield "a second blind interval in the fresh hold"
        if end == FOREVER:
            return
        anchor = int(end)
    if following > anchor + hold and (following < FOREVER or not fresh):
        yield "the fresh hold runs out" if fresh else "silence"
    if fresh and at + hold < following <= anchor + hold:
        yield "the next sample comes in the fresh hold"
