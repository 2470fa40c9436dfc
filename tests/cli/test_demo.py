"""The demo wipes a folder that an earlier demo left, and no other."""

from pathlib import Path

import pytest

from streams.cli.demo import _own
from streams.settings import read_settings
from tests.cli.conftest import Fivenines

OURS = {"format": "fivenines 1\n", "lock": "7\n"}


def filled(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, errors="surrogateescape")
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {"format": "mp4\n", "thesis.txt": "x"},
        {"format": "mp4\n"},
        {"format": "mp4\n", "lock": ""},
        {"format": "\udcff", "lock": ""},
        OURS | {"thesis.txt": "x"},
        OURS | {"format": "fivenines 0\n"},
    ],
)
def test_a_folder_that_may_be_anothers_is_left_alone(
    fivenines: Fivenines, empty_folder: Path, files: dict[str, str]
) -> None:
    folder = filled(empty_folder / "v2-demo", files)
    ended = fivenines("demo", "--data", "v2")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert str(folder) in ended.err
    assert {each.name for each in folder.iterdir()} == set(files)
    assert all(
        (folder / name).read_text(errors="surrogateescape") == text for name, text in files.items() if name != "lock"
    )


def test_what_an_earlier_demo_left_is_wiped(empty_folder: Path) -> None:
    folder = filled(empty_folder / "v2-demo", OURS)
    assert _own(read_settings({"data": "v2"})).data == folder
    assert not folder.exists()


def test_where_the_demo_puts_its_data_is_said(fivenines: Fivenines) -> None:
    assert "with --data X it is X-demo" in " ".join(fivenines("demo", "--help").out.split())


def test_nothing_stands_beside_the_root(fivenines: Fivenines) -> None:
    ended = fivenines("demo", "--data", "/")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "--data /" in ended.err
