"""What `replay --diff` names: each fact that is not what follows from the input, each month that stayed behind."""

import json
from collections.abc import Iterable

import msgspec
import pytest

from schemas import times
from schemas.derivation import Derivation
from schemas.facts import Availability, Fact
from schemas.terms.book import read_book
from streams.audit.difference import against
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay
from streams.cli.differences import show_differences
from streams.cli.output import Format
from tests.core import lines

JUNE, NOON = "2026-06-29T08:00:00Z", "2026-06-30T12:00:00Z"
ONE_PM, HALF_PAST_MIDNIGHT, TWO_AM = "2026-06-30T13:00:00Z", "2026-07-01T08:30:00Z", "2026-07-01T09:30:00Z"
"""The packaged terms reckon months eight hours behind UTC all year; a month closes an hour after its end here."""


def told(*more: bytes) -> list[bytes]:
    """A location that is up from June on, and what is known at noon."""
    since = times.parse(JUNE)
    return [
        lines.record("location", "loc", since, account_id="acct", sla_from=JUNE),
        lines.sample("loc", "device", since, interval="changes"),
        tick(NOON),
        *more,
    ]


def tick(at: str) -> bytes:
    return lines.tick("collector", times.parse(at))


def audit_of(recording: Iterable[bytes]) -> Replay:
    audit = Replay(read_book(), Derivation(month_close_delay_h=1))
    audit.read_file(recording)
    return audit


def facts_of(recording: Iterable[bytes]) -> list[Fact]:
    return list(audit_of(recording).facts())


DOWN = lines.sample("loc", "device", times.parse("2026-06-30T12:30:00Z"), "down", "changes")


@pytest.mark.parametrize(
    ("published", "input_", "named"),
    [
        pytest.param([], [tick(ONE_PM)], {}, id="time that goes by makes no month stale"),
        pytest.param([], [tick(HALF_PAST_MIDNIGHT)], {"2026-06": {"as_of"}}, id="a month that has ended is told whole"),
        pytest.param([], [tick(TWO_AM)], {"2026-06": {"as_of", "closed"}}, id="a month that was never closed"),
        pytest.param([tick(HALF_PAST_MIDNIGHT)], [tick(TWO_AM)], {"2026-06": {"closed"}}, id="told whole, not closed"),
        pytest.param([tick(TWO_AM)], [tick(HALF_PAST_MIDNIGHT)], {"2026-06": {"closed"}}, id="closed before its time"),
        pytest.param([], [DOWN, tick(ONE_PM)], {"2026-06": {"as_of", "down_ms"}}, id="a state that was not counted"),
        pytest.param([DOWN], [tick(TWO_AM)], {"2026-06": {"as_of", "closed"}}, id="a state that never was"),
    ],
)
def test_a_month_that_stayed_behind_is_named(
    published: list[bytes], input_: list[bytes], named: dict[str, set[str]]
) -> None:
    found = against(facts_of(told(*published)), audit_of(told(*input_)), Narrowing())
    months = {
        each.fact.month: each.columns.keys() for each in found if isinstance(each.fact, Availability) and each.before
    }
    assert months.keys() == named.keys()
    assert all(months[month] >= columns for month, columns in named.items())


def test_what_follows_from_the_same_input_does_not_differ() -> None:
    recording = told(DOWN, tick(TWO_AM))
    assert against(facts_of(recording), audit_of(recording), Narrowing()) == []


def test_people_are_told_what_changes_and_data_has_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    """The terms have another name as well, which alone is nothing to look at: so it is of the other location."""
    other = lines.sample("other", "another", times.parse(JUNE), interval="changes")
    published = [msgspec.structs.replace(fact, terms="2026-01-01@old") for fact in facts_of(told(other, tick(TWO_AM)))]
    found = against(published, audit_of(told(other, DOWN, tick(TWO_AM))), Narrowing())

    show_differences(found, Format.TABLE, more=lambda _: {"is_final": False})
    table, remarks = capsys.readouterr()
    assert "down 0 s → 19 h 30 min" in " ".join(table.split())
    assert "old" not in table
    assert "1 more say the same by other terms" in remarks

    show_differences(found, Format.NDJSON)
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(written) == len(found)
    assert all(each["value"]["columns"].get("terms") for each in written if each["value"]["difference"] == "differs")
