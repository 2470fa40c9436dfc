"""The ledger as a process on a real Kafka: killed, paused, held, and beside another. Entry by entry it keeps its own
rules, and its sums are what is owed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from infra import ports
from infra.guard import die_with_guard
from infra.kafka import EmbeddedKafka
from schemas.facts import BillingCredit, ClaimAnswer, Credit, Fact, ResponseMonth, TicketResponse
from schemas.topics import TOPICS
from streams import topics
from streams.folds.billing import is_whole
from tests.decide.platform import wait
from tests.laws.runs import Current, current
from tests.ledger.consumer import in_bursts
from tests.ledger.kept import chains
from tests.ledger.story import DERIVATION, PARTITIONS, Out, Story

pytestmark = pytest.mark.kafka

SESSION_S = 2.0
SAID: tuple[type[Fact], ...] = (Credit, ClaimAnswer, BillingCredit, TicketResponse, ResponseMonth)


class Live:
    """Topics on a Kafka of the test's own, and the ledgers that a test starts."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder
        self.processes: list[Process] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 0})
        topics.create(bootstrap, DERIVATION, partitions=PARTITIONS)

    def start(self, *, holds: bool = False) -> "Process":
        process = Process(self._bootstrap, self._folder / f"ledger-{len(self.processes)}.log", holds)
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

    def _values(self, *topics: str) -> Iterator[tuple[str, bytes]]:
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
            left = {(topic, partition) for topic in topics for partition in range(PARTITIONS)}
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

    def settles(self, story: Story, within_s: float = 60.0) -> None:
        """Wait until what is published is what is owed; then the ledger must keep its rules."""
        owed = current(story.owed())
        days = {name[2]: fact["days"] for name, fact in owed.items() if name[0] == BillingCredit.TOPIC}
        others = {name: fact for name, fact in owed.items() if name[0] != BillingCredit.TOPIC}

        def is_settled() -> bool:
            facts = self.facts()
            told = {name: fact for name, fact in current(facts).items() if name[0] != BillingCredit.TOPIC}
            booked = {chain[0].id: sum(each.days for each in chain) for chain in chains(facts).values()}
            return told == others and {first: total for first, total in booked.items() if total} == days

        wait(is_settled, within_s, lambda: "\n".join(process.log() for process in self.processes))
        self._reads_as_owed(owed)
        for chain in chains(self.facts()).values():
            assert is_whole(chain)
            assert [entry.type == "credit.issued" for entry in chain] == [True] + [False] * (len(chain) - 1)
            assert all(entry.days for entry in chain)

    def _reads_as_owed(self, owed: Current) -> None:
        """Billing reads the topic as it likes, and has booked for each account what is owed."""
        days: Counter[str] = Counter()
        for name, fact in owed.items():
            if name[0] == BillingCredit.TOPIC:
                days[fact["account_id"]] += fact["days"]
        entries = [msgspec.json.decode(value) for _, value in self._values(BillingCredit.TOPIC)]
        billing = in_bursts(entries, Random(0))
        assert {name: each.days for name, each in billing.accounts.items() if each.days} == days

    def close(self) -> None:
        for process in self.processes:
            process.kill()


class Process:
    """A ledger."""

    def __init__(self, bootstrap: str, log: Path, holds: bool) -> None:
        self._log = log
        port = ports.choose("a ledger", 0)
        command = [sys.executable, "-m", "tests.ledger.process", bootstrap, str(port), str(SESSION_S)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, *(["held"] if holds else [])],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_guard if sys.platform == "linux" else None,  # no ledger outlives its test
            )

    def ready(self) -> "Process":
        wait(lambda: "is followed" in self.log() or self._process.poll() is not None, 60, self.log)
        assert self._process.poll() is None, self.log()
        return self

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def ends(self, within_s: float = 30.0) -> int:
        return self._process.wait(within_s)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A Kafka of these tests' own: the ledger's topics have fixed names."""
    with EmbeddedKafka(tmp_path_factory.mktemp("broker") / "kafka", heap="512M") as kafka:
        yield kafka


@pytest.fixture
def live(broker: EmbeddedKafka, tmp_path: Path) -> Iterator[Live]:
    """The topics are made anew for each test."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    old = [name for name in admin.list_topics(timeout=10).topics if name in TOPICS]
    for deleted in admin.delete_topics(old).values() if old else ():
        deleted.result()
    wait(lambda: not TOPICS.keys() & admin.list_topics(timeout=10).topics.keys(), 30, lambda: "topics stay")
    live = Live(broker.bootstrap, tmp_path)
    yield live
    live.close()


def parts(story: Story, count: int) -> list[list[Out]]:
    size = len(story.outs) // count + 1
    return [story.outs[start : start + size] for start in range(0, len(story.outs), size)]


def test_undisturbed(live: Live) -> None:
    story = Story(1)
    process = live.start().ready()
    live.publish(story.outs)
    live.settles(story)
    process.send(signal.SIGTERM)
    assert process.ends() == 0


@pytest.mark.parametrize("moments", [3, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_killed_or_paused_at_seeded_moments(live: Live, moments: int) -> None:
    """`kill -9`, or SIGSTOP until another has taken over, at moments of which the seed decides."""
    story, chance = Story(moments), Random(moments)
    process = live.start().ready()
    for part in parts(story, moments):
        live.publish(part)
        time.sleep(chance.random() / 2)
        struck = process
        if chance.randrange(3):
            struck.kill()
            process = live.start().ready()
        else:
            struck.send(signal.SIGSTOP)
            process = live.start().ready()
            struck.send(signal.SIGCONT)
            time.sleep(chance.random() / 2)
            struck.kill()
    live.settles(story)


def test_one_writes_and_the_other_stands_by(live: Live) -> None:
    story = Story(4)
    first, second = live.start().ready(), live.start()
    early, late = parts(story, 2)
    live.publish(early)
    time.sleep(1)
    assert "is followed" not in second.log()
    first.send(signal.SIGTERM)
    assert first.ends() == 0
    second.ready()
    live.publish(late)
    live.settles(story)


def test_what_was_held_back_is_issued_when_the_hold_ends(live: Live) -> None:
    story = Story(5)
    held = live.start(holds=True).ready()
    live.publish(story.outs)
    issued = {name: fact for name, fact in current(story.owed()).items() if name[0] == Credit.TOPIC}
    wait(lambda: {name for name in current(live.facts()) if name[0] == Credit.TOPIC} == issued.keys(), 60, held.log)
    assert not chains(live.facts())
    held.send(signal.SIGTERM)
    assert held.ends() == 0
    live.start().ready()
    live.settles(story)
