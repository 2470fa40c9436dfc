"""Intake as a child process, and how it works through a load."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.served import Served
from tests.benchmarks.stage import ours


class Intake(Served):
    """A running intake."""

    NAME: ClassVar = "intake"

    @classmethod
    def command(cls, bootstrap: str, port: int, log: Path) -> Sequence[str]:
        return ours("intake", bootstrap, port)

    def processed(self) -> int:
        return int(self.figure("processed_messages"))

    def owns(self, partitions: int) -> bool:
        return len(self.figures().get("lag_messages", {})) == partitions

    def save_age_s(self) -> float:
        """Since the oldest save of a partition."""
        return max(self.seen.get("last_save_age_seconds", {}).values(), default=0.0)


def running(bootstrap: str, log: Path) -> AbstractContextManager[Intake]:
    return Intake.running(bootstrap, log)


@dataclass(frozen=True)
class Run:
    """From when the first batch had been taken in, which is not counted, to the last message."""

    messages: int
    seconds: float
    cpu_seconds: float
    peak_rss_mib: float
    oldest_save_s: float
    """The longest that any partition was without a completed save."""

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


def follow(intake: Intake, messages: int, within_s: float) -> Run:
    """Watch intake work through so many messages: rarely, so that asking costs it nothing, and often near the ends."""
    deadline = time.monotonic() + within_s
    first = 0
    while not first:
        time.sleep(0.02)
        first = intake.processed()
        started = time.monotonic()
        _in_time(started, deadline)
    cpu = intake.cpu_seconds
    done, rate, oldest_save = first, 0.0, 0.0
    while done < messages:
        left_s = (messages - done) / rate if rate else 1.0
        time.sleep(min(0.25, max(0.01, left_s / 2)))
        done = intake.processed()
        now = time.monotonic()
        _in_time(now, deadline)
        rate = (done - first) / (now - started)
        oldest_save = max(oldest_save, intake.save_age_s())
    return Run(done - first, now - started, intake.cpu_seconds - cpu, intake.peak_rss_mib, oldest_save)


def _in_time(now: float, deadline: float) -> None:
    if now > deadline:
        raise TimeoutError("intake did not come to the end of the load")
