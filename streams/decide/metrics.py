"""What decide tells Prometheus, on its web port: in units of the names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from schemas.facts import Availability
from streams.decide.work import Batch

CONTENT_TYPE = "text/plain; version=0.0.4"


class Metrics:
    """One registry for each process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.events = Counter("fivenines_decide_events", "messages finished", registry=registry)
        self.batches = Counter("fivenines_decide_batches", "batches saved and published", registry=registry)
        self.asked = Counter("fivenines_decide_asked", "locations judged", registry=registry)
        self.facts = Counter("fivenines_decide_facts", "facts published", ["topic"], registry=registry)
        self.closed = Counter(
            "fivenines_decide_closed_months", "facts about closed months published", registry=registry
        )
        self.refused = Counter("fivenines_decide_refused", "messages refused", ["reason"], registry=registry)
        self.unknown = Counter(
            "fivenines_decide_unknown_fields", "messages with fields that nobody knows", ["topic"], registry=registry
        )
        self.lag = Gauge("fivenines_decide_lag", "messages not finished", ["topic", "partition"], registry=registry)
        self.time = Gauge(
            "fivenines_decide_stream_time_seconds", "time of a partition", ["partition"], registry=registry
        )
        self.locations = Gauge("fivenines_decide_locations", "locations with a record", registry=registry)
        self.at_once = Gauge("fivenines_decide_waiting", "locations that are to be judged at once", registry=registry)

    def count(self, batch: Batch, events: int) -> None:
        self.events.inc(events)
        self.batches.inc()
        self.asked.inc(batch.asked)
        for _, fact in batch.facts:
            self.facts.labels(fact.TOPIC).inc()
            if isinstance(fact, Availability) and fact.closed:
                self.closed.inc()
        for letter in batch.letters:
            self.refused.labels(letter.reason).inc()
        for topic, count in batch.unknown.items():
            self.unknown.labels(topic).inc(count)

    def text(self) -> bytes:
        return generate_latest(self._registry)
