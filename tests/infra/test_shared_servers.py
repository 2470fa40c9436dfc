"""The servers that tests share (tests/conftest.py) are for the tests that say they need them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import SERVERS, pytest_runtest_setup


def needing(fixtures: list[str], marks: set[str]) -> Any:
    """A test as the collection sees it."""
    return SimpleNamespace(fixturenames=fixtures, get_closest_marker=lambda name: name if name in marks else None)


@pytest.mark.parametrize("server", SERVERS)
def test_a_test_that_reaches_a_server_needs_its_mark(server: str) -> None:
    pytest_runtest_setup(needing(["tmp_path", server], {server}))
    pytest_runtest_setup(needing(["tmp_path"], set()))
    other = next(name for name in SERVERS if name != server)
    for marks in (set[str](), {other}, {"slow"}):
        with pytest.raises(pytest.fail.Exception, match=f"mark it with @pytest.mark.{server}"):
            pytest_runtest_setup(needing(["tmp_path", server], marks))


def test_each_server_has_a_mark() -> None:
    declared = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert all(f'"{server}: ' in declared for server in SERVERS)
