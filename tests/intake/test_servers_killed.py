"""Kafka or ClickHouse may be killed at any moment, and start again on their data: in the end everything is there."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import clickhouse_connect
import pytest

from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from schemas.events import Annotation
from schemas.facts import ExclusionProposal, LocationOutage, LocationState
from streams.archive.migrate import migrate
from streams.archive.read import current_facts
from streams.archive.wait import caught_up
from tests.archive.archive import database
from tests.child import wait
from tests.decide.platform import Platform as Deciding
from tests.decide.story import BOOK, DERIVATION, differences, tell
from tests.fleets import EDGE, HOUR, SETTINGS, Fleet
from tests.intake.platform import Platform, connection, end
from tests.intake.test_repair import await_repaired

ONE_HOT_HOUR = SETTINGS.model_copy(update={"hot_hours": 1})
PARTITIONS = 3


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path / "kafka", heap="512M") as kafka:
        yield kafka


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedClickHouse]:
    with EmbeddedClickHouse(tmp_path / "clickhouse") as clickhouse:
        yield clickhouse


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.parametrize("seed", range(600, 606))
def test_kafka_is_killed_under_intake_and_decide(broker: EmbeddedKafka, tmp_path: Path, seed: int) -> None:
    """Intake goes on by itself; a worker of decide may also end, for its supervisor to start it again."""
    random, story = Random(seed), tell(seed, partitions=PARTITIONS)
    deciding = Deciding(broker.bootstrap, tmp_path, PARTITIONS)
    live = Platform(broker.bootstrap, BOOK, DERIVATION, PARTITIONS)
    live.create()
    intake = live.start()
    deciding.worker().ready()
    player = live.play_slowly(story.inputs, seconds=10.0)
    for _ in range(2):
        time.sleep(random.uniform(0.0, 4.0))
        broker.kill()
        time.sleep(random.uniform(0.0, 3.0))
        broker.start()
    player.join()
    live.await_saved()
    assert end(intake) == 0
    live.check()

    replay = live.replay(Annotation.TOPIC)
    replayed = list(replay.facts())

    def wrong() -> list[str]:
        if deciding.workers[-1].process.poll() is not None:
            deciding.worker()
        return list(differences(deciding.facts(), replay, replayed))

    wait(lambda: not wrong(), 150.0, lambda: "\n".join(wrong()))
    deciding.close()


@pytest.mark.kafka
@pytest.mark.clickhouse
@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(700, 706))])
def test_clickhouse_is_killed_while_it_reads_and_is_read(
    platform: Callable[..., Platform], server: EmbeddedClickHouse, seed: int
) -> None:
    """Its tables are filled from Kafka, and intake repairs from them what came too late."""
    random, live = Random(seed), platform(ONE_HOT_HOUR)
    client = database(server)
    migrate(client, kafka_broker_list=live.bootstrap)
    live.archive = connection(server, str(client.database))
    lines = Fleet(random, locations=6, devices=9, start=EDGE - 2 * HOUR, end=EDGE + 2 * HOUR).lines()
    player = live.play_slowly(lines, seconds=6.0)
    intake = live.start()
    for _ in range(2):
        time.sleep(random.uniform(0.5, 3.0))
        server.kill()
        time.sleep(random.uniform(0.0, 1.0))
        server.start()
    player.join()
    await_repaired(live, within_s=120.0)
    assert end(intake) == 0
    live.check()
    assert tabled(live, server) == live.audited()


def tabled(live: Platform, server: EmbeddedClickHouse) -> dict[str, list[dict[str, object]]]:
    """The current facts of the tables, when they hold what the topics do."""
    assert live.archive is not None
    client = clickhouse_connect.get_client(**live.archive)
    found = {}
    for kind in (LocationState, LocationOutage, ExclusionProposal):
        caught_up(client, kind.TOPIC, ends(live, kind.TOPIC), 60.0, kafka={"bootstrap.servers": live.bootstrap})
        facts = sorted(current_facts(client, kind), key=lambda fact: (fact.key, fact.order))
        found[kind.TOPIC] = [fact.current() for fact in facts]
    return found


def ends(live: Platform, topic: str) -> dict[int, int]:
    lines = [line for line in live.read(topic) if line.partition is not None]
    return {line.partition: (line.offset or 0) + 1 for line in lines if line.partition is not None}
