"""What dies is said at once, by name and with its log: to stop the others takes a while."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra import external
from infra.supervised import ServerDiedError, ServerError, Supervised
from streams import platform
from streams.cli.progress import steps
from streams.platform import RESTARTS, Platform
from streams.settings import read_settings
from tests.infra.processes import eventually

DIFFERENCE = "registry: 1 partitions, the platform expects 2"


class OneServer:
    """In the place of the platform's servers: a process that only sleeps."""

    kafka_config: dict[str, str] = {"bootstrap.servers": "127.0.0.1:1"}  # noqa: RUF012 -- never changed
    clickhouse = None

    def __init__(self, data: Path, **_: Any) -> None:
        data = data.resolve()
        data.mkdir()
        command = [sys.executable, "-c", "print('all is well', flush=True); import time; time.sleep(600)"]
        self.server = Supervised("A server", command, cwd=data, log=data / "log")
        self.check = self.server.check

    def tell(self, settings: dict[str, int]) -> None:
        """Nobody else asks."""

    def __enter__(self) -> None:
        self.server.start(lambda: "well" in self.server.last_words(), within_s=10)

    def __exit__(self, *_: object) -> None:
        self.server.kill()


@pytest.fixture(autouse=True)
def one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "Servers", OneServer)
    monkeypatch.setattr(platform, "prepare", lambda *_: [DIFFERENCE])
    monkeypatch.setattr(platform, "PROCESSES", ())
    monkeypatch.setattr(platform.topics, "partitions_of", lambda _: 8)
    monkeypatch.setattr(external, "check_kafka", lambda _: None)


def test_a_server_that_died_is_named_before_the_others_are_stopped(empty_folder: Path) -> None:
    said: list[str] = []
    with pytest.raises(ServerDiedError, match="all is well"), Platform(read_settings(), said.append) as live:  # noqa: PT012
        kill(live.servers.server)  # type: ignore[attr-defined]
        live.check()
    log = empty_folder / ".fivenines" / "log"
    assert said[-2:] == [f"A server was killed by signal 9; its log is {log}", "stopping"]


def test_a_process_that_died_is_named_and_what_it_said_last(empty_folder: Path) -> None:
    said: list[str] = []
    with Platform(read_settings(), said.append) as live:
        process = started(live, "intake", empty_folder)
        kill(process)
        live.check()
        assert process.alive
    log = empty_folder / "intake" / "log"
    told = [f"A server was killed by signal 9; its log is {log}\n  all is well", "starting intake again (1 of 5)"]
    assert said[-3:] == [*told, "stopping"]


def test_a_process_that_died_while_kafka_is_away_is_started_when_it_is_back(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def away(_: object) -> None:
        raise ServerError("Kafka does not answer")

    with Platform(read_settings(), said.append) as live:
        process = started(live, "worker", empty_folder)
        kill(process)
        monkeypatch.setattr(external, "check_kafka", away)
        for _ in range(RESTARTS + 2):
            live.check()
        assert said[-1] == "Kafka does not answer"
        assert said.count(said[-1]) == 1
        monkeypatch.setattr(external, "check_kafka", lambda _: None)
        live.check()
        assert process.alive


def test_a_process_that_ends_again_and_again_ends_the_platform(empty_folder: Path) -> None:
    with Platform(read_settings()) as live:
        process = started(live, "worker", empty_folder)
        for _ in range(RESTARTS):
            kill(process)
            live.check()
        kill(process)
        with pytest.raises(ServerDiedError, match="signal 9"):
            live.check()


def test_a_topic_that_is_not_as_the_settings_say_is_told(empty_folder: Path) -> None:
    said: list[str] = []
    with Platform(read_settings(), said.append):
        assert DIFFERENCE in said


def test_a_step_is_one_line_however_long_and_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    steps(Console())(f"its log is {'x' * 200}\n  \x1b[2J[red]")
    assert capsys.readouterr().out == f"· its log is {'x' * 200}\n  \\x1b[2J[red]\n"


def started(live: Platform, name: str, folder: Path) -> Supervised:
    """A process of a platform that runs, as if it were its own."""
    process = live._processes[name] = OneServer(folder / name).server
    live._held.callback(process.kill)
    process.start(lambda: "well" in process.last_words(), within_s=10)
    return process


def kill(server: Supervised) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert eventually(lambda: not server.alive)
