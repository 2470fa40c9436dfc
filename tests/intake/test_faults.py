"""A process may end or stand still at any moment: what is published in the end is what a replay derives.

That an undisturbed run publishes the same is shown in `test_intake`.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from schemas.wire import Line
from tests.fleets import SETTINGS, Fleet
from tests.intake.platform import Platform, end

pytestmark = pytest.mark.kafka

MOMENTS = {"before publishing": 150, "between publishing and saving": 150, "while saving": 12}
"""At which a process is killed, and how often they come at most before it is."""


def fleet(seed: int) -> list[Line]:
    return Fleet(Random(seed), partitions=4, locations=8, devices=12).lines()


def seeds(one: int, others: range) -> list[object]:
    """One seed always, the others in the long run."""
    return [one, *(pytest.param(seed, marks=pytest.mark.slow) for seed in others)]


@pytest.mark.parametrize(
    ("moment", "seed"),
    [("while saving", 1), *(pytest.param(*each, marks=pytest.mark.slow) for each in product(MOMENTS, range(2, 6)))],
)
def test_killed(platform: Callable[..., Platform], moment: str, seed: int) -> None:
    """kill -9 of two processes, one after the other, while the input flows."""
    random = Random(seed)
    live = platform(SETTINGS, partitions=4, session_timeout_s=2.0)
    player = live.play_slowly(fleet(seed), seconds=6.0)
    for _ in range(2):
        assert live.dies(moment, random.randint(1, MOMENTS[moment]))
    player.join()
    ends_as_replayed(live, live.start())


@pytest.mark.parametrize("seed", seeds(5, range(50, 56)))
def test_killed_in_a_rebalance(platform: Callable[..., Platform], seed: int) -> None:
    """kill -9 of one that gets its share from another, or of the other, before or after it saved what it gives up."""
    random = Random(seed)
    moment = ("while taking over", "before giving up", "while giving up")[seed % 3]
    live = platform(SETTINGS, partitions=4, session_timeout_s=2.0)
    player = live.play_slowly(fleet(seed), seconds=6.0)
    if moment == "while taking over":
        survivor = live.start()
        live.await_member()
        time.sleep(random.uniform(0.0, 2.0))
        assert live.dies(moment, random.randint(1, 2))
    else:
        killed = live.start((moment, 1))
        live.await_member()
        time.sleep(random.uniform(0.0, 2.0))
        survivor = live.start()
        assert killed.wait(60) == -signal.SIGKILL
    player.join()
    ends_as_replayed(live, survivor)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_killed_at_any_moment(platform: Callable[..., Platform], seed: int) -> None:
    """kill -9 while the input flows, a random while after each start: it joins, reads, publishes or saves."""
    random = Random(seed)
    live = platform(SETTINGS, partitions=4, session_timeout_s=2.0)
    player = live.play_slowly(fleet(seed), seconds=9.0)
    for _ in range(3):
        process = live.start()
        live.await_member()
        time.sleep(random.uniform(0.0, 2.5))
        end(process, signal.SIGKILL)
    player.join()
    ends_as_replayed(live, live.start())


@pytest.mark.parametrize("seed", seeds(2, range(200, 208)))
def test_paused_until_its_share_is_given_away_and_woken_up(platform: Callable[..., Platform], seed: int) -> None:
    """SIGSTOP for longer than the session timeout, while another process takes over; then SIGCONT."""
    random = Random(seed)
    live = platform(SETTINGS, partitions=4, session_timeout_s=2.0)
    player = live.play_slowly(fleet(seed), seconds=8.0)
    paused = live.start()
    live.await_member()
    time.sleep(random.uniform(0.2, 2.0))
    os.kill(paused.pid, signal.SIGSTOP)
    successor = live.start()
    time.sleep(random.uniform(2.5, 6.0))
    os.kill(paused.pid, signal.SIGCONT)
    player.join()
    ends_as_replayed(live, paused, successor)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400, 403))
def test_an_old_record_in_place_of_a_newer_one(platform: Callable[..., Platform], seed: int) -> None:
    live, lines = platform(SETTINGS, partitions=4), fleet(seed)
    with live.intake():
        live.play(lines[: len(lines) // 2], over_s=3.0)
        live.await_saved()
    live.write_old_records()
    with live.intake():
        live.play(lines[len(lines) // 2 :])
        live.await_saved()
    live.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 308))
def test_three_share_the_partitions_and_one_is_killed(platform: Callable[..., Platform], seed: int) -> None:
    random = Random(seed)
    live = platform(SETTINGS, partitions=4, session_timeout_s=2.0)
    player = live.play_slowly(fleet(seed), seconds=8.0)
    processes: list[subprocess.Popen[bytes]] = []
    for _ in range(3):
        processes.append(live.start())
        time.sleep(random.uniform(0.0, 1.0))
    live.await_member()
    time.sleep(random.uniform(0.0, 3.0))
    end(processes.pop(random.randrange(3)), signal.SIGKILL)
    player.join()
    ends_as_replayed(live, *processes)


def ends_as_replayed(live: Platform, *processes: "subprocess.Popen[bytes]") -> None:
    live.await_saved()
    assert [end(process) for process in processes] == [0] * len(processes)
    live.check()
