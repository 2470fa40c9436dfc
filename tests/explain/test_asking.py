"""An id leads to its facts whichever way the recording was read."""

from pathlib import Path

import pytest

from schemas.derivation import Derivation
from schemas.facts import Fact
from schemas.terms.book import read_book
from streams.audit.explain.asking import derived
from streams.audit.explain.subjects import location_in, subjects
from streams.audit.replay import Replay
from streams.audit.shares import read_in_shares
from tests.explain.explained import TEXT
from tests.explain.history import CREDIT, ENTRY, OUTAGE, PARTITIONS, PROPOSAL, SILENCE, history, located


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording"
    file.write_bytes(b"".join(located(history())))
    return file


def found(audit: Replay, asked: str, processes: int) -> list[list[Fact]]:
    told = derived(audit, asked, TEXT, processes=processes)
    return [list(subject.facts) for subject in subjects(told.facts, asked)]


@pytest.mark.parametrize("asked", [OUTAGE, SILENCE, PROPOSAL, CREDIT, ENTRY, "loc/2026-03", "acme/2026-03", "T1", "T3"])
def test_several_processes_find_what_one_finds(recording: Path, asked: str) -> None:
    one, two = (Replay(read_book(), Derivation(), partitions=PARTITIONS) for _ in range(2))
    one.read_file(recording.read_bytes().splitlines(keepends=True))
    read_in_shares(two, recording, 2)
    expected = found(one, asked, 1)
    assert found(two, asked, 2) == expected
    assert bool(expected) == (asked != "T3")


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("loc/2026-03", "loc"),
        ("a/b/2026-03", "a/b"),
        ("month/loc/2026-03", "loc"),
        ("credit/acme/loc/2026-03", None),
        ("responses/acme/2026-03", None),
        ("loc/2026-13", None),
        ("T1", None),
        (OUTAGE, None),
    ],
)
def test_an_id_that_names_a_location_narrows_what_is_read(asked: str, location: str | None) -> None:
    assert location_in(asked) == location
