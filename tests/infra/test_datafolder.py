"""A data folder belongs to one running platform, in one format; a lock never outlives its holders."""

import os
import signal
from pathlib import Path
from threading import Timer

import pytest

from infra.datafolder import DataFolder, is_taken
from infra.supervised import ServerError
from tests.infra.processes import first_line, is_gone, platform

HOLDS = """
import subprocess, sys, time
from pathlib import Path
from infra.datafolder import DataFolder
with DataFolder(Path(sys.argv[1]), what="fivenines", version="1") as held:
    server = [sys.executable, "-c", "import time; time.sleep(600)"]
    print(subprocess.Popen(server, pass_fds=[held.fileno()]).pid if sys.argv[2:] else "", flush=True)
    time.sleep(600)
"""


def folder(path: Path, version: str = "1") -> DataFolder:
    return DataFolder(path, what="fivenines", version=version)


def test_a_folder_is_taken_while_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "there"
    assert not is_taken(path)
    with folder(path):
        assert is_taken(path)
    assert not is_taken(path)
    with folder(path):
        pass


def test_a_second_holder_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with platform(HOLDS, tmp_path / "data") as first:
        first_line(first)
        with (
            pytest.raises(ServerError, match=f"in use by fivenines of process {first.pid}: stop it"),
            folder(tmp_path / "data"),
        ):
            pass
        first.kill()


def test_the_lock_of_a_killed_platform_blocks_nobody(tmp_path: Path) -> None:
    with platform(HOLDS, tmp_path / "data") as first:
        first_line(first)
        first.send_signal(signal.SIGKILL)
    with folder(tmp_path / "data"):
        pass


def test_a_lock_file_that_names_a_process_of_today_blocks_nobody_either(tmp_path: Path) -> None:
    with folder(tmp_path / "data"):
        pass
    (tmp_path / "data" / "lock").write_text(f"{os.getpid()}\n")
    with folder(tmp_path / "data"):
        pass


def test_the_folder_stays_taken_until_the_last_server_in_it_ends(tmp_path: Path) -> None:
    with platform(HOLDS, tmp_path / "data", "with a server") as killed:
        server = int(first_line(killed))
        killed.send_signal(signal.SIGKILL)
    assert is_taken(tmp_path / "data")
    Timer(0.3, os.kill, [server, signal.SIGKILL]).start()
    with folder(tmp_path / "data"):  # waits for a server that is dying
        assert is_gone(server)


def test_a_folder_of_another_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    with folder(tmp_path / "data", "1"):
        pass
    with (
        pytest.raises(ServerError, match="has data of format “1”, and this version of fivenines reads “2”"),
        folder(tmp_path / "data", "2"),
    ):
        pass
    with folder(tmp_path / "data", "1"):
        pass


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ServerError, match="holds other files"), folder(tmp_path):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ServerError, match="is a file"), folder(tmp_path / "data"):
        pass
