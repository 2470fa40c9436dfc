"""What only a process of its own has: its locale, its descriptors, its signals and the pipes it writes to."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
