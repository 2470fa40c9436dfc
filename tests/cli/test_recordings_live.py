"""Real recordings through the live platform, each on a fresh one: every outage, and no other."""

from pathlib import Path

import pytest

from schemas.facts import LocationOutage
from streams.archive.read import current_facts
from streams.platform import Platform, connected
from streams.settings import read_settings
from tests.cli.conftest import Fivenines
from tests.cli.live import settle
from tests.cli.test_probes import FOLDER, RECORDINGS, Outage, held, outages_in, recordings

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]


@recordings
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_published_live_gives_its_outages(fivenines: Fivenines, tmp_path: Path, name: str) -> None:
    recording = (FOLDER / name).read_bytes()
    events, data = tmp_path / "events", tmp_path / "data"
    events.write_text(fivenines("import", "probes", FOLDER / name).out)
    with Platform(read_settings({"data": str(data), "partitions": "4"})) as platform:
        assert fivenines("publish", events, "--data", data).status == 0
        settle(platform)
        with connected(platform.servers.clickhouse) as client:
            published = {
                Outage(
                    fact.location_id, fact.started_at // 1000, None if fact.ended_at is None else fact.ended_at // 1000
                )
                for fact in current_facts(client, LocationOutage)
            }
            assert client.query("SELECT count() FROM dead_letters").result_rows == [(0,)]
        assert published == outages_in(recording)
        assert held(recording, published) == RECORDINGS[name]
        audit = fivenines("replay", "--from", "kafka", "--diff", "--data", data, "--partitions", 4)
        assert audit.status == 0, audit.out
