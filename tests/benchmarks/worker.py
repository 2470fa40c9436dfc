"""Decide's worker as a child process: the product's own command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.served import Served


class Worker(Served):
    """A running worker."""

    NAME: ClassVar = "worker"
    ANSWERS_WITHIN_S: ClassVar = 2.0
    """While it takes partitions over it may answer nobody."""

    @classmethod
    def command(cls, bootstrap: str, port: int, log: Path) -> Sequence[str]:
        place = ("--kafka", bootstrap, "--data", str(log.with_suffix("")), "--port", str(port))
        return [sys.executable, "-m", "streams.cli", "worker", *place]

    def locations(self) -> int:
        """Of how many it decides now; 0 before it has taken its partitions over."""
        return int(self.figure("locations"))

    def is_idle(self) -> bool:
        """Whether nobody is to be judged, and nothing waits."""
        figures = self.figures()
        return not any(value for name in ("lag", "waiting") for value in figures.get(name, {"": 1.0}).values())
