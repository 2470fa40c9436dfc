"""Commands run in this process, in an empty folder, with no settings but their own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.cli.main import run


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


Fivenines = Callable[..., Ended]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FIVENINES_") and name != "FIVENINES_CACHE"]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def fivenines(capfd: pytest.CaptureFixture[str]) -> Fivenines:
    def call(*arguments: object) -> Ended:
        capfd.readouterr()
        status = run([str(each) for each in arguments])
        out, err = capfd.readouterr()
        return Ended(status, out, err)

    return call
