"""Intake as a child process, followed from outside by the figures that it serves to Prometheus."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from infra import ports
from tests.benchmarks.machine import cpu_seconds, peak_rss_mib, rss_mib
from tests.benchmarks.stage import ROOT, ContenderFailedError, ours

_SAMPLE = re.compile(r"^fivenines_intake_(\w+?)(?:_total)?(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
STOP_WITHIN_S = 60


@dataclass
class Intake:
    """A running intake."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    seen: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid

    def figures(self) -> dict[str, dict[str, float]]:
        """What it says about itself now, by name and labels; what it said last while it does not answer."""
        if self.process.poll() is not None:
            raise ContenderFailedError(f"intake ended: {self.log.read_text()[-1500:]}")
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
                text = answer.read().decode()
        except (URLError, OSError):
            return self.seen
        seen: dict[str, dict[str, float]] = {}
        for name, labels, value in _SAMPLE.findall(text):
            seen.setdefault(name, {})[labels] = float(value)
        self.seen = seen
        return seen

    def processed(self) -> int:
        return int(sum(self.figures().get("processed_messages", {}).values()))

    def save_age_s(self) -> float:
        """Since the oldest save of a partition."""
        return max(self.seen.get("last_save_age_seconds", {}).values(), default=0.0)

    @property
    def rss_mib(self) -> float:
        return rss_mib(self.pid)

    @property
    def peak_rss_mib(self) -> float:
        return peak_rss_mib(self.pid)

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def stop(self) -> None:
        """In order: what was read is saved."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_WITHIN_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(bootstrap: str, log: Path) -> Iterator[Intake]:
    port = ports.choose("intake's figures", 0)
    with log.open("wb") as output:
        process = subprocess.Popen(ours("intake", bootstrap, port), cwd=ROOT, stdout=output, stderr=output)
    intake = Intake(process, port, log)
    try:
        yield intake
    finally:
        if process.poll() is None:
            intake.kill()


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
