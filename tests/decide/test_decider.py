"""What decide says equals what a replay derives, in live batches of any size."""

import pytest

from schemas.facts import Availability
from tests.decide.cluster import INPUT, Cluster, Process
from tests.decide.story import Story, current, differences, tell


def live(story: Story, every: int = 7) -> Cluster:
    """One process that reads while the story is told."""
    cluster = Cluster(story.partitions)
    process = Process(cluster, story, range(story.partitions)).start()
    for number, out in enumerate(story.outs):
        cluster.append(out)
        if number % every == 0:
            process.read_broadcasts()
            process.finish()
    process.run()
    return cluster


@pytest.mark.parametrize(("seed", "every"), [(0, 1), (1, 3), (2, 7), (3, 50), (4, 10_000)])
def test_live_equals_replay(seed: int, every: int) -> None:
    story = tell(seed)
    cluster = live(story, every)
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))
    facts = current(cluster.facts())
    assert any(isinstance(fact, Availability) and fact.closed for fact in facts.values())


@pytest.mark.parametrize("at_most", [1, 20])
def test_a_worker_that_starts_when_much_was_said_may_read_one_partition_after_the_other(at_most: int) -> None:
    """What it has heard of the others, but not read, holds the closing of months, and no longer than that."""
    story = tell(6)
    cluster = Cluster(story.partitions)
    for out in story.outs:
        cluster.append(out)
    process = Process(cluster, story, range(story.partitions)).start()
    for partition in range(story.partitions):
        while process.finish([(topic, partition) for topic in INPUT], at_most=at_most):
            pass
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))


def test_what_is_refused_is_what_a_replay_refuses() -> None:
    story = tell(5, notes=0.3)
    letters = live(story).letters()
    refused = {(letter["topic"], letter["partition"], letter["offset"], letter["reason"]) for letter in letters}
    replay = story.replay()
    assert refused == {(each.topic, each.partition, each.offset, each.reason) for each in replay.dead_letters}
    assert {reason for *_, reason in refused} == {"bad_value", "conflict"}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"loc-0", b"{", "bad_value"),
        (b"loc-0", b"[]", "bad_value"),
        (b"loc-0", b"", "bad_value"),
        (b"loc-0", b'{"location_id": 5}', "bad_value"),
        (b"loc-0", b"\xff\xfe", "bad_value"),
        (None, b"{}", "bad_value"),
        (None, b'{"topic": "device-heartbeats", "partition": 0, "through": 1}', "bad_value"),
        (b"loc-9", None, "wrong_key"),
    ],
)
def test_a_message_that_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(
    key: bytes | None, value: bytes | None, reason: str
) -> None:
    story = tell(1, locations=4, partitions=1, days=10, reports=0.5)
    at = next(at for at, out in enumerate(story.outs) if out.topic == "location-states" and out.key == b"loc-0")
    good = story.outs[at]
    story.outs.insert(at, good._replace(key=key, value=good.value if value is None else value))
    cluster = live(story)
    assert [letter["reason"] for letter in cluster.letters() if letter["topic"] == "location-states"] == [reason]
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))


def test_without_news_a_month_is_said_when_it_begins_ends_and_closes_and_not_with_time() -> None:
    quiet = tell(2, locations=6, partitions=1, days=20, reports=0.0, notes=0.0)
    said = [fact.month for fact in live(quiet, 1).facts() if isinstance(fact, Availability)]
    # January begins, ends and closes; February begins, and is said again because it is when January closes
    assert (said.count("2026-01"), said.count("2026-02")) == (3 * 6, 2 * 6)


def test_months_that_are_final_are_forgotten_and_stay_as_they_were() -> None:
    story = tell(1, locations=3, partitions=1, days=260, reports=0.02)
    cluster = live(story, 50)
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))
    decider = Process(cluster, story, [0]).start().decider
    chain = decider.chain()
    decider.load(chain, "loc-0", 0)
    published = chain.loop.keys["loc-0"].published[0]
    kept = {fact.month for fact in published if isinstance(fact, Availability)}
    assert "2026-02" not in kept
    assert "2026-10" in kept
