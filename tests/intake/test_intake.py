"""Live equals audit (law 5): what intake publishes is what a replay of its input derives."""

from collections.abc import Callable
from random import Random

import pytest

from tests.fleets import SETTINGS, Fleet
from tests.intake.platform import Platform

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 3))])
def test_current_facts_equal_a_replay(platform: Callable[..., Platform], seed: int) -> None:
    live = platform(SETTINGS)
    with live.intake():
        live.play(Fleet(Random(seed), locations=6, devices=9).lines())
        live.await_saved()
    live.check()
