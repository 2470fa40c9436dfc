"""Of a key's messages with one identity the first in the log stays: the others are refused, in the same words
everywhere."""

from typing import NamedTuple

import msgspec
import pytest

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Annotation
from schemas.facts import Availability
from schemas.terms.book import read_book
from schemas.wire import Line, conflict, dead_letter, decode, parse_line
from streams.audit.replay import Replay
from tests.core import lines

MINUTE = 60_000
NOON = times.parse("2026-06-10T12:00:00Z")


class Said(NamedTuple):
    """An annotation with the one id that all of them have, and its place in the log."""

    location: str
    minutes: int
    partition: int
    offset: int

    @property
    def line(self) -> Line:
        end = NOON + self.minutes * MINUTE
        raw = lines.annotation(
            self.location, self.location, 1, NOON, end, NOON, id="the same", partition=self.partition
        )
        line = parse_line(raw)
        assert isinstance(line, Line)
        return msgspec.structs.replace(line, offset=self.offset)

    @property
    def event(self) -> Annotation:
        event = decode(self.line.topic, self.line.value, key=self.line.key)
        assert isinstance(event, Annotation)
        return event


def audit_of(*said: Said) -> Replay:
    """Two locations that are down from noon to one, and what was said of it."""
    audit = Replay(read_book(), Derivation(), partitions=2)
    start = "2026-06-10T08:00:00Z"
    for partition, location in enumerate(("one", "other")):
        for each in (
            lines.record("location", location, times.parse(start), account_id="acct", sla_from=start),
            lines.sample(location, location, times.parse(start), "up", "changes", partition=partition),
            lines.sample(location, location, NOON, "down", "changes", partition=partition),
            lines.sample(location, location, NOON + 60 * MINUTE, "up", "changes", partition=partition),
            lines.tick("collector", NOON + 120 * MINUTE, partition=partition),
        ):
            audit.read([parse_line(each)])
    audit.read(each.line for each in said)
    return audit


def excluded(audit: Replay) -> dict[str, int]:
    """Minutes, by location."""
    months = [fact for fact in audit.facts() if isinstance(fact, Availability)]
    return {month.location_id: month.excluded_ms // MINUTE for month in months}


@pytest.mark.parametrize(
    ("said", "stays", "refused"),
    [
        pytest.param(
            [Said("one", 10, 0, 7), Said("one", 20, 0, 9)], {"one": 10, "other": 0}, [9], id="the first stays"
        ),
        pytest.param([Said("one", 20, 0, 9), Said("one", 10, 0, 7)], {"one": 10, "other": 0}, [9], id="in any order"),
        pytest.param([Said("one", 10, 0, 7), Said("one", 10, 0, 9)], {"one": 10, "other": 0}, [], id="said again"),
        pytest.param(
            [Said("one", 10, 0, 9), Said("other", 20, 1, 7)], {"one": 10, "other": 20}, [], id="each key has a log"
        ),
    ],
)
def test_the_first_in_the_log_of_its_key_stays(said: list[Said], stays: dict[str, int], refused: list[int]) -> None:
    audit = audit_of(*said)
    assert excluded(audit) == stays
    assert [(letter.reason, letter.offset) for letter in audit.dead_letters] == [("conflict", at) for at in refused]


def test_a_conflict_is_told_in_the_words_of_the_contract() -> None:
    first, later = Said("one", 10, 0, 7), Said("one", 20, 0, 9)
    audit = audit_of(first, later)
    assert excluded(audit)
    refusal = conflict(first.event, later.event)
    assert refusal is not None
    told = dead_letter(refusal, later.line.value, topic=Annotation.TOPIC, partition=0, offset=9)
    assert audit.dead_letters == [told], "as decide publishes it"
