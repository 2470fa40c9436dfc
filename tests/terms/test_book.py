"""Which terms are in force, which folders are refused and why, and that terms in force are never edited."""

import hashlib
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

from schemas.terms.book import PACKAGED, bind, check, read_book, seal, skew_problems
from schemas.terms.digests import LEDGER
from schemas.terms.files import TermsError

NAME = "2024-09-23.toml"
MISTAKES = tomllib.loads((Path(__file__).parents[1] / "cases" / "terms_mistakes.toml").read_text(encoding="utf-8"))


def add(folder: Path, effective: str, series: str = "") -> Path:
    path = folder / series / f"{effective}.toml"
    path.parent.mkdir(exist_ok=True)
    text = (PACKAGED / NAME).read_text(encoding="utf-8")
    path.write_text(text.replace("effective = 2024-09-23", f"effective = {effective}"), encoding="utf-8")
    return path


def replace(path: Path, text: str, by: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert text in content
    path.write_text(content.replace(text, by, 1), encoding="utf-8")


def test_the_packaged_terms_are_right_and_sealed() -> None:
    assert check() == []
    listed = [line.partition("  ")[2] for line in (PACKAGED / LEDGER).read_text(encoding="utf-8").splitlines()]
    assert listed == [path.relative_to(PACKAGED).as_posix() for path in sorted(PACKAGED.rglob("*.toml"))]


@pytest.mark.parametrize("case", MISTAKES["case"], ids=lambda case: case["by"])
def test_a_mistake_is_said_precisely(folder: Path, case: dict[str, str]) -> None:
    replace(folder / NAME, case["text"], case["by"])
    assert check(folder) == [f"{NAME}: {line}" for line in case["says"]]
    with pytest.raises(TermsError):
        read_book(folder)


def test_all_mistakes_of_all_files_are_said_at_once(folder: Path) -> None:
    replace(folder / NAME, "missed_heartbeats = 3", "missed_heartbeats = 0")
    replace(folder / NAME, "window_days = 30", 'window_days = "30"')
    replace(add(folder, "2025-01-01", "wholesale"), "[claims]", "[claims")
    files = [problem.partition(": ")[0] for problem in check(folder)]
    assert files == [NAME, NAME, "wholesale/2025-01-01.toml"]


def test_terms_that_are_not_utf_8_are_refused(folder: Path) -> None:
    (folder / NAME).write_bytes(b"# \xff")
    assert check(folder) == [f"{NAME}: is not UTF-8: byte 2"]


def test_terms_that_cannot_be_read_are_refused(folder: Path) -> None:
    (folder / "2025-01-01.toml").mkdir()
    assert check(folder) == ["2025-01-01.toml: cannot be read: Is a directory"]


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert check(tmp_path / "absent") == [f"{tmp_path / 'absent'}: no such folder of terms"]


def test_a_folder_without_standard_terms_is_refused(tmp_path: Path) -> None:
    add(tmp_path, "2024-09-23", "wholesale")
    (problem,) = check(tmp_path)
    assert "no file of the standard series" in problem
    with pytest.raises(TermsError, match="standard"):
        bind([])


def test_the_last_file_effective_on_a_day_is_in_force(folder: Path) -> None:
    add(folder, "2026-03-15")
    book = read_book(folder)
    days = [date(2026, 3, 14), date(2026, 3, 15), date(2030, 1, 1)]
    in_force = [book.in_force("standard", day).effective for day in days]
    assert in_force == [date(2024, 9, 23), date(2026, 3, 15), date(2026, 3, 15)]


def test_before_the_first_effective_date_the_first_file_is_in_force(folder: Path) -> None:
    assert read_book(folder).in_force("standard", date(2020, 1, 1)).effective == date(2024, 9, 23)


def test_a_sub_folder_is_a_series_and_an_unknown_one_is_the_standard(folder: Path) -> None:
    add(folder, "2025-01-01", "wholesale")
    book = read_book(folder)
    assert book.series_names() == ("standard", "wholesale")
    assert [terms.effective for terms in book.series("wholesale")] == [date(2025, 1, 1)]
    assert book.series("retail") == book.series("standard")
    assert {terms.series for terms in book.series("standard")} == {"standard"}


def test_the_standard_series_has_no_sub_folder(folder: Path) -> None:
    add(folder, "2025-01-01", "standard")
    assert check(folder) == ["standard: the files of the standard series lie directly in the folder; move them there"]


def test_an_edit_of_terms_in_force_is_refused_and_a_new_file_is_not(folder: Path) -> None:
    assert seal(folder) == [NAME]
    add(folder, "2026-03-15")
    assert check(folder) == []
    assert seal(folder) == ["2026-03-15.toml"]
    replace(folder / NAME, "missed_heartbeats = 3", "missed_heartbeats = 4")
    (problem,) = check(folder)
    assert problem.startswith(f"{NAME}: was edited after it came into force; restore it and add a new file")
    with pytest.raises(TermsError, match="was edited"):
        read_book(folder)
    with pytest.raises(TermsError, match="was edited"):
        seal(folder)


def test_terms_in_force_cannot_disappear(folder: Path) -> None:
    gone = add(folder, "2026-03-15", "wholesale")
    seal(folder)
    shutil.rmtree(gone.parent)
    assert check(folder) == [
        f"wholesale/2026-03-15.toml: is listed in {LEDGER} but missing; restore it: months were judged by it"
    ]


def test_the_ledger_is_what_sha256sum_checks(folder: Path) -> None:
    seal(folder)
    digest = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
    assert (folder / LEDGER).read_text(encoding="utf-8") == f"{digest}  {NAME}\n"
    assert seal(folder) == []


def test_a_broken_ledger_is_refused(folder: Path) -> None:
    (folder / LEDGER).write_text("no digest\n", encoding="utf-8")
    assert check(folder) == [f"{LEDGER}: line 1 is not a SHA-256, two spaces and a path"]


def test_a_clock_skew_larger_than_the_smallest_hold_is_refused() -> None:
    """3.5 intervals of 60 s are 210 s."""
    book = read_book()
    assert skew_problems(book, 60) == skew_problems(book, 210) == []
    (problem,) = skew_problems(book, 211)
    assert "max_clock_skew_s is 211" in problem
    assert "210 s" in problem
