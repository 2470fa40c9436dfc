"""`replay --from FILE`: the same facts from the same accepted lines, however they are ordered, doubled or packed."""

import gzip
import json
import random
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import zstandard

from streams.simulate import Simulation, line_of, play
from tests.cli.conftest import Ended, Fivenines

FLEET = Simulation(locations=8, devices=14, days=3, outages=20, late=0.05, duplicates=0.05, ticks_s=60)
SETTINGS = ("--blind-after-s", 150, "--month-close-delay-h", 1)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [line_of(message) for message in chain.from_iterable(play(FLEET))]


@pytest.fixture
def recording(lines: list[str], tmp_path: Path) -> Path:
    file = tmp_path / "recording.ndjson"
    file.write_text("".join(lines))
    return file


def replay(fivenines: Fivenines, source: object, *arguments: object) -> Ended:
    ended = fivenines("replay", "--from", source, *SETTINGS, *arguments)
    assert ended.status == 0, ended.err
    return ended


def claims_of_one_account() -> Iterator[str]:
    """At several locations: the answers have one key, and each follows from another location."""
    for place in range(8):
        claimed = {"ticket_type": "credit_claim", "location_id": f"loc-{place}", "month": "2026-06"}
        step = {"id": f"c-{7 - place}", "ticket_id": f"C-{7 - place}", "account_id": "acct-01", "event_type": "created"}
        value = {**step, **claimed, "occurred_at": "2026-06-02T12:00:00Z"}
        yield json.dumps({"topic": "tickets", "key": "acct-01", "value": value}) + "\n"


def facts(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def test_any_order_and_any_repetition_give_the_same_bytes(
    fivenines: Fivenines, lines: list[str], recording: Path, tmp_path: Path
) -> None:
    expected = replay(fivenines, recording).out
    assert len(expected) > 10_000
    shuffled = lines + random.Random(1).sample(lines, 500)
    random.Random(2).shuffle(shuffled)
    (tmp_path / "shuffled").write_text("".join(shuffled))
    assert replay(fivenines, tmp_path / "shuffled").out == expected


def test_packed_recordings_are_the_same(fivenines: Fivenines, recording: Path, tmp_path: Path) -> None:
    plain = recording.read_bytes()
    expected = replay(fivenines, recording).out
    half = len(plain) // 2
    compress = zstandard.ZstdCompressor().compress
    for name, packed in (
        ("a.gz", gzip.compress(plain)),
        ("b.zst", compress(plain)),
        ("several frames", compress(plain[:half]) + compress(plain[half:])),
    ):
        (tmp_path / name).write_bytes(packed)
        assert replay(fivenines, tmp_path / name).out == expected


@pytest.mark.parametrize("narrowed", [(), ("--account", "acct-01"), ("--month", "2026-06")])
@pytest.mark.parametrize("how", ["ndjson", "csv"])
def test_several_processes_print_the_same_bytes(
    fivenines: Fivenines, recording: Path, narrowed: tuple[str, ...], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording.open("a") as more:
        more.write("no line\n")
        more.writelines(claims_of_one_account())
    expected = replay(fivenines, recording, *narrowed, "--format", how).out
    assert "ticket-responses" in expected
    assert "claim-answers" in expected
    monkeypatch.setattr("streams.cli.recordings.processes_for", lambda _: 3)
    assert replay(fivenines, recording, *narrowed, "--format", how).out == expected


def test_facts_come_by_topic_key_and_their_own_order_without_their_history(
    fivenines: Fivenines, recording: Path
) -> None:
    told = facts(replay(fivenines, recording))
    assert {fact["topic"] for fact in told} >= {"availability", "location-outages", "location-states"}
    places = [(fact["topic"], fact["key"]) for fact in told]
    assert places == sorted(places)
    assert all(not {"version", "revision", "supersedes", "source"} & set(fact["value"]) for fact in told)  # type: ignore[call-overload]
    assert all(list(fact) == ["topic", "key", "value"] for fact in told)


def test_availability_is_a_json_number(fivenines: Fivenines, recording: Path) -> None:
    months = [fact["value"] for fact in facts(replay(fivenines, recording)) if fact["topic"] == "availability"]
    assert any(isinstance(month["availability"], float) for month in months)  # type: ignore[index]


def test_a_line_that_cannot_be_read_becomes_a_dead_letter_with_its_number(
    fivenines: Fivenines, lines: list[str], recording: Path, tmp_path: Path
) -> None:
    broken = [*lines[:100], '{"topic": "device-heartb\n', *lines[100:], '{"topic":"nonsense","key":null,"value":{}}\n']
    (tmp_path / "broken").write_text("".join(broken))
    told = facts(replay(fivenines, tmp_path / "broken"))
    letters = [fact["value"] for fact in told if fact["topic"] == "dead-letters"]
    assert {(letter["line"], letter["reason"]) for letter in letters} == {  # type: ignore[index]
        (101, "bad_line"),
        (len(broken), "unknown_topic"),
    }
    assert [fact for fact in told if fact["topic"] != "dead-letters"] == facts(replay(fivenines, recording))


def test_fields_that_nobody_knows_are_ignored_and_counted(
    fivenines: Fivenines, recording: Path, lines: list[str], tmp_path: Path
) -> None:
    heartbeats = [line for line in lines if '"interval_s"' in line][:3]
    records = [line for line in lines if line.startswith('{"topic":"registry"')][:2]
    odd = [line.replace('"id":', '"firmware":[1],"id":', 1) for line in heartbeats]
    odd += [line.replace('"entity":', '"colour":"red","entity":', 1) for line in records]
    assert not set(odd) & set(lines)
    (tmp_path / "odd").write_text("".join([*lines, *odd]))
    told = replay(fivenines, tmp_path / "odd")
    assert told.out == replay(fivenines, recording).out
    assert told.err.splitlines() == [
        "fivenines: device-heartbeats: 3 messages have fields that nobody knows; those were ignored",
        "fivenines: registry: 2 messages have fields that nobody knows; those were ignored",
    ]


def test_narrowing_takes_a_part_of_the_whole(fivenines: Fivenines, recording: Path) -> None:
    whole = facts(replay(fivenines, recording))
    of_location = [fact for fact in whole if fact["value"].get("location_id") == "loc-3"]
    assert of_location
    assert facts(replay(fivenines, recording, "--location", "loc-3")) == of_location
    of_account = facts(replay(fivenines, recording, "--account", "acct-01"))
    located = {fact["value"].get("location_id") for fact in of_account} - {None}
    assert located == {"loc-1", "loc-2", "loc-3", "loc-4"}
    in_june = facts(replay(fivenines, recording, "--month", "2026-06"))
    assert in_june == [fact for fact in whole if fact["value"].get("month", "2026-06") == "2026-06"]
    in_may = facts(replay(fivenines, recording, "--month", "2026-05"))
    assert in_may == []


def test_until_knows_nothing_that_arrived_later(fivenines: Fivenines, recording: Path, tmp_path: Path) -> None:
    at = "2026-06-02T20:00:00.500Z"
    earlier = [
        line
        for line in recording.read_text().splitlines(keepends=True)
        if (value := json.loads(line)["value"]).get("received_at", value.get("recorded_at", "")) <= at
    ]
    (tmp_path / "earlier").write_text("".join(earlier))
    assert replay(fivenines, recording, "--until", at).out == replay(fivenines, tmp_path / "earlier").out


def test_reconsidering_says_what_each_reason_would_change(
    fivenines: Fivenines, recording: Path, lines: list[str], tmp_path: Path
) -> None:
    """A heartbeat ends an outage: refused as dated ahead of its arrival, it would have ended it earlier."""
    whole = facts(replay(fivenines, recording))
    outage = next(fact for fact in whole if fact["topic"] == "location-outages" and fact["value"]["kind"] == "silence")  # type: ignore[index]
    key, started = str(outage["key"]), str(outage["value"]["started_at"])  # type: ignore[index]
    device = next(
        json.loads(line)["value"] for line in lines if f'"location_id":"{key}"' in line and "interval_s" in line
    )
    ahead = device | {"occurred_at": started, "received_at": "2026-06-01T00:00:00Z", "id": "ahead"}
    refused = [
        {"topic": "device-heartbeats", "key": key, "value": ahead},
        {"topic": "device-heartbeats", "key": key, "value": {"status": 3}},
    ]
    (tmp_path / "more").write_text(recording.read_text() + "".join(json.dumps(line) + "\n" for line in refused))
    ended = replay(fivenines, tmp_path / "more", "--reconsider")
    told = facts(ended)
    found = f"2 messages were refused, 1 of them can be read and make {len(told) - 2} differences"
    assert ended.err == f"fivenines: {found}\n"
    reasons = {fact["key"]: fact["value"] for fact in told if fact["topic"] == "reconsidered"}
    assert set(reasons) == {"clock_ahead", "missing_field"}
    assert (reasons["clock_ahead"]["refused"], reasons["clock_ahead"]["readable"]) == (1, 1)  # type: ignore[index]
    assert (reasons["missing_field"]["refused"], reasons["missing_field"]["readable"]) == (1, 0)  # type: ignore[index]
    changed = [fact for fact in told if fact["topic"] == "location-outages"]
    assert changed
    assert {fact["key"] for fact in told if fact["topic"] != "reconsidered"} == {key}
    assert reasons["clock_ahead"]["differences"] == len(told) - 2  # type: ignore[index]
    assert reasons["missing_field"]["differences"] == 0  # type: ignore[index]
    accepted = [device | {"occurred_at": started, "received_at": started, "id": "in time"}]
    (tmp_path / "taken").write_text(
        recording.read_text()
        + "".join(json.dumps({"topic": "device-heartbeats", "key": key, "value": each}) + "\n" for each in accepted)
    )
    taken = {json.dumps(fact) for fact in facts(replay(fivenines, tmp_path / "taken"))}
    before = {json.dumps(fact) for fact in whole}
    assert reasons["clock_ahead"]["differences"] == len({_identity(fact) for fact in taken ^ before})  # type: ignore[index]


def _identity(fact: str) -> tuple[object, ...]:
    read = json.loads(fact)
    value = read["value"]
    return read["topic"], read["key"], value.get("outage_id"), value.get("from"), value.get("month")


def test_two_questions_at_once_are_refused(fivenines: Fivenines, recording: Path) -> None:
    for arguments in (("--diff", "--reconsider"), ("--reconsider", "--from", "archive")):
        ended = fivenines("replay", "--from", recording, *arguments)
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("how", ["table", "json", "csv"])
def test_every_format_shows_the_same_facts(fivenines: Fivenines, recording: Path, how: str) -> None:
    told = facts(replay(fivenines, recording))
    out = replay(fivenines, recording, "--format", how).out
    if how == "json":
        assert json.loads(out) == told
    elif how == "csv":
        assert len(out.splitlines()) == len(told) + 1
        assert out.startswith("topic,key,terms,")
    else:
        assert f"availability ({sum(fact['topic'] == 'availability' for fact in told)})" in out


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (None, ("--from", "nowhere"), "nowhere: No such file or directory"),
        (b"\x1f\x8b broken", ("--from", "f"), "f: "),
        (b"\x28\xb5\x2f\xfd broken", ("--from", "f"), "f: "),
        (b"", ("--from", "f", "--until", "noon"), "--until noon: not an RFC 3339 instant"),
        (b"", ("--from", "f", "--month", "June"), "--month June: no contract month 'June'"),
        (b"", ("--from", "f", "--terms", "nowhere"), "nowhere: no such folder of terms"),
        (b"", ("--from", "f", "--blind-after-s", "0"), "--blind-after-s is '0'"),
        (b"", (), "Missing option '--from'"),
    ],
)
def test_bad_input_is_said_in_one_line(
    fivenines: Fivenines, tmp_path: Path, content: bytes | None, arguments: tuple[str, ...], said: str
) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    ended = fivenines("replay", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"fivenines: {said}")
    assert ended.err.count("\n") == 1
