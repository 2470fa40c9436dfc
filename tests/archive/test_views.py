"""The views: of every fact the newest, and what is so by the stream's time."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from schemas import times
from schemas.facts import Availability, LocationOutage, LocationState, Progress
from streams.archive.read import current_facts
from tests.archive.archive import insert
from tests.archive.test_facts import MONTH, OUTAGE, STATE, at

pytestmark = pytest.mark.clickhouse

ENDED = at("01T09:00:00")
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("name", "published", "current"),
    [
        ("the greatest version counts", [{"version": 2, "ended_at": ENDED}, {"version": 1}], [(2, ENDED)]),
        ("the later in the topic on a tie", [{"version": 1}, {"version": 1, "ended_at": ENDED}], [(1, ENDED)]),
        ("what is retracted is no current fact", [{"version": 1}, {"version": 2, "retracted": True}], []),
        ("what was retracted may come back", [{"version": 1, "retracted": True}, {"version": 2}], [(2, None)]),
        ("an old word does not bring it back", [{"version": 2, "retracted": True}, {"version": 1}], []),
        ("the same fact twice is one", [{"version": 1}, {"version": 1}], [(1, None)]),
    ],
)
def test_the_current_fact(
    tables: Client, name: str, published: list[dict[str, Any]], current: list[tuple[int, int | None]]
) -> None:
    insert(tables, *(outage(name, **change) for change in published))
    for _ in ("as it was inserted", "and merged"):
        found = current_facts(tables, LocationOutage, location=name)
        assert [(each.version, each.ended_at) for each in found] == current
        tables.command("OPTIMIZE TABLE location_outages FINAL")


def outage(location: str, **changes: Any) -> LocationOutage:
    return msgspec.structs.replace(OUTAGE, outage_id=location, location_id=location, **changes)


def state(location: str, since: str, until: str | None, said: Any, **changes: Any) -> LocationState:
    to = None if until is None else at(until)
    return msgspec.structs.replace(STATE, location_id=location, from_=at(since), to=to, state=said, **changes)


def through(tables: Client, partition: int, instant: str) -> None:
    insert(
        tables,
        Progress(topic="device-heartbeats", partition=partition, through=at(instant), first=0, version=at(instant)),
    )


def test_an_open_outage_lasts_to_the_progress_of_its_own_partition(tables: Client) -> None:
    through(tables, 1, "01T08:10:00")
    through(tables, 2, "01T12:00:00")
    insert(tables, outage("open"), outage("over", ended_at=ENDED), partition=1)
    insert(tables, outage("elsewhere"), partition=2)
    query = "SELECT location_id, devices, duration_ms FROM location_outages_now ORDER BY location_id"
    # From 08:00 to 12:00 in partition 2, to 08:10 in partition 1.
    assert tables.query(query).result_rows == [("elsewhere", 2, 4 * HOUR), ("open", 2, 10 * MINUTE)]


def test_a_state_is_as_old_as_the_first_of_the_intervals_that_say_the_same(tables: Client) -> None:
    """The count of devices changes more often than the state: down since 09:00, though an interval begins at 09:30."""
    through(tables, 3, "01T10:00:00")
    insert(
        tables,
        state("s", "01T07:00:00", "01T08:00:00", "down"),
        state("s", "01T08:00:00", "01T09:00:00", "up"),
        state("s", "01T09:00:00", "01T09:30:00", "down", devices_down=2),
        state("s", "01T09:30:00", None, "down", devices_down=1),
        state("closed", "01T07:00:00", "01T08:00:00", "down"),
        state("always", "01T07:00:00", None, "up"),
        partition=3,
    )
    query = """
        SELECT location_id, state, devices_down, toUnixTimestamp64Milli(since), duration_ms FROM location_states_now
        WHERE location_id IN ('s', 'closed', 'always') ORDER BY location_id"""
    assert tables.query(query).result_rows == [
        ("always", "up", 1, at("01T07:00:00"), 3 * HOUR),
        ("s", "down", 1, at("01T09:00:00"), HOUR),
    ]


HORIZON_MS = 100 * 24 * HOUR
END = times.parse("2026-04-01T08:00:00Z")


def month(tables: Client, location: str, *states: LocationState, partition: int, **changes: Any) -> None:
    """An open month, told up to 09:00 of its first day (08:00 UTC to 08:00 UTC): 50 minutes up and 10 down of 60."""
    so_far = {"covered_ms": HOUR, "up_ms": 50 * MINUTE, "down_ms": 10 * MINUTE, "budget_left_ms": -10 * MINUTE + 36}
    told = {
        "location_id": location,
        "closed": False,
        "as_of": at("01T09:00:00"),
        "final_at": END + HORIZON_MS,
        "settings": {"correction_horizon_days": 100},
        "availability": Decimal("0.833333333"),
        **so_far,
        **changes,
    }
    insert(tables, msgspec.structs.replace(MONTH, **told), *states, partition=partition)


def registered(tables: Client, location: str, since: str | None = None, **fields: str | None) -> None:
    """A version of the location, valid from `since` on (else from the beginning)."""
    record = {"account_id": "acc", "sla_from": "2026-01-01T00:00:00Z", **fields}
    columns = ["entity", "entity_id", "valid_from", "recorded_at", "record", "_offset"]
    place = tables.query("SELECT count() FROM registry").result_rows[0][0]
    valid_from = 0 if since is None else at(since)
    row = ["location", location, valid_from, 0, msgspec.json.encode(record).decode(), place]
    tables.insert("registry", [row], column_names=columns)


COLUMNS = "covered_ms, up_ms, down_ms, excluded_ms, unknown_ms, availability, budget_left_ms"


def now(tables: Client, location: str) -> tuple[Any, ...]:
    query = f"SELECT {COLUMNS} FROM availability_now WHERE location_id = {{location:String}}"
    (row,) = tables.query(query, parameters={"location": location}).result_rows
    covered, up, down, excluded, unknown = row[:5]
    assert up + down + excluded + unknown == covered
    return tuple(row)


def told_to(tables: Client, location: str) -> list[int]:
    query = "SELECT toUnixTimestamp64Milli(as_of) FROM availability_now WHERE location_id = {location:String}"
    return [at for (at,) in tables.query(query, parameters={"location": location}).result_rows]


def test_an_open_month_runs_on_with_the_states_since_it_was_told(tables: Client) -> None:
    through(tables, 4, "01T10:00:00")
    registered(tables, "m")
    month(
        tables,
        "m",
        state("m", "01T08:50:00", "01T09:20:00", "degraded"),  # 20 minutes of it after 09:00
        state("m", "01T09:20:00", "01T09:30:00", "unknown"),  # 10
        state("m", "01T09:30:00", None, "down"),  # 30 up to 10:00
        partition=4,
    )
    # Covered 60 + 60 minutes; up 50 + 20, down 10 + 30, unknown 0 + 10. (120 - 40) / 120 = 0.666…, rounded down.
    assert now(tables, "m") == (
        *(2 * HOUR, 70 * MINUTE, 40 * MINUTE, 0, 10 * MINUTE),
        Decimal("0.666666666"),
        -40 * MINUTE + 36,  # what was left at 09:00, less 30 minutes
    )


def test_a_month_without_states_runs_on_as_unknown(tables: Client) -> None:
    through(tables, 5, "01T10:00:00")
    registered(tables, "silent")
    month(tables, "silent", partition=5)
    # (120 - 10) / 120 = 0.91666…
    assert now(tables, "silent")[:6] == (
        *(2 * HOUR, 50 * MINUTE, 10 * MINUTE, 0, HOUR),
        Decimal("0.916666666"),
    )


@pytest.mark.parametrize(
    ("name", "fields", "running_ms"),
    [
        ("covered", {}, HOUR),
        ("not yet covered", {"sla_from": "2026-03-01T09:45:00Z"}, 15 * MINUTE),
        ("activated later than covered", {"activated_at": "2026-03-01T09:40:00Z"}, 20 * MINUTE),
        ("never covered", {"sla_from": None}, 0),
        ("closed on the way", {"closed_at": "2026-03-01T09:10:00Z"}, 10 * MINUTE),
        ("closed long ago", {"closed_at": "2026-03-01T08:10:00Z"}, 0),
        ("another account's by now", {"account_id": "other"}, 0),
    ],
)
def test_only_what_is_covered_runs_on(
    tables: Client, name: str, fields: dict[str, str | None], running_ms: int
) -> None:
    through(tables, 6, "01T10:00:00")
    registered(tables, name, **fields)
    month(tables, name, state(name, "01T08:00:00", None, "up"), partition=6)
    assert now(tables, name)[:3] == (HOUR + running_ms, 50 * MINUTE + running_ms, 10 * MINUTE)
    assert told_to(tables, name) == [at("01T10:00:00")]


@pytest.mark.parametrize(
    ("name", "since", "fields", "running_ms"),
    [
        ("handed over tomorrow", "02T00:00:00", {"account_id": "other"}, HOUR),
        ("handed over as soon as time passes", "01T10:00:00.001", {"account_id": "other"}, HOUR),
        ("handed over by now", "01T10:00:00", {"account_id": "other"}, 0),
        ("covered anew from tomorrow", "02T00:00:00", {"sla_from": "2026-03-02T00:00:00Z"}, HOUR),
        ("no longer covered from tomorrow", "02T00:00:00", {"sla_from": None}, HOUR),
        ("handed over long ago", "01T07:00:00", {"account_id": "other"}, 0),
    ],
)
def test_what_the_registry_announces_counts_when_its_time_has_come(
    tables: Client, name: str, since: str, fields: dict[str, str | None], running_ms: int
) -> None:
    through(tables, 6, "01T10:00:00")
    registered(tables, name)
    registered(tables, name, since, **fields)
    month(tables, name, state(name, "01T08:00:00", None, "up"), partition=6)
    assert now(tables, name)[0] == HOUR + running_ms


def test_a_month_runs_no_further_than_its_end(tables: Client) -> None:
    """It ends 30 minutes after it was told, and closes two days later: the progress is far past it."""
    through(tables, 7, "03T10:00:00")
    registered(tables, "ended")
    final_at = at("01T09:30:00") + HORIZON_MS
    month(tables, "ended", state("ended", "01T08:00:00", None, "up"), partition=7, final_at=final_at)
    assert now(tables, "ended")[:3] == (90 * MINUTE, 80 * MINUTE, 10 * MINUTE)


def test_nothing_covered_has_no_availability(tables: Client) -> None:
    through(tables, 8, "01T10:00:00")
    month(tables, "nothing", partition=8, covered_ms=0, up_ms=0, down_ms=0, budget_left_ms=0)
    assert now(tables, "nothing") == (0, 0, 0, 0, 0, None, 0)


def test_a_closed_month_is_not_running(tables: Client) -> None:
    month(tables, "closed", partition=8, closed=True)
    assert tables.query("SELECT * FROM availability_now WHERE location_id = 'closed'").result_rows == []
    assert [each.closed for each in current_facts(tables, Availability, location="closed")] == [True]


def test_freshness_is_the_age_of_the_progress_by_the_clock(tables: Client) -> None:
    query = "SELECT abs(age_ms - dateDiff('millisecond', through, now64(3))) FROM freshness WHERE partition = 8"
    through(tables, 8, "01T10:00:00")
    assert tables.query(query).result_rows[0][0] < MINUTE
