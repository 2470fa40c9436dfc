"""When a month is said: by what its location waits for, and never too late (semantics §4)."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from schemas import times
from schemas.events import Heartbeat
from schemas.facts import Availability, LocationState, Progress
from tests.decide.cluster import Cluster, Process
from tests.decide.story import Out, Story

LOCATION = "loc-0"
AHEAD = 1
"""Of two partitions, that of the location."""


def at(moment: str) -> int:
    return times.parse(f"2026-{moment}Z")


def out(topic: str, partition: int, key: str | None, value: dict[str, Any]) -> Out:
    return Out(
        topic, partition, None if key is None else key.encode(), msgspec.json.encode(value), at("02-01T00:00:00")
    )


def registered(name: str = "at first") -> Out:
    """A version of the location; another name makes another."""
    since = {"valid_from": times.render(at("02-01T00:00:00")), "recorded_at": times.render(at("02-01T00:00:00"))}
    location = {"entity": "location", "location_id": LOCATION, "account_id": "account-0", "name": name}
    return out("registry", 0, LOCATION, location | {"sla_from": since["valid_from"]} | since)


MARCH = at("03-01T08:00:00")
"""When March begins in the terms' zone."""


def row(since: str, to: str | None, state: Any, partition: int = 0) -> Out:
    fact = LocationState(
        terms="terms",
        fold_version=1,
        settings={},
        version=at(to or since),
        location_id=LOCATION,
        from_=at(since),
        to=None if to is None else at(to),
        state=state,
        devices_up=int(state == "up"),
        devices_down=int(state == "down"),
        devices_unknown=0,
        devices_silent=0,
        resolution_ms=None,
    )
    return out(LocationState.TOPIC, partition, LOCATION, fact.written())


def progress(through: str, partition: int = 0, first: str = "02-01T00:00:00") -> Iterable[Out]:
    """A partition's time, in band and as a broadcast."""
    said = Progress(
        topic=Heartbeat.TOPIC, partition=partition, through=at(through), first=at(first), version=at(through)
    )
    yield out(LocationState.TOPIC, partition, None, said.written())
    yield out(Progress.TOPIC, 0, said.key, said.written())


class Live:
    """A worker that reads everything as it is published."""

    def __init__(self, partitions: int = 1, owned: Iterable[int] = (0,)) -> None:
        story = Story(partitions)
        self.cluster = Cluster(partitions)
        self.process = Process(self.cluster, story, [*owned])

    def reads(self, *outs: Out) -> "Live":
        for each in outs:
            self.cluster.append(each)
        self.process.run()
        return self

    @property
    def said(self) -> list[Availability]:
        """Every month in the order in which it was said."""
        return [fact for fact in self.cluster.facts() if isinstance(fact, Availability)]


def an_outage_ahead_of_time() -> Live:
    """An outage of half a minute, told before the partition's time has reached it."""
    live = Live().reads(registered(), row("02-01T00:00:00", None, "up"), *progress("03-10T09:00:00"))
    return live.reads(
        row("02-01T00:00:00", "03-10T09:00:20", "up"),
        row("03-10T09:00:20", "03-10T09:00:50", "down"),
        row("03-10T09:00:50", None, "up"),
    )


@pytest.mark.parametrize("between", [(), (registered("renamed"),)], ids=["nothing", "a registry record"])
def test_a_month_is_said_when_time_has_reached_the_end_of_a_state_whatever_came_between(between: Iterable[Out]) -> None:
    live = an_outage_ahead_of_time().reads(*between)
    assert {fact.down_ms for fact in live.said} == {0}
    live.reads(*progress("03-10T09:10:00"))
    newest = live.said[-1]
    assert (newest.month, newest.as_of, newest.down_ms) == ("2026-03", at("03-10T09:10:00"), 30_000)


def test_a_month_whose_states_end_faster_than_time_is_told_is_said_nevertheless() -> None:
    """What follows from the states that time has reached does not wait for those that it has not."""
    live = Live().reads(registered(), row("02-01T00:00:00", None, "up"), *progress("03-10T09:00:00"))
    for minute in range(1, 10):
        live.reads(
            row(f"03-10T09:0{minute}:00", f"03-10T09:0{minute}:20", "down"),
            row(f"03-10T09:0{minute}:20", f"03-10T09:0{minute}:59", "up"),
            *progress(f"03-10T09:0{minute}:40"),
        )
        assert live.said[-1].down_ms == minute * 20_000


def test_a_new_state_is_said_when_time_has_reached_its_beginning_although_its_end_is_known() -> None:
    live = Live().reads(registered(), *progress("03-10T09:00:00"))
    live.reads(row("03-10T09:00:20", "03-10T09:00:50", "down"), *progress("03-10T09:00:30"))
    assert live.said[-1].down_ms == 10_000
    live.reads(*progress("03-10T09:10:00"))
    assert live.said[-1].down_ms == 30_000


def test_a_month_is_said_when_a_state_ends_and_once_for_both_its_end_and_what_follows_it() -> None:
    live = Live().reads(registered(), row("02-01T00:00:00", None, "up"), *progress("03-10T09:00:00"))
    said = len(live.said)
    live.reads(row("02-01T00:00:00", "03-10T09:00:20", "up"))
    live.reads(row("03-10T09:00:20", None, "down"))
    assert len(live.said) == said
    for minute in range(1, 5):
        live.reads(*progress(f"03-10T09:0{minute}:00"))
    assert [(fact.as_of, fact.down_ms) for fact in live.said[said:]] == [(at("03-10T09:01:00"), 40_000)]


def test_a_partition_ahead_of_the_slowest_tells_of_a_month_when_its_own_time_enters_it() -> None:
    """And of the month before, which ends then, and closes when every partition's time has passed its delay."""
    live = Live(partitions=2, owned=[AHEAD])
    live.reads(registered(), *progress("02-28T00:00:00", AHEAD), *progress("02-28T00:00:00", 1 - AHEAD))
    live.reads(*progress("03-02T00:00:00", AHEAD))
    assert [(fact.month, fact.as_of, fact.closed) for fact in live.said[-2:]] == [
        ("2026-02", MARCH, False),
        ("2026-03", at("03-02T00:00:00"), False),
    ]
