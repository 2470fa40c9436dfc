"""A server that a command needs and cannot reach is one clear line; so is a disk that is full, and data of others."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra import external
from streams.cli.main import run
from tests.cli.conftest import Fivenines

KAFKA = [
    ("publish", "-"),
    ("topics",),
    ("simulate",),
    ("replay", "--from", "kafka"),
    ("intake",),
    ("worker",),
]
CLICKHOUSE = [
    ("migrate",),
    ("replay", "--from", "archive"),
    ("replay", "--from", "empty", "--diff"),
    ("audit", "--sql"),
    ("annotate", "list"),
    ("annotate", "approve", "p-1", "--approved-by", "bob"),
]
AWAY = ("--kafka", "127.0.0.1:1", "--clickhouse", "http://u:secret@127.0.0.1:1")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PATIENCE_S", 0.5)
    Path("empty").touch()


@pytest.mark.parametrize("command", [*KAFKA, *CLICKHOUSE], ids=" ".join)
def test_a_command_without_a_platform_says_how_to_start_one(fivenines: Fivenines, command: tuple[str, ...]) -> None:
    ended = fivenines(*command)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "no platform runs on .fivenines: start it with `fivenines up`" in ended.err


@pytest.mark.parametrize("command", [*KAFKA, ("up",)], ids=" ".join)
def test_a_kafka_that_is_away_is_one_clear_line(fivenines: Fivenines, command: tuple[str, ...]) -> None:
    ended = fivenines(*command, *AWAY)
    said = [line for line in ended.err.splitlines() if not line.startswith("·")]
    assert (ended.status, ended.out, len(said)) == (2, "", 1)
    assert said[0].startswith("fivenines: Kafka at 127.0.0.1:1 does not answer (")


@pytest.mark.parametrize("command", CLICKHOUSE, ids=" ".join)
def test_a_clickhouse_that_is_away_is_one_clear_line(fivenines: Fivenines, command: tuple[str, ...]) -> None:
    ended = fivenines(*command, *AWAY)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith("fivenines: ClickHouse at 127.0.0.1:1 does not serve user u ")
    assert "secret" not in ended.err


@pytest.mark.parametrize(("servers", "said"), [((), "`fivenines up`"), (AWAY, "does not answer")])
def test_the_doctor_says_which_server_is_away(fivenines: Fivenines, servers: tuple[str, ...], said: str) -> None:
    ended = fivenines("doctor", *servers)
    assert (ended.status, ended.err) == (1, "")
    for server in ("✗ Kafka", "✗ ClickHouse"):
        assert server in ended.out
    assert said in ended.out
    assert "✓ terms" in ended.out, "what needs no server is checked all the same"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command", [("replay", "--from", "events"), ("simulate", "--days", "0.1", "--to", "-")], ids=" ".join
)
def test_a_full_disk_is_one_clear_line(command: tuple[str, ...]) -> None:
    assert run(["simulate", "--locations", "5", "--devices", "5", "--days", "0.2", "--to", "events"]) == 0
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "streams.cli", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.endswith("No space left on device\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["events", "events.gz", "events.zst"])
def test_a_file_on_a_full_disk_is_named(fivenines: Fivenines, name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    ended = fivenines("simulate", "--days", 0.1, "--to", name)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"fivenines: {name}: No space left on device\n"


def test_a_data_folder_of_another_version_is_refused_and_left_alone(fivenines: Fivenines, tmp_path: Path) -> None:
    folder = tmp_path / ".fivenines"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "format").write_text("99\n")
    (folder / "precious").touch()
    ended = fivenines("up")
    assert ended.status == 2
    assert "has data of format “99”" in ended.err
    assert (folder / "precious").exists()


def test_the_demo_wipes_no_folder_but_its_own(fivenines: Fivenines, tmp_path: Path) -> None:
    folder = tmp_path / ".fivenines-demo"
    folder.mkdir()
    (folder / "thesis.txt").touch()
    ended = fivenines("demo")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "holds other files" in ended.err
    assert (folder / "thesis.txt").exists()
