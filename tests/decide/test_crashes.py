"""Processes that are killed or paused at any step leave what an undisturbed one would have left (law 5)."""

import random

import pytest

from streams.decide.work import Batch, Message
from tests.decide.cluster import Cluster, Process
from tests.decide.story import Story, differences, tell

STEPS = ("decided", "half saved", "saved", "half said", "said")
"""After which of them a process is killed, or paused: then it does the rest when it wakes."""


class Half:
    """A process in the middle of a batch."""

    def __init__(self, process: Process, chance: random.Random) -> None:
        self.process = process
        self.chance = chance
        self.step = chance.choice(STEPS)
        places = list(process.next)
        chance.shuffle(places)
        self.messages: list[Message]
        self.batch: Batch
        self.messages, self.batch = process.decide(
            places[: chance.randint(1, len(places))], 20, chance.choice((0, 2, 20))
        )
        if "save" in self.step:
            records = len(self.batch.records) + len(self.batch.followed)
            process.save(self.batch, self._some(records) if self.step == "half saved" else None)
        if "said" in self.step:
            process.save(self.batch)
            process.say(self.batch, self._some(len(self.batch.facts)) if self.step == "half said" else None)

    def wakes(self) -> None:
        """The rest goes out: acknowledgements do not, for by then the partitions are another's."""
        if "said" not in self.step:
            self.process.save(self.batch)
        self.process.say(self.batch)

    def _some(self, count: int) -> int:
        return self.chance.randint(0, count)


def play(story: Story, seed: int, *, pauses: bool) -> Cluster:
    """Publish a story while processes come and go."""
    chance = random.Random(seed)
    cluster = Cluster(story.partitions)
    asleep: list[Half] = []
    process: Process | None = None
    for out in story.outs:
        cluster.append(out)
        if chance.random() < 0.97:
            continue
        if process is None:
            process = Process(cluster, story, range(story.partitions))
        if chance.random() < 0.5:
            process.read_broadcasts(chance.choice((1, 10, 1000)))
        fate = chance.random()
        if fate < 0.75:
            places = list(process.next)
            chance.shuffle(places)
            process.finish(
                places[: chance.randint(1, len(places))], chance.choice((1, 5, 50)), chance.choice((0, 1, 50))
            )
        else:
            half = Half(process, chance)
            process = None
            if pauses and fate < 0.9:
                asleep.append(half)
        if asleep and chance.random() < 0.2:
            asleep.pop(0).wakes()
    Process(cluster, story, range(story.partitions)).run()
    for half in asleep:
        half.wakes()
    return cluster


def assert_as_replayed(story: Story, cluster: Cluster, *, pauses: bool) -> None:
    """What a process says that was paused may stand beside what its successor says, but not in place of it.

    (A credit that the successor never had to withdraw stays: so a process that notices a pause says nothing.)
    """
    wrong = list(differences(cluster.facts(), story.replay(), story.replayed))
    assert not [
        line for line in wrong if not (pauses and line.startswith("('credits'") and line.endswith("replayed None"))
    ]


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 60))])
def test_killed_at_any_step(seed: int) -> None:
    story = tell(seed, locations=8, partitions=2)
    assert_as_replayed(story, play(story, seed, pauses=False), pauses=False)


# 17: a successor saved a location before how far it had read. 112: one had read as much as the paused process.
@pytest.mark.parametrize(
    "seed", [*range(5), 17, 112, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 75))]
)
def test_paused_at_any_step_and_awake_again(seed: int) -> None:
    story = tell(seed, locations=8, partitions=2)
    assert_as_replayed(story, play(story, 1000 + seed, pauses=True), pauses=True)


@pytest.mark.parametrize("seed", range(4))
def test_one_that_read_more_of_one_topic_and_less_of_another_does_not_overtake_its_successor(seed: int) -> None:
    """The paused process had read all states and no annotation; its successor reads the annotations first."""
    story = tell(seed, locations=6, partitions=1, days=40, reports=0.3, notes=0.3)
    cluster = Cluster(story.partitions)
    states, annotations = ("location-states", 0), ("outage-annotations", 0)
    for out in story.outs:
        if out.topic != annotations[0]:
            cluster.append(out)
    paused = Process(cluster, story, [0])
    _, batch = paused.decide([states], 1 << 30, 1 << 30)
    assert batch.facts
    for out in story.outs:
        if out.topic == annotations[0]:
            cluster.append(out)
    successor = Process(cluster, story, [0])
    successor.finish([annotations], 1 << 30)
    while successor.finish([states], 100, 1000):
        pass
    paused.save(batch)
    paused.say(batch)
    assert_as_replayed(story, cluster, pauses=True)
