"""A process of the product as a child, followed from outside by the figures that it serves to Prometheus."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self
from urllib.error import URLError
from urllib.request import urlopen

from infra import ports
from tests.benchmarks.machine import cpu_seconds, peak_rss_mib, rss_mib
from tests.benchmarks.stage import ROOT, ContenderFailedError

_SAMPLE = re.compile(r"^fivenines_[a-z]+_(\w+?)(?:_total)?(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
STOP_WITHIN_S = 60


@dataclass
class Served:
    """A running process."""

    NAME: ClassVar[str]
    ANSWERS_WITHIN_S: ClassVar[float] = 30.0

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    started: float = field(default_factory=time.monotonic)
    seen: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def command(cls, bootstrap: str, port: int, log: Path) -> Sequence[str]:
        raise NotImplementedError

    @classmethod
    @contextmanager
    def running(cls, bootstrap: str, log: Path) -> Iterator[Self]:
        port = ports.choose(f"the figures of {cls.NAME}", 0)
        with log.open("wb") as output:
            process = subprocess.Popen(cls.command(bootstrap, port, log), cwd=ROOT, stdout=output, stderr=output)
        served = cls(process, port, log)
        try:
            yield served
        finally:
            if process.poll() is None:
                served.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    def figures(self) -> dict[str, dict[str, float]]:
        """What it says about itself now, by name and labels; what it said last while it does not answer."""
        if self.process.poll() is not None:
            raise ContenderFailedError(f"{self.NAME} ended: {self.log.read_text()[-1500:]}")
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=self.ANSWERS_WITHIN_S) as answer:
                text = answer.read().decode()
        except (URLError, OSError):
            return self.seen
        seen: dict[str, dict[str, float]] = {}
        for name, labels, value in _SAMPLE.findall(text):
            seen.setdefault(name, {})[labels] = float(value)
        self.seen = seen
        return seen

    def figure(self, name: str) -> float:
        """One of them, summed over its labels; 0 while it is not told."""
        return sum(self.figures().get(name, {}).values())

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started

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
