"""Months flow through decide and the ledger while processes of both are killed and paused: what stands in the topics in
the end is what a replay of the same input derives (law 5), and the ledger has kept its rules in every entry (law 6)."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Consumer, TopicPartition

from infra.kafka import EmbeddedKafka
from schemas.topics import DECIDE_CHANGELOG, LEDGER_STATE
from tests.child import Child, wait
from tests.decide.platform import Platform
from tests.decide.story import Out, Story
from tests.laws.runs import Current, current
from tests.ledger.kept import chains
from tests.ledger.months import months
from tests.ledger.platform import SAID, Live

pytestmark = pytest.mark.kafka

SESSION_S = 3.0
"""Of decide's workers: after a pause of two thirds of it one ends."""
GAVE_UP = 70
"""A worker's exit status when only a new start can help."""
WITHIN_S = 180
IDLE_S = 3.0


class Written:
    """How many records stand in a topic."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "nobody"})
        partitions = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._places = [TopicPartition(topic, each) for each in partitions]

    def __call__(self) -> int:
        return sum(self._consumer.get_watermark_offsets(place, timeout=10)[1] for place in self._places)


class Post:
    """One process at work, and those before it: some stand still, some woke up since."""

    def __init__(self, start: Callable[[], Child], written: Callable[[], int]) -> None:
        """`written`: how many records have been saved."""
        self._start = start
        self._written = written
        self._paused: list[Child] = []
        self._awake: list[Child] = []
        self.struck: Counter[str] = Counter()
        self.gave_up = 0
        """How often one ended by itself, and was started again."""
        self.current = start()

    def watch(self) -> None:
        """As a supervisor does."""
        if self.current.has_ended:
            assert self.current.ends() == GAVE_UP, self.current.log()
            self.gave_up += 1
            self.current = self._start()

    def is_at_work(self) -> None:
        """Wait until the one process is. Those that woke up have had their time."""
        while self._awake:
            self._awake.pop().kill()
        wait(self._is_ready, WITHIN_S, lambda: self.current.log())

    def goes_on(self, records: int) -> None:
        """Until it has saved so many more, or has nothing left to save."""
        enough, until = self._written() + records, time.monotonic() + IDLE_S
        while self._written() < enough and time.monotonic() < until:
            time.sleep(0.005)

    def is_struck(self, chance: Random) -> None:
        """Killed, paused until after another has taken over, or paused for a moment only."""
        if self._paused and chance.randrange(2):
            self.one_wakes()
        how = chance.choice(("killed", "killed", "paused", "paused", "held up"))
        self.struck[how] += 1
        if how == "held up":
            self.current.send(signal.SIGSTOP)
            time.sleep(chance.random() * SESSION_S)
            self.current.send(signal.SIGCONT)
            return
        if how == "killed":
            self.current.kill()
        else:
            self.current.send(signal.SIGSTOP)
            self._paused.append(self.current)
        self.current = self._start()

    def one_wakes(self) -> None:
        """It finds another at work."""
        self.is_at_work()
        self._awake.append(self._paused.pop(0))
        self._awake[-1].send(signal.SIGCONT)

    def all_wake(self) -> None:
        while self._paused:
            self.one_wakes()

    def _is_ready(self) -> bool:
        self.watch()
        return self.current.is_ready


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path / "kafka", heap="512M") as kafka:
        yield kafka


@pytest.fixture
def deciding(broker: EmbeddedKafka, tmp_path: Path) -> Iterator[Platform]:
    deciding = Platform(broker.bootstrap, tmp_path / "decide", 3)
    yield deciding
    deciding.close()


@pytest.fixture
def keeping(broker: EmbeddedKafka, tmp_path: Path) -> Iterator[Live]:
    keeping = Live(broker.bootstrap, tmp_path, 3)
    yield keeping
    keeping.close()


@pytest.mark.parametrize("moments", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(2400)])])
def test_decide_and_the_ledger_are_struck_at_seeded_moments(deciding: Platform, keeping: Live, moments: int) -> None:
    """The seed decides when, and how: `kill -9`, or SIGSTOP and later SIGCONT."""
    story, chance = months(moments), Random(moments)
    owed = owed_in(story)
    posts = {
        "worker": Post(lambda: deciding.worker(SESSION_S), Written(deciding.bootstrap, DECIDE_CHANGELOG)),
        "ledger": Post(keeping.start, Written(deciding.bootstrap, LEDGER_STATE)),
    }

    def is_settled() -> bool:
        for post in posts.values():
            post.watch()
        return deciding.is_settled(story) and keeping.is_settled(owed)

    def settles() -> None:
        wait(is_settled, WITHIN_S, lambda: "\n".join([*deciding.complaints(story), keeping.logs()]))

    for moment, part in enumerate(parts(story.outs, moments)):
        deciding.publish(part)
        struck = list(posts.values())[moment % 2]
        if chance.randrange(4):  # else perhaps before it has taken anything over
            struck.is_at_work()
            struck.goes_on(chance.randrange(60))
        time.sleep(chance.random() / 20)
        struck.is_struck(chance)
    for post in posts.values():
        post.all_wake()
    settles()
    for post in posts.values():
        post.is_at_work()
    settles()
    keeping.keeps_its_rules(owed)
    for name, post in posts.items():
        print(f"{name}: {dict(post.struck)}, gave up {post.gave_up} times")
    booked = chains(keeping.facts())
    print(f"{sum(map(len, booked.values()))} entries in {len(booked)} chains")


def owed_in(story: Story) -> Current:
    """Credits, answers, responses and the shortest chains, as a replay derives them."""
    story.replay()
    return current(fact for fact in story.replayed if isinstance(fact, SAID))


def parts(outs: list[Out], count: int) -> list[list[Out]]:
    size = len(outs) // count + 1
    return [outs[start : start + size] for start in range(0, len(outs), size)]
