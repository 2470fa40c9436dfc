"""Repair on real servers: what came too late for memory ends as if it had come in time."""

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from infra.clickhouse import EmbeddedClickHouse
from schemas.wire import Line
from streams.archive.migrate import migrate
from streams.following import Following
from tests.archive.archive import database
from tests.fleets import EDGE, HOUR, SETTINGS, Fleet
from tests.intake.platform import Platform, connection, end

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

ONE_HOT_HOUR = SETTINGS.model_copy(update={"hot_hours": 1})


def fleet(seed: int) -> list[Line]:
    """Four hours of it: heartbeats, ticks and registry records come up to thirty hours late."""
    return Fleet(Random(seed), locations=6, devices=9, start=EDGE - 2 * HOUR, end=EDGE + 2 * HOUR).lines()


@pytest.fixture
def archived(platform: Callable[..., Platform], clickhouse: EmbeddedClickHouse) -> Iterator[Platform]:
    """A platform with an archive."""
    live = platform(ONE_HOT_HOUR, session_timeout_s=2.0)
    client = database(clickhouse)
    migrate(client, kafka_broker_list=live.bootstrap)
    live.archive = connection(clickhouse, str(client.database))
    yield live
    client.command(f"DROP DATABASE {client.database} SYNC", use_database=False)


def await_repaired(live: Platform, within_s: float = 60.0) -> None:
    """Until everything is saved and nothing is dirty."""
    live.await_saved()
    deadline = time.monotonic() + within_s
    while waiting := live.dirty():
        assert time.monotonic() < deadline, waiting
        time.sleep(0.5)


def play_some_too_late(live: Platform, seed: int) -> None:
    """When what comes in time is saved, and of it what memory holds, the rest comes: late by hours."""
    lines = fleet(seed)
    live.play(line for line in lines if (line.timestamp or 0) < EDGE + 2 * HOUR)
    with live.intake():
        live.await_saved()
    live.play(line for line in lines if (line.timestamp or 0) >= EDGE + 2 * HOUR)


@pytest.mark.parametrize("seed", [3])
def test_what_came_too_late_waits_without_an_archive_and_is_repaired_with_one(archived: Platform, seed: int) -> None:
    live, archive = archived, archived.archive
    live.archive = None
    play_some_too_late(live, seed)
    with live.intake():
        live.await_saved()
    waiting = live.dirty()
    assert sum(waiting.values()), "no sample came too late: this shows nothing"
    with Following({"bootstrap.servers": live.bootstrap}) as following:
        assert following.dirty() == len(waiting)
        live.archive = archive
        with live.intake():
            await_repaired(live)
        assert following.dirty() == 0
    live.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400, 406))
def test_killed_while_a_repair_is_under_way(archived: Platform, seed: int) -> None:
    """Before what was read of the archive is put in place, and when what follows from it is being published."""
    play_some_too_late(archived, seed)
    assert archived.dies("before a repair", Random(seed).randint(1, 2))
    assert archived.dies("after a repair", 1)
    process = archived.start()
    await_repaired(archived)
    assert end(process) == 0
    archived.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(500, 503))
def test_a_record_older_than_memory_in_place_of_a_newer_one(archived: Platform, seed: int) -> None:
    """What it lacks is not read again from Kafka, but from the archive."""
    live, lines = archived, fleet(seed)
    with live.intake():
        live.play(lines[: len(lines) // 2], over_s=3.0)
        await_repaired(live)
    live.write_old_records()
    with live.intake():
        live.play(lines[len(lines) // 2 :])
        await_repaired(live)
    live.check()
