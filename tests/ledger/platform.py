"""Ledgers over the topics of a real Kafka, and what they said there."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from infra import ports
from schemas.facts import BillingCredit, ClaimAnswer, Credit, Fact, ResponseMonth, TicketResponse
from streams import topics
from tests.child import Child, wait
from tests.laws.runs import Current, current
from tests.ledger.consumer import in_bursts
from tests.ledger.kept import chains, keeps_its_rules
from tests.ledger.story import BOOK, DERIVATION, Out

SESSION_S = 2.0
SAID: tuple[type[Fact], ...] = (Credit, ClaimAnswer, BillingCredit, TicketResponse, ResponseMonth)


class Live:
    """The platform's topics, and the ledgers that a test starts."""

    def __init__(self, bootstrap: str, folder: Path, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._folder = folder
        self._partitions = partitions
        self.processes: list[Ledger] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 0})
        topics.create(bootstrap, DERIVATION, partitions=partitions)

    def start(self, *, holds: bool = False) -> "Ledger":
        process = Ledger(self._bootstrap, self._folder / f"ledger-{len(self.processes)}.log", holds)
        self.processes.append(process)
        return process

    def publish(self, outs: Iterable[Out]) -> None:
        for out in outs:
            self._producer.produce(out.topic, out.value, out.key, out.partition)
        assert not self._producer.flush(30), "Kafka did not take everything"

    def facts(self) -> list[Fact]:
        """What committed transactions said, in the order of each partition."""
        kinds = {kind.TOPIC: kind for kind in SAID}
        return [kinds[topic].read(msgspec.json.decode(value)) for topic, value in self._values(*kinds)]

    def is_settled(self, owed: Current) -> bool:
        """Whether what is published is what is owed."""
        days = {name[2]: fact["days"] for name, fact in owed.items() if name[0] == BillingCredit.TOPIC}
        others = {name: fact for name, fact in owed.items() if name[0] != BillingCredit.TOPIC}
        facts = self.facts()
        told = {name: fact for name, fact in current(facts).items() if name[0] != BillingCredit.TOPIC}
        booked = {chain[0].id: sum(each.days for each in chain) for chain in chains(facts).values()}
        return told == others and {first: total for first, total in booked.items() if total} == days

    def settles(self, owed: Current, within_s: float = 60.0) -> None:
        """Wait until it is settled; then the ledger must have kept its rules."""
        wait(lambda: self.is_settled(owed), within_s, self.logs)
        self.keeps_its_rules(owed)

    def keeps_its_rules(self, owed: Current) -> None:
        """Entry by entry; and billing, which reads the topic as it likes, has booked what is owed."""
        keeps_its_rules(self.facts(), BOOK)
        days: Counter[str] = Counter()
        for name, fact in owed.items():
            if name[0] == BillingCredit.TOPIC:
                days[fact["account_id"]] += fact["days"]
        entries = [msgspec.json.decode(value) for _, value in self._values(BillingCredit.TOPIC)]
        billing = in_bursts(entries, Random(0))
        assert {name: each.days for name, each in billing.accounts.items() if each.days} == days

    def logs(self) -> str:
        return "\n".join(process.log() for process in self.processes)

    def close(self) -> None:
        for process in self.processes:
            process.kill()

    def _values(self, *names: str) -> Iterator[tuple[str, bytes]]:
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "nobody",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
            }
        )
        try:
            left = {(name, partition) for name in names for partition in range(self._partitions)}
            consumer.assign([TopicPartition(*place, 0) for place in left])
            while left:
                message = consumer.poll(10)
                assert message is not None
                if message.error() is None:
                    yield message.topic() or "", message.value() or b""
                else:
                    left.remove((message.topic() or "", message.partition() or 0))
        finally:
            consumer.close()


class Ledger(Child):
    """A ledger process."""

    def __init__(self, bootstrap: str, log: Path, holds: bool) -> None:
        arguments = (bootstrap, ports.choose("a ledger", 0), SESSION_S, *(["held"] if holds else []))
        super().__init__("tests.ledger.process", arguments, log=log, ready="is followed")
