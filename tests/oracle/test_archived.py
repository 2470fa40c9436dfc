"""The archive as a recording: what of it a replay takes."""

import pytest
from clickhouse_connect.driver.client import Client

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.audit.archived import read_archive
from streams.audit.replay import Replay

pytestmark = pytest.mark.clickhouse

PUBLISHED = ((7, 1_000), (8, 2_000), (7, 3_000))
"""The offsets of refused messages, and when (ms) their dead letters were published: one of them twice."""


@pytest.mark.parametrize(("until", "refused"), [(None, [7, 8]), (3_000, [7, 8]), (1_999, [7]), (1_000, [7]), (999, [])])
def test_a_refusal_is_told_once_and_not_before_it_was(client: Client, until: int | None, refused: list[int]) -> None:
    for number, (offset, at) in enumerate(PUBLISHED):
        row = ("device-heartbeats", 0, offset, "bad_value", 0, number, at)
        columns = ["topic", "partition", "offset", "reason", "_partition", "_offset", "_timestamp"]
        client.insert("dead_letters", [row], column_names=columns)
    audit = Replay(read_book(), Derivation(), until=until, partitions=1)
    read_archive(audit, client)
    assert [letter.offset for letter in audit.dead_letters] == refused
