"""The SQL files: how they are cut into statements, numbered and filled in."""

from pathlib import Path

import pytest

from streams.archive import sql
from streams.archive.readers import readers
from streams.archive.sql import Script


def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- a remark;\nSELECT 'a;b';\n\n-- only a remark;\n\nSELECT 2 -- with ; inside\nFROM t;\n"
    assert Script("x", text).statements == ["SELECT 'a;b'", "SELECT 2 -- with ; inside\nFROM t"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (["0001_a.sql", "0003_b.sql"], "without a gap"),
        (["0001_a.sql", "0001_b.sql"], "without a gap"),
        (["0002_a.sql"], "without a gap"),
        (["1_a.sql"], "not named like"),
    ],
)
def test_migrations_count_up_without_a_gap(tmp_path: Path, files: list[str], complaint: str) -> None:
    for name in files:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(ValueError, match=complaint):
        sql.migrations(tmp_path)


def test_every_statement_of_a_migration_may_run_twice() -> None:
    for _, script in sql.migrations():
        for statement in script.statements:
            assert "IF NOT EXISTS" in statement or "IF EXISTS" in statement, f"{script.name}: {statement[:60]}"


def test_call_records_are_never_read() -> None:
    """Raw numbers stay on their own topic (semantics §8)."""
    assert not [each.name for each in readers("d", "b") if "call-records" in each.text]


def test_a_setting_with_a_quote_stays_inside_its_quotes() -> None:
    (first, *_) = readers("d", "it's a \\ broker:9092")
    assert r"kafka_broker_list = 'it\'s a \\ broker:9092'" in first.text


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        Script("x", "SELECT {nothing}").filled("x", {})
