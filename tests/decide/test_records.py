"""What a changelog comes to, whatever stands in it."""

from collections.abc import Iterable

import pytest

from schemas.topics import DECIDE_CHANGELOG
from streams.decide import records
from streams.decide.records import Record, Records, clock_key


@pytest.fixture
def table() -> Records:
    return Records()


def record(batch: int, version: int = 0) -> bytes:
    return Record(version, batch, registry=0, first=None, through=0, state=b"months").encode()


def take(table: Records, log: Iterable[tuple[int, int, bytes, bytes | None]]) -> None:
    """Partition, offset, key and value of each."""
    for at, offset, key, value in log:
        table.take(at, offset, key, value)  # type: ignore[arg-type]  # somebody may have deleted a record


@pytest.mark.parametrize(
    ("log", "stands", "late"),
    [
        pytest.param([record(1), record(2)], record(2), False, id="the later batch"),
        pytest.param([record(2), record(1)], record(2), True, id="wherever it stands"),
        pytest.param([record(2, 7), record(2, 9)], record(2, 9), False, id="of one batch the greater version"),
        pytest.param([record(2, 9), record(2, 7)], record(2, 9), False, id="wherever that stands"),
        pytest.param([record(2), record(1), record(3)], record(3), False, id="saved again since"),
    ],
)
def test_of_two_records_of_a_location_one_counts(table: Records, log: list[bytes], stands: bytes, late: bool) -> None:
    for offset, value in enumerate(log):
        take(table, [(0, offset, b"loc", value)])
    assert table.data[b"loc"] == stands
    assert (b"loc" in table.readings[0].late) == late


def test_partitions_are_told_apart(table: Records) -> None:
    take(table, [(0, 4, b"a", record(9)), (1, 7, b"b", record(2)), (0, 5, b"c", record(10)), (1, 8, b"d", record(1))])
    assert {at: (each.next, each.newest, each.late) for at, each in table.readings.items()} == {
        0: (6, 10, set()),
        1: (9, 2, {b"d"}),
    }
    assert {key for _, key, _ in table.of([1])} == {b"b", b"d"}


def test_a_claim_is_no_news_of_a_location(table: Records) -> None:
    take(table, [(0, 0, b"a", record(5)), (0, 1, clock_key(0), record(1005))])
    assert (table.readings[0].newest, table.readings[0].batch) == (5, 1005)


def test_a_partition_is_read_on(table: Records) -> None:
    take(table, [(0, 0, b"a", record(5))])
    take(table, [(0, 1, b"b", record(4)), (0, 2, b"c", record(6))])
    assert table.readings[0].late == {b"b"}


@pytest.mark.parametrize("value", [None, b"", b"{}"], ids=str)
def test_what_is_no_record_ends_the_process(
    table: Records, monkeypatch: pytest.MonkeyPatch, value: bytes | None
) -> None:
    said: list[str] = []
    monkeypatch.setattr(records, "stop_hard", said.append)
    take(table, [(3, 8, b"a", value)])
    assert len(said) == 1
    assert said[0].startswith(f"{DECIDE_CHANGELOG}/3: at offset 8 stands no record of ours")
