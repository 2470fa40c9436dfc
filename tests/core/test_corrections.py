"""What a correction says of what was published before it: which outage replaces which, from where in the input it comes
(semantics §3 and §6), and which credit is withdrawn (§5)."""

from typing import Any, TypeVar

from schemas.facts import Credit, Fact, LocationOutage, Source
from schemas.facts.fact import named
from schemas.wire import Line, Rejected, decode, parse_line
from streams.engine import Position
from streams.folds.chain import Chain
from streams.folds.world import World
from tests.core.cases import Case, book_of, lines_of, settings_of

PARTITION = 3
ACME = {"location": "loc", "account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"}

F = TypeVar("F", bound=Fact)


class Told:
    """A chain that is told bit by bit, in the notation of the case tables: each event has the next offset, from 0."""

    def __init__(self, **case: Any) -> None:
        self.chain = Chain(World(book_of(case), settings_of(case)))
        self.offset = -1

    def of(self, kind: type[F], **case: Any) -> list[F]:
        """Which facts of a kind are said because of this, in order."""
        return [fact for fact in self._take(case) if isinstance(fact, kind)]

    def _take(self, case: Case) -> list[Fact]:
        said: list[Fact] = []
        for line in map(parse_line, lines_of(case)):
            assert isinstance(line, Line)
            event = decode(line.topic, line.value, key=line.key)
            assert not isinstance(event, Rejected)
            self.offset += 1
            said += self.chain.take(event, PARTITION, Position(self.offset, line.topic, PARTITION, self.offset))
        return said


def beginning(text: str) -> str:
    """The id of the outage of `loc` that begins then on the usual day."""
    return named(f"outage/loc/2026-03-10T{text}.000Z")


def named_by(outages: list[LocationOutage]) -> dict[str, str | None]:
    """What each outage says that it replaces; a retracted one says `retracted`."""
    return {outage.outage_id: "retracted" if outage.retracted else outage.supersedes for outage in outages}


def test_a_moved_start_retracts_one_outage_and_opens_another_that_names_it() -> None:
    told = Told()
    opened = told.of(LocationOutage, samples=["00:00:00 a up changes", "00:10:00 a down changes"])
    assert named_by(opened) == {beginning("00:10:00"): None}
    moved = told.of(LocationOutage, samples=["00:05:00 a down changes"])
    assert named_by(moved) == {beginning("00:10:00"): "retracted", beginning("00:05:00"): beginning("00:10:00")}
    ended = told.of(LocationOutage, samples=["00:20:00 a up changes"])
    assert named_by(ended) == {beginning("00:05:00"): beginning("00:10:00")}


def test_an_outage_that_returns_after_a_move_names_the_one_it_replaces_then() -> None:
    told = Told()
    told.of(LocationOutage, samples=["00:00:00 a up changes", "00:10:00 a down changes", "00:05:00 a down changes"])
    # at one instant `up` wins: nothing was down at 0:05
    returned = told.of(LocationOutage, samples=["00:05:00 a up changes"])
    assert named_by(returned) == {beginning("00:05:00"): "retracted", beginning("00:10:00"): beginning("00:05:00")}


def test_an_outage_names_none_with_which_it_has_no_time_in_common() -> None:
    """Another primary device: its outage is counted, and that of the one before no longer is."""
    told = Told(terms=[{"availability.location_down_when": "primary_device"}])
    told.of(
        LocationOutage,
        registry=[{**ACME, "primary_device_id": "a"}],
        samples=[
            *("00:00:00 a up changes", "00:10:00 a down changes", "00:11:00 a up changes"),
            *("00:00:00 b up changes", "00:20:00 b down changes", "00:21:00 b up changes"),
        ],
    )
    instead = told.of(LocationOutage, registry=[{**ACME, "primary_device_id": "b", "recorded": "2026-01-02T00:00:00Z"}])
    assert named_by(instead) == {beginning("00:10:00"): "retracted", beginning("00:20:00"): None}


def test_the_source_of_an_outage_is_the_input_from_its_beginning_to_its_last_change() -> None:
    told = Told()
    (opened,) = told.of(LocationOutage, samples=["00:00:00 a up changes", "00:10:00 a down changes"])
    assert opened.source == Source("device-heartbeats", PARTITION, 1, 1)
    assert told.of(LocationOutage, samples=["00:12:00 a down changes", "00:15:00 a down changes"]) == []
    (ended,) = told.of(LocationOutage, samples=["00:20:00 a up changes"])
    assert ended.source == Source("device-heartbeats", PARTITION, 1, 4)
    _, moved = told.of(LocationOutage, samples=["00:05:00 a down changes"])
    assert moved.source == Source("device-heartbeats", PARTITION, 5, 5)


def test_a_credit_that_falls_below_the_lowest_tier_is_withdrawn_and_eligible_again_when_it_rises() -> None:
    told = Told()
    third_party = {"cause": "third_party", "from": "00:00:00", "to": "00:00:00.001"}
    steps: list[Case] = [
        {
            "registry": [ACME],
            # 15 minutes: one day
            "samples": ["2026-01-15T00:00:00Z a up changes", "00:00:00 a down changes", "00:15:00 a up changes"],
            "now": "2026-04-20T00:00:00Z",
        },
        {"annotations": [third_party]},  # a millisecond less: 14 whole minutes
        {"annotations": [{**third_party, "revision": 2, "state": "retracted"}]},
    ]
    said = [credit for step in steps for credit in told.of(Credit, **step)]
    assert [(credit.state, credit.credit_days, credit.retracted) for credit in said] == [
        ("eligible", 1, False),
        ("withdrawn", 0, True),
        ("eligible", 1, False),
    ]
    assert {(credit.credit_id, credit.month) for credit in said} == {(named("credit/acme/loc/2026-03"), "2026-03")}
    assert [credit.revision for credit in said] == [1, 2, 3]
