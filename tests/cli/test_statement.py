"""`fivenines statement`: from a file without a server, from a platform's archive, and what cannot be stated."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from streams.platform import Platform
from streams.settings import read_settings
from tests.cli.conftest import Ended, Fivenines
from tests.cli.live import settle
from tests.core.cases import lines_of
from tests.statement.cases import STORY
from tests.statement.reading import Page

BLIND = ("--blind-after-s", 3599)
MARCH = ("--account", "acme", "--month", "2026-03")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story"
    path.write_bytes(b"".join(lines_of(STORY)))
    return path


def refused(ended: Ended) -> str:
    assert (ended.status, ended.out) == (2, "")
    return ended.err.removeprefix("fivenines: ").rstrip("\n")


def test_a_page_names_the_digest_of_the_json_form_whatever_its_language(fivenines: Fivenines, story: Path) -> None:
    asked = ("statement", "--from", story, *MARCH, *BLIND)
    document = fivenines(*asked, "--format", "json")
    assert (document.status, document.err) == (0, "")
    assert json.loads(document.out)["account_id"] == "acme"
    for lang in ("en", "fr"):
        told = fivenines(*asked, "--lang", lang)
        assert (told.status, told.err) == (0, "")
        assert sha256(document.out.encode()).hexdigest() in Page(told.out).words()
        assert Page(told.out).all("html")[0].attributes["lang"] == lang


def test_english_and_a_page_are_what_nobody_need_ask_for(fivenines: Fivenines, story: Path) -> None:
    asked = ("statement", "--from", story, *MARCH, *BLIND)
    assert fivenines(*asked).out == fivenines(*asked, "--lang", "en", "--format", "html").out


def test_it_is_written_to_a_file_where_one_is_named(fivenines: Fivenines, story: Path, tmp_path: Path) -> None:
    asked = ("statement", "--from", story, *MARCH, *BLIND)
    written = fivenines(*asked, "--out", tmp_path / "page.html")
    assert written == Ended(0, "", f"fivenines: written to {tmp_path / 'page.html'}\n")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == fivenines(*asked).out
    assert refused(fivenines(*asked, "--out", tmp_path)) == f"{tmp_path}: Is a directory"


def test_neither_the_machine_s_zone_nor_its_language_leaves_a_trace(
    fivenines: Fivenines, story: Path, tmp_path: Path
) -> None:
    asked = ("statement", "--from", str(story), *MARCH, *map(str, BLIND), "--lang", "fr")
    here = fivenines(*asked).out
    environment = os.environ | {"TZ": "Asia/Kolkata", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "7"}
    there = subprocess.run(
        [sys.executable, "-m", "streams.cli", *asked],
        env=environment | {"PYTHONPATH": os.pathsep.join(map(str, [Path(__file__).parents[2]]))},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert there.stdout.decode() == here


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--account", "nobody", "--month", "2026-03"), "there is no account nobody: it has no record, no location"),
        (("--account", "", "--month", "2026-03"), "there is no account : it has no record, no location and no ticket"),
        (("--account", "acme", "--month", "2026-05"), "2026-05 has not begun in what was read"),
        (("--account", "acme", "--month", "May"), "--month May: no contract month 'May'"),
        ((*MARCH, "--until", "noon"), "--until noon: not an RFC 3339 instant"),
        ((*MARCH, "--lang", "de"), "Invalid value for '--lang'"),
        ((*MARCH, "--format", "pdf"), "Invalid value for '--format'"),
    ],
)
def test_what_cannot_be_stated_is_said_in_one_line(
    fivenines: Fivenines, story: Path, asked: tuple[str, ...], why: str
) -> None:
    assert refused(fivenines("statement", "--from", story, *asked)).startswith(why)


def test_a_file_that_is_not_there_is_named(fivenines: Fivenines) -> None:
    assert refused(fivenines("statement", "--from", "nowhere", *MARCH)) == "nowhere: No such file or directory"


def test_what_arrived_after_an_instant_is_left_out(fivenines: Fivenines, story: Path) -> None:
    asked = ("statement", "--from", story, *MARCH, *BLIND, "--format", "json")
    then = json.loads(fivenines(*asked, "--until", "2026-04-01T23:59:59.999Z").out)
    (loc,) = [place for place in then["locations"] if place["location_id"] == "loc"]
    assert "late" not in {note["annotation_id"] for note in loc["annotations"]}, "it was recorded on 2 April"
    assert then["until"] == "2026-04-01T23:59:59.999Z"


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_a_platform_s_kafka_makes_the_statement_that_the_file_makes_and_its_archive_knows_the_ledger_too(
    fivenines: Fivenines, tmp_path: Path, story: Path
) -> None:
    never_final = ("--correction-horizon-days", 30_000)
    settings = {"data": str(tmp_path / "data"), "partitions": "4", "correction_horizon_days": "30000"}
    with Platform(read_settings(settings | {"blind_after_s": "3599"})) as platform:
        on = ("--data", tmp_path / "data")
        assert fivenines("publish", story, *on).status == 0
        settle(platform)
        told = fivenines("statement", "--from", story, *MARCH, *BLIND, *never_final)
        assert fivenines("statement", "--from", "kafka", *MARCH, *on) == told
        assert fivenines("statement", "--from", "archive", *MARCH, *on) == fivenines("statement", *MARCH, *on)
        archived = fivenines("statement", *MARCH, *on, "--format", "json")
        alone = fivenines("statement", "--from", story, *MARCH, *BLIND, *never_final, "--format", "json")
        assert (archived.status, archived.err) == (0, "")
        assert json.loads(archived.out) == json.loads(alone.out) | {"ledger_as": "published"}
        assert any(place["ledger"] for place in json.loads(archived.out)["locations"]), "the credit of C1"
