"""A simulated fleet: repeatable, readable by the wire, with everything in it that the platform must judge."""

import gzip
import json
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path

import pytest
import zstandard

from schemas.derivation import HOUR_MS, SECOND_MS, Derivation
from schemas.events import Annotation, Event, Heartbeat, RegistryRecord, Tick
from schemas.wire import Gate, decode
from streams.cli.simulate import EARLIEST
from streams.simulate import Message, Simulation, line_of, play
from tests.cli.conftest import Fivenines

FLEET = Simulation(locations=20, devices=40, days=6, interval_s=300, outages=10, late=0.05, duplicates=0.05, ticks_s=60)


def messages(simulation: Simulation = FLEET) -> list[Message]:
    return list(chain.from_iterable(play(simulation)))


@pytest.fixture(scope="module")
def sent() -> list[Message]:
    return messages()


@pytest.fixture(scope="module")
def events(sent: list[Message]) -> list[Event]:
    gate = Gate(Derivation(), lambda arrival: arrival - 100 * 24 * HOUR_MS)
    decoded = [
        decode(topic, value.encode(), key=key.encode() if key else None, gate=gate) for _, topic, key, value in sent
    ]
    assert not [each for each in decoded if not isinstance(each, Event)]
    return [each for each in decoded if isinstance(each, Event)]


@pytest.mark.parametrize("start", [EARLIEST, "2110-12-31T00:00:00Z"])
def test_a_fleet_lives_in_any_contract_month(fivenines: Fivenines, start: str) -> None:
    ended = fivenines("simulate", "--to", "-", "--start", start, "--days", 1, "--locations", 2, "--devices", 2)
    assert (ended.status, ended.err) == (0, "")
    assert len(ended.out.splitlines()) > 1000


def test_the_same_seed_gives_the_same_events_and_another_seed_others(sent: list[Message]) -> None:
    assert messages() == sent
    assert messages(Simulation(**{**FLEET.__dict__, "seed": 2})) != sent


def test_messages_come_in_the_order_of_their_arrival(sent: list[Message]) -> None:
    arrivals = [arrival for arrival, *_ in sent]
    assert arrivals == sorted(arrivals)


def test_every_message_says_when_it_arrived(sent: list[Message], events: list[Event]) -> None:
    assert [event.arrival(None) for event in events] == [arrival for arrival, *_ in sent]


def test_everything_befalls_the_fleet(events: list[Event]) -> None:
    samples = [event for event in events if isinstance(event, Heartbeat)]
    assert {sample.reported_cause for sample in samples if sample.status == "down"} == {
        None,
        "site_power",
        "site_internet",
    }
    assert any(sample.power_source == "battery" for sample in samples)
    repeated = Counter((sample.device_id, sample.occurred_at, sample.status) for sample in samples)
    assert 0.01 < sum(count > 1 for count in repeated.values()) / len(repeated) < 0.1
    delayed = [sample for sample in samples if (sample.received_at or 0) - sample.occurred_at > 1000]
    assert 0.02 < len(delayed) / len(samples) < 0.2
    slow = [sample for sample in samples if sample.effective_at(300 * SECOND_MS) != sample.occurred_at]
    assert slow
    assert any(sample.buffered for sample in samples)
    notes = [event for event in events if isinstance(event, Annotation)]
    assert {note.state for note in notes} == {"approved", "retracted"}
    assert any(note.to is None for note in notes)
    entities = Counter(event.entity for event in events if isinstance(event, RegistryRecord))
    assert entities["account"] == 5
    assert entities["device"] == 40
    assert entities["location"] > 20


def test_one_collector_is_blind_for_an_hour(events: list[Event]) -> None:
    ticks: dict[str, list[int]] = {}
    for event in events:
        if isinstance(event, Tick):
            ticks.setdefault(event.collector_id, []).append(event.occurred_at)
    longest = {name: max(b - a for a, b in pairwise(times)) for name, times in sorted(ticks.items())}
    assert longest.pop("collector-1") == HOUR_MS + 60 * SECOND_MS
    assert longest == {"collector-2": 60 * SECOND_MS, "collector-3": 60 * SECOND_MS}


def test_a_fleet_without_trouble_only_beats() -> None:
    calm = Simulation(locations=2, devices=4, days=10 / 288, outages=0, late=0, duplicates=0)
    beats = [message for message in messages(calm) if '"device_id"' in message[3] and message[1] != "registry"]
    assert len(beats) == 4 * 10  # ten intervals of 300 s
    assert not any('"down"' in value for *_, value in beats)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_file_is_compressed_as_its_name_says(fivenines: Fivenines, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"fleet.ndjson{suffix}"
    small = ("--locations", 2, "--devices", 3, "--days", 0.02)
    expected = messages(Simulation(locations=2, devices=3, days=0.02))
    ended = fivenines("simulate", *small, "--to", file)
    assert ended == (0, "", f"fivenines: {len(expected):,} events written to {file}\n")
    content = file.read_bytes()
    plain = {
        "": lambda: content,
        ".gz": lambda: gzip.decompress(content),
        ".zst": lambda: zstandard.ZstdDecompressor().decompressobj().decompress(content),
    }[suffix]()
    assert plain.decode() == "".join(map(line_of, expected))
    assert fivenines("simulate", *small, "--to", "-").out == plain.decode()
    assert all(json.loads(line).keys() == {"topic", "key", "value"} for line in plain.decode().splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--locations", 3, "--devices", 2), "--devices 2: each of the 3 locations needs one"),
        (("--start", "yesterday"), "--start yesterday: not an RFC 3339 instant"),
        (("--to", "no/such/folder"), "no/such/folder: No such file or directory"),
        (("--late", 2), "--late"),
    ],
)
def test_wrong_use_is_said_in_one_line(fivenines: Fivenines, arguments: tuple[object, ...], said: str) -> None:
    ended = fivenines("simulate", "--to", "x", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
