"""A share of the input, without a Kafka: what is said depends on the log alone, wherever it is cut, saved or pruned."""

from array import array
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from schemas import times
from schemas.facts import ExclusionProposal, Fact, LocationOutage, LocationState
from schemas.terms.book import read_book
from schemas.wire import Line
from streams.audit.replay import Replay
from streams.engine import Position
from streams.folds.states import States
from streams.intake.memory import longest_hold
from streams.intake.repair import rebuild
from streams.intake.share import TOPIC
from tests.fleets import EDGE, HOUR, MINUTE, SETTINGS, Fleet
from tests.intake.recorded import Follower, Recorded, in_order, newest

BOOK = read_book()
SEEDS = range(6)


def few(seeds: range, always: int) -> list[Any]:
    """So many of them always, the others in the long run."""
    return [*seeds[:always], *(pytest.param(seed, marks=pytest.mark.slow) for seed in seeds[always:])]


def fleet(seed: int) -> list[Line]:
    return Fleet(Random(seed), partitions=1, locations=4, devices=7).lines()


def batches(messages: list[Recorded], random: Random) -> Iterator[list[Recorded]]:
    while messages:
        size = random.choice((1, 10, 100, 1000))
        yield messages[:size]
        messages = messages[size:]


def audited(lines: list[Line]) -> list[dict[str, Any]]:
    replay = Replay(BOOK, SETTINGS, partitions=1)
    replay.read(line for line in lines if line.topic in (TOPIC, "registry"))
    published = LocationState | LocationOutage | ExclusionProposal
    return in_order(fact for fact in replay.facts() if isinstance(fact, published))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_said_does_not_depend_on_where_batches_end(seed: int) -> None:
    said = []
    for cut in range(3):
        follower = Follower(BOOK, SETTINGS, fleet(seed))
        follower.register(follower.records)
        for batch in batches(follower.messages, Random(cut)):
            follower.take(batch)
        said.append([fact.written() for fact in follower.spy.facts])
    assert said[0] == said[1] == said[2]
    assert in_order(newest(follower.spy.facts)) == audited(fleet(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_read_again_over_newer_states_is_taken_in_quietly(seed: int) -> None:
    """A crash in the middle of a save: the header covers less than the locations' states that were saved after it."""
    random = Random(seed)
    before = Follower(BOOK, SETTINGS, fleet(seed))
    before.register(before.records)
    covers, reaches = sorted(random.sample(range(len(before.messages)), 2))
    before.take(before.messages[:covers])
    clock, share = before.share.clock.save(), before.share
    saved = {location_id: share.chain.save(location_id) for location_id in share.chain.loop.keys}
    before.take(before.messages[covers:reaches])
    for location_id in share.chain.loop.keys:
        if random.random() < 0.5 or location_id not in saved:
            saved[location_id] = share.chain.save(location_id)

    after = Follower(BOOK, SETTINGS, fleet(seed))
    after.register(after.records)
    after.share.clock.restore(clock)
    for location_id, state in saved.items():
        after.share.chain.restore(location_id, 0, state)
    after.share.position, after.share.quiet_until = covers, reaches
    for batch in batches(after.messages[covers:], random):
        after.take(batch)
        assert after.share.position > reaches or not after.spy.facts
    assert in_order(newest([*before.spy.facts, *after.spy.facts])) == audited(fleet(seed))


@pytest.mark.parametrize("seed", few(range(100), 30))
def test_what_was_said_and_not_saved_by_processes_that_were_killed_is_taken_up(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two, one after the other: in a save of which some records were written, or with a part of what they said."""
    random, lines = Random(seed), fleet(seed)
    said: list[Fact] = []
    saved: dict[str, tuple[int, bytes]] = {}
    for life in range(3):
        follower = Follower(BOOK, SETTINGS, lines)
        follower.register(follower.records)
        follower.restore(saved)
        output = follower.output(said, monkeypatch)
        ends = random.randrange(1, len(follower.messages)) if life < 2 else len(follower.messages)
        reached = follower.share.quiet_until
        cuts = {ends, min(ends, reached), *random.sample(range(ends), min(ends, random.choice((0, 2, 20))))}
        for cut in sorted(cuts):
            follower.take(follower.messages[follower.share.position : cut])
            output.compare()
        told = follower.spy.facts
        if life == 2:
            said += told
        elif not follower.share.is_quiet and random.random() < 0.8:
            said += told
            keys = [location_id for location_id in follower.share.chain.loop.keys if random.random() < 0.6]
            saved |= {location_id: (ends, follower.share.chain.save(location_id)) for location_id in keys}
        else:
            said += told[: random.randrange(len(told) + 1)]
    assert in_order(newest(said)) == audited(lines)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_read_again_is_said_though_no_message_follows(seed: int) -> None:
    """Of a location whose record was never written, and of time that passed for the others."""
    before = Follower(BOOK, SETTINGS, fleet(seed))
    before.register(before.records)
    before.take(before.messages)
    reached = before.share.position
    keys = sorted(before.share.chain.loop.keys)

    after = Follower(BOOK, SETTINGS, fleet(seed))
    after.register(after.records)
    after.restore({location_id: (reached, before.share.chain.save(location_id)) for location_id in keys[1:]})
    after.take(after.messages)
    expected = [fact for fact in newest(before.spy.facts) if fact.key == keys[0]]
    assert in_order(newest(after.spy.facts)) == in_order(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_another_said_is_told_down_the_chain(seed: int) -> None:
    """Of input taken in and not yet judged: it follows from it, so nothing is said, and nothing is taken back."""
    before, after = (Follower(BOOK, SETTINGS, fleet(seed)) for _ in range(2))
    for follower in (before, after):
        follower.register(follower.records)
    before.take(before.messages)
    after.share.quiet_until = after.share.position + len(after.messages) + 1
    after.take(after.messages)

    loop = after.share.chain.loop
    places = {fold.fact.TOPIC: place for place, fold in enumerate(loop.folds)}
    for fact in newest(before.spy.facts):
        loop.was_said(fact.key, 0, places[fact.TOPIC], fact)
    assert list(loop.settle_all(loop.keys, Position())) == []


@pytest.mark.parametrize("seed", few(range(12), 4))
def test_what_came_too_late_for_memory_is_repaired_from_the_archive(seed: int) -> None:
    """Memory of ten minutes; registry records, ticks and samples that reach back further are left to repair."""
    random = Random(seed)
    follower = Follower(BOOK, SETTINGS, fleet(seed))
    records = list(follower.records)
    for batch in batches(follower.messages, random):
        follower.take(batch)
        follower.forget(HOUR // 6)
        if random.random() < 0.2 and records:
            follower.register([records.pop()])
        if random.random() < 0.3:
            repair(follower)
    follower.register(records)
    repair(follower)
    assert not follower.share.memory.dirty
    assert follower.figures.repaired
    assert in_order(newest(follower.spy.facts)) == audited(fleet(seed))


@pytest.mark.parametrize("seed", few(range(9, 21), 4))
def test_what_comes_too_late_while_the_archive_is_read_is_not_lost(seed: int) -> None:
    """The archive's answer is of the input before it was asked."""
    random = Random(seed)
    follower = Follower(BOOK, SETTINGS, fleet(seed))
    follower.register(follower.records)
    follower.delay(random, HOUR // 2)
    memory, asked = follower.share.memory, None
    for start in range(0, len(follower.messages), 20):
        follower.take(follower.messages[start : start + 20])
        follower.forget(HOUR // 6)
        if asked is not None and random.random() < 0.3:
            rebuild(asked)
            asked = None
        elif asked is None and memory.dirty:
            memory.in_repair = next(iter(memory.dirty))
            asked = follower.past(memory.in_repair)
    if asked is not None:
        rebuild(asked)
    repair(follower)
    assert follower.figures.repaired
    assert in_order(newest(follower.spy.facts)) == audited(fleet(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_tick_is_the_clock_from_then_on_and_all_locations_are_asked_again(seed: int) -> None:
    """Events were the clock until then, and may have come further."""
    follower = Follower(BOOK, SETTINGS, fleet(seed))
    follower.register(follower.records)
    ticks = [message for message in follower.messages if message.key() is None]
    others = [message for message in follower.messages if message.key() is not None]
    heard = [*others[: len(others) // 2], ticks[0]]
    lines = [msgspec.structs.replace(each.line, offset=offset) for offset, each in enumerate(heard)]
    follower.take([Recorded(line) for line in lines])
    registry = [line for line in fleet(seed) if line.topic != TOPIC]
    assert in_order(newest(follower.spy.facts)) == audited([*registry, *lines])


@pytest.mark.parametrize("seed", SEEDS)
def test_months_that_are_final_stay_when_the_archive_holds_less_of_them(seed: int) -> None:
    """It dropped what is older than it keeps, as a correction comes for the month after."""
    follower = Follower(BOOK, SETTINGS, fleet(seed))
    follower.register(follower.records)
    follower.take(follower.messages)
    told = in_order(newest(follower.spy.facts))
    follower.listen(EDGE + SETTINGS.correction_horizon_ms + HOUR)
    follower.forget(MINUTE)
    final = [fact for fact in in_order(newest(follower.spy.facts)) if fact in told and not _reaches(fact, EDGE)]
    for location_id in follower.share.chain.loop.keys:
        follower.share.memory.leave(location_id, EDGE + HOUR // 2)
        past = follower.past(location_id)
        past.alike = {which: _since(EDGE, times) for which, times in past.alike.items() if times[-1] >= EDGE}
        rebuild(past)
    now = in_order(newest(follower.spy.facts))
    assert final
    assert [fact for fact in final if fact not in now] == []


def _reaches(fact: dict[str, Any], at: int) -> bool:
    end = fact["to"] if "to" in fact else fact["ended_at"]
    return end is None or times.parse(end) > at


def _since(at: int, times: "array[int]") -> "array[int]":
    return array("q", (each for each in times if each >= at))


@pytest.mark.parametrize("hot_ms", [1, MINUTE, 10 * MINUTE])
@pytest.mark.parametrize("seed", few(SEEDS, 2))
def test_nothing_in_the_hot_hours_needs_repair(seed: int, hot_ms: int) -> None:
    """However late samples and ticks come in them, and however far back their holds and blind time began."""
    random = Random(seed)
    follower = Follower(BOOK, SETTINGS, fleet(seed))
    follower.register(follower.records)
    follower.delay(random, hot_ms)
    for batch in batches(follower.messages, random):
        follower.take(batch)
        follower.forget(hot_ms)
    assert not follower.share.memory.dirty
    assert in_order(newest(follower.spy.facts)) == audited(fleet(seed))


@pytest.mark.parametrize("seed", few(SEEDS, 2))
def test_a_repair_waits_until_as_much_was_read_as_an_owner_before_had(seed: int) -> None:
    """What that one said has greater versions, and would stand for ever beside what is said of less input."""
    before, after = (Follower(BOOK, SETTINGS, fleet(seed)) for _ in range(2))
    for follower in (before, after):
        follower.register(follower.records)
    half = len(before.messages) // 2
    before.take(before.messages)
    after.take(after.messages[:half])
    location_id = newest(before.spy.facts)[-1].key
    after.share.memory.leave(location_id, EDGE)
    past = after.past(location_id)
    said = [fact for fact in newest(before.spy.facts) if fact.key == location_id]
    past.published = [tuple(fact for fact in said if isinstance(fact, kind)) for kind in after.kinds()]
    assert not past.is_overtaken
    after.take(after.messages[half:])
    assert past.is_overtaken
    rebuild(past)
    assert in_order(newest([*before.spy.facts, *after.spy.facts])) == audited(fleet(seed))


def repair(follower: Follower) -> None:
    for location_id in list(follower.share.memory.dirty):
        rebuild(follower.past(location_id))


def test_a_message_that_the_folds_cannot_take_is_named_and_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """To pass over it would lose it without a trace."""
    follower = Follower(BOOK, SETTINGS, fleet(0))

    def fails(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(States, "absorb", fails)
    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        follower.take(follower.messages)
    first = next(message for message in follower.messages if message.key() is not None)
    assert [(told["topic"], told["partition"], told["offset"]) for told in logs] == [(TOPIC, 0, first.offset())]
    assert follower.share.position <= first.offset()


def test_what_is_left_to_repair_reaches_back_by_one_hold() -> None:
    """A sample may end, or go on with, a hold that began before it."""
    follower = Follower(BOOK, SETTINGS, fleet(0))
    follower.take(follower.messages)
    keys = follower.share.chain.loop.keys
    location_id = max(keys, key=lambda each: longest_hold(keys[each]))
    hold = longest_hold(keys[location_id])
    assert hold > 0
    follower.share.memory.leave(location_id, EDGE)
    follower.share.memory.leave(location_id, EDGE + HOUR)
    assert follower.share.memory.dirty[location_id].since == EDGE - hold


def test_progress_is_told_anew_where_a_tick_from_before_the_first_was_heard() -> None:
    """Months may begin earlier then: whoever derives them need not wait until time goes on."""
    follower = Follower(BOOK, SETTINGS, fleet(0))
    follower.register(follower.records)
    follower.take(follower.messages)
    before = follower.share.progress()
    assert before is not None
    assert follower.share.progress() is None
    follower.listen(before.first - 60_000)
    after = follower.share.progress()
    assert after is not None
    assert (after.through, after.first) == (before.through, before.first - 60_000)
    assert after.version > before.version
