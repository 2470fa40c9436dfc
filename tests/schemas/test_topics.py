"""The catalogue names every topic once, keeps what must be kept, and puts every key where Kafka's clients put it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.derivation import DAY_MS, Derivation
from schemas.events import CONTRACTS
from schemas.facts import FACTS, DeadLetter, Progress
from schemas.partitioner import murmur2, murmur2_partition
from schemas.publish import kind_of
from schemas.topics import TOPICS, Topic
from schemas.wire.document import MAX_BYTES

DERIVATION = Derivation()
topics = pytest.mark.parametrize("topic", TOPICS.values(), ids=list(TOPICS))


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        # The vectors of Kafka's own test of its Java hash.
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_a_key_is_hashed_as_java_does(key: str, signed: int) -> None:
    assert murmur2(key.encode()) == signed & 0xFFFFFFFF


@given(st.binary(max_size=40), st.integers(1, 64))
def test_every_key_has_a_partition(key: bytes, partitions: int) -> None:
    assert 0 <= murmur2_partition(key, partitions) < partitions


def test_every_event_and_every_fact_has_its_topic() -> None:
    for contract in CONTRACTS:
        assert kind_of(contract) in TOPICS[contract.TOPIC].carries
    facts: tuple[Any, ...] = (*FACTS, DeadLetter, Progress)
    for fact in facts:
        assert TOPICS[fact.TOPIC].carries == (kind_of(fact),)


def test_keys_are_those_of_the_events_and_the_facts() -> None:
    for contract in CONTRACTS:
        expected = TOPICS[contract.TOPIC].key
        assert contract.KEY in (expected, None) or expected == "entity id"
    for fact in FACTS:
        assert TOPICS[fact.TOPIC].key == fact.KEY


@topics
def test_only_saved_state_is_compacted(topic: Topic) -> None:
    assert topic.compacted == (topic.kind == "internal")


@topics
def test_an_input_is_kept_until_no_month_it_speaks_of_can_change(topic: Topic) -> None:
    if topic.kind == "input":
        kept = topic.retention_ms(DERIVATION)
        assert (kept is None) == (topic.name == "registry")
        assert kept is None or kept == (DERIVATION.correction_horizon_days + 31) * DAY_MS


@topics
def test_the_broker_dates_what_others_send(topic: Topic) -> None:
    assert topic.kind != "input" or topic.config(DERIVATION)["message.timestamp.type"] == "LogAppendTime"


@topics
def test_what_is_too_large_can_arrive_and_be_refused(topic: Topic) -> None:
    if topic.kind == "input" or topic.name == "dead-letters":
        assert topic.max_message_bytes >= 2 * MAX_BYTES


@topics
def test_topics_of_one_key_have_as_many_partitions(topic: Topic) -> None:
    counts = {"location": 3, "account": 5, "single": 1}
    expected = {"location_id": 3, "account_id": 5}.get(topic.key)
    assert expected is None or topic.partitions(counts) == expected  # type: ignore[arg-type]
