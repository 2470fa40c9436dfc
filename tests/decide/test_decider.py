"""What decide says equals what a replay derives, whatever happens to the processes that say it."""

import pytest

from tests.decide.cluster import Cluster, Process
from tests.decide.story import differences, tell


@pytest.mark.parametrize("seed", range(6))
def test_live_equals_replay(seed: int) -> None:
    story = tell(seed)
    cluster = Cluster(story.partitions)
    process = Process(cluster, story, range(story.partitions))
    for number, out in enumerate(story.outs):
        cluster.append(out)
        if number % 7 == seed:
            process.read_broadcasts()
            process.finish()
    process.run()
    replay = story.replay()
    assert not list(differences(cluster.facts(), replay, story.replayed))
