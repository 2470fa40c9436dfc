"""The fast way in for ticks and the published contract are one, too."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.derivation import DAY_MS
from schemas.events import Tick
from tests.schemas.test_one_contract import GATE, NOON, envelopes, ids, instants, odd

ticks = st.fixed_dictionaries(
    {"id": ids, "collector_id": ids, "occurred_at": instants}, optional={"received_at": st.one_of(st.none(), instants)}
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    tick: dict[str, Any] = draw(ticks)
    for name in draw(st.lists(st.sampled_from([*tick, "device_id", "location_id", "specversion", "note"]), max_size=1)):
        tick[name] = draw(odd.filter(lambda value: not isinstance(value, str) or value.isprintable()))
    return json.dumps(tick).encode()


@settings(max_examples=300, deadline=None)
@given(
    value=st.one_of(damaged(), damaged().map(lambda value: value[:-3])),
    key=st.sampled_from([None, b"any"]),
    timestamp=st.sampled_from([None, NOON, NOON - 61_000, NOON + 200 * DAY_MS]),
    headers=envelopes,
)
def test_both_ways_in_say_the_same(value: bytes, key: bytes | None, timestamp: int | None, headers: Any) -> None:
    arguments = {"key": key, "timestamp": timestamp, "headers": headers, "gate": GATE}
    fast = wire.decode(Tick.TOPIC, value, **arguments)
    slow = wire.decode_by_contract(Tick.TOPIC, value, **arguments)
    assert fast == slow
    assert type(fast) is type(slow)


@given(st.integers(NOON - 90 * DAY_MS, NOON), st.sampled_from([None, NOON]))
def test_the_fast_way_takes_every_tick_that_is_plainly_right(at: int, received_at: int | None) -> None:
    tick = Tick(id="t", collector_id="c", occurred_at=at, received_at=received_at)
    assert GATE.ticks.decode(wire.encode_event(tick), None, NOON) == tick
