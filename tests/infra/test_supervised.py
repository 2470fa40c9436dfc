"""A supervised child: ready or an error, stopped in order or killed, and never left behind."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.supervised import ServerDiedError, ServerError, Supervised
from tests.infra.processes import children_of, eventually, first_line, is_gone, platform

SERVES = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(600)"
STOPS_IN_ORDER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path('in-order').touch(), sys.exit()))
pathlib.Path('ready').touch()
time.sleep(600)
"""
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SERVES
PLATFORM = """
import os, sys, time
from pathlib import Path
from infra.supervised import Supervised
folder = Path(sys.argv[1])
server = Supervised("A server", [sys.executable, "-c", sys.argv[2]], cwd=folder, log=folder / "log")
server.start((folder / "ready").exists, within_s=10)
if len(sys.argv) > 3 and os.fork() == 0:
    time.sleep(600)
print(server.pid, flush=True)
time.sleep(600)
"""


@contextmanager
def supervised(folder: Path, script: str) -> Iterator[Supervised]:
    server = Supervised("A server", [sys.executable, "-c", script], cwd=folder, log=folder / "log")
    try:
        yield server
    finally:
        server.kill()


def start(server: Supervised, folder: Path, *, within_s: float = 10) -> None:
    server.start((folder / "ready").exists, within_s=within_s)


def test_a_started_server_runs_and_a_stopped_one_does_not(tmp_path: Path) -> None:
    with supervised(tmp_path, STOPS_IN_ORDER) as server:
        start(server, tmp_path)
        pid = server.pid
        assert server.alive
        assert not is_gone(pid)
        server.check()
        server.stop()
        assert (tmp_path / "in-order").exists()
        assert is_gone(pid)
        assert not server.alive
        assert server.pid == 0
        server.stop()
        server.check()


def test_a_server_that_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, IGNORES_TERM) as server:
        start(server, tmp_path)
        pid = server.pid
        server.stop(within_s=0.2)
        assert is_gone(pid)


def test_a_server_may_be_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, SERVES) as server:
        start(server, tmp_path)
        with pytest.raises(ServerError, match="already running"):
            start(server, tmp_path)
        server.stop()
        start(server, tmp_path)
        assert server.alive


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("print('no room on the moon'); raise SystemExit(3)", "ended with status 3"),
        ("print('no room on the moon', flush=True); import os; os.kill(os.getpid(), 9)", "was killed by signal 9"),
    ],
)
def test_the_death_of_a_child_is_told_with_the_end_of_its_log(tmp_path: Path, script: str, how: str) -> None:
    with supervised(tmp_path, script) as server:
        with pytest.raises(ServerDiedError, match=f"A server {how}; its log is {tmp_path}/log\n  no room on the moon"):
            start(server, tmp_path)
        assert not server.alive


def test_a_full_disk_is_one_line_whatever_the_server_makes_of_it(tmp_path: Path) -> None:
    script = """if True:
        print("ERROR Error while appending to topic-0")
        print("java.io.IOException: No space left on device")
        print("\tat java.base/sun.nio.ch.UnixFileDispatcherImpl.write0(Native Method)")
        raise SystemExit(1)"""
    with supervised(tmp_path, script) as server, pytest.raises(ServerDiedError) as error:
        start(server, tmp_path)
    said = f"the disk of {tmp_path} is full; make room, then start again. Its log is {tmp_path}/log"
    assert str(error.value) == f"A server ended with status 1: {said}"


def test_a_server_says_in_english_what_the_system_told_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    script = "import os; raise SystemExit(os.environ['LC_ALL'])"
    with supervised(tmp_path, script) as server, pytest.raises(ServerDiedError, match=r"C\.UTF-8$"):
        start(server, tmp_path)


def test_a_death_is_told_with_the_log_that_says_something(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('only here'); raise SystemExit(1)"]
    server = Supervised("A server", command, cwd=tmp_path, log=tmp_path / "output", logs=[tmp_path / "own"])
    with pytest.raises(ServerDiedError, match=f"; its log is {tmp_path}/output\n  only here"):
        start(server, tmp_path)


def test_a_death_after_the_start_is_noticed(tmp_path: Path) -> None:
    with supervised(tmp_path, SERVES) as server:
        start(server, tmp_path)
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: not server.alive)
        with pytest.raises(ServerDiedError, match="signal 9"):
            server.check()


def test_what_an_earlier_run_logged_is_not_quoted(tmp_path: Path) -> None:
    own_log = tmp_path / "own.log"
    own_log.write_text("an old story\n")
    command = [sys.executable, "-c", "open('own.log', 'a').write('a new story\\n'); raise SystemExit(1)"]
    server = Supervised("A server", command, cwd=tmp_path, log=tmp_path / "log", logs=[own_log])
    with pytest.raises(ServerDiedError, match="a new story") as error:
        start(server, tmp_path)
    assert "old" not in str(error.value)


def test_a_server_that_is_never_ready_is_an_error_and_does_not_stay(tmp_path: Path) -> None:
    with supervised(tmp_path, "import time; print('thinking', flush=True); time.sleep(600)") as server:
        pids: list[int] = []

        def never() -> bool:
            pids.append(server.pid)
            return False

        with pytest.raises(ServerError, match=r"not ready after 0.5 s; its log is .*/log\n  thinking"):
            server.start(never, within_s=0.5)
        assert is_gone(pids[0])


def test_a_command_that_does_not_run_is_a_clear_error(tmp_path: Path) -> None:
    server = Supervised("A server", ["/nowhere/server"], cwd=tmp_path, log=tmp_path / "log")
    with pytest.raises(ServerError, match="cannot be started: /nowhere/server"):
        start(server, tmp_path)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("forked", [False, True], ids=["alone", "a fork of the platform lives on"])
def test_no_server_outlives_its_platform(tmp_path: Path, signal_number: signal.Signals, forked: bool) -> None:
    process = platform(PLATFORM, tmp_path, IGNORES_TERM, *(["fork"] if forked else []))
    with process:
        server = int(first_line(process))
        children = children_of(process.pid)
        process.send_signal(signal_number)
        assert eventually(lambda: is_gone(server))
        for child in children:
            if not is_gone(child):
                os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_server_outlives_its_guard(tmp_path: Path) -> None:
    with supervised(tmp_path, IGNORES_TERM) as server:
        start(server, tmp_path)
        pid = server.pid
        (guard,) = (child for child in children_of(os.getpid()) if pid in children_of(child))
        os.kill(guard, signal.SIGKILL)
        assert eventually(lambda: is_gone(pid))
        with pytest.raises(ServerDiedError):
            server.check()


def test_an_interrupt_in_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    with supervised(tmp_path, SERVES) as server:
        start(server, tmp_path)
        assert os.getsid(server.pid) != os.getsid(0)
