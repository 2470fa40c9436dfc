"""The fast way in for the events of tickets and the published contract are one, too."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import times, wire
from schemas.derivation import DAY_MS
from schemas.events import TicketEvent
from tests.schemas.test_one_contract import (
    GATE,
    NOON,
    Verbatim,
    agree,
    damaged,
    envelopes,
    ids,
    instants,
    messages,
    odd,
    written,
)

TOPIC = "tickets"
PLAIN: dict[str, Any] = {
    "id": "T-1.1",
    "ticket_id": "T-1",
    "account_id": "acct-1",
    "occurred_at": "2026-03-01T12:00:00.123Z",
    "event_type": "created",
}
ENVELOPE = [("ce_specversion", b"1.0"), ("ce_source", b"//desk/7"), ("ce_id", b"e-1")]
MONTHS = ["2026-03", "2026-13", "2026-03\n", "2026-3", "٢٠٢٦-03", "", None]

calendars = st.one_of(
    instants,
    st.sampled_from(
        ["1970-12-31T23:59:59.999Z", "1971-01-01T00:00:00Z", "2099-12-31T23:59:59.999Z", "2100-01-01T00:00:00Z"]
    ),
)
fitting: dict[str, Any] = {
    "id": ids,
    "ticket_id": ids,
    "account_id": st.one_of(st.just("acct-1"), ids),
    "occurred_at": calendars,
    "received_at": st.one_of(st.none(), instants),
    "event_type": st.sampled_from(["responded", "note_added", "merged", "closed", "opened", None]),
    "ticket_type": st.sampled_from(["incident", "credit_claim", "wish", None]),
    "priority": st.sampled_from(["urgent", "low", "high", None]),
    "status": st.sampled_from(["open", "pending_customer", "closed", None]),
    "actor": st.sampled_from(["customer", "agent", "robot", None]),
    "on_behalf": st.one_of(st.none(), st.booleans(), odd),
    "is_public": st.one_of(st.none(), st.booleans()),
    "channel": st.sampled_from(["email", "phone", "pigeon", None]),
    "location_id": ids,
    "merged_into": ids,
    "month": st.sampled_from(MONTHS),
    "source": st.one_of(st.just(TOPIC), ids, odd),
}


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    value=damaged(messages(PLAIN, fitting)),
    key=st.sampled_from([b"acct-1", b"acct-2", None]),
    timestamp=st.sampled_from([None, 0, NOON, NOON - 61_000, NOON + 60_123, NOON + 200 * DAY_MS]),
    headers=st.one_of(envelopes, st.just(ENVELOPE)),
    check_key=st.booleans(),
)
@example(written([*PLAIN.items(), ("source", TOPIC)]), b"acct-1", NOON, None, True)
@example(written([*PLAIN.items(), ("source", TOPIC), ("firmware", 1)]), b"acct-1", NOON, ENVELOPE, True)
@example(written([*PLAIN.items(), ("source", Verbatim('"\\ud800"'))]), b"acct-1", NOON, None, True)
@example(written([*PLAIN.items(), ("occurred_at", NOON)]), b"acct-1", NOON, None, True)
@example(written([*PLAIN.items(), ("received_at", NOON)]), b"acct-1", NOON, None, True)
@example(written([*PLAIN.items(), ("month", "2026-03\n")]), b"acct-1", NOON, None, True)
@example(written([*PLAIN.items(), ("occurred_at", "2100-01-01T00:00:00Z")]), b"acct-1", None, None, True)
def test_both_ways_in_say_the_same(
    value: bytes, key: bytes | None, timestamp: int | None, headers: Any, check_key: bool
) -> None:
    agree(TOPIC, value, key=key, timestamp=timestamp, headers=headers, check_key=check_key)


@given(
    occurred_at=st.integers(NOON - 90 * DAY_MS, NOON),
    received_at=st.sampled_from([None, NOON]),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "ticket_type": st.just("credit_claim"),
            "month": st.just("2026-03"),
            "on_behalf": st.booleans(),
            "channel": st.just("web"),
        },
    ),
)
def test_the_fast_way_takes_every_event_that_is_plainly_right(
    occurred_at: int, received_at: int | None, fields: dict[str, Any]
) -> None:
    event = TicketEvent(**PLAIN | fields | {"occurred_at": occurred_at, "received_at": received_at})
    assert GATE.tickets.decode(wire.encode_event(event), b"acct-1", NOON) == event


@pytest.mark.parametrize(("headers", "source"), [(None, TOPIC), ([("trace", b"1")], TOPIC), (ENVELOPE, "//desk/7")])
def test_its_source_is_the_envelope_s_or_its_topic(headers: Any, source: str) -> None:
    event = GATE.tickets.decode(written([*PLAIN.items()]), b"acct-1", NOON, headers)
    assert event is not None
    assert event.source == source
    assert event.identity == (TOPIC, source, "T-1.1")
    saved = msgspec.msgpack.encode(event)
    assert msgspec.msgpack.decode(saved, type=TicketEvent) == event, "as it was taken"
    assert event.occurred_at == times.parse(PLAIN["occurred_at"])


def test_unknown_fields_are_ignored_counted_and_stay_on_the_fast_way() -> None:
    decoder = wire.Gate().tickets
    bare = decoder.decode(written([*PLAIN.items()]), b"acct-1")
    more = decoder.decode(written([*PLAIN.items(), ("mood", {"of": "the customer"})]), b"acct-1")
    assert more == bare
    assert decoder.with_unknown_fields == 1
