"""A process of the product as a test has it: started, watched by what it logs, paused and ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from infra.guard import die_with_guard

READY_S = 60.0


class Child:
    """`module` is run with `arguments`; what it logs stands in `log`, and it is ready when that says `ready`."""

    def __init__(self, module: str, arguments: Sequence[object], *, log: Path, ready: str) -> None:
        self._log = log
        self._ready = ready
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_guard if sys.platform == "linux" else None,  # none outlives its test
            )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_ready(self) -> bool:
        return self._ready in self.log()

    def ready(self) -> Self:
        wait(lambda: self.is_ready or self.has_ended, READY_S, self.log)
        assert not self.has_ended, self.log()
        return self

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if not self.has_ended:
            self.process.kill()
        self.process.wait()

    def ends(self, within_s: float = 30.0) -> int:
        """Its exit status, when it ends by itself."""
        return self.process.wait(within_s)


def wait(condition: Callable[[], bool], within_s: float, complaint: Callable[[], str]) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, complaint()
        time.sleep(0.2)
