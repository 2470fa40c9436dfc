"""One server as a supervised child process: started, awaited, watched, stopped in order, and never left behind."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra import guard

POLL_S = 0.02
QUOTED_LINES = 12
NOTHING = "  (nothing)"
DISK_IS_FULL = "No space left on device"
ENGLISH = {"LC_ALL": "C.UTF-8"}
"""Java says in the operator's language what the system told it."""
STACK_FRAME = re.compile(r"\d+\. .* @ 0x|\s+at ")


class ServerError(RuntimeError):
    """A server cannot do what was asked; the message is one clear sentence for the operator, and what to do."""


class ServerDiedError(ServerError):
    """A server ended by itself: how, and where its log is, in the first line of the message; then the log's end."""


class Supervised:
    """A server under a guard process (`guard.py`), in a session of its own: Ctrl-C in the terminal does not reach it.

    `log` takes its output, anew at each start; `logs` are files the server writes itself, quoted when it dies.
    `inherited` are file descriptors that stay open as long as the server lives (the lock on its data folder).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        logs: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        inherited: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = command
        self._cwd = cwd
        self._log = log
        self._read_from = dict.fromkeys((*logs, log), 0)
        self._env = {**os.environ, **ENGLISH, **(env or {})}
        self._inherited = inherited
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def pid(self) -> int:
        """The server's own process id; 0 when it does not run."""
        return self._pid if self.alive else 0

    @property
    def alive(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self, ready: Callable[[], bool], *, within_s: float) -> None:
        """Start and wait until `ready()`. Raises ServerDiedError, or ServerError when time is up; nothing runs then."""
        if self.alive:
            raise ServerError(f"{self.name} is already running (pid {self.pid})")
        try:
            self._spawn()
            self._await(ready, within_s)
        except BaseException:
            self.kill()
            raise

    def stop(self, *, within_s: float = 20.0) -> None:
        """Stop in order; kill what does not stop in time. Stopping twice, or after a death, is fine."""
        process = self._guard
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(guard.ASK_TO_STOP)
            process.wait(within_s)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """End it now: the guard kills the server when its input ends."""
        process, self._guard = self._guard, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        process.wait()

    def check(self) -> None:
        """Raises ServerDiedError when the server ended by itself."""
        if self._guard is not None and (status := self._guard.poll()) is not None:
            how = f"was killed by signal {status - 128}" if status > 128 else f"ended with status {status}"
            raise ServerDiedError(self._with_its_log(how))

    def last_words(self) -> str:
        """What it wrote last to each of its logs, for a person to read."""
        return "\n".join(self._told().values()) or NOTHING

    def _told(self) -> dict[Path, str]:
        """The logs that say something since the start, with the end of each."""
        quoted = {log: _tail(log, start) for log, start in self._read_from.items()}
        return {log: said for log, said in quoted.items() if said}

    def _with_its_log(self, what: str) -> str:
        """What happened, and what its log says of it: of a full disk one line, however much the server makes of it."""
        told = self._told()
        log, said = next(iter(told), self._log), "\n".join(told.values())
        if DISK_IS_FULL in said:
            return f"{self.name} {what}: the disk of {self._cwd} is full; make room, then start again. Its log is {log}"
        return f"{self.name} {what}; its log is {log}\n{said or NOTHING}"

    def _spawn(self) -> None:
        self._log.unlink(missing_ok=True)
        self._read_from = {log: log.stat().st_size if log.exists() else 0 for log in self._read_from}
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-I", "-S", guard.__file__, str(self._log), *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=self._cwd,
            env=self._env,
            pass_fds=self._inherited,
            start_new_session=True,
        )
        self._guard = process
        if process.stdout is None:
            raise AssertionError("the guard has no output")
        with process.stdout as report:
            self._pid = int(report.readline() or 0)
        if not self._pid:
            raise ServerError(f"{self.name} cannot be started: {self._command[0]} does not run")

    def _await(self, ready: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while True:
            self.check()
            if self._guard is None:
                raise ServerError(f"{self.name} was stopped before it was ready")
            if ready():
                return
            if time.monotonic() > deadline:
                raise ServerError(self._with_its_log(f"is not ready after {within_s:g} s"))
            time.sleep(POLL_S)


def _tail(log: Path, start: int) -> str:
    """The last lines written since the start, without stack frames; a rotated log is read from its beginning."""
    try:
        content = log.read_bytes()
    except OSError:
        return ""
    text = content[start if start <= len(content) else 0 :].decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not STACK_FRAME.match(line)]
    return "\n".join(f"  {line}" for line in lines[-QUOTED_LINES:])
