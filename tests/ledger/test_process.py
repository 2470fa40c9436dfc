"""The ledger as a process on a real Kafka: killed, paused, held, and beside another. Entry by entry it keeps its own
rules, and its sums are what is owed."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from confluent_kafka.admin import AdminClient

from infra.kafka import EmbeddedKafka
from schemas.facts import Credit
from schemas.topics import TOPICS
from tests.child import wait
from tests.laws.runs import current
from tests.ledger.kept import chains
from tests.ledger.platform import Live
from tests.ledger.story import PARTITIONS, Out, Story

pytestmark = pytest.mark.kafka


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
    live = Live(broker.bootstrap, tmp_path, PARTITIONS)
    yield live
    live.close()


def parts(story: Story, count: int) -> list[list[Out]]:
    size = len(story.outs) // count + 1
    return [story.outs[start : start + size] for start in range(0, len(story.outs), size)]


def test_undisturbed(live: Live) -> None:
    story = Story(1)
    process = live.start().ready()
    live.publish(story.outs)
    live.settles(current(story.owed()))
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
    live.settles(current(story.owed()))


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
    live.settles(current(story.owed()))


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
    live.settles(current(story.owed()))
