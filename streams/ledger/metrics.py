"""What an operator watches of the ledger, in Prometheus' form."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from schemas.facts import BillingCredit

if TYPE_CHECKING:
    from streams.ledger.books import Batch, Books


class LedgerMetrics(Collector):
    """`books` are those that are kept now; None while another process keeps them."""

    def __init__(self, holds: bool) -> None:
        self.books: Books | None = None
        self.processed: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._days = 0
        self._holds = holds

    def wrote(self, batch: "Batch") -> None:
        self._sent.update(fact.TOPIC for fact in batch.facts)
        self._sent.update(letter.TOPIC for letter in batch.letters)
        self._days += sum(fact.days for fact in batch.facts if isinstance(fact, BillingCredit))

    def collect(self) -> Iterable[Metric]:
        kept = self.books
        yield GaugeMetricFamily("fivenines_ledger_is_writer", "1: this process writes", value=kept is not None)
        yield GaugeMetricFamily("fivenines_ledger_holds", "1: nothing is issued", value=self._holds)
        yield GaugeMetricFamily("fivenines_ledger_locations", "held in memory", value=kept.locations if kept else 0)
        yield GaugeMetricFamily("fivenines_ledger_accounts", "held in memory", value=kept.accounts if kept else 0)
        yield GaugeMetricFamily(
            "fivenines_ledger_days", "published since the start, corrections less", value=self._days
        )
        for name, meaning, counts in (
            ("processed_messages", "read, by topic", self.processed),
            ("sent_messages", "published, by topic", self._sent),
            ("unknown_fields", "messages with fields that nobody knows, by topic", kept.unknown if kept else Counter()),
        ):
            family = CounterMetricFamily(f"fivenines_ledger_{name}", meaning, labels=["topic"])
            for topic, count in [*counts.items()]:
                family.add_metric([topic], count)
            yield family
