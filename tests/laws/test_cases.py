"""The case histories told as they happen: what was published by then is what a replay says (law 5)."""

import pytest

from schemas.wire import Gate, Line, Rejected, decode, parse_line
from streams.folds.chain import Chain
from streams.folds.world import World
from tests.core.cases import RESPONSES, Case, book_of, cases, lines_of, settings_of
from tests.laws.runs import assert_same, current, live, said, told
from tests.laws.strategies import Step

CASES = [*cases(), *cases(RESPONSES)]


def world_of(case: Case) -> World:
    return World(book_of(case), settings_of(case))


def steps_of(case: Case) -> list[Step]:
    """What is accepted of a case, each event as it arrives."""
    gate = Gate(settings_of(case), world_of(case).open_since)
    steps = []
    for line in map(parse_line, lines_of(case)):
        assert isinstance(line, Line)
        event = decode(line.topic, line.value, key=line.key, check_key=line.partition is not None, gate=gate)
        if not isinstance(event, Rejected):
            steps.append((event.arrival(event.dated) or 0, Step(event, line.partition)))
    return [step for _, step in sorted(steps, key=lambda each: each[0])]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_a_history_told_as_it_happens_says_what_its_replay_says(case: Case) -> None:
    steps, replay = steps_of(case), Chain(world_of(case))
    replayed = told(replay, steps)
    assert_same(current(said(live(Chain(world_of(case)), steps))), replayed, replay)
