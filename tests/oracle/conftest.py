"""An archive of the oracle's own in the shared ClickHouse."""

from collections.abc import Iterator

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from tests.oracle import archive

DATABASE = "oracle"


def connected(server: EmbeddedClickHouse, database: str) -> Client:
    return clickhouse_connect.get_client(
        host=server.host,
        port=server.http_port,
        username=server.user,
        password=server.password,
        database=database,
    )


@pytest.fixture(scope="session")
def archive_client(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    """The archive, with whatever the test before left in it."""
    with connected(clickhouse, "default") as client:
        client.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
    with connected(clickhouse, DATABASE) as client:
        archive.prepare(client)
        yield client


@pytest.fixture
def client(archive_client: Client) -> Client:
    """The archive, empty."""
    archive.clear(archive_client)
    return archive_client
