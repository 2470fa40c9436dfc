"""Clauses are cited as the documents have them, and with the lines of the terms that state them."""

import re
from pathlib import Path

import pytest

import schemas
from schemas.terms.book import PACKAGED, read_book
from schemas.terms.cited import TermsText, lines_of
from schemas.terms.clauses import CLAUSES
from schemas.terms.stated import stated, stating

SEMANTICS = Path(schemas.__file__).with_name("SEMANTICS.md").read_text(encoding="utf-8")
CONTRACT = SEMANTICS.split("## The contract")[1].split("### The rest")[0]
"""What the platform derives something from."""
FILE = PACKAGED / "2024-09-23.toml"
TERMS = read_book().files[0]
CASES = Path(__file__).parents[1] / "cases"


def documented() -> dict[str, str]:
    """Each clause's section in the tables; a reading has none there."""
    rows = re.findall(r"^\| ((?:[A-Z]+-\d+(?:, )?)+) \| ([^|]+) \|", CONTRACT, re.MULTILINE)
    return {clause: section for clauses, section in rows for clause in clauses.split(", ")}


def test_the_clauses_are_those_of_the_semantics() -> None:
    tables = documented()
    assert CLAUSES.keys() == tables.keys()
    sections = {clause: section for clause, section in tables.items() if not clause.startswith("I-")}
    assert {clause: CLAUSES[clause].section for clause in sections} == sections


def test_a_reading_names_the_section_that_it_reads() -> None:
    assert all(re.fullmatch(r"A§\d(, A§\d)*", clause.section) for name, clause in CLAUSES.items() if name[:2] == "I-")


def test_every_clause_has_a_case() -> None:
    named = {clause for file in CASES.rglob("*.toml") for clause in re.findall(r"[A-Z]+-\d+", file.read_text("utf-8"))}
    assert CLAUSES.keys() - named == set()


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_is_cited_with_the_lines_that_name_it(clause: str) -> None:
    """In the file, the comment of a value names its clause; at RS-2 and RS-3, that of one of the two tables."""
    written = FILE.read_text(encoding="utf-8").splitlines()
    cited = TermsText().cite(clause, TERMS)
    assert [one.key for one in cited.stated] == [one.key for one in stating(TERMS, clause)]
    for one in cited.stated:
        assert one.line is not None
        line = written[one.line - 1]
        assert one.key.rpartition(".")[2] in line
        named = re.findall(r"[A-Z]+-\d+", f"{written[one.line - 2]} {line}")
        assert clause in named or clause in ("RS-2", "RS-3", "EX-2", "EX-3", "I-3"), line


def test_every_value_of_the_packaged_terms_has_a_line() -> None:
    lines = lines_of(FILE.read_text(encoding="utf-8").splitlines())
    keys = {one.key for one in stated(TERMS)}
    assert {key for key in keys if key not in lines} == {"response.holidays.country", "response.holidays.subdivision"}


def test_lines_are_found_in_tables_and_in_lists_of_tables() -> None:
    text = ["top = 1", "[one]", "a = 2 # not b = 3", "[one.two]", "a = 4", "[[three]]", "a = 5", "[[three]]", "a = 6"]
    assert lines_of(text) == {"top": 1, "one.a": 3, "one.two.a": 5, "three[0].a": 7, "three[1].a": 9}


def test_terms_that_are_not_in_the_folder_are_cited_without_lines(tmp_path: Path) -> None:
    cited = TermsText(tmp_path).cite("I-4", TERMS, "availability.missed_heartbeats")
    assert [(one.key, one.value, one.file, one.line) for one in cited.stated] == [
        ("availability.missed_heartbeats", "3", None, None)
    ]
