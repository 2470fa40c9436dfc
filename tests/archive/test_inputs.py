"""What arrives on an input topic is archived as the wire reads it, and nothing that arrives stops the rest."""

import json
from typing import Any

import pytest

from schemas import times, wire
from schemas.events import Annotation, Heartbeat, RegistryRecord, Tick, TicketEvent
from schemas.events.event import Event
from streams.archive.read import accepted_diagnoses
from tests.archive.archive import Archive
from tests.schemas.test_examples import ARRIVAL, EXAMPLES, GATE, message

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

ARCHIVED = ("device-heartbeats", "registry", "outage-annotations", "tickets")
CASES = [
    (topic, case)
    for topic in ARCHIVED
    for outcome in ("taken", "refused")
    for case in json.loads((EXAMPLES / topic / f"{outcome}.json").read_text())
]

HEARTBEAT = {"id": "h-1", "device_id": "dev", "location_id": "awkward", "occurred_at": "2026-03-01T12:00:00Z"}
AWKWARD = [
    # Values that a reader of JSON might make something else of.
    {**HEARTBEAT, "interval_s": 0.0005},
    {**HEARTBEAT, "interval_s": 0.0001},
    {**HEARTBEAT, "interval_s": 1.0015},
    {**HEARTBEAT, "interval_s": 6e1},
    {**HEARTBEAT, "interval_s": 31_622_400},
    {**HEARTBEAT, "interval_s": None},
    {**HEARTBEAT, "status": "down", "buffered": True},
    {**HEARTBEAT, "device_id": 'q"uo\\te/é😀\t'},
    {**HEARTBEAT, "device_id": "x" * 256},
    {**HEARTBEAT, "collector_id": "null"},
    {**HEARTBEAT, "time": "2020-01-01T00:00:00Z", "source": "elsewhere"},
    {**HEARTBEAT, "data": {"device_id": "inner"}},
    {**HEARTBEAT, "note": 123456789012345678901234567890},
    {**HEARTBEAT, "received_at": "2026-03-01t12:00:00.1239z"},
    {**HEARTBEAT, "received_at": "1970-01-02T00:00:00+23:59"},
    {**HEARTBEAT, "occurred_at": "1970-01-01T00:00:00.001Z"},
    {**HEARTBEAT, "occurred_at": "2024-02-29 23:59:60-00:30"},
    {**HEARTBEAT, "occurred_at": "1999-12-31T23:59:59.999999999+05:45"},
    {**HEARTBEAT, "reported_cause": "site_internet", "uptime_s": 12.300000000000001, "server_downtime_s": 1e300},
    {**HEARTBEAT, "reported_cause": None, "uptime_s": 12},
]
TWICE = (
    b'{"device_id":"first","location_id":"awkward","occurred_at":"2026-03-01T12:00:00Z","id":"h","device_id":"last"}'
)


@pytest.fixture(scope="module")
def placed(archive: Archive) -> dict[tuple[str, int], Event | wire.Rejected]:
    """What the wire makes of every message, by where it stands: all examples, and what is awkward."""
    messages = [(topic, message(case), case) for topic, case in CASES]
    messages += [("device-heartbeats", json.dumps(value).encode(), {}) for value in AWKWARD]
    messages.append(("device-heartbeats", TWICE, {}))
    starts = {topic: archive.settled(topic)[0] for topic in ARCHIVED}
    read: dict[tuple[str, int], Event | wire.Rejected] = {}
    for topic, value, case in messages:
        headers = [(name, text.encode()) for name, text in case.get("headers", {}).items()]
        key = case["key"].encode() if case.get("key") else None
        archive.publish(topic, value, key, headers)
        place = (topic, starts[topic])
        read[place] = wire.decode(topic, value, headers=headers, timestamp=ARRIVAL, gate=GATE, check_key=False)
        starts[topic] += 1
    for topic in ARCHIVED:
        archive.settled(topic)
    return read


def taken(placed: dict[tuple[str, int], Event | wire.Rejected], kind: Any) -> dict[int, Any]:
    return {offset: event for (_, offset), event in placed.items() if isinstance(event, kind)}


def archived(archive: Archive, table: str, columns: str) -> dict[int, tuple[Any, ...]]:
    rows = archive.rows(f"SELECT _offset, {columns} FROM {table} WHERE _partition = 0")
    return {row[0]: row[1:] for row in rows}


def test_a_heartbeat_is_archived_as_the_wire_reads_it(archive: Archive, placed: Any) -> None:
    rows = archived(
        archive,
        "heartbeats_archived",
        "location_id, device_id, toUnixTimestamp64Milli(occurred_at), status, interval_ms, nullIf(collector_id, ''), "
        "nullIf(toUnixTimestamp64Milli(received_at), 0), buffered",
    )
    expected = {
        offset: (
            *(event.location_id, event.device_id, event.occurred_at, event.status, interval(event)),
            *(event.collector_id, event.received_at, event.buffered),
        )
        for offset, event in taken(placed, Heartbeat).items()
    }
    assert len(expected) > len(AWKWARD)
    assert {offset: rows.get(offset) for offset in expected} == expected


def interval(event: Any) -> int:
    """0 for a device that reports changes only, -1 where nothing is said."""
    milliseconds = event.interval_ms
    return 0 if milliseconds is None else milliseconds if isinstance(milliseconds, int) else -1


def test_the_details_of_a_heartbeat_are_kept_apart(archive: Archive, placed: Any) -> None:
    names = [
        "id",
        "reported_cause",
        "registration_status",
        "power_source",
        "uptime_s",
        "rtt_ms",
        "packet_loss_pct",
        "mos",
    ]
    texts = names[:4]
    rows = archived(archive, "heartbeat_details", ", ".join(names))
    expected = {
        offset: tuple(getattr(event, name) or "" if name in texts else getattr(event, name) for name in names)
        for offset, event in taken(placed, Heartbeat).items()
    }
    assert {offset: rows.get(offset) for offset in expected} == expected


def test_a_heartbeat_that_reports_a_cause_is_kept_with_its_whole_message(archive: Archive, placed: Any) -> None:
    lines = {line.offset: line for line in accepted_diagnoses(archive.client) if line.partition == 0}
    heartbeats = taken(placed, Heartbeat)
    expected = {offset: event for offset, event in heartbeats.items() if event.reported_cause is not None}
    assert len(expected) > 1
    for offset, event in expected.items():
        line = lines[offset]
        assert wire.decode(line.topic, line.value, headers=line.headers, check_key=False) == event
    assert heartbeats.keys() & lines.keys() == expected.keys()


def test_a_tick_is_archived_and_is_no_heartbeat(archive: Archive, placed: Any) -> None:
    rows = archived(archive, "ticks", "collector_id, toUnixTimestamp64Milli(occurred_at)")
    expected = {offset: (event.collector_id, event.occurred_at) for offset, event in taken(placed, Tick).items()}
    assert expected
    assert {offset: rows.get(offset) for offset in expected} == expected
    assert not expected.keys() & archived(archive, "heartbeats", "1").keys()


def test_nothing_is_coerced_into_a_heartbeat(archive: Archive, placed: Any) -> None:
    """A `"60"` does not become 60, a missing time not 1970, a missing id not ''."""
    rows = {**archived(archive, "heartbeats", "1"), **archived(archive, "ticks", "1")}
    refused = {place[1]: each for place, each in placed.items() if place[0] == "device-heartbeats"}
    broken = ("empty", "not_utf8", "not_an_object", "missing_field")
    coerced = [each for offset, each in refused.items() if getattr(each, "reason", "") in broken and offset in rows]
    assert coerced == [], "archived although there is no such heartbeat"
    assert archive.rows("SELECT count() FROM heartbeats WHERE device_id = '' OR location_id = ''") == [(0,)]


@pytest.mark.parametrize(
    ("interval_s", "archived_as"),
    [
        (b'"60"', None),
        (b"true", None),
        (b"0", None),
        (b"-1", None),
        (b"1e999", None),
        (b"31622401", None),
        (b"60", 60_000),
    ],
)
def test_an_interval_is_a_number_or_the_heartbeat_is_not_archived(
    archive: Archive, interval_s: bytes, archived_as: int | None
) -> None:
    place = archive.settled("device-heartbeats")[0]
    archive.publish(
        "device-heartbeats",
        b'{"id":"h","device_id":"d","location_id":"l","occurred_at":"2026-03-01T12:00:00Z","interval_s":'
        + interval_s
        + b"}",
    )
    archive.settled("device-heartbeats")
    rows = archived(archive, "heartbeats", "interval_ms")
    assert rows.get(place, (None,)) == (archived_as,)


def test_a_registry_record_is_archived_with_its_whole_message(archive: Archive, placed: Any) -> None:
    rows = archived(
        archive,
        "registry",
        "entity, entity_id, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(recorded_at), record",
    )
    for offset, event in taken(placed, RegistryRecord).items():
        *said, record = rows[offset]
        assert said == [event.entity, event.entity_id, event.valid_from, event.recorded_at]
        again = wire.decode("registry", record.encode(), check_key=False)
        assert isinstance(again, RegistryRecord)
        assert again.payload_hash == event.payload_hash


def test_an_annotation_is_archived_as_the_wire_reads_it(archive: Archive, placed: Any) -> None:
    rows = archived(
        archive,
        "outage_annotations",
        "id, annotation_id, revision, location_id, toUnixTimestamp64Milli(`from`), toUnixTimestamp64Milli(`to`), "
        "cause, state, author, approved_by, proposal_id, toUnixTimestamp64Milli(recorded_at)",
    )
    expected = {
        offset: (
            *(event.id, event.annotation_id, event.revision, event.location_id, event.from_, event.to, event.cause),
            *(event.state, event.author, event.approved_by, event.proposal_id, event.recorded_at),
        )
        for offset, event in taken(placed, Annotation).items()
    }
    assert expected
    assert {offset: rows.get(offset) for offset in expected} == expected


def test_a_ticket_event_is_archived_as_the_wire_reads_it(archive: Archive, placed: Any) -> None:
    names = [name for name in TicketEvent.MODEL.model_fields if name not in ("occurred_at", "received_at")]
    rows = archived(archive, "ticket_events", ", ".join([*names, "toUnixTimestamp64Milli(occurred_at)"]))
    expected = {
        offset: (*(getattr(event, name) for name in names), event.occurred_at)
        for offset, event in taken(placed, TicketEvent).items()
    }
    assert expected
    assert {offset: rows.get(offset) for offset in expected} == expected


def test_a_message_that_is_read_twice_is_one_row(archive: Archive, placed: Any) -> None:
    """At least once: what a reader hands over again falls together with what stands there."""
    columns = "location_id, device_id, occurred_at, status, interval_ms, collector_id, received_at, buffered"
    where = "_partition, _offset, _timestamp"
    count = archive.rows("SELECT count() FROM heartbeats FINAL")
    archive.client.command(
        f"INSERT INTO heartbeats ({columns}, {where}) SELECT {columns}, {where} FROM heartbeats_archived"
    )
    assert archive.rows("SELECT count() FROM heartbeats FINAL") == count


def test_what_was_refused_is_archived_and_not_accepted(archive: Archive) -> None:
    place = archive.settled("device-heartbeats")[0]
    instant = times.render(ARRIVAL)
    value = json.dumps({**HEARTBEAT, "location_id": "refused", "occurred_at": instant}).encode()
    archive.publish("device-heartbeats", value, b"another key")
    archive.settled("device-heartbeats")
    refused = wire.Rejected("wrong_key", "the key is not the event's own location_id")
    for _ in range(2):  # a refusal may be published twice
        archive.publish_fact(wire.dead_letter(refused, value, topic="device-heartbeats", partition=0, offset=place))
    archive.settled("dead-letters")
    assert archive.rows("SELECT count() FROM heartbeats_archived WHERE location_id = 'refused'") == [(1,)]
    assert archive.rows("SELECT count() FROM heartbeats_accepted WHERE location_id = 'refused'") == [(0,)]
    letters = (
        "SELECT reason, size, body FROM dead_letters FINAL WHERE topic = 'device-heartbeats' AND offset = {o:Int64}"
    )
    assert archive.rows(letters, o=place) == [("wrong_key", len(value), value.decode())]


def test_messages_without_a_value_are_not_waited_for(archive: Archive) -> None:
    """They make no row, and ClickHouse commits nothing past them until another message follows."""
    place = archive.settled("device-heartbeats")[0]
    for _ in range(3):
        archive.publish("device-heartbeats", None, b"location")
    assert archive.settled("device-heartbeats")[0] == place + 3
    later = {**HEARTBEAT, "location_id": "later"}
    archive.publish("device-heartbeats", None, b"location")
    archive.publish("device-heartbeats", json.dumps(later).encode(), b"later")
    archive.settled("device-heartbeats")
    assert archive.rows("SELECT count() FROM heartbeats_archived WHERE location_id = 'later'") == [(1,)]
