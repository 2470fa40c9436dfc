"""The worker as a process on a real Kafka."""

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.kafka import EmbeddedKafka
from tests.decide.platform import Platform, halves, wait
from tests.decide.story import tell

pytestmark = pytest.mark.kafka

PORTS = itertools.count(26100)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Callable[..., Platform]]:
    """A platform on a Kafka of its own: decide's topics have fixed names."""
    made: list[Platform] = []
    with EmbeddedKafka(tmp_path / "kafka", heap="512M") as kafka:

        def make(partitions: int = 3) -> Platform:
            made.append(Platform(kafka.bootstrap, tmp_path, partitions, PORTS))
            return made[-1]

        yield make
        for each in made:
            each.close()


def test_live_equals_replay(platform: Callable[..., Platform]) -> None:
    story, cluster = tell(1), platform()
    early, late = halves(story.outs)
    cluster.publish(early)
    worker = cluster.worker().ready()
    cluster.publish(late)
    cluster.settles(story)
    wait(lambda: all(done == end for done, end in cluster.committed().values()), 30, worker.log)
    metrics = worker.metrics()
    assert 'fivenines_decide_facts_total{topic="availability"}' in metrics
    assert 'fivenines_decide_lag{partition="0",topic="location-states"} 0.0' in metrics
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0
