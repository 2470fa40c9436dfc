"""Live equals audit (law 5): what intake publishes is what a replay of its input derives."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra import ports
from schemas.facts import DeadLetter, LocationState
from streams.intake.outbox import Outbox
from streams.kafka import Kafka
from tests.fleets import SETTINGS, Fleet
from tests.intake.platform import INPUT, Platform

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 3))])
def test_current_facts_equal_a_replay(platform: Callable[..., Platform], seed: int) -> None:
    live = platform(SETTINGS)
    with live.intake():
        live.play(Fleet(Random(seed), locations=6, devices=9).lines())
        live.await_saved()
    live.check()


def test_prometheus_is_told_what_was_read_refused_and_held(platform: Callable[..., Platform]) -> None:
    live = platform(SETTINGS)
    port = ports.choose("metrics", 0)
    with live.intake(metrics_port=port):
        live.play(Fleet(Random(2), locations=6, devices=9).lines())
        live.await_saved()
        told = metrics(port)
    read = live.read(INPUT)
    letters = (json.loads(line.value or b"") for line in live.read(DeadLetter.TOPIC))
    reasons = Counter(letter["reason"] for letter in letters if letter["topic"] == INPUT)
    assert told["processed_messages_total", ()] == len(read)
    assert reasons
    assert {reason: told["refused_messages_total", (("reason", reason),)] for reason in reasons} == reasons
    assert sum(value for (name, _), value in told.items() if name == "lag_messages") == 0
    held = sum(value for (name, _), value in told.items() if name == "locations")
    assert held == len({line.key for line in live.read(LocationState.TOPIC) if line.key is not None})
    assert {"stream_time_seconds", "last_save_age_seconds", "dirty_locations", "blind"} <= {name for name, _ in told}


def metrics(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """By name and labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    prefix = "fivenines_intake_"
    return {
        (sample.name.removeprefix(prefix), tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_full_queue_is_waited_for_and_nothing_is_dropped(platform: Callable[..., Platform]) -> None:
    """Back-pressure: more than the producer holds, and nobody looks after it in between."""
    live = platform(SETTINGS)
    outbox = Outbox(Kafka(live.bootstrap), delivery_timeout_ms=30_000)
    count = 250_000
    for number in range(count):
        outbox.send(LocationState.TOPIC, b"l", b"%d" % number, 0)
    mark = outbox.mark()
    while not outbox.reached(mark):
        outbox.poll(0.05)
    assert outbox.ends[LocationState.TOPIC, 0] == count
    outbox.abandon()
