"""Every example is taken or refused as it says, and the taken ones keep to the published schema's names."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from schemas import events, times, wire
from schemas.publish import PUBLISHED, kind_of

EXAMPLES = PUBLISHED.parent / "examples"
ARRIVAL = times.parse("2026-03-01T12:00:00Z")
GATE = wire.Gate(final_before=lambda _: times.parse("2025-10-01T00:00:00Z"))


def cases(outcome: str) -> list[Any]:
    return [
        pytest.param(path.parent.name, case, id=f"{path.parent.name}: {case['says'][:60]}")
        for path in sorted(EXAMPLES.glob(f"*/{outcome}.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
    ]


def message(case: dict[str, Any]) -> bytes | None:
    if case.get("tombstone"):
        return None
    if "base64" in case:
        return base64.b64decode(case["base64"])
    text = case["text"] if "text" in case else json.dumps(case["value"])
    return text.encode("utf-8").ljust(case.get("padded_to", 0))


def decoded(topic: str, case: dict[str, Any]) -> events.Event | wire.Rejected:
    headers = [(name, value.encode()) for name, value in case.get("headers", {}).items()]
    key = None if case["key"] is None else case["key"].encode()
    return wire.decode(topic, message(case), key=key, headers=headers, timestamp=ARRIVAL, gate=GATE)


@pytest.mark.parametrize(("topic", "case"), cases("taken"))
def test_what_is_right_is_taken(topic: str, case: dict[str, Any]) -> None:
    event = decoded(topic, case)
    assert not isinstance(event, wire.Rejected), event
    assert kind_of(event.MODEL) == case["kind"]


@pytest.mark.parametrize(("topic", "case"), cases("taken"))
def test_what_was_taken_is_taken_again_as_it_is_written(topic: str, case: dict[str, Any]) -> None:
    event = decoded(topic, case)
    assert not isinstance(event, wire.Rejected)
    key = None if event.key is None else event.key.encode()
    again = wire.decode(topic, wire.encode_event(event), key=key, timestamp=ARRIVAL, gate=GATE)
    assert not isinstance(again, wire.Rejected), again
    assert again.written() == event.written()
    assert again.payload_hash == event.payload_hash


@pytest.mark.parametrize(("topic", "case"), cases("refused"))
def test_what_is_wrong_is_refused_with_its_reason(topic: str, case: dict[str, Any]) -> None:
    refused = decoded(topic, case)
    assert isinstance(refused, wire.Rejected), refused
    assert refused.reason == case["reason"], refused.detail
    assert refused.detail


def test_the_examples_show_every_reason_a_message_can_be_refused_for() -> None:
    shown = {case.values[1]["reason"] for case in cases("refused")}
    assert shown == set(wire.REASONS) - {"bad_line", "conflict"}, "those two need a file, and an earlier event"


def test_the_examples_show_every_event() -> None:
    shown = {case.values[1]["kind"] for case in cases("taken")}
    assert shown == {kind_of(contract) for contract in events.CONTRACTS}


def test_every_topic_that_is_an_input_has_examples() -> None:
    folders = {path.name for path in Path(EXAMPLES).iterdir() if (path / "taken.json").exists()}
    assert folders == {contract.TOPIC for contract in events.CONTRACTS}
