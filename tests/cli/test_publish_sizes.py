"""What a topic takes is sent; a line that none takes is said, and the rest goes on. Kafka is librdkafka's own mock."""

import json
from pathlib import Path

import pytest

from schemas.topics import BODY_BYTES
from streams.cli import connections, publish
from streams.simulate import Simulation, play
from tests.cli.conftest import Fivenines

MIB = 1 << 20


def line(size: int) -> str:
    """A heartbeat whose value has about so many bytes."""
    at = "2026-03-02T08:00:00Z"
    event = {
        "id": "h",
        "device_id": "d",
        "location_id": "shop",
        "occurred_at": at,
        "received_at": at,
        "note": "x" * size,
    }
    return json.dumps({"topic": "device-heartbeats", "key": "shop", "value": event}) + "\n"


@pytest.fixture(autouse=True)
def mocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "kafka_of", lambda _: {"test.mock.num.brokers": "1"})
    monkeypatch.setattr(publish, "partitions_of", lambda _: 2)


def test_what_the_platform_will_refuse_is_sent(fivenines: Fivenines, empty_folder: Path) -> None:
    (empty_folder / "s.ndjson").write_text("".join(map(line, (1, MIB + 1, BODY_BYTES - 1000, 1))))
    ended = fivenines("publish", "s.ndjson")
    assert (ended.status, ended.err) == (0, "fivenines: 4 events sent\n")


def test_a_fleet_that_was_sent_is_counted(fivenines: Fivenines, monkeypatch: pytest.MonkeyPatch) -> None:
    mock = {"bootstrap.servers": "mock", "test.mock.num.brokers": "1"}
    monkeypatch.setattr(connections, "kafka_of", lambda _: mock)
    small = Simulation(locations=2, devices=3, days=0.02)
    ended = fivenines("simulate", "--locations", 2, "--devices", 3, "--days", 0.02)
    assert ended == (0, "", f"fivenines: {sum(map(len, play(small)))} events sent to Kafka at mock\n")


def test_a_line_that_no_topic_takes_is_said_and_the_rest_goes_on(fivenines: Fivenines, empty_folder: Path) -> None:
    (empty_folder / "s.ndjson").write_text("".join(map(line, (1, BODY_BYTES, 1))))
    ended = fivenines("publish", "s.ndjson")
    sent, counted, said = ended.err.splitlines()
    assert ended.status == 2
    assert sent == "fivenines: 2 events sent"
    assert counted == "fivenines: 1 lines could not be sent"
    assert said.startswith("fivenines: line 2: larger than the ")
