"""What an operator watches, in Prometheus' form, on the loopback interface.

Nothing is counted twice: the numbers are read when somebody asks for them.
"""

import time
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.intake.share import Figures
from streams.intake.takeover import Followed


class IntakeMetrics(Collector):
    """`followed` is the session's: what this process has now."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.followed: Mapping[int, Followed] = {}
        self.sent: Mapping[str, int] = {}

    def collect(self) -> Iterable[Metric]:
        figures = self._figures
        yield _count("processed_messages", "read from device-heartbeats", figures.processed)
        yield _count("late_samples", "older than the hot hours: left to repair", figures.late)
        yield _count("repaired_locations", "whose past was derived again", figures.repaired)
        yield _count("delayed_samples", "of slow clocks, taken at their arrival", figures.delayed)
        yield _counts("refused_messages", "refused, by reason", "reason", figures.refused)
        yield _counts("unknown_fields", "messages with fields that nobody knows", "topic", figures.unknown)
        yield _counts("sent_messages", "published or saved, by topic", "topic", self.sent)
        yield from self._partitions(dict(self.followed))

    def _partitions(self, followed: Mapping[int, Followed]) -> Iterator[Metric]:
        lag = _gauge("lag_messages", "not yet read")
        stream_time = _gauge("stream_time_seconds", "how far stream time has come")
        save_age = _gauge("last_save_age_seconds", "since a save was completed")
        dirty = _gauge("dirty_locations", "waiting for repair")
        locations = _gauge("locations", "held in memory")
        blind = _gauge("blind", "1: this collector is not heard", "collector")
        for partition, each in followed.items():
            label = [str(partition)]
            share, clock = each.share, each.share.clock
            lag.add_metric(label, max(0, share.end - share.position))
            stream_time.add_metric(label, (clock.time or 0) / 1000)
            save_age.add_metric(label, time.monotonic() - each.saving.completed)
            dirty.add_metric(label, len(share.memory.dirty))
            locations.add_metric(label, len(share.chain.loop.keys))
            for name, collector in list(clock.collectors.items()):
                blind.add_metric([*label, name], clock.is_blind_now(collector))
        yield from (lag, stream_time, save_age, dirty, locations, blind)


def _count(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"fivenines_intake_{name}", meaning, value=value)


def _counts(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"fivenines_intake_{name}", meaning, labels=[label])
    for key, value in list(values.items()):
        family.add_metric([key], value)
    return family


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fivenines_intake_{name}", meaning, labels=["partition", *labels])
