"""The real servers, one of each for a whole test run (for each worker of it), started by the first test that asks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka

SERVERS = ("kafka", "clickhouse")


@pytest.fixture(scope="session")
def kafka() -> Iterator[EmbeddedKafka]:
    """An Apache Kafka that all tests share: choose topic and group names that are your own. Needs the mark `kafka`."""
    with tempfile.TemporaryDirectory(prefix="fivenines-") as folder, EmbeddedKafka(Path(folder, "kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[EmbeddedClickHouse]:
    """A ClickHouse that all tests share: choose table names that are your own. Needs the mark `clickhouse`."""
    with (
        tempfile.TemporaryDirectory(prefix="fivenines-") as folder,
        EmbeddedClickHouse(Path(folder, "clickhouse")) as server,
    ):
        yield server


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Function) -> None:
    """A test that reaches a server, even through other fixtures, says so with its mark."""
    for server in SERVERS:
        if server in item.fixturenames and not item.get_closest_marker(server):
            pytest.fail(f"this test uses {server}: mark it with @pytest.mark.{server}", pytrace=False)
