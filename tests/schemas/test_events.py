"""What an event can be asked: who it is, what it says, and for which instant it counts (semantics §1, §2)."""

import pytest
from msgspec import UNSET

from schemas import times, wire
from schemas.events import (
    CONTRACTS,
    Annotation,
    Heartbeat,
    HeartbeatMessage,
    Location,
    RegistryRecord,
    Tick,
    TicketEvent,
)
from schemas.events.event import fields

AT = times.parse("2026-03-01T12:00:00Z")
LAG = 300_000


def heartbeat(**changes: object) -> Heartbeat:
    return Heartbeat(**({"id": "h", "device_id": "d", "location_id": "l", "occurred_at": AT} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("interval_s", "interval_ms"),
    [(60, 60_000), (60.0, 60_000), (0.25, 250), (0.0001, 1), (1.0006, 1001), (None, None), (UNSET, UNSET)],
)
def test_an_interval_is_milliseconds_or_changes_only_or_unsaid(interval_s: object, interval_ms: object) -> None:
    assert heartbeat(interval_s=interval_s).interval_ms == interval_ms


@pytest.mark.parametrize(
    ("late_ms", "buffered", "counts_at"),
    [
        (0, False, AT),
        (LAG, False, AT),
        (LAG + 1, False, AT + LAG + 1),
        (LAG + 1, True, AT),
        (-30_000, False, AT),
        (None, False, AT),
    ],
)
def test_a_sample_of_a_slow_clock_counts_at_its_arrival_unless_it_was_buffered(
    late_ms: int | None, buffered: bool, counts_at: int
) -> None:
    received = None if late_ms is None else AT + late_ms
    assert heartbeat(received_at=received, buffered=buffered).effective_at(LAG) == counts_at


def test_heartbeats_that_agree_in_what_they_say_of_the_device_are_one() -> None:
    assert heartbeat(id="a", mos=4.1, received_at=AT).identity == heartbeat(id="b").identity
    for change in ({"device_id": "e"}, {"occurred_at": AT + 1}, {"status": "down"}, {"interval_s": 1.0}):
        assert heartbeat(**change).identity != heartbeat().identity
    assert heartbeat(collector_id="c").identity != heartbeat().identity
    assert heartbeat(interval_s=None).identity != heartbeat().identity


def test_a_tick_goes_to_every_partition_and_so_has_no_key() -> None:
    assert Tick(id="t", collector_id="c", occurred_at=AT).key is None


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_event_is_of_the_same_hash_however_it_was_received(contract: type) -> None:
    assert "received_at" in {field.wire for field in fields(contract)}


def ticket(**changes: object) -> TicketEvent:
    said = {"id": "e", "ticket_id": "T", "account_id": "a", "occurred_at": AT, "event_type": "created"}
    return TicketEvent(**(said | changes))  # type: ignore[arg-type]


def test_the_hash_is_that_of_what_an_event_says_not_of_how_it_is_spelled() -> None:
    spelled = [
        b'{"id":"e","ticket_id":"T","account_id":"a","occurred_at":"2026-03-01T12:00:00Z","event_type":"created"}',
        b'{"event_type":"created","occurred_at":"2026-03-01T13:00:00.0001+01:00","account_id":"a","ticket_id":"T",'
        b'"id":"\\u0065","priority":null,"received_at":"2026-03-01T12:00:01Z","mood":"sour"}',
    ]
    events = [wire.decode("tickets", value, check_key=False) for value in spelled]
    assert {event.payload_hash for event in events if not isinstance(event, wire.Rejected)} == {ticket().payload_hash}
    assert ticket(priority="low").payload_hash != ticket().payload_hash


def test_an_event_is_named_by_its_topic_its_source_and_its_id() -> None:
    assert ticket().identity == ("tickets", "tickets", "e")
    headers = [("ce_specversion", b"1.0"), ("ce_source", b"//desk"), ("ce_id", b"other")]
    event = wire.decode("tickets", wire.encode_event(ticket()), key=b"a", headers=headers)
    assert isinstance(event, TicketEvent)
    assert event.identity == ("tickets", "//desk", "e")


def test_the_same_name_for_something_else_is_a_conflict_that_shows_both_hashes() -> None:
    first, other = ticket(), ticket(priority="low")
    refused = wire.conflict(first, other)
    assert refused is not None
    assert refused.reason == "conflict"
    assert first.payload_hash in refused.detail
    assert other.payload_hash in refused.detail
    assert wire.conflict(first, ticket(received_at=AT)) is None
    assert wire.conflict(first, ticket(id="f", priority="low")) is None
    assert wire.conflict(heartbeat(), heartbeat(mos=1.0)) is None


@pytest.mark.parametrize("number", range(40))  # one hash in four has seven digits in a row, which look like a number
def test_a_dead_letter_keeps_the_hashes_of_a_conflict_whole(number: int) -> None:
    refused = wire.conflict(ticket(ticket_id=f"t{number}"), ticket(ticket_id=f"t{number}", priority="low"))
    assert refused is not None
    assert wire.dead_letter(refused, b"", topic="tickets").detail == refused.detail


def test_a_registry_record_is_a_version_of_its_entity() -> None:
    record = Location(location_id="l", account_id="a", valid_from=AT, recorded_at=AT + 1)
    assert isinstance(record, RegistryRecord)
    assert record.identity == ("location", "l", AT)
    assert record.key == "l"
    assert record.arrival(timestamp=AT + 99) == AT + 1
    assert record.dated is None


def test_fields_are_written_under_their_names_on_the_wire() -> None:
    annotation = Annotation(
        id="e",
        annotation_id="a",
        revision=1,
        location_id="l",
        from_=AT,
        cause="site_power",
        state="approved",
        author="x",
        recorded_at=AT,
    )
    assert annotation.written()["from"] == "2026-03-01T12:00:00.000Z"
    assert "from_" not in annotation.written()
    refused = wire.decode("outage-annotations", wire.encode_event(annotation).replace(b'"from"', b'"from_"'), key=b"l")
    assert isinstance(refused, wire.Rejected)
    assert refused.reason == "missing_field"


def test_python_gives_milliseconds_where_a_message_gives_text() -> None:
    said = {"id": "h", "device_id": "d", "location_id": "l"}
    assert HeartbeatMessage(**said, occurred_at=AT).occurred_at == AT  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="RFC 3339"):
        HeartbeatMessage.model_validate_json('{"id":"h","device_id":"d","location_id":"l","occurred_at":1772366400000}')
