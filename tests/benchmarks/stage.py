"""What the benchmarks share: a folder, a terminal to say what goes on, and servers for as long as one is measured."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from rich.console import Console

from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from tests.benchmarks import topic
from tests.benchmarks.load import Load
from tests.benchmarks.machine import family_mib
from tests.benchmarks.machine import load as machine_load

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "benchmarks"
"""What is kept from one run to the next: the peers, and the last results."""

MARGIN_MS = 60_000
PATIENCE_S = 1_200
LOOK_EVERY_S = 0.1


class ContenderFailedError(Exception):
    """A process that was to be measured ended badly; the message has what it said."""


@dataclass(frozen=True)
class ClickHouse:
    server: EmbeddedClickHouse
    client: Client

    def number(self, query: str) -> float:
        """The one number that a query returns."""
        return float(self.client.query(query).result_rows[0][0])


@dataclass(frozen=True)
class Stage:
    """`small`: a quick run that shows that everything works; its numbers mean nothing."""

    console: Console
    small: bool
    rounds: int = 3
    """How often each contender runs, in turn."""

    def say(self, text: str) -> None:
        self.console.print(f"[dim]load {machine_load():.2f}[/]  {text}", highlight=False)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder on the disk of the repository (a temporary file system would not be a disk), gone afterwards."""
        BUILD.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(dir=BUILD, prefix="run-"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def kafka(self, partitions: int) -> Iterator[str]:
        """An embedded Kafka with the platform's topics; where it listens."""
        with self.folder() as folder, self.kafka_in(folder / "kafka", partitions) as bootstrap:
            yield bootstrap

    @contextmanager
    def kafka_in(self, data: Path, partitions: int) -> Iterator[str]:
        """The same, with its data where one can look at it."""
        with EmbeddedKafka(data, report=self.say) as kafka:
            topic.create(kafka.bootstrap, partitions)
            yield kafka.bootstrap

    @contextmanager
    def clickhouse(self) -> Iterator[ClickHouse]:
        """An embedded ClickHouse with an empty database."""
        with self.folder() as folder, EmbeddedClickHouse(folder / "clickhouse") as server:
            client = clickhouse_connect.get_client(
                host=server.host, port=server.http_port, username=server.user, password=server.password
            )
            client.database = server.database
            yield ClickHouse(server, client)

    def loaded(self, bootstrap: str) -> Load:
        """The load, dated so that it ends just before now, on `device-heartbeats`."""
        load = Load(start=0, heartbeats=20_000, devices=200) if self.small else Load(start=0)
        load.start = topic.broker_clock(bootstrap) - load.duration_ms - MARGIN_MS
        self.say(f"producing {load.heartbeats:,} heartbeats of {load.devices:,} devices")
        topic.produce(bootstrap, load.messages())
        return load


def contend(command: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run a contender to its end: the line of JSON that it prints. Raises ContenderFailedError."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    try:
        result: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        raise ContenderFailedError(f"{command[0]}: {(done.stderr or done.stdout).strip()[-1500:]}") from None
    return result | {"rate": result["messages"] / result["seconds"]}


@dataclass(frozen=True)
class Command:
    """What a command and the processes that it started took, from its start to its end."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    """0 where nobody watched."""
    output: bytes


class Peak(Thread):
    """The most memory that a process and those it started had at once, in MiB, looked at while they run."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.mib = 0.0
        self._pid = pid
        self._ended = Event()

    def run(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self.mib = max(self.mib, family_mib(self._pid))

    def end(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join()


def command(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, *, watched: bool = False
) -> Command:
    """Run a command of the product and measure it; its memory only if it is watched, which slows it down. Raises
    ContenderFailedError."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        started = time.monotonic()
        process = subprocess.Popen(
            arguments, cwd=ROOT, stdout=output, stderr=complaints, env={**os.environ, **(environment or {})}
        )
        peak = Peak(process.pid)
        if watched:
            peak.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # the end itself: looking for it would round a short run up
        except BaseException:
            process.terminate()
            process.wait(PATIENCE_S)
            raise
        finally:
            seconds = time.monotonic() - started
            peak.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaints.seek(0)
        if process.returncode:
            raise ContenderFailedError(f"{arguments}: {complaints.read().decode()[-1500:]}")
        return Command(seconds, usage.ru_utime + usage.ru_stime, peak.mib, output.read())


def fivenines(*arguments: object) -> list[str]:
    """The command line of this environment."""
    return [str(Path(sys.executable).with_name("fivenines")), *map(str, arguments)]


def ours(module: str, *arguments: object) -> list[str]:
    """The command of a contender that runs in the product's environment."""
    return [sys.executable, "-m", f"tests.benchmarks.contenders.{module}", *map(str, arguments)]


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Of runs that alternated: each of ours beside the one of theirs that followed it."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def wait_until(reached: Callable[[], bool], within_s: float, every_s: float = 0.05, what: str = "it") -> None:
    deadline = time.monotonic() + within_s
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {within_s:g} s")
        time.sleep(every_s)
