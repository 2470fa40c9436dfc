"""Repair on real servers: what came too late for memory ends as if it had come in time."""

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from infra.clickhouse import EmbeddedClickHouse
from schemas.wire import Line
from streams.archive.migrate import migrate
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


@pytest.mark.parametrize("seed", [3])
def test_what_came_too_late_waits_without_an_archive_and_is_repaired_with_one(archived: Platform, seed: int) -> None:
    live, archive = archived, archived.archive
    live.archive = None
    with live.intake():
        live.play(fleet(seed), over_s=4.0)
        live.await_saved()
    waiting = live.dirty()
    assert sum(waiting.values()), "nothing came too late: this shows nothing"
    live.archive = archive
    with live.intake():
        await_repaired(live)
    live.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400, 406))
def test_killed_while_a_repair_is_under_way(archived: Platform, seed: int) -> None:
    """Before what was read of the archive is put in place, and when what follows from it is being published."""
    live, random = archived, Random(seed)
    player = live.play_slowly(fleet(seed), seconds=6.0)
    assert live.dies("before a repair", random.randint(1, 2))
    assert live.dies("after a repair", 1)
    player.join()
    process = live.start()
    await_repaired(live)
    assert end(process) == 0
    live.check()
