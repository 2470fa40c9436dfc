"""`explain ID`: how a fact came about, from a file with partitions and offsets and from one without."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.spoken import all_spoken, instants_spoken
from tests.cli.conftest import Ended, Fivenines
from tests.core import lines
from tests.explain.history import CREDIT, ENTRY, OUTAGE, PARTITIONS, PROPOSAL, SILENCE, START, history, located
from tests.explain.recomputed import holds

IDS = {
    "an outage": (OUTAGE, ["outage"]),
    "an outage, by its name": ("outage/loc/2026-03-10T00:00:00.000Z", ["outage"]),
    "silence, in capitals": (SILENCE.upper(), ["outage"]),
    "a proposal": (PROPOSAL, ["proposal"]),
    "a month": ("loc/2026-03", ["month"]),
    "an open month": ("loc/2026-05", ["month"]),
    "a credit": (CREDIT, ["credit"]),
    "an entry of the ledger": (ENTRY, ["billing"]),
    "a claim, and its ticket": ("T1", ["claim", "response"]),
    "a ticket of an account": ("acme/T2", ["response"]),
    "the responses of a month": ("acme/2026-03", ["responses"]),
}
EVERY = [pytest.param(asked, kinds, id=name) for name, (asked, kinds) in IDS.items()]
SETTINGS = ("--partitions", PARTITIONS)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A file whose lines know of no partition."""
    file = tmp_path / "plain.ndjson"
    file.write_bytes(b"".join(history()))
    return file


@pytest.fixture
def placed(tmp_path: Path) -> Path:
    """The same as a platform has it."""
    file = tmp_path / "placed.ndjson"
    file.write_bytes(b"".join(located(history())))
    return file


def data(ended: Ended) -> list[dict[str, Any]]:
    assert (ended.status, ended.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def messages(explained: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The inputs that are messages."""
    entries = (entry for each in explained for step in each["steps"] for entry in step["inputs"])
    return [entry for entry in entries if "topic" in entry]


def refused(ended: Ended) -> str:
    assert (ended.status, ended.out) == (2, "")
    return ended.err.removeprefix("fivenines: ").rstrip()


@pytest.mark.parametrize(("asked", "kinds"), EVERY)
def test_whatever_has_an_id_is_explained_with_where_each_message_stood(
    fivenines: Fivenines, placed: Path, asked: str, kinds: list[str]
) -> None:
    explained = data(fivenines("explain", asked, "--from", placed, "--format", "json", *SETTINGS))
    assert [each["explains"] for each in explained] == kinds
    assert [each["differences"] for each in explained] == [[]] * len(kinds)
    written = placed.read_bytes().splitlines()
    for entry in messages(explained):
        line = json.loads(written[entry["line"] - 1])
        assert (entry["topic"], entry["partition"], entry["offset"]) == (
            line["topic"],
            line["partition"],
            line["offset"],
        )
        assert entry["event_id"] == line["value"].get("id")
    formulas = [line["formula"] for each in explained for step in each["steps"] for line in step["arithmetic"]]
    assert [formula for formula in formulas if not holds(formula)] == []


@pytest.mark.parametrize(("asked", "kinds"), EVERY)
def test_a_file_without_partitions_is_explained_by_its_lines(
    fivenines: Fivenines, plain: Path, placed: Path, asked: str, kinds: list[str]
) -> None:
    found = data(fivenines("explain", asked, "--from", plain, "--format", "json"))
    others = data(fivenines("explain", asked, "--from", placed, "--format", "json", *SETTINGS))
    assert [each["fact"] for each in found] == [each["fact"] for each in others]
    assert len(messages(found)) == len(messages(others))
    assert all(entry["offset"] is None and entry["line"] for entry in messages(found))


@pytest.mark.parametrize(("asked", "kinds"), EVERY)
def test_the_text_fits_a_terminal_and_has_every_number_of_the_data(
    fivenines: Fivenines, placed: Path, asked: str, kinds: list[str]
) -> None:
    ended = fivenines("explain", asked, "--from", placed, *SETTINGS)
    assert (ended.status, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 100
    assert ended.out.count("Every number that the steps arrive at is that of the derived fact.") == len(kinds)
    words = " ".join(ended.out.split())
    for each in data(fivenines("explain", asked, "--from", placed, "--format", "json", *SETTINGS)):
        for step in each["steps"]:
            assert f"{step['step']}. {all_spoken(step['what'])}" in words
            assert [line for line in step["arithmetic"] if instants_spoken(line["formula"]) not in words] == []


def test_silence_is_told_with_its_hold_and_its_proof(fivenines: Fivenines, placed: Path) -> None:
    """I-4: (3 + ½) × 60 s; nothing until the sample of 12:05; silent from 12:01."""
    out = " ".join(fivenines("explain", SILENCE, "--from", placed, *SETTINGS).out.split())
    for told in (
        "⌊(3 + 0.5) × 60000 ms⌋ = 210000 ms (3 min 30 s)",
        "2026-03-12T12:00:00Z + 210000 ms = 2026-03-12T12:03:30Z",
        "2026-03-12T12:03:30Z < 2026-03-12T12:05:00Z",
        "2026-03-12T12:00:00Z + 60000 ms = 2026-03-12T12:01:00Z",
        "availability.missed_heartbeats = 3",
        "2024-09-23.toml:17-19",
        "the first of 2]",
    ):
        assert told in out, told


def test_a_month_is_told_to_the_last_product(fivenines: Fivenines, placed: Path) -> None:
    """AV-1, EX-3: 44 minutes down, 20 of them excluded; 31 days of 86 400 000 ms covered."""
    out = " ".join(fivenines("explain", "loc/2026-03", "--from", placed, *SETTINGS).out.split())
    for told in (
        "down: 2400000 ms + 240000 ms = 2640000 ms (44 min)",
        "down_ms 1440000 (24 min)",
        "Annotation note (site_power, EX-3) excludes 20 min of the downtime.",
        "2640000 ms - 0 ms - 1200000 ms = 1440000 ms",
        "1440000 ms × 100000 = 144000000000 ms",
        "144000000000 ms > 2678400000 ms",
        "approved by bob",
    ):
        assert told in out, told


def test_packed_and_piped_recordings_are_read_twice_too(
    fivenines: Fivenines, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fivenines("explain", SILENCE, "--from", plain).out
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert fivenines("explain", SILENCE, "--from", packed).out == expected
    piped = io.TextIOWrapper(io.BufferedReader(io.BytesIO(plain.read_bytes())))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", piped)
    assert fivenines("explain", SILENCE, "--from", "-").out == expected


def test_one_explanation_is_one_line_of_ndjson(fivenines: Fivenines, plain: Path) -> None:
    ended = fivenines("explain", "T1", "--from", plain, "--format", "ndjson")
    assert [json.loads(line)["explains"] for line in ended.out.splitlines()] == ["claim", "response"]


def test_an_id_that_nobody_knows_is_told_what_ids_look_like(fivenines: Fivenines, plain: Path) -> None:
    for asked in ("nothing", "00000000-0000-0000-0000-000000000000", "loc/2031-01", "2026-03"):
        said = refused(fivenines("explain", asked, "--from", plain))
        assert said.startswith(f"nothing is known as '{asked}'. An id is LOCATION/2026-02 for a month, ")
        assert said.count("\n") == 0
    said = refused(fivenines("explain", "loc/2026-03", "--from", plain, "--account", "beta"))
    assert said.startswith("nothing of account beta is known as 'loc/2026-03'.")


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "June", "june 2026", "03-2026", "2026/03"])
def test_a_month_that_is_none_is_told_how_one_is_written(fivenines: Fivenines, plain: Path, month: str) -> None:
    for asked in (f"loc/{month}", month):
        said = refused(fivenines("explain", asked, "--from", plain))
        assert said == f"'{month}' is no month: one is written 2026-02, as in LOCATION/2026-02"


def test_a_ticket_may_be_called_like_a_month_that_is_none(fivenines: Fivenines, plain: Path) -> None:
    with plain.open("ab") as file:
        file.write(lines.ticket("2026-13", START, "created"))
    for asked in ("2026-13", "acme/2026-13"):
        (explained,) = data(fivenines("explain", asked, "--from", plain, "--format", "json"))
        assert explained["explains"] == "response"


def test_an_id_of_several_things_lists_them_and_each_can_be_asked_for(fivenines: Fivenines, plain: Path) -> None:
    """An account that is called like a location, and a ticket of two accounts."""
    with plain.open("ab") as file:
        for account_id in ("loc", "beta"):
            file.write(lines.ticket("T2", START, "created", account_id=account_id))
    said = refused(fivenines("explain", "loc/2026-03", "--from", plain))
    assert said.splitlines() == [
        "'loc/2026-03' names more than one thing. Say which:",
        "fivenines:   month/loc/2026-03",
        "fivenines:   responses/loc/2026-03",
    ]
    said = refused(fivenines("explain", "T2", "--from", plain))
    named = ["ticket/acme/T2", "ticket/beta/T2", "ticket/loc/T2"]
    assert [line.split()[-1] for line in said.splitlines()[1:]] == named
    for asked, kind in (("month/loc/2026-03", "month"), ("responses/loc/2026-03", "responses"), (named[1], "response")):
        (explained,) = data(fivenines("explain", asked, "--from", plain, "--format", "json"))
        assert explained["explains"] == kind
    (narrowed,) = data(fivenines("explain", "T2", "--from", plain, "--format", "json", "--account", "loc"))
    assert narrowed["id"] == "loc/T2"


def test_a_month_is_explained_for_every_account_that_had_the_location(fivenines: Fivenines, plain: Path) -> None:
    with plain.open("ab") as file:
        file.write(lines.record("location", "loc", START + 86_400_000, account_id="beta"))
    explained = data(fivenines("explain", "loc/2026-03", "--from", plain, "--format", "json"))
    assert [each["fact"]["value"]["account_id"] for each in explained] == ["acme", "beta"]
    (own,) = data(fivenines("explain", "loc/2026-03", "--from", plain, "--format", "json", "--account", "beta"))
    assert own == explained[1]


def test_an_explanation_has_no_columns(fivenines: Fivenines, plain: Path) -> None:
    said = refused(fivenines("explain", OUTAGE, "--from", plain, "--format", "csv"))
    assert said == "--format csv: an explanation has no columns; json has all of it as data"


def test_other_terms_are_cited_from_their_own_folder(fivenines: Fivenines, plain: Path, tmp_path: Path) -> None:
    """A what-if: with two heartbeats missing the hold is 2½ intervals."""
    from schemas.terms.book import PACKAGED

    packaged = (PACKAGED / "2024-09-23.toml").read_text(encoding="utf-8")
    folder = tmp_path / "terms"
    folder.mkdir()
    text = "# another file\n" + packaged.replace("missed_heartbeats = 3", "missed_heartbeats = 2")
    (folder / "2024-09-23.toml").write_text(text, encoding="utf-8")
    out = " ".join(fivenines("explain", SILENCE, "--from", plain, "--terms", folder).out.split())
    assert "⌊(2 + 0.5) × 60000 ms⌋ = 150000 ms" in out
    assert "availability.missed_heartbeats = 2" in out
    assert "2024-09-23.toml:18-20" in out


@pytest.mark.parametrize("name", ["104512", "ticket/104512", "1234/56", "marseille", "acct-1/octavia"])
def test_a_name_that_nothing_has_is_no_month(fivenines: Fivenines, plain: Path, name: str) -> None:
    assert refused(fivenines("explain", name, "--from", plain)).startswith(f"nothing is known as '{name}'")
