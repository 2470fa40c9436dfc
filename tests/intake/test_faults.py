"""A process may end or stand still at any moment: what is published in the end is what an undisturbed run says."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from random import Random

import pytest

from schemas.wire import Line
from tests.fleets import SETTINGS, Fleet
from tests.intake.platform import Platform, end

pytestmark = pytest.mark.kafka

MOMENTS = ("before publishing", "between publishing and saving", "while saving", "in a rebalance")


def fleet(seed: int) -> list[Line]:
    return Fleet(Random(seed), partitions=4, locations=8, devices=12).lines()


@pytest.mark.parametrize("seed", [1])
def test_killed_at_any_moment(platform: Callable[..., Platform], seed: int) -> None:
    killed_and_restarted(platform, seed, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_at_many_moments(platform: Callable[..., Platform], seed: int) -> None:
    killed_and_restarted(platform, seed, kills=4)


def killed_and_restarted(platform: Callable[..., Platform], seed: int, kills: int) -> None:
    """kill -9 while the input flows, a random while after each start: it joins, reads, publishes or saves."""
    random = Random(seed)
    live = platform(SETTINGS, partitions=4)
    player = live.play_slowly(fleet(seed), seconds=3.0 * kills)
    for _ in range(kills):
        process = live.start()
        live.await_member()
        time.sleep(random.uniform(0.0, 2.5))
        end(process, signal.SIGKILL)
    player.join()
    process = live.start()
    live.await_saved()
    assert end(process) == 0
    live.check()


@pytest.mark.parametrize("seed", [2])
def test_paused_until_its_share_is_given_away_and_woken_up(platform: Callable[..., Platform], seed: int) -> None:
    paused_and_woken(platform, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 215))
def test_paused_and_woken_at_many_moments(platform: Callable[..., Platform], seed: int) -> None:
    paused_and_woken(platform, seed)


def paused_and_woken(platform: Callable[..., Platform], seed: int) -> None:
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
    live.await_saved()
    assert [end(process) for process in (paused, successor)] == [0, 0]
    live.check()


@pytest.mark.parametrize("seed", [3])
def test_three_share_the_partitions_and_one_is_killed(platform: Callable[..., Platform], seed: int) -> None:
    three_and_one_killed(platform, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 315))
def test_three_share_the_partitions_and_one_is_killed_at_many_moments(
    platform: Callable[..., Platform], seed: int
) -> None:
    three_and_one_killed(platform, seed)


def three_and_one_killed(platform: Callable[..., Platform], seed: int) -> None:
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
    live.await_saved()
    assert [end(process) for process in processes] == [0, 0]
    live.check()
