"""The fast way in and the published contract are one: whatever the bytes, both give the same event or refusal."""

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import times, wire
from schemas.derivation import DAY_MS
from schemas.events import Heartbeat
from schemas.wire.document import MAX_BYTES, MAX_DEPTH

TOPIC = "device-heartbeats"
NOON = times.parse("2026-03-01T12:00:00Z")
GATE = wire.Gate(final_before=lambda arrival: arrival - arrival % DAY_MS - 131 * DAY_MS)

PLAIN: dict[str, Any] = {
    "id": "0190d2b2-7a4e-7c3f-9b1e-2f7d6c5b4a39",
    "device_id": "dev-1",
    "location_id": "loc-1",
    "occurred_at": "2026-03-01T12:00:00.123Z",
}


class Verbatim(str):
    """Text that goes into the message as it is, JSON or not."""

    __slots__ = ()


instants = st.one_of(
    st.integers(NOON - 200 * DAY_MS, NOON + 120_000).map(times.render),
    st.integers(NOON - 400_000, NOON + 70_000).map(times.render),
    st.sampled_from(
        [
            "2026-03-01T12:00:00.123456789+01:00",
            "2026-03-01t11:59:60z",
            "2026-03-01T12:00:00",
            "2026-02-30T12:00:00Z",
            "1969-12-31T23:59:59Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59.999Z",
            "9999-12-31T23:59:59-23:59",
            "٢٠٢٦-03-01T12:00:00Z",
            "",
        ]
    ),
)
ids = st.one_of(
    st.sampled_from(["loc-1", "dev-1", "x" * 256, "x" * 257, "é" * 256, "\U0001f600" * 256, "", " ", "\0"]),
    st.text(min_size=1, max_size=8),
)
numbers = st.one_of(
    st.sampled_from([0, 60, 60.0, -1, 0.25, 31_622_400, 31_622_400.5, 1e-320, 2**63, 2**64, 10**30, 10**400]),
    st.sampled_from([Verbatim(text) for text in ("1e999", "-0", "-0.0", "01", "1.", "NaN", "Infinity", "9" * 5000)]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)
odd = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    ids,
    st.sampled_from(["up", "down", "UP", "60", "true", [], {}, ["up"], {"a": 1}]),
    st.sampled_from(
        [Verbatim('"\\ud800"'), Verbatim('"\\ud83d\\ude00"'), Verbatim('"\\u0075p"'), Verbatim("tru"), Verbatim("")]
    ),
    st.sampled_from([40, MAX_DEPTH, MAX_DEPTH + 1, 3000]).map(lambda deep: Verbatim("[" * deep + "]" * deep)),
)
fitting = {
    "id": ids,
    "device_id": ids,
    "location_id": st.one_of(st.just("loc-1"), ids),
    "occurred_at": instants,
    "received_at": st.one_of(st.none(), instants),
    "status": st.sampled_from(["up", "down", None, "unknown"]),
    "interval_s": st.one_of(st.none(), numbers),
    "collector_id": st.one_of(st.none(), ids),
    "buffered": st.one_of(st.none(), st.booleans()),
    "reported_cause": st.sampled_from(["site_power", "site_internet", None, "weather"]),
    "registration_status": ids,
    "uptime_s": numbers,
    "mos": numbers,
    "power_source": ids,
}
unknown_names = st.one_of(
    st.text(max_size=6), st.sampled_from(["specversion", "data", "source", "firmware", "Status"])
).filter(lambda name: name not in fitting)


def written(members: list[tuple[str, Any]]) -> bytes:
    """A JSON object with these members in this order: names may come twice and values may be anything."""
    return (
        "{"
        + ",".join(
            json.dumps(name) + ":" + (value if isinstance(value, Verbatim) else json.dumps(value, ensure_ascii=False))
            for name, value in members
        )
        + "}"
    ).encode("utf-8", errors="surrogatepass")


@st.composite
def messages(draw: st.DrawFn, plain: dict[str, Any], fitting: dict[str, Any]) -> bytes:
    """A message that is plainly right, with changes that leave it so or not."""
    members = dict(plain)
    for name in draw(st.lists(st.sampled_from(sorted(fitting)), unique=True, max_size=5)):
        members[name] = draw(fitting[name])
    pairs = list(members.items())
    for change in draw(st.lists(st.sampled_from(["drop", "odd", "twice", "unknown", "tick"]), max_size=2)):
        at = draw(st.integers(0, max(0, len(pairs) - 1)))
        if change == "drop" and pairs:
            pairs.pop(at)
        elif change == "odd" and pairs:
            pairs[at] = (pairs[at][0], draw(odd))
        elif change == "twice" and pairs:
            pairs.append((pairs[at][0], draw(st.one_of(odd, st.just(pairs[at][1])))))
        elif change == "unknown":
            pairs.append((draw(unknown_names), draw(odd)))
        elif change == "tick":
            pairs = [pair for pair in pairs if pair[0] not in ("device_id", "location_id")]
    return written(pairs)


def damaged(messages: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Those, and what becomes of them on a bad way."""
    return st.one_of(
        messages,
        st.tuples(messages, st.integers(0, 400), st.binary(max_size=3)).map(
            lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
        ),
        st.tuples(messages, st.integers(0, 400)).map(lambda parts: parts[0][: parts[1]]),
        st.binary(max_size=40),
    )


envelopes: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.just([]),
    st.fixed_dictionaries(
        {},
        optional={
            "content-type": st.sampled_from(
                [
                    b"application/json",
                    b"application/json; charset=utf-8",
                    b"application/cloudevents+json",
                    b"application/cloudevents-batch+json",
                    b"application/avro",
                    None,
                ]
            ),
            "ce_specversion": st.sampled_from([b"1.0", b"0.3", b"\xff", b"", None]),
            "ce_id": st.sampled_from([b"e-1", b"\xff", b"", None]),
            "ce_source": st.sampled_from([b"//gateway/7", b"\xc3\xa9", b"\xff", b"", None]),
            "ce_type": st.sampled_from([b"heartbeat", b"\xff", None]),
            "ce_time": st.sampled_from([b"2026-03-01T12:00:00Z", b"yesterday", None]),
            "CE_ID": st.just(b"e-2"),
            "trace": st.just(b"\xff"),
        },
    ).map(lambda headers: list(headers.items())),
    st.just([("ce_specversion", b"1.0"), ("ce_specversion", b"0.3"), ("ce_source", b"s")]),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    value=damaged(messages(PLAIN, fitting)),
    key=st.sampled_from([b"loc-1", b"loc-2", None]),
    timestamp=st.sampled_from([None, 0, NOON, NOON - 61_000, NOON + 60_123, NOON + 200 * DAY_MS]),
    headers=envelopes,
    check_key=st.booleans(),
)
@example(written([*PLAIN.items(), ("mos", Verbatim("1e999"))]), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items(), ("uptime_s", 10**400)]), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items(), ("note", Verbatim('"\\ud800"'))]), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items(), ("\ud800", 1)]), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items(), ("note", "?")]).replace(b"?", b"\xff"), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items(), ("status", None)]), b"loc-1", NOON, None, True)
@example(written([("id", 7), *PLAIN.items()]), b"loc-1", NOON, None, True)
@example(b"\xef\xbb\xbf" + written([*PLAIN.items()]), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items()]) + b"{}", b"loc-1", NOON, None, True)
@example(written([*PLAIN.items()]).ljust(MAX_BYTES), b"loc-1", NOON, None, True)
@example(written([*PLAIN.items()]).ljust(MAX_BYTES + 1), b"loc-1", NOON, None, True)
def test_both_ways_in_say_the_same(
    value: bytes, key: bytes | None, timestamp: int | None, headers: Any, check_key: bool
) -> None:
    agree(TOPIC, value, key=key, timestamp=timestamp, headers=headers, check_key=check_key)


def agree(topic: str, value: bytes, **arguments: Any) -> None:
    """Both ways in say the same, and count the same."""
    counted, known = Counter[str](), Counter[str]()
    fast = wire.decode(topic, value, gate=GATE, unknown=counted, **arguments)
    slow = wire.decode_by_contract(topic, value, gate=GATE, unknown=known, **arguments)
    assert fast == slow
    assert type(fast) is type(slow)
    assert counted == known


@given(st.data())
def test_the_fast_way_takes_every_heartbeat_that_is_plainly_right(data: st.DataObject) -> None:
    event = Heartbeat(
        id=data.draw(st.uuids().map(str)),
        device_id="dev-1",
        location_id="loc-1",
        occurred_at=data.draw(st.integers(NOON - 90 * DAY_MS, NOON)),
        status=data.draw(st.sampled_from(["up", "down"])),
        interval_s=data.draw(st.one_of(st.none(), st.just(msgspec.UNSET), st.floats(0.001, 31_622_400))),
        received_at=data.draw(st.sampled_from([None, NOON])),
        mos=data.draw(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))),
    )
    assert GATE.heartbeats.decode(wire.encode_event(event), b"loc-1", NOON) == event


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("trace", b"\xff")],
        [
            ("content-type", b"application/json"),
            ("ce_id", b"e-1"),
            ("ce_source", b"//gateway/7"),
            ("ce_type", b"heartbeat"),
            ("ce_specversion", b"1.0"),
        ],
    ],
)
def test_an_envelope_in_the_headers_stays_on_the_fast_way(headers: Any) -> None:
    assert GATE.heartbeats.decode(written([*PLAIN.items()]), b"loc-1", NOON, headers) is not None


def test_unknown_fields_are_ignored_counted_and_stay_on_the_fast_way() -> None:
    decoder = wire.Gate().heartbeats
    bare = decoder.decode(written([*PLAIN.items()]), b"loc-1")
    more = decoder.decode(written([*PLAIN.items(), ("firmware", {"version": [1, 2]})]), b"loc-1")
    assert more == bare
    assert decoder.decode(written([*PLAIN.items(), ("firmware", 7)]), b"another key") is None
    assert decoder.with_unknown_fields == 1, "those that were taken"
