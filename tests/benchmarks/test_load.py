"""The load is what the README says it is: seeded, of the shares stated, and every message of it is taken."""

from collections import Counter
from itertools import pairwise

import pytest

from schemas import times
from schemas.events import Heartbeat, Tick
from schemas.topics import murmur2_partition
from schemas.wire import Rejected, decode, parse_line
from tests.benchmarks import memory, replay
from tests.benchmarks.load import BLIND_MS, Load, Message

START = times.parse("2026-03-02T08:00:00Z")


@pytest.fixture(scope="module")
def load() -> Load:
    return Load(start=START, heartbeats=60_000, devices=600)


@pytest.fixture(scope="module")
def messages(load: Load) -> list[Message]:
    return list(load.messages())


def test_the_same_seed_gives_the_same_bytes(load: Load, messages: list[Message]) -> None:
    assert list(load.messages()) == messages
    assert list(Load(start=START, heartbeats=60_000, devices=600, seed=10).messages()) != messages


def test_there_are_at_least_as_many_heartbeats_as_were_asked_for(load: Load, messages: list[Message]) -> None:
    assert load.counts["heartbeats"] >= 60_000
    assert load.counts["messages"] == len(messages) == load.counts["heartbeats"] + load.counts["ticks"]


@pytest.mark.parametrize(("kind", "share"), [("late", 0.01), ("doubled", 0.005), ("down", 0.001), ("cloudevents", 0.1)])
def test_shares_are_those_of_the_figures(load: Load, messages: list[Message], kind: str, share: float) -> None:
    assert messages
    assert load.counts[kind] / load.counts["heartbeats"] == pytest.approx(share, rel=0.3)


def test_every_message_is_taken_in_its_keys_partition(messages: list[Message]) -> None:
    kinds: Counter[type] = Counter()
    for message in messages:
        event = decode("device-heartbeats", message.value, key=message.key, headers=message.headers)
        assert not isinstance(event, Rejected), event
        kinds[type(event)] += 1
        if message.key is not None:
            assert message.partition == murmur2_partition(message.key, 8)
    assert set(kinds) == {Heartbeat, Tick}


def test_each_tick_reaches_every_partition_and_one_collector_is_blind_for_a_time(messages: list[Message]) -> None:
    heard: dict[str, list[int]] = {}
    partitions: Counter[bytes] = Counter()
    for message in messages:
        if message.key is None:
            partitions[message.value] += 1
            tick = decode("device-heartbeats", message.value)
            assert isinstance(tick, Tick)
            if message.partition == 0:
                heard.setdefault(tick.collector_id, []).append(tick.occurred_at)
    assert set(partitions.values()) == {8}
    longest = {each: max(b - a for a, b in pairwise(at)) for each, at in heard.items()}
    assert len(longest) == 5
    assert longest.pop("collector-4") >= BLIND_MS
    assert set(longest.values()) == {5_000}


def test_lines_say_what_the_messages_say(load: Load, messages: list[Message]) -> None:
    in_file = [parse_line(line) for line in replay.lines(load)]
    once = [message for message in messages if message.key is not None or not message.partition]
    for line, message in zip(in_file, once, strict=True):
        assert not isinstance(line, Rejected)
        assert (line.key, line.value, line.headers) == (message.key, message.value, message.headers)


def test_one_device_in_a_hundred_has_a_gap_in_the_million() -> None:
    counts: Counter[str] = Counter()
    for message in memory.messages(START, 500, range(memory.SAMPLES)):
        event = decode("device-heartbeats", message.value, key=message.key)
        assert not isinstance(event, Rejected)
        if isinstance(event, Heartbeat):
            counts[event.device_id] += 1
    assert Counter(counts.values()) == {20: 495, 15: 5}
