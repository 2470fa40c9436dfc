"""`terms check` says precisely what is wrong, one line each."""

import shutil
from pathlib import Path

import pytest

from schemas.terms.book import PACKAGED, read_book
from tests.cli.conftest import Fivenines


def test_the_packaged_terms_are_fine(fivenines: Fivenines) -> None:
    ended = fivenines("terms", "check")
    assert ended.status == 0
    assert [line.split(": ")[1] for line in ended.out.splitlines()] == [file.reference for file in read_book().files]


def test_each_problem_has_its_own_line(fivenines: Fivenines, tmp_path: Path) -> None:
    text = (PACKAGED / "2024-09-23.toml").read_text()
    broken = text.replace("missed_heartbeats", "missed_heartbeat").replace('objective = "0.99999"', 'objective = "x"')
    (tmp_path / "2024-09-23.toml").write_text(broken)
    ended = fivenines("terms", "check", tmp_path)
    assert ended.status == 2
    assert len(ended.err.splitlines()) >= 2
    assert all(line.startswith("fivenines: 2024-09-23.toml: ") for line in ended.err.splitlines())


def test_a_skew_longer_than_the_smallest_hold_is_refused(fivenines: Fivenines, tmp_path: Path) -> None:
    shutil.copy(PACKAGED / "2024-09-23.toml", tmp_path)
    ended = fivenines("terms", "check", tmp_path, "--max-clock-skew-s", 211)
    assert ended.status == 2
    assert "max_clock_skew_s is 211" in ended.err


@pytest.mark.parametrize("command", ["up", "demo", "intake --kafka 127.0.0.1:1", "worker --kafka 127.0.0.1:1"])
def test_a_typo_in_the_terms_is_said_before_anything_starts(fivenines: Fivenines, tmp_path: Path, command: str) -> None:
    text = (PACKAGED / "2024-09-23.toml").read_text()
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms" / "2024-09-23.toml").write_text(text.replace("missed_heartbeats =", "mised_heartbeats ="))
    ended = fivenines(*command.split(), "--terms", "terms")
    assert (ended.status, ended.out) == (2, "")
    assert "availability.mised_heartbeats: is unknown; did you mean 'missed_heartbeats'?" in ended.err
    assert not (tmp_path / ".fivenines").exists()
