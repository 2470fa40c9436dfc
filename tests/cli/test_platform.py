"""The commands on a real platform: what is published is what the audit derives, and what differs is found.

The tests share it, and each leaves it so that the others hold: what is sent is remembered, what is wrong is put right.
"""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from schemas.facts import FACTS, LocationOutage, LocationState
from schemas.wire import encode_line
from streams.archive.read import current_facts
from streams.cli import up
from streams.cli.main import run
from streams.platform import PROCESSES, Platform, connected
from streams.publishing import Publisher
from streams.settings import read_settings
from tests.cli.conftest import Ended, Fivenines
from tests.cli.live import settle
from tests.cli.test_up import shown

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

FLEET = ("--locations", 9, "--devices", 16, "--days", 3, "--outages", 20, "--late", 0.03, "--duplicates", 0.03)
TIMES = ("--start", "2026-06-29T08:00:00Z", "--ticks", 60)
SETTINGS = {"blind_after_s": "150", "month_close_delay_h": "1", "partitions": "3"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that has followed three days around the end of a month."""
    data = tmp_path_factory.mktemp("platform") / "data"
    with Platform(read_settings({**SETTINGS, "data": str(data)})) as platform:
        assert run(arguments(platform, "simulate", *FLEET, *TIMES)) == 0
        settle(platform)
        yield platform


@pytest.fixture(scope="module")
def sent() -> list[bytes]:
    """What was published besides the fleet."""
    return []


def arguments(platform: Platform, command: str, *more: object) -> list[str]:
    settings = {**SETTINGS, "data": str(platform.settings.data)}
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", value)]
    return [command, *map(str, more), *flags]


@pytest.fixture
def on(fivenines: Fivenines, platform: Platform) -> Fivenines:
    """A command on the platform."""

    def call(command: str, *more: object) -> Ended:
        return fivenines(*arguments(platform, command, *more))

    return call


def test_topics_and_tables_are_there_and_as_declared(on: Fivenines) -> None:
    topics = on("topics")
    assert (topics.status, topics.err) == (0, "")
    told = [json.loads(line)["value"] for line in topics.out.splitlines()]
    assert {topic["status"] for topic in told} == {"there"}
    assert {topic["partitions"] for topic in told} == {1, 3}
    assert on("migrate") == Ended(0, "nothing to apply\n", "")


def test_another_number_of_partitions_is_a_difference(fivenines: Fivenines, platform: Platform) -> None:
    kafka = platform.servers.kafka_config["bootstrap.servers"]
    ended = fivenines("topics", "--kafka", kafka, "--partitions", 5)
    assert ended.status == 1
    assert "device-heartbeats: 3 partitions, the platform expects 5" in ended.err


def test_an_outage_is_explained_alike_from_the_archive_and_from_kafka(on: Fivenines, platform: Platform) -> None:
    """To the partition and the offset of every message; the archive keeps no id of a tick."""
    with connected(platform.servers.clickhouse) as client:
        outage = next(fact for fact in current_facts(client, LocationOutage) if fact.ended_at is not None)
    archived, logged = (
        on("explain", outage.outage_id, "--format", "json", "--from", source) for source in ("archive", "kafka")
    )
    assert (archived.status, archived.err, logged.status, logged.err) == (0, "", 0, "")
    told = [json.loads(ended.out)[0] for ended in (archived, logged)]
    entries = [[entry for step in each["steps"] for entry in step["inputs"] if "topic" in entry] for each in told]
    places = [[(entry["topic"], entry["partition"], entry["offset"]) for entry in those] for those in entries]
    assert places[0] == places[1]
    assert all(entry["found"] for those in entries for entry in those)
    assert told[0]["fact"] == told[1]["fact"]
    assert told[0]["differences"] == told[1]["differences"] == []


def test_the_month_has_closed_and_earned_credits(on: Fivenines) -> None:
    facts = [json.loads(line) for line in on("replay", "--from", "archive").out.splitlines()]
    derived = {fact["topic"] for fact in facts} - {"dead-letters"}
    assert derived == {fact.TOPIC for fact in FACTS}
    assert {fact["value"]["closed"] for fact in facts if fact["topic"] == "availability"} == {True, False}


@pytest.mark.parametrize("source", ["kafka", "archive", "file"])
def test_the_audit_derives_what_is_published(on: Fivenines, source: str, sent: list[bytes], tmp_path: Path) -> None:
    if source == "file":
        source = str(tmp_path / "file")
        assert on("simulate", *FLEET, *TIMES, "--to", source).status == 0
        with Path(source).open("ab") as file:
            file.writelines(sent)
    ended = on("replay", "--from", source, "--diff")
    assert ended == Ended(0, "", "fivenines: no difference: the audit derives what is published\n")


def test_kafka_and_the_archive_give_the_same_bytes(on: Fivenines) -> None:
    for narrowed in ((), ("--location", "loc-3"), ("--account", "acct-01", "--month", "2026-06")):
        kafka = on("replay", "--from", "kafka", *narrowed)
        assert kafka.out
        assert on("replay", "--from", "archive", *narrowed).out == kafka.out


def test_the_sql_derives_what_is_published(on: Fivenines) -> None:
    ended = on("audit", "--sql")
    assert ended == Ended(0, "", "fivenines: no difference: the SQL derives what is published\n")


def test_settings_that_are_not_given_are_those_of_the_platform(fivenines: Fivenines, platform: Platform) -> None:
    data = platform.settings.data
    ended = fivenines("replay", "--from", "archive", "--diff", "--data", data)
    assert ended == Ended(0, "", "fivenines: no difference: the audit derives what is published\n")
    assert fivenines("replay", "--from", "archive", "--diff", "--data", data, "--blind-after-s", 30).status == 2


def test_other_settings_than_those_of_the_platform_make_a_difference(fivenines: Fivenines, platform: Platform) -> None:
    named = "--data", platform.settings.data, "--kafka", platform.servers.kafka_config["bootstrap.servers"]
    ended = fivenines("replay", "--from", "archive", "--diff", *named, "--partitions", 3)
    assert ended.status == 1
    assert all(json.loads(line)["value"]["difference"] == "differs" for line in ended.out.splitlines()[:1])


def test_a_healthy_platform_is_told_to_be_so(on: Fivenines) -> None:
    told = on("doctor").out
    broken = [line for line in told.splitlines() if line.startswith("✗")]
    assert [line for line in broken if "last event" not in line] == [], "how long ago that was depends on the machine"
    for line in ("✓ Kafka", "✓ topics", "✓ tables", "✓ intake", "✓ worker", "✓ ClickHouse reads"):
        assert line in told


def test_the_picture_of_up_is_that_of_the_platform(platform: Platform) -> None:
    with connected(platform.servers.clickhouse) as client:
        down = sorted(
            (fact.started_at, fact.location_id)
            for fact in current_facts(client, LocationOutage)
            if fact.ended_at is None
        )
        lines = shown(up._picture(client))
    assert lines[0].startswith("as of 2026-07-02 ")
    assert [line.split()[0] for line in lines if line.startswith("loc-")] == [location for _, location in down]
    assert ("nothing" in lines) == (not down)


@pytest.mark.parametrize(("process", "name"), [("intake", "fivenines_intake_"), ("worker", "fivenines_decide_")])
def test_metrics_are_where_up_says(platform: Platform, process: str, name: str) -> None:
    said = up._places(platform)["Metrics"].split()
    with urlopen(said[said.index(process) + 1], timeout=10) as answer:
        assert name in answer.read().decode()


def test_a_process_that_does_not_run_is_told_and_how_to_start_it(on: Fivenines, platform: Platform) -> None:
    for process in platform._processes.values():
        process.stop()
    try:
        dead = on("doctor")
    finally:
        for process in platform._processes.values():
            process.start(lambda: True, within_s=30)
    assert dead.status == 1
    deadline = time.monotonic() + 60
    for name in PROCESSES:
        assert re.search(f"✗ {name} +does not run; .*\n +→ start it: `fivenines {name}`", dead.out)
        while not re.search(f"✓ {name} +1 running", on("doctor").out):
            assert time.monotonic() < deadline, f"{name} was started again"
    settle(platform)


def test_what_cannot_be_sent_is_listed_and_the_rest_goes_on(
    on: Fivenines, platform: Platform, sent: list[bytes], tmp_path: Path
) -> None:
    beat: dict[str, object] = {"id": "x", "device_id": "d", "location_id": "loc-new", "interval_s": 300}
    beat |= {"occurred_at": "2026-07-02T07:59:00Z", "received_at": "2026-07-02T07:59:00Z"}
    lines = [
        encode_line("device-heartbeats", "another key", beat),
        b"no line\n",
        encode_line("location-outages", "loc-1", {}),
        encode_line("device-heartbeats", None, {"status": 3}),
        encode_line("device-heartbeats", None, beat | {"device_id": "e"}),
    ]
    (tmp_path / "lines").write_bytes(b"".join(lines))
    sent += lines
    ended = on("publish", tmp_path / "lines")
    assert ended.status == 2
    assert ended.err.splitlines() == [
        "fivenines: 3 events sent",
        "fivenines: 2 lines could not be sent",
        "fivenines: line 2: JSON is malformed: invalid character (byte 4)",
        "fivenines: line 3: location-outages is not an input topic: there are call-records, device-heartbeats, "
        "outage-annotations, registry, tickets",
    ]
    settle(platform)
    told = [json.loads(line) for line in on("replay", "--from", "kafka").out.splitlines()]
    letters = [fact["value"] for fact in told if fact["topic"] == "dead-letters"]
    assert [(letter["topic"], letter["reason"]) for letter in letters] == [("device-heartbeats", "missing_field")]
    up = [fact["value"] for fact in told if fact["topic"] == "location-states" and fact["key"] == "loc-new"]
    assert [state["devices_up"] for state in up] == [2], "each has its own key, whatever the file said"
    assert "! dead letters      1 missing_field" in on("doctor").out


def test_what_came_too_late_for_memory_is_repaired_from_the_archive(
    on: Fivenines, platform: Platform, sent: list[bytes], tmp_path: Path
) -> None:
    """A device that was cut off hands over, days later, that it was down for ten minutes."""
    down, back = "2026-06-29T12:00:00.000Z", "2026-06-29T12:10:00.000Z"
    beat = {"device_id": "cut off", "location_id": "loc-3", "interval_s": None, "buffered": True}
    beat |= {"received_at": "2026-07-02T07:59:00Z"}
    said = [beat | {"id": status, "occurred_at": at, "status": status} for at, status in ((down, "down"), (back, "up"))]
    lines = [encode_line("device-heartbeats", None, each) for each in said]
    sent += lines
    (tmp_path / "late").write_bytes(b"".join(lines))
    assert on("publish", tmp_path / "late").status == 0
    with connected(platform.servers.clickhouse) as client:
        deadline = time.monotonic() + 60
        while {down, back} - {
            fact.written()["from"] for fact in current_facts(client, LocationState, location="loc-3")
        }:
            assert time.monotonic() < deadline, "not repaired"
            time.sleep(0.2)
    settle(platform)
    ended = on("replay", "--from", "archive", "--diff")
    assert ended == Ended(0, "", "fivenines: no difference: the audit derives what is published\n")


def test_a_published_fact_that_does_not_follow_is_found(on: Fivenines, platform: Platform) -> None:
    with connected(platform.servers.clickhouse) as client:
        outage = next(fact for fact in current_facts(client, LocationOutage) if fact.ended_at is not None)
        wrong = msgspec.structs.replace(outage, ended_at=(outage.ended_at or 0) + 1, version=1 << 40)
        says(platform, client, wrong)
        ended = on("replay", "--from", "archive", "--diff")
        says(platform, client, msgspec.structs.replace(outage, version=wrong.version + 1))
    assert ended.status == 1
    assert ended.err == "fivenines: 1 differences\n"
    (record,) = [json.loads(line) for line in ended.out.splitlines()]
    assert (record["topic"], record["key"]) == (outage.TOPIC, outage.key)
    assert record["value"]["columns"]["ended_at"] == {
        "published": wrong.written()["ended_at"],
        "derived": outage.written()["ended_at"],
    }


def says(platform: Platform, client: Client, outage: LocationOutage) -> None:
    """Publish an outage; return when that is the current one."""
    with Publisher(platform.servers.kafka_config, 3) as publisher:
        publisher.send(outage.TOPIC, outage.key.encode(), msgspec.json.encode(outage.written()))
    deadline = time.monotonic() + 30
    while outage not in current_facts(client, LocationOutage):
        assert time.monotonic() < deadline, "not read"
        time.sleep(0.2)
