"""What was accepted comes back from the archive as it was put there."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas import wire
from streams.archive.read import accepted_annotations, accepted_heartbeats, accepted_registry, accepted_ticks
from streams.archive.wait import caught_up
from tests.archive.archive import Archive

HEARTBEATS = [
    # location, device, occurred, status, interval, collector, received, buffered, partition, offset, appended
    ("loc-1", "dev-1", 1000, "up", 60_000, "col-1", 1250, False, 0, 11, 1300),
    ("loc-1", "dev-1", 2000, "down", 0, "", 0, True, 0, 12, 2300),
    ("loc-1", "dev-2", 1500, "up", -1, "", 1400, False, 0, 13, 900_000),
    ("loc-2", "dev-3", 1000, "up", 60_000, "col-1", 0, False, 1, 11, 1300),
]
PLACE = ["_partition", "_offset", "_timestamp"]
COLUMNS = [
    *("location_id", "device_id", "occurred_at", "status", "interval_ms", "collector_id", "received_at", "buffered"),
    *PLACE,
]


@pytest.fixture(scope="module")
def filled(tables: Client) -> Client:
    tables.insert("heartbeats", HEARTBEATS, column_names=COLUMNS)
    tables.insert(
        "ticks",
        [("col-1", 5000, 0, 14, 5001), ("col-1", 4000, 0, 15, 5002), ("col-1", 5000, 1, 14, 5003)],
        column_names=["collector_id", "occurred_at", "_partition", "_offset", "_timestamp"],
    )
    refused = [
        ("device-heartbeats", 0, 12, "conflict"),
        ("registry", 0, 11, "conflict"),
        ("device-heartbeats", None, None, "bad_line"),
    ]
    tables.insert("dead_letters", refused, column_names=["topic", "partition", "offset", "reason"])
    return tables


def rows(batches: Any) -> list[tuple[Any, ...]]:
    return [row for batch in batches for row in zip(*batch, strict=True)]


@pytest.mark.clickhouse
def test_heartbeats_come_back_without_the_refused(filled: Client) -> None:
    assert rows(accepted_heartbeats(filled)) == [
        ("loc-1", "dev-1", 1000, True, 60_000, "col-1", 1250, False, 0, 11, 1300),
        ("loc-1", "dev-2", 1500, True, -1, None, 1400, False, 0, 13, 900_000),
        ("loc-2", "dev-3", 1000, True, 60_000, "col-1", None, False, 1, 11, 1300),
    ]


@pytest.mark.clickhouse
def test_with_the_refused_too(filled: Client) -> None:
    (found,) = [row for row in rows(accepted_heartbeats(filled, refused_too=True)) if row[9] == 12]
    assert found == ("loc-1", "dev-1", 2000, False, 0, None, None, True, 0, 12, 2300)


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("narrowed", "offsets"),
    [
        ({"location": "loc-1"}, [11, 13]),
        ({"location": "loc-1", "since": 1500}, [13]),
        ({"until": 1500}, [11, 11]),
        ({"since": 1501}, []),
        ({"location": "nobody's"}, []),
    ],
)
def test_of_one_location_and_of_a_time(filled: Client, narrowed: dict[str, Any], offsets: list[int]) -> None:
    assert [row[9] for row in rows(accepted_heartbeats(filled, **narrowed))] == offsets


@pytest.mark.clickhouse
def test_ticks_come_back_by_partition_and_time(filled: Client) -> None:
    assert rows(accepted_ticks(filled)) == [
        ("col-1", 4000, 0, 15, 5002),
        ("col-1", 5000, 0, 14, 5001),
        ("col-1", 5000, 1, 14, 5003),
    ]
    assert len(rows(accepted_ticks(filled, since=5000))) == 2


@pytest.mark.clickhouse
def test_a_whole_message_comes_back_and_says_the_same(filled: Client) -> None:
    key, value = "loc-é", '{"entity":"location","location_id":"loc-é"}'
    headers = [("ce_id", "e-1"), ("trace", "\x00")]
    columns = ["entity", "entity_id", "valid_from", "recorded_at", "record", "_key", "_value", "_headers", *PLACE]
    said = ("location", key, 0, 0, value, key, value, headers)
    filled.insert("registry", [(*said, 0, 10, 5), (*said, 0, 11, 6), (*said, 0, 10, 5)], column_names=columns)
    (line,) = accepted_registry(filled)
    assert line == wire.Line(
        topic="registry",
        key=key.encode(),
        value=value.encode(),
        partition=0,
        offset=10,
        timestamp=5,
        headers=[("ce_id", b"e-1"), ("trace", b"\x00")],
    )
    assert [line.offset for line in accepted_registry(filled, refused_too=True)] == [10, 11]
    assert list(accepted_annotations(filled)) == []


@pytest.mark.clickhouse
@pytest.mark.kafka
def test_waiting_for_what_is_never_written_says_what_is_missing(archive: Archive) -> None:
    end = archive.settled("tickets")[1]
    with pytest.raises(TimeoutError, match=rf"behind on tickets after 0\.3 s: partition 1 at {end} of {end + 5}"):
        caught_up(archive.client, "tickets", {1: end + 5}, 0.3, kafka=archive.kafka)
