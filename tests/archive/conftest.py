"""The topics have fixed names: these tests have a broker of their own, and a database each."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from schemas.derivation import Derivation
from streams import topics
from streams.archive.migrate import migrate
from tests.archive.archive import Archive, database, tables_only


@pytest.fixture(scope="package")
def own_kafka() -> Iterator[EmbeddedKafka]:
    with tempfile.TemporaryDirectory(prefix="fivenines-") as folder, EmbeddedKafka(Path(folder, "kafka")) as server:
        topics.create(server.bootstrap, Derivation(), partitions=2)
        yield server


@pytest.fixture(scope="package")
def archive(own_kafka: EmbeddedKafka, clickhouse: EmbeddedClickHouse) -> Iterator[Archive]:
    """One migrated archive for the tests that publish: each uses ids of its own."""
    client = database(clickhouse)
    migrate(client, kafka_broker_list=own_kafka.bootstrap)
    yield Archive(client, own_kafka.bootstrap)
    client.command(f"DROP DATABASE {client.database} SYNC", use_database=False)


@pytest.fixture(scope="module")
def tables(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    """Tables and views of a module of tests, and nothing that reads Kafka."""
    client = database(clickhouse)
    tables_only(client)
    yield client
    client.command(f"DROP DATABASE {client.database} SYNC", use_database=False)
