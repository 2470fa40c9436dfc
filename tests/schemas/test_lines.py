"""The line format of files: what is written is read again, and a line that cannot be read says so."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import times, wire
from schemas.events import Heartbeat

AT = times.parse("2026-03-01T12:00:00Z")
texts = st.text(max_size=12)
offsets = st.none() | st.integers(0, 2**62)


@given(
    topic=texts,
    key=st.none() | texts,
    value=st.none() | st.dictionaries(texts, st.integers() | texts, max_size=3),
    partition=st.none() | st.integers(0, 1000),
    offset=offsets,
    timestamp=st.none() | st.integers(0, times.parse("9999-12-31T23:59:59Z")),
    headers=st.none() | st.dictionaries(texts, texts, max_size=2),
)
def test_a_line_is_read_as_it_was_written(topic: str, key: str | None, value: Any, **rest: Any) -> None:
    written = wire.encode_line(topic, key, value, **rest)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    line = wire.parse_line(written)
    assert isinstance(line, wire.Line)
    assert (line.topic, line.partition, line.offset, line.timestamp) == (
        topic,
        rest["partition"],
        rest["offset"],
        rest["timestamp"],
    )
    assert line.key == (None if key is None else key.encode())
    assert line.value == (None if value is None else msgspec.json.encode(value))
    assert line.headers == (
        None if rest["headers"] is None else [(name, text.encode()) for name, text in rest["headers"].items()]
    )


def test_an_event_goes_through_a_file_unchanged() -> None:
    event = Heartbeat(id="h", device_id="d", location_id="l", occurred_at=AT, interval_s=None)
    line = wire.parse_line(wire.encode_line(event.TOPIC, event.key, wire.encode_event(event), timestamp=AT))
    assert isinstance(line, wire.Line)
    assert wire.decode(line.topic, line.value, key=line.key, timestamp=line.timestamp) == event


@pytest.mark.parametrize("timestamp", ["1772366400000", '"2026-03-01T12:00:00Z"', '"2026-03-01T13:00:00.0009+01:00"'])
def test_a_timestamp_is_text_or_milliseconds(timestamp: str) -> None:
    line = wire.parse_line(f'{{"topic":"tickets","key":"a","value":{{}},"timestamp":{timestamp}}}'.encode())
    assert isinstance(line, wire.Line)
    assert line.timestamp == AT


def test_headers_may_repeat_as_pairs() -> None:
    line = wire.parse_line(b'{"topic":"t","value":null,"headers":[["a","1"],["a","2"]]}')
    assert isinstance(line, wire.Line)
    assert line.headers == [("a", b"1"), ("a", b"2")]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"# a comment",
        b"[]",
        b'{"topic":"tickets"}',
        b'{"key":"a","value":{}}',
        b'{"topic":7,"value":{}}',
        b'{"topic":"tickets","value":{}',
        b'{"topic":"tickets","value":{}}{}',
        b'{"topic":"tickets","value":{},"timestamp":"yesterday"}',
        b'{"topic":"tickets","value":{},"partition":"0"}',
        b'{"topic":"tickets","value":{},"partition":-1}',
        b'{"topic":"\xff","value":{}}',
        b'{"topic":"tickets","value":' + b"[" * 100_000 + b"}",
    ],
)
def test_a_line_that_cannot_be_read_is_refused(line: bytes) -> None:
    refused = wire.parse_line(line)
    assert isinstance(refused, wire.Rejected)
    assert refused.reason == "bad_line"
    assert refused.detail


def test_what_is_wrong_within_the_value_is_the_events_matter() -> None:
    line = wire.parse_line(b'{"topic":"tickets","value":{"note":"\xff"}}')
    assert isinstance(line, wire.Line)
    refused = wire.decode(line.topic, line.value, check_key=False)
    assert isinstance(refused, wire.Rejected)
    assert refused.reason == "not_utf8"
