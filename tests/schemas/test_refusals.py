"""Refusals depend on the message and its recorded arrival alone, and keep only what may be kept (semantics §1)."""

import hashlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import times, wire
from schemas.derivation import DAY_MS, Derivation
from schemas.events import Heartbeat
from schemas.wire.dead_letters import MAX_BODY_BYTES
from schemas.wire.document import MAX_DEPTH

AT = times.parse("2026-03-01T12:00:00Z")
OCTOBER = times.parse("2025-10-01T00:00:00Z")
HEARTBEAT: dict[str, Any] = {
    "id": "h",
    "device_id": "d",
    "location_id": "l",
    "occurred_at": "2026-03-01T12:00:00Z",
}


def reason(value: dict[str, Any] | bytes, *, topic: str = "device-heartbeats", **arguments: Any) -> str | None:
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    verdict = wire.decode(topic, body, **({"key": b"l"} | arguments))
    return verdict.reason if isinstance(verdict, wire.Rejected) else None


@pytest.mark.parametrize(
    ("received_at", "timestamp", "expected"),
    [
        (None, AT - 60_000, None),
        (None, AT - 60_001, "clock_ahead"),
        ("2026-03-01T11:58:59Z", AT, "clock_ahead"),
        ("2026-03-01T12:00:00Z", AT - DAY_MS, None),
        (None, None, None),
    ],
)
def test_arrival_is_what_the_message_says_else_the_brokers_else_not_checked(
    received_at: str | None, timestamp: int | None, expected: str | None
) -> None:
    assert reason(HEARTBEAT | {"received_at": received_at}, timestamp=timestamp) == expected


def test_how_far_a_clock_may_be_ahead_is_a_setting() -> None:
    gate = wire.Gate(Derivation(max_clock_skew_s=5))
    assert reason(HEARTBEAT, timestamp=AT - 5_000, gate=gate) is None
    assert reason(HEARTBEAT, timestamp=AT - 5_001, gate=gate) == "clock_ahead"


ANNOTATION = {
    "id": "e",
    "annotation_id": "a",
    "revision": 1,
    "location_id": "l",
    "from": "2025-08-01T00:00:00Z",
    "to": "2025-10-01T00:00:00.001Z",
    "cause": "site_power",
    "state": "approved",
    "author": "x",
    "recorded_at": "2026-03-01T12:00:00Z",
}


@pytest.mark.parametrize(
    ("topic", "value", "expected"),
    [
        ("device-heartbeats", HEARTBEAT | {"occurred_at": "2025-10-01T00:00:00Z"}, None),
        ("device-heartbeats", HEARTBEAT | {"occurred_at": "2025-09-30T23:59:59.999Z"}, "too_late"),
        ("outage-annotations", ANNOTATION, None),
        ("outage-annotations", ANNOTATION | {"to": "2025-10-01T00:00:00Z"}, "too_late"),
        ("outage-annotations", ANNOTATION | {"to": None}, None),
        (
            "registry",
            {
                "entity": "location",
                "location_id": "l",
                "account_id": "a",
                "valid_from": "2019-01-01T00:00:00Z",
                "recorded_at": "2026-03-01T12:00:00Z",
            },
            None,
        ),
    ],
)
def test_too_late_is_what_can_change_final_months_only(topic: str, value: dict[str, Any], expected: str | None) -> None:
    gate = wire.Gate(final_before=lambda _: OCTOBER)
    assert reason(value, topic=topic, timestamp=AT, gate=gate) == expected


def test_what_is_recorded_is_its_own_arrival() -> None:
    seen: list[int] = []
    gate = wire.Gate(final_before=lambda arrival: seen.append(arrival) or OCTOBER)  # type: ignore[func-returns-value]
    reason(ANNOTATION, topic="outage-annotations", timestamp=AT + DAY_MS, gate=gate)
    assert seen == [AT]


def test_a_key_is_not_checked_where_nobody_chose_it() -> None:
    assert reason(HEARTBEAT, key=None, check_key=False) is None
    assert reason(HEARTBEAT, key=None) == "wrong_key"


def test_how_deep_a_message_may_nest_does_not_depend_on_its_reader() -> None:
    def nested(depth: int) -> bytes:
        return msgspec.json.encode(HEARTBEAT)[:-1] + b',"note":' + b"[" * depth + b"]" * depth + b"}"

    def from_the_depth(frames: int) -> tuple[str | None, str | None]:
        if frames:
            return from_the_depth(frames - 1)
        return reason(nested(MAX_DEPTH - 1)), reason(nested(MAX_DEPTH))

    assert from_the_depth(0) == from_the_depth(sys.getrecursionlimit() // 2) == (None, "not_json")


def test_brackets_in_text_do_not_nest() -> None:
    assert reason(HEARTBEAT | {"note": '["\\' * 500}) is None


@given(st.binary(max_size=60), st.sampled_from(["device-heartbeats", "tickets", "registry", "nowhere"]))
def test_no_bytes_raise(value: bytes, topic: str) -> None:
    wire.decode(topic, value, key=b"l")
    wire.parse_line(value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda part: st.lists(part, max_size=3)))
def test_a_refusal_names_fields_and_never_what_was_in_them(value: Any) -> None:
    secret = "+16045550100 in confidence"
    said = {**HEARTBEAT, "status": secret, "interval_s": secret, "occurred_at": secret, "mos": value}
    refused = wire.decode("device-heartbeats", msgspec.json.encode(said), key=b"l")
    assert isinstance(refused, wire.Rejected)
    assert "6045550100" not in refused.detail
    assert "confidence" not in refused.detail


def test_events_with_unknown_fields_are_counted_by_topic() -> None:
    unknown: Counter[str] = Counter()
    ticket = {"id": "e", "ticket_id": "T", "account_id": "a", "occurred_at": "2026-03-01T12:00:00Z"}
    for topic, value in (
        ("device-heartbeats", HEARTBEAT),
        ("device-heartbeats", HEARTBEAT | {"firmware": 7}),
        ("device-heartbeats", HEARTBEAT | {"firmware": 7, "note": "\u0000"}),
        ("tickets", ticket | {"event_type": "created", "mood": "sour"}),
        ("tickets", ticket | {"mood": "refused, so not counted"}),
    ):
        wire.decode(topic, msgspec.json.encode(value), check_key=False, unknown=unknown)
    assert unknown == {"device-heartbeats": 2, "tickets": 1}


def test_a_dead_letter_says_where_why_and_how_much() -> None:
    letter = wire.dead_letter(
        wire.Rejected("not_utf8", "at +16045550100"),
        b"call \xff 16045550100 604555",
        topic="tickets",
        partition=3,
        offset=7,
    )
    assert letter.written() == {
        "topic": "tickets",
        "partition": 3,
        "offset": 7,
        "line": None,
        "reason": "not_utf8",
        "detail": "at +###########",
        "payload_hash": hashlib.sha256(b"call \xff 16045550100 604555").hexdigest(),
        "size": 25,
        "body": "call \ufffd ########### 604555",
    }
    assert letter.key == "tickets/3"


@given(st.text(alphabet="0123456789٠٩é\ufffd ", max_size=200), st.integers(0, MAX_BODY_BYTES + 20))
def test_a_dead_letter_keeps_at_most_64_kib_and_no_long_number(text: str, lead: int) -> None:
    value = ("x" * lead + text).encode()
    letter = wire.dead_letter(wire.Rejected("not_json", ""), value, topic="tickets")
    assert len(letter.body.encode()) <= MAX_BODY_BYTES
    run = 0
    for character in letter.body:
        run = run + 1 if character.isdigit() else 0
        assert run < 7
    assert letter.size == len(value)


def test_a_tombstone_leaves_a_dead_letter_of_no_bytes() -> None:
    letter = wire.dead_letter(wire.Rejected("empty", "no value"), None, topic="registry", partition=0, offset=1)
    assert (letter.size, letter.body, letter.payload_hash) == (0, "", hashlib.sha256(b"").hexdigest())


def test_every_reason_says_what_it_means_and_what_to_do() -> None:
    readme = Path(wire.__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
    for reason_, (meaning, remedy) in wire.REASONS.items():
        assert f"| `{reason_}` | {meaning} | {remedy} |" in readme


def test_a_heartbeat_needs_no_arrival_to_be_taken() -> None:
    assert isinstance(wire.decode("device-heartbeats", msgspec.json.encode(HEARTBEAT), check_key=False), Heartbeat)
