"""Bad input on a live platform: one dead letter a message, with its reason, and the rest goes on."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Message, Producer

from schemas import times
from schemas.facts import Availability, LocationOutage, LocationState
from streams.archive.read import current_facts
from streams.platform import Platform, connected
from streams.settings import read_settings
from tests.cli.conftest import Fivenines
from tests.cli.live import settle

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SETTINGS = {"partitions": "2"}
MIB = 1 << 20


class Sent(NamedTuple):
    """A message; `reason` is that of its refusal, None where it must be taken."""

    says: str
    reason: str | None
    value: bytes | None
    key: bytes | None = b"shop"
    topic: str = "device-heartbeats"
    headers: tuple[tuple[str, str], ...] = ()


def beat(time: str, **fields: Any) -> bytes:
    """A heartbeat of the only device of `shop`, received at once."""
    at = f"2026-03-02T{time}Z"
    event = {"id": time, "device_id": "d", "location_id": "shop", "occurred_at": at, "received_at": at}
    return json.dumps(event | {"interval_s": None} | fields).encode()


def with_number(text: str, field: str = "mos") -> bytes:
    """A heartbeat in which a number is written like this."""
    return beat("08:00:00")[:-1] + f', "{field}": {text}}}'.encode()


def record(**fields: Any) -> bytes:
    event = {"valid_from": "2026-01-01T00:00:00Z", "recorded_at": "2026-01-01T00:00:00Z"}
    return json.dumps(event | fields).encode()


def annotation(**fields: Any) -> bytes:
    event = {
        "id": "e-1",
        "annotation_id": "a-1",
        "revision": 1,
        "location_id": "shop",
        "from": "2026-03-02T09:05:00Z",
        "to": "2026-03-02T09:08:00Z",
        "cause": "site_power",
        "state": "approved",
        "recorded_at": "2026-03-02T10:00:00Z",
    }
    return json.dumps(event | fields).encode()


BINARY = (("ce_specversion", "1.0"), ("ce_source", "//noc"), ("ce_id", "e-1"), ("content-type", "application/json"))
STRUCTURED = (("content-type", "application/cloudevents+json; charset=utf-8"),)


def enveloped(event: bytes, **attributes: str) -> bytes:
    """An event as the data of a CloudEvent in structured mode."""
    envelope = {"specversion": "1.0", "type": "com.example", "source": "//noc", "id": "e-1"}
    return json.dumps(envelope | attributes | {"data": json.loads(event)}).encode()


ANNOTATIONS = "outage-annotations"
REGISTRY = "registry"

FAR = "9990-01-01T00:00:00Z"

BAD = [
    Sent("broken JSON", "not_json", b'{"id": "h", '),
    Sent("a number as text", "bad_value", beat("08:00:00", interval_s="60")),
    Sent("true for a number", "bad_value", beat("08:00:00", interval_s=True)),
    Sent("NaN", "not_json", with_number("NaN")),
    Sent("a number that no float can hold", "bad_value", with_number("1e999")),
    Sent("the same in a field that nobody knows", "bad_value", with_number("1e999", "note")),
    Sent("an integer of 400 digits", "bad_value", with_number("9" * 400)),
    Sent("an interval of 20 digits", "bad_value", with_number("9" * 20, "interval_s")),
    Sent("a missing field", "missing_field", json.dumps({"id": "h", "device_id": "d"}).encode()),
    Sent("no fields", "missing_field", b"{}"),
    Sent("the key of another location", "wrong_key", beat("08:00:00"), b"office"),
    Sent("no key", "wrong_key", beat("08:00:00"), None),
    Sent("a clock a year ahead", "clock_ahead", beat("08:00:00", occurred_at="2027-03-02T08:00:00Z")),
    Sent("ahead of the broker's clock", "clock_ahead", beat("08:00:00", occurred_at=FAR, received_at=None)),
    Sent("an empty message", "empty", b""),
    Sent("a tombstone", "empty", None),
    Sent("null", "not_an_object", b"null"),
    Sent("more than 1 MiB", "too_large", beat("08:00:00").ljust(MIB + 1)),
    Sent("invalid UTF-8", "not_utf8", beat("08:00:00", power_source="?").replace(b"?", b"\xff")),
    Sent("an entity that does not exist", "unknown_entity", record(entity="satellite"), b"s", REGISTRY),
    Sent("a record that is cut off", "not_json", record(entity="account")[:-9], b"acme", REGISTRY),
    Sent("the key of another entity", "wrong_key", record(entity="account", account_id="acme"), b"shop", REGISTRY),
    Sent("a registry tombstone", "empty", None, b"shop", REGISTRY),
    Sent("a revision as text", "bad_value", annotation(id="e-2", revision="2"), topic=ANNOTATIONS),
    Sent("a revision of 300 digits", "bad_value", annotation(id="e-3", revision=10**299), topic=ANNOTATIONS),
    Sent("the same id with other words", "conflict", annotation(cause="third_party"), topic=ANNOTATIONS),
    Sent("an empty annotation", "empty", b"", topic=ANNOTATIONS),
]

ACCOUNT = record(entity="account", account_id="acme")
LOCATION = record(entity="location", location_id="shop", account_id="acme", sla_from="2026-01-01T00:00:00Z")

BEFORE = [
    Sent("an account", None, ACCOUNT, b"acme", REGISTRY),
    Sent("its location", None, LOCATION, topic=REGISTRY),
    Sent("up", None, beat("08:00:00")),
    Sent("down", None, beat("09:00:00", status="down")),
    Sent("an annotation", None, annotation(), topic=ANNOTATIONS),
]
LATER = {"annotation_id": "a-2", "from": "2026-03-02T11:01:00Z", "to": "2026-03-02T11:03:00Z"}

AFTER = [
    Sent("up again", None, beat("09:10:00")),
    Sent("a clock ten minutes slow", None, beat("10:00:00", status="down", received_at="2026-03-02T10:10:00Z")),
    Sent("up once more", None, beat("10:15:00")),
    Sent("down, as a CloudEvent in binary mode", None, beat("11:00:00", status="down"), headers=BINARY),
    Sent("up, in structured mode", None, enveloped(beat("11:05:00")), headers=STRUCTURED),
    Sent("the same, without a header", None, enveloped(beat("11:06:00", status="down"), time="2026-03-02T11:06:00Z")),
    Sent("up at last", None, beat("11:07:00")),
    Sent("the same id from another source", None, annotation(**LATER), topic=ANNOTATIONS, headers=BINARY),
    Sent("exactly 1 MiB", None, beat("10:20:00").ljust(MIB)),
    Sent("fields that nobody knows", None, beat("10:21:00", firmware={"version": [1, None]})),
    *(
        Sent(f"an integer of {digits} digits", None, beat(f"10:22:{place:02}", **{field: 10 ** (digits - 1)}))
        for place, (digits, field) in enumerate(
            (digits, field) for digits in (20, 39, 300) for field in ("mos", "note")
        )
    ),
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    data = tmp_path_factory.mktemp("platform") / "data"
    with Platform(read_settings({**SETTINGS, "data": str(data)})) as platform:
        yield platform


@pytest.fixture(scope="module")
def places(platform: Platform) -> dict[tuple[str, int, int], Sent]:
    """Every message, by where it stands in Kafka; the platform has dealt with all of them."""
    placed: dict[tuple[str, int, int], Sent] = {}
    producer = Producer(
        {**platform.servers.kafka_config, "partitioner": "murmur2_random", "message.max.bytes": 2 * MIB, "linger.ms": 0}
    )
    for sent in (*BEFORE, *BAD, *AFTER):  # in this order

        def delivered(_: object, message: Message, sent: Sent = sent) -> None:
            placed[str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)] = sent

        producer.produce(sent.topic, sent.value, sent.key, on_delivery=delivered, headers=[*sent.headers])
        assert producer.flush(20) == 0
    settle(platform)
    return placed


def test_each_bad_message_is_one_dead_letter_with_its_reason(platform: Platform, places: dict[Any, Sent]) -> None:
    with connected(platform.servers.clickhouse) as client:
        letters = client.query("SELECT topic, partition, offset, reason FROM dead_letters").result_rows
    told = sorted((places[*place].says, reason) for *place, reason in letters)
    assert told == sorted((sent.says, sent.reason) for sent in BAD)


def test_the_rest_is_taken_and_counts(platform: Platform, places: dict[Any, Sent]) -> None:
    good = {place for place, sent in places.items() if sent.reason is None}
    with connected(platform.servers.clickhouse) as client:
        archived = {
            (topic, partition, offset)
            for topic in ("device-heartbeats", "registry", "outage-annotations")
            for partition, offset in client.query(f"SELECT _partition, _offset FROM {accepted(topic)}").result_rows
        }
        assert archived == good
        assert client.query("SELECT count() FROM unreadable").result_rows == [(0,)]
        outages = sorted((fact.started_at, fact.ended_at) for fact in current_facts(client, LocationOutage))
        slow_clock, binary, structured = (
            at("10:10:00", "10:15:00"),
            at("11:00:00", "11:05:00"),
            at("11:06:00", "11:07:00"),
        )
        assert outages == [at("09:00:00", "09:10:00"), slow_clock, binary, structured]
        states = list(current_facts(client, LocationState))
        assert {fact.location_id for fact in states} == {"shop"}
        (month,) = (fact for fact in current_facts(client, Availability) if fact.month == "2026-03")
        assert (month.account_id, month.down_ms, month.excluded_ms) == ("acme", 16 * 60_000, 5 * 60_000)


def test_the_audit_refuses_and_derives_the_same(fivenines: Fivenines, platform: Platform, places: Any) -> None:
    flags = [part for name, value in SETTINGS.items() for part in (f"--{name}", value)]
    for command in (
        ("replay", "--from", "kafka", "--diff"),
        ("replay", "--from", "archive", "--diff"),
        ("audit", "--sql"),
    ):
        ended = fivenines(*command, "--data", platform.settings.data, *flags)
        assert ended.status == 0, ended.out
    told, archived = (
        fivenines("replay", "--from", source, "--data", platform.settings.data, *flags).out
        for source in ("kafka", "archive")
    )
    assert told == archived, "byte for byte, what was refused and why included"
    letters = [fact["value"] for fact in map(json.loads, told.splitlines()) if fact["topic"] == "dead-letters"]
    refused = {(letter["topic"], letter["partition"], letter["offset"]): letter["reason"] for letter in letters}
    assert refused == {place: sent.reason for place, sent in places.items() if sent.reason is not None}


def test_the_doctor_says_what_their_senders_should_do(fivenines: Fivenines, platform: Platform, places: Any) -> None:
    told = fivenines("doctor", "--data", platform.settings.data, "--partitions", 2).out
    for reason in {str(sent.reason) for sent in BAD}:
        assert f" {reason}, the last at " in told


def accepted(topic: str) -> str:
    return f"{topic.removeprefix('device-').replace('-', '_')}_accepted"


def at(*clock: str) -> tuple[int, ...]:
    return tuple(times.parse(f"2026-03-02T{each}Z") for each in clock)
