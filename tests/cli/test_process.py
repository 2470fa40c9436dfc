"""What only a process of its own has: its locale, its descriptors, its signals and the pipes it writes to."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "streams.cli")


def ended(*arguments: str, **given: Any) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run((*COMMAND, *arguments), capture_output=True, timeout=60, check=False, **given)


def test_the_output_is_utf_8_in_every_locale(empty_folder: Path) -> None:
    line = '{"topic": "nowhere", "key": null, "value": {"name": "Zürich"}}\n'
    (empty_folder / "s.ndjson").write_text(line, encoding="utf-8")
    told = [
        ended("replay", "--from", "s.ndjson", env=os.environ | locale)
        for locale in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONUTF8": "1"})
    ]
    assert told[0].returncode == 0, told[0].stderr
    assert "Zürich".encode() in told[0].stdout
    assert told[0].stdout == told[1].stdout


@pytest.mark.parametrize(
    "command",
    [
        "replay --from - <&-",
        "publish - <&-",
        "replay --from s.ndjson >&-",
        "simulate --to - >&-",
        "simulate --to - --start 9999-12-31T00:00:00Z --days 5",
        "simulate --to - --start 0001-01-01T00:00:00Z",
        "simulate --to - --start 1970-01-01T00:00:00Z",
        "simulate --to - --start 2110-12-31T00:00:00Z --days 5",
        "replay --from s.ndjson --correction-horizon-days 999999999999",
    ],
)
def test_what_cannot_be_done_is_one_line(empty_folder: Path, command: str) -> None:
    (empty_folder / "s.ndjson").touch()
    told = subprocess.run(
        f"exec {shlex.join(COMMAND)} {command}", shell=True, capture_output=True, timeout=60, check=False
    )
    assert (told.returncode, told.stdout, told.stderr.count(b"\n")) == (2, b"", 1), told.stderr.decode()
    assert told.stderr.startswith(b"fivenines: ")


def test_errors_need_no_place_to_be_said(empty_folder: Path) -> None:
    told = subprocess.run(f"exec {shlex.join(COMMAND)} replay --from absent 2>&-", shell=True, timeout=60, check=False)
    assert told.returncode == 2


MUCH = (*COMMAND, "simulate", "--to", "-", "--days", "400", "--locations", "500", "--devices", "1000")


def test_a_reader_that_has_seen_enough_ends_a_command_in_silence() -> None:
    with subprocess.Popen(MUCH, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 128 + signal.SIGPIPE


def test_ctrl_c_ends_a_command_in_one_line() -> None:
    def heeds_ctrl_c() -> None:  # what a shell starts in the background is told to ignore it, and hands that on
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(MUCH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeds_ctrl_c) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert told == b"fivenines: interrupted\n"
        assert process.returncode == 128 + signal.SIGINT
