"""What somebody has looked at, decide says again: once, all that is not final, whenever its process dies."""

import msgspec
import pytest

from schemas import times
from schemas.facts import Availability
from schemas.wire import parse_line
from tests.core import lines
from tests.decide.cluster import PHASES, Cluster, Process
from tests.decide.story import Out, Story, current, differences, tell
from tests.decide.test_decider import live

RECORDED = times.parse("2026-03-20T00:00:00Z")


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(1, locations=4, partitions=1, days=40, reports=0.3)


def asked(location_id: str = "loc-0", recorded: int = RECORDED, *facts: str) -> Out:
    said = {"facts": facts or ["availability"], "months": [], "reason": "it was wrong", "author": "ann"}
    line = parse_line(lines.record("reconciliation", "r1", recorded, recorded, location_id=location_id, **said))
    return Out("registry", 0, line.key, line.value or b"", recorded)  # type: ignore[union-attr]


def months(cluster: Cluster, since: int = 0) -> list[Availability]:
    return [fact for fact in [*cluster.facts()][since:] if isinstance(fact, Availability)]


def follow(cluster: Cluster, story: Story) -> Process:
    process = Process(cluster, story, [0]).start()
    process.run()
    return process


def test_a_location_is_said_again_once_and_alone(story: Story) -> None:
    cluster = live(story)
    process = follow(cluster, story)
    before, known = current(cluster.facts()), len(months(cluster))
    cluster.append(asked())
    for _ in range(3):
        process.run()
    again = months(cluster, known)
    mine = [fact for fact in before.values() if fact.key == "loc-0"]
    assert sorted(fact.month for fact in again) == sorted(fact.month for fact in mine)  # type: ignore[attr-defined]
    assert {fact.location_id for fact in again} == {"loc-0"}
    assert all(fact.says(before[fact.TOPIC, *fact.identity]) for fact in again if fact.closed)
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))


def test_what_somebody_else_wrote_is_overruled(story: Story) -> None:
    cluster = live(story)
    wrong = next(fact for fact in months(cluster)[::-1] if fact.location_id == "loc-0")
    out = msgspec.structs.replace(wrong, down_ms=wrong.down_ms + 1, version=wrong.version + 1)
    cluster.append(Out(out.TOPIC, 0, b"loc-0", msgspec.json.encode(out.written(), enc_hook=str), RECORDED))
    cluster.append(asked())
    follow(cluster, story)
    assert not list(differences(cluster.facts(), story.replay(), story.replayed))


def test_what_is_final_or_another_s_is_not_said_again(story: Story) -> None:
    cluster = live(story)
    process = follow(cluster, story)
    known = len(months(cluster))
    after_all = max(fact.final_at for fact in months(cluster))
    cluster.append(asked("loc-0", after_all))
    cluster.append(asked("loc-1", RECORDED, "location-states"))
    process.run()
    assert [fact for fact in months(cluster, known) if fact.closed or fact.location_id != "loc-0"] == []


def test_of_several_each_has_its_months_said_again(story: Story) -> None:
    """Also where the newer was recorded when all of them were final."""
    cluster = live(story)
    process = follow(cluster, story)
    known = len(months(cluster))
    after_all = max(fact.final_at for fact in months(cluster))
    cluster.append(asked("loc-0", RECORDED))
    cluster.append(asked("loc-0", after_all))
    process.run()
    assert [fact for fact in months(cluster, known) if fact.closed]


@pytest.mark.parametrize("phases", range(len(PHASES) + 1))
@pytest.mark.parametrize("behind", [0, 3])
def test_a_process_that_dies_on_the_way_leaves_it_to_the_next(story: Story, phases: int, behind: int) -> None:
    """After each of what a batch does; also when a message about the location is in the same batch."""
    cluster = Cluster(1)
    rest = [out for out in story.outs if out.key == b"loc-0" and out.topic != "registry"][-behind:] if behind else []
    for out in story.outs:
        if not any(out is late for late in rest):
            cluster.append(out)
    process = follow(cluster, story)
    known = len(months(cluster))
    cluster.append(asked())
    for out in rest:
        cluster.append(out)
    process.read_broadcasts()
    _, batch = process.decide(list(process.next), 50, 0 if behind else 50)
    for phase in PHASES[:phases]:
        process.hand(phase(batch))
    follow(cluster, story)
    again = months(cluster, known)
    assert {fact.month for fact in again if fact.location_id == "loc-0"} == {
        fact.month for fact in months(cluster) if fact.location_id == "loc-0"
    }
