"""`import probes`: real recordings, with every outage counted a second time from the raw file."""

import json
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from schemas import times
from tests.cli.conftest import Fivenines

FOLDER = Path(__file__).parents[3] / "shared" / "datasets" / "probe-connections"
recordings = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recordings are not here: {FOLDER}")


class Held(NamedTuple):
    """What a recording holds. An outage that is open at its end has no duration, so none is counted."""

    probes: int
    outages: int
    open: int
    downtime_s: int


RECORDINGS = {
    "2016-07-13.json": Held(probes=939, outages=1847, open=77, downtime_s=913_692),  # 253.8 hours
    "2014-08-27.json": Held(probes=1672, outages=6187, open=223, downtime_s=5_591_881),  # 1 553.3 hours
}


class Outage(NamedTuple):
    probe: str
    start: int
    end: int | None


def outages_in(recording: bytes) -> set[Outage]:
    """Counted by hand: from a disconnection to the next connection; of two at one instant the connection counts."""
    changes: dict[int, dict[int, bool]] = defaultdict(dict)
    for change in json.loads(recording):
        at = change["timestamp"]
        connected = change["event"] == "connect"
        changes[change["prb_id"]][at] = changes[change["prb_id"]].get(at, False) or connected
    found = set()
    for probe, by_time in changes.items():
        since = None
        for at, connected in sorted(by_time.items()):
            if not connected and since is None:
                since = at
            elif connected and since is not None:
                found.add(Outage(str(probe), since, at))
                since = None
        if since is not None:
            found.add(Outage(str(probe), since, None))
    return found


def outages_told(replayed: str) -> set[Outage]:
    facts = [json.loads(line) for line in replayed.splitlines()]
    assert not [fact for fact in facts if fact["topic"] == "dead-letters"]
    return {
        Outage(
            fact["key"],
            times.parse(fact["value"]["started_at"]) // 1000,
            None if fact["value"]["ended_at"] is None else times.parse(fact["value"]["ended_at"]) // 1000,
        )
        for fact in facts
        if fact["topic"] == "location-outages"
    }


def held(recording: bytes, found: set[Outage]) -> Held:
    over = [outage.end - outage.start for outage in found if outage.end is not None]
    probes = {change["prb_id"] for change in json.loads(recording)}
    return Held(len(probes), len(found), len(found) - len(over), sum(over))


@recordings
@pytest.mark.parametrize("name", RECORDINGS)
def test_every_outage_of_a_recording_is_found_and_no_other(fivenines: Fivenines, tmp_path: Path, name: str) -> None:
    recording = (FOLDER / name).read_bytes()
    imported = fivenines("import", "probes", FOLDER / name)
    assert imported.status == 0
    (tmp_path / "events").write_text(imported.out)
    told = outages_told(fivenines("replay", "--from", tmp_path / "events").out)
    assert told == outages_in(recording)
    assert held(recording, told) == RECORDINGS[name]


@recordings
def test_the_events_come_sorted_by_time(fivenines: Fivenines) -> None:
    out = fivenines("import", "probes", FOLDER / "2016-07-13.json").out
    at = [json.loads(line)["value"]["occurred_at"] for line in out.splitlines()]
    assert len(at) == 3717
    assert at == sorted(at)


def test_a_probe_is_a_device_and_a_location_that_reports_changes_only(fivenines: Fivenines, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(
        '[{"prb_id": 7, "timestamp": 1468368031, "event": "disconnect", "controller": "ctr-1", "asn": "31143"},'
        '{"prb_id": 7, "timestamp": 1468368005, "event": "connect", "controller": "ctr-1", "asn": 3320}]'
    )
    lines = [json.loads(line) for line in fivenines("import", "probes", tmp_path / "f").out.splitlines()]
    assert [(line["topic"], line["key"]) for line in lines] == [("device-heartbeats", "7")] * 2
    assert [line["value"]["status"] for line in lines] == ["up", "down"]
    assert lines[1]["value"] == {
        "id": "7-1468368031-disconnect",
        "device_id": "7",
        "location_id": "7",
        "occurred_at": "2016-07-13T00:00:31.000Z",
        "received_at": "2016-07-13T00:00:31.000Z",
        "status": "down",
        "interval_s": None,
        "collector_id": "ctr-1",
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[{]", "f: JSON is malformed"),
        ("{}", "f: Expected `array`, got `object`"),
        ('[{"prb_id": 1, "timestamp": 2, "event": "reboot", "controller": "c"}]', "f: Invalid enum value 'reboot'"),
        ('[{"prb_id": 1, "timestamp": 2, "event": "connect"}]', "f: Object missing required field `controller`"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(
    fivenines: Fivenines, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "f").write_text(content)
    ended = fivenines("import", "probes", "f")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"fivenines: {said}")
    assert ended.err.count("\n") == 1
