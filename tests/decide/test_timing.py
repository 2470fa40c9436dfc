"""When a month is said: when something of it changes by the time that counts for it, and not before (semantics §4)."""

import random
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
import pytest

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS
from schemas.events import Annotation, Heartbeat, RegistryRecord
from schemas.facts import Availability, LocationState, Progress
from schemas.wire import decode
from streams.audit.replay import Replay
from streams.broadcasts import read_progress
from streams.decide.turns import changes_from
from tests.decide.cluster import Cluster, Process
from tests.decide.said import out, state_of
from tests.decide.story import BOOK, DERIVATION, Out, Story, differences

LOCATION = "loc-0"
MINE, OTHER = 1, 0
"""Of two partitions, the location's."""


def at(moment: str) -> int:
    return times.parse(f"2026-{moment}Z")


BEGIN = at("02-01T08:00:00")
MARCH, APRIL = at("03-01T08:00:00"), at("04-01T07:00:00")
"""When they begin in the terms' zone."""
DELAY_MS = 48 * HOUR_MS

row = partial(state_of, LOCATION, MINE)


def registered(name: str = "at first", since: int = BEGIN, account: str = "account-0") -> Out:
    """A version of the location; another name makes another."""
    location = {"entity": "location", "location_id": LOCATION, "account_id": account, "name": name}
    location |= {"valid_from": times.render(since), "recorded_at": times.render(BEGIN)}
    return out("registry", 0, LOCATION, location | {"sla_from": times.render(BEGIN)})


def annotated(name: str, since: int, to: int | None, cause: str) -> Out:
    note = {"id": name, "annotation_id": name, "revision": 1, "location_id": LOCATION, "cause": cause, "author": "noc"}
    note |= {"state": "approved", "from": times.render(since), "recorded_at": times.render(BEGIN)}
    return out(Annotation.TOPIC, MINE, LOCATION, note | {"to": None if to is None else times.render(to)})


def progress(through: int, partition: int = MINE, first: int = BEGIN) -> Iterable[Out]:
    """A partition's time, in band and as a broadcast."""
    said = Progress(topic=Heartbeat.TOPIC, partition=partition, through=through, first=first, version=through)
    yield out(LocationState.TOPIC, partition, None, said.written())
    yield out(Progress.TOPIC, 0, said.key, said.written())


class Live:
    """A worker that reads everything as soon as it is published."""

    def __init__(self, owned: Sequence[int] = (MINE,)) -> None:
        self.story = Story(partitions=2)
        self.cluster = Cluster(partitions=2)
        self.owned = owned
        self.restart()

    def restart(self) -> None:
        self.process = Process(self.cluster, self.story, self.owned).start()

    def hears(self, *outs: Out) -> None:
        for each in outs:
            self.cluster.append(each)
            if each.topic != Progress.TOPIC:
                self.story.outs.append(each)

    def reads(self, *outs: Out) -> "Live":
        self.hears(*outs)
        self.process.run()
        return self

    @property
    def said(self) -> list[Availability]:
        """Every month in the order in which it was said."""
        return [fact for fact in self.cluster.facts() if isinstance(fact, Availability)]

    def differences(self) -> list[str]:
        """Where what was said until now is not what an audit of the same says now."""
        replay = Replay(BOOK, DERIVATION)
        replay.world.partition_of = self.story.partition_of
        for each in self.story.outs:
            if each.topic != LocationState.TOPIC:
                event = decode(each.topic, each.value, key=each.key, timestamp=each.timestamp)
                assert isinstance(event, RegistryRecord | Annotation)
                replay.absorb(event, each.partition)
            elif each.key is not None:
                state = LocationState.read(msgspec.json.decode(each.value))
                replay.chain.loop.absorb(each.topic, LOCATION, state, each.partition)
            else:
                told = read_progress(each.value)
                assert told is not None
                replay.world.clock(told.partition).follow(told.through, told.first)
        return [*differences(self.cluster.facts(), replay, [*replay.facts()])]


def test_a_location_stands_where_these_histories_have_it() -> None:
    assert Story(partitions=2).partition_of(LOCATION) == MINE


def an_up_location(now: int) -> Live:
    return Live().reads(registered(), row(BEGIN, None, "up"), *progress(now))


NINE = at("03-10T09:00:00")


@pytest.mark.parametrize("between", [(), (registered("renamed"),)], ids=["nothing", "a registry record"])
def test_a_month_is_said_when_time_has_reached_the_end_of_a_state_whatever_came_between(between: Iterable[Out]) -> None:
    live = an_up_location(NINE).reads(
        row(BEGIN, NINE + 20_000, "up"),
        row(NINE + 20_000, NINE + 50_000, "down"),
        row(NINE + 50_000, None, "up"),
    )
    live.reads(*between)
    assert {fact.down_ms for fact in live.said} == {0}
    live.reads(*progress(NINE + 600_000))
    newest = live.said[-1]
    assert (newest.month, newest.as_of, newest.down_ms) == ("2026-03", NINE + 600_000, 30_000)


def test_a_month_whose_states_end_faster_than_time_is_told_is_said_nevertheless() -> None:
    """What follows from the states that time has reached does not wait for those that it has not."""
    live = an_up_location(NINE)
    for minute in range(1, 10):
        start = NINE + minute * 60_000
        down, up = row(start, start + 20_000, "down"), row(start + 20_000, start + 59_000, "up")
        live.reads(down, up, *progress(start + 40_000))
        assert live.said[-1].down_ms == minute * 20_000


def test_a_month_is_said_once_for_the_end_of_a_state_and_what_follows_it_and_not_with_time() -> None:
    live = an_up_location(NINE)
    live.reads(*progress(NINE + 10_000))
    said = len(live.said)
    live.reads(row(BEGIN, NINE + 20_000, "up"))
    live.reads(row(NINE + 20_000, None, "down"))
    assert len(live.said) == said
    for minute in range(1, 5):
        live.reads(*progress(NINE + minute * 60_000))
    assert [(fact.as_of, fact.down_ms) for fact in live.said[said:]] == [(NINE + 60_000, 40_000)]


def test_a_state_that_ends_or_begins_beside_no_other_is_said() -> None:
    live = an_up_location(NINE).reads(row(BEGIN, NINE + 20_000, "up"))
    for second, then in ((30, ()), (60, (row(NINE + 80_000, None, "down"),)), (90, ())):
        live.reads(*progress(NINE + second * 1000))
        live.reads(*then)
    assert [(fact.as_of - NINE, fact.down_ms) for fact in live.said[-2:]] == [(30_000, 0), (90_000, 10_000)]


@pytest.mark.parametrize(
    ("known", "told", "since"),
    [
        pytest.param(None, (None, "up"), 0, id="a new state"),
        pytest.param((None, "up"), (5, "up"), 5, id="it ended"),
        pytest.param((5, "up"), (None, "up"), 5, id="it did not end"),
        pytest.param((5, "up"), (3, "up"), 3, id="it ended earlier"),
        pytest.param((3, "up"), (5, "up"), 3, id="it ended later"),
        pytest.param((5, "up"), (5, "down"), 0, id="it was another"),
    ],
)
def test_what_is_told_of_a_state_changes_the_month_from_where_it_differs(
    known: tuple[int | None, str] | None, told: tuple[int | None, str], since: int
) -> None:
    def state(to: int | None, name: str) -> LocationState:
        return LocationState.read(msgspec.json.decode(row(NINE, None if to is None else NINE + to, name).value))

    assert changes_from(state(*told), known and state(*known)) == NINE + since


def test_without_ticks_a_month_begins_right_after_the_first_state() -> None:
    """States come from events, which are the clock then; the slowest partition is far behind."""
    live = Live().reads(registered(), *progress(BEGIN, OTHER, BEGIN), *progress(NINE, MINE, NINE))
    live.reads(row(NINE, None, "up"))
    assert not live.said
    live.reads(*progress(NINE + 1, MINE, NINE + 1))
    assert [(fact.month, fact.as_of) for fact in live.said] == [("2026-03", NINE + 1)]


def test_a_partition_ahead_of_the_slowest_tells_of_a_month_when_its_own_time_enters_it() -> None:
    """And of the month before, which ends then, and closes when every partition's time has passed its delay."""
    live = Live().reads(registered(), *progress(MARCH - DAY_MS), *progress(MARCH - DAY_MS, OTHER))
    live.reads(*progress(MARCH + DAY_MS))
    assert [(fact.month, fact.as_of, fact.closed) for fact in live.said[-2:]] == [
        ("2026-02", MARCH, False),
        ("2026-03", MARCH + DAY_MS, False),
    ]


@pytest.mark.parametrize("owned", [(MINE,), (MINE, OTHER)], ids=["by another worker", "by this worker"])
def test_a_month_opens_again_when_a_partition_is_heard_late_and_is_behind(owned: Sequence[int]) -> None:
    live = Live(owned).reads(registered(), *progress(MARCH + 3 * DAY_MS))
    live.reads(*progress(MARCH - DAY_MS, OTHER))
    live.reads(*progress(MARCH + 3 * DAY_MS, OTHER))
    assert [fact.closed for fact in live.said if fact.month == "2026-02"] == [True, False, True]


TURNS = (BEGIN, MARCH, MARCH + DELAY_MS, APRIL, APRIL + DELAY_MS)
INSTANTS = sorted(turn + by for turn in TURNS for by in (-HOUR_MS, -1, 0, 1, 2, HOUR_MS, DAY_MS, 9 * DAY_MS))


class History:
    """A seeded history: two partitions at their own pace, states that end early or late, and registry records."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ticks = self.random.random() < 0.7
        self.now: dict[int, int] = {}
        self.since: int | None = None
        self.version = 0

    def steps(self, count: int) -> Iterator[list[Out]]:
        yield [registered(since=self.random.choice(INSTANTS[:20]))]
        for _ in range(count):
            outs: list[Out] = []
            for _ in range(self.random.randint(1, 3)):
                outs += self.random.choice(
                    (self.passes, self.passes, self.passes, self.changes, self.changes, self.registers, self.annotates)
                )()
            yield outs

    def passes(self) -> Iterable[Out]:
        partition = self.random.choice((MINE, MINE, OTHER))
        later = [each for each in INSTANTS if each > self.now.get(partition, 0)] or [self.now[partition] + 1]
        self.now[partition] = self.random.choice(later[:6])
        now = self.now[partition]
        return progress(now, partition, BEGIN - DAY_MS if self.ticks else now)

    def changes(self) -> Iterable[Out]:
        """A state ends and another begins, or there is none for a while; what was told may be told otherwise."""
        near = self.now.get(MINE, BEGIN) + self.random.choice((-HOUR_MS, -1, 0, 1, 20_000, HOUR_MS, 2 * DAY_MS))
        start = near if self.since is None else max(near, self.since + 1)
        self.version += 1
        if self.since is not None and self.random.random() < 0.3:
            yield row(self.since, None, self.random.choice(("up", "down", "unknown")), self.version)
            return
        if self.since is not None:
            yield row(self.since, start, self.random.choice(("up", "down")), self.version)
        self.since = start + self.random.choice((0, 0, 0, HOUR_MS))
        if self.random.random() < 0.8:
            yield row(self.since, None, self.random.choice(("up", "down")), self.version)

    def annotates(self) -> Iterable[Out]:
        start = self.now.get(MINE, BEGIN) - self.random.randrange(9 * DAY_MS)
        to = self.random.choice((None, start + self.random.randrange(1, 9 * DAY_MS)))
        yield annotated(f"{self.random.random()}", start, to, self.random.choice(("site_power", "monitoring_gap")))

    def registers(self) -> Iterable[Out]:
        chance = self.random
        yield registered(f"{chance.random()}", chance.choice(INSTANTS), f"account-{chance.randrange(2)}")


@pytest.mark.parametrize("seed", range(40))
def test_at_every_moment_what_was_said_is_what_an_audit_would_say(seed: int) -> None:
    chance = random.Random(seed)
    live = Live(chance.choice(((MINE,), (MINE, OTHER))))
    for number, outs in enumerate(History(seed).steps(25)):
        if chance.random() < 0.1:
            live.restart()
        live.hears(*outs)
        if chance.random() < 0.5:
            live.process.finish(due=chance.choice((0, 1)))
        live.reads()
        assert not live.differences(), number
