"""The worker as a process on a real Kafka: it is killed, paused, joined by others, and fed what nobody can read."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.kafka import EmbeddedKafka
from schemas.facts import LocationState
from schemas.topics import DECIDE_CHANGELOG
from streams.decide.records import is_clock
from tests.child import wait
from tests.decide.platform import Platform, halves
from tests.decide.story import Out, tell

pytestmark = pytest.mark.kafka


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A Kafka of the test's own: decide's topics have fixed names."""
    with EmbeddedKafka(tmp_path / "kafka", heap="512M") as kafka:
        yield kafka


@pytest.fixture
def platform(broker: EmbeddedKafka, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(broker.bootstrap, tmp_path, 3)
    yield platform
    platform.close()


def test_live_equals_replay(platform: Platform) -> None:
    story = tell(1)
    early, late = halves(story.outs)
    poison = Out(LocationState.TOPIC, 0, b"loc-1", b'{"location_id":', 0)
    platform.publish([*early, poison])
    worker = platform.worker().ready()
    platform.publish(late)
    platform.settles(story)
    wait(lambda: all(done == end for done, end in platform.committed().values()), 30, worker.log)
    letters = [msgspec.json.decode(message.value()) for message in platform.read("dead-letters")]
    assert {(each["topic"], each["reason"]) for each in letters} >= {("location-states", "bad_value")}
    metrics = worker.metrics()
    assert 'fivenines_decide_facts_total{topic="availability"}' in metrics
    assert 'fivenines_decide_lag{partition="0",topic="location-states"} 0.0' in metrics
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 10))])
def test_killed_and_started_again(platform: Platform, seed: int) -> None:
    """`kill -9` at moments of which the seed decides, while input flows."""
    story, chance = tell(seed), random.Random(seed)
    for part in quarters(story.outs):
        worker = platform.worker().ready()
        platform.publish(part)
        time.sleep(chance.random() * 2)
        worker.kill()
    platform.worker().ready()
    platform.settles(story)


def test_killed_before_it_read_anything(platform: Platform) -> None:
    """What is committed then is 0, which faust takes for nothing: by itself it would not seek."""
    story = tell(4)
    worker = platform.worker().ready()
    wait(lambda: len(platform.read(DECIDE_CHANGELOG)) >= platform.partitions, 30, worker.log)
    worker.kill()
    platform.publish(story.outs)
    platform.worker().ready()
    platform.settles(story)


def test_killed_before_anything_was_committed(platform: Platform) -> None:
    """Where nothing is committed faust does not seek after a restart: the records say from where on to read."""
    story = tell(2)
    early, late = halves(story.outs)
    worker = platform.worker().ready()
    platform.publish(early)
    wait(lambda: not all(is_clock(each.key()) for each in platform.read(DECIDE_CHANGELOG)), 120, worker.log)
    worker.kill()
    assert {done for done, _ in platform.committed().values()} <= {0, -1001}
    platform.worker().ready()
    platform.publish(late)
    platform.settles(story)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_paused_for_longer_than_its_session_and_awake_again(platform: Platform, seed: int) -> None:
    """SIGSTOP in the middle of its work; another takes over; SIGCONT: it says nothing more, and ends."""
    story, chance = tell(seed), random.Random(seed)
    early, late = halves(story.outs)
    paused = platform.worker().ready()
    platform.publish(early)
    time.sleep(chance.random() * 2)
    paused.send(signal.SIGSTOP)
    successor = platform.worker()
    platform.publish(late)
    successor.ready()
    platform.settles(story)
    paused.send(signal.SIGCONT)
    assert paused.ends() == 70
    assert "stood still" in paused.log()
    time.sleep(2)
    platform.settles(story)


def test_one_that_finds_a_record_of_another_in_its_changelog_ends_and_its_successor_puts_it_right(
    platform: Platform,
) -> None:
    """The record is an old one, as a process would write it that wakes from a pause."""
    story = tell(3)
    early, late = halves(story.outs)
    worker = platform.worker().ready()
    platform.publish(early)
    wait(lambda: all(done == end for done, end in platform.committed().values()), 60, worker.log)
    old = next(each for each in platform.read(DECIDE_CHANGELOG) if not is_clock(each.key()))
    platform.publish([Out(DECIDE_CHANGELOG, old.partition(), old.key(), old.value(), 0), *late])
    assert worker.ends() == 70
    assert "another process writes there too" in worker.log()
    platform.worker().ready()
    platform.settles(story)


def test_two_share_the_partitions_and_one_is_killed(platform: Platform) -> None:
    story = tell(7)
    early, late = halves(story.outs)
    first, second = platform.worker(), platform.worker()
    first.ready(), second.ready()
    platform.publish(early)
    time.sleep(3)
    first.kill()
    platform.publish(late)
    platform.settles(story)


@pytest.mark.slow
def test_a_kafka_that_is_killed_and_comes_back(broker: EmbeddedKafka, platform: Platform) -> None:
    """The worker waits, or ends and is started again, as its supervisor would do."""
    story = tell(8)
    early, late = halves(story.outs)
    worker = platform.worker().ready()
    platform.publish(early)
    time.sleep(1)
    broker.kill()
    time.sleep(5)
    broker.start()
    platform.publish(late)
    time.sleep(10)
    if worker.process.poll() is not None:
        platform.worker().ready()
    platform.settles(story, 120)


def quarters(outs: list[Out]) -> list[list[Out]]:
    size = len(outs) // 4 + 1
    return [outs[start : start + size] for start in range(0, len(outs), size)]
