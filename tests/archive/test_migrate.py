"""Migrating brings a database to what is declared, once; drift says where it is not."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from infra.kafka import EmbeddedKafka
from streams.archive import sql
from streams.archive.migrate import MigrationError, drift, migrate
from streams.archive.sql import Script
from tests.archive.archive import Archive, database

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

Migrate = Callable[..., list[str]]


@pytest.fixture(scope="module")
def client(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    client = database(clickhouse)
    yield client
    client.command(f"DROP DATABASE IF EXISTS {client.database} SYNC", use_database=False)


@pytest.fixture(scope="module")
def again(client: Client, own_kafka: EmbeddedKafka) -> Migrate:
    """Migrate the module's database, which was migrated before."""

    def run(scripts: list[tuple[int, Script]] | None = None, brokers: str = own_kafka.bootstrap) -> list[str]:
        return migrate(client, kafka_broker_list=brokers, scripts=scripts)

    numbered = [script.name for _, script in sql.migrations()]
    assert run()[: len(numbered)] == numbered
    return run


def test_a_second_run_changes_nothing(again: Migrate) -> None:
    assert again() == []


def test_a_fresh_database_has_no_drift(client: Client, again: Migrate) -> None:
    assert drift(client) == []


def test_the_ledger_says_what_was_applied(client: Client, again: Migrate) -> None:
    rows = client.query("SELECT number, name, sha256, statements FROM migrations ORDER BY number").result_rows
    expected = [(number, each.name, each.sha256, len(each.statements)) for number, each in sql.migrations()]
    assert [tuple(row) for row in rows] == expected


def test_an_applied_script_that_was_edited_is_refused(again: Migrate) -> None:
    (number, first), *rest = sql.migrations()
    edited = Script(first.name, first.text + "-- a remark\n")
    with pytest.raises(MigrationError, match=r"0001_archive\.sql is not the .* that was applied"):
        again([(number, edited), *rest])


def test_a_database_of_a_newer_program_is_left_alone(again: Migrate) -> None:
    with pytest.raises(MigrationError, match="newer program"):
        again(sql.migrations()[:1])


def test_a_script_that_fails_half_way_is_resumed(client: Client, again: Migrate) -> None:
    """What precedes the failure stands; once the cause is gone, the same script runs through."""
    number = len(sql.migrations()) + 1
    text = """
        CREATE TABLE IF NOT EXISTS half (a Int64) ENGINE = MergeTree ORDER BY a;
        CREATE TABLE IF NOT EXISTS whole ENGINE = MergeTree ORDER BY a AS SELECT * FROM not_there_yet;
    """
    scripts = [*sql.migrations(), (number, Script("0009_more.sql", text))]
    with pytest.raises(MigrationError, match=r"0009_more\.sql, statement 2 of 2 failed"):
        again(scripts)
    assert client.command("EXISTS TABLE half") == 1
    assert client.command(f"SELECT count() FROM migrations WHERE number = {number}") == 0
    client.command("CREATE TABLE not_there_yet (a Int64) ENGINE = MergeTree ORDER BY a")
    assert again(scripts)[0] == "0009_more.sql"
    assert again(scripts) == []
    client.command("ALTER TABLE migrations DELETE WHERE number > 2 SETTINGS mutations_sync = 1")


def test_another_broker_replaces_what_reads_from_it(client: Client, again: Migrate, own_kafka: EmbeddedKafka) -> None:
    elsewhere = own_kafka.bootstrap.replace("127.0.0.1", "localhost")
    assert "location-outages" in again(brokers=elsewhere)
    query = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine = 'Kafka'"
    kafka_tables = client.command(query)
    assert kafka_tables == client.command(f"{query} AND position(engine_full, '{elsewhere}') > 0")
    assert again(brokers=elsewhere) == []


def test_a_reader_that_was_dropped_is_made_again(client: Client, again: Migrate, own_kafka: EmbeddedKafka) -> None:
    again()
    client.command("DROP TABLE topic_credits SYNC")
    assert again() == ["credits"]


def test_nothing_is_lost_while_readers_are_replaced(archive: Archive, own_kafka: EmbeddedKafka) -> None:
    heartbeat = b'{"id":"h","device_id":"d%d","location_id":"replaced","occurred_at":"2026-03-01T12:00:00Z"}'
    for number in range(200):
        archive.publish("device-heartbeats", heartbeat % number)
        if number == 100:
            archive.client.command("ALTER TABLE reader_versions DELETE WHERE 1 SETTINGS mutations_sync = 1")
            migrate(archive.client, kafka_broker_list=own_kafka.bootstrap)
    archive.settled("device-heartbeats")
    assert archive.rows("SELECT uniqExact(device_id) FROM heartbeats WHERE location_id = 'replaced'") == [(200,)]
    assert archive.rows("SELECT uniqExact(device_id) FROM heartbeat_details WHERE location_id = 'replaced'") == [(200,)]


@pytest.mark.parametrize(
    ("change", "undo", "found"),
    [
        (
            "ALTER TABLE location_outages DROP COLUMN kind",
            "ALTER TABLE location_outages ADD COLUMN kind LowCardinality(String)",
            ["location_outages.kind: the column is missing"],
        ),
        (
            "ALTER TABLE credits RENAME COLUMN credit_days TO days",
            "ALTER TABLE credits RENAME COLUMN days TO credit_days",
            ["credits.credit_days: the column is missing", "credits.days: nothing declares it"],
        ),
        (
            "ALTER TABLE availability MODIFY COLUMN down_ms Float64",
            "ALTER TABLE availability MODIFY COLUMN down_ms Int64",
            ["availability.down_ms: Float64, declared as Int64"],
        ),
        (
            "ALTER TABLE location_states MODIFY COLUMN `to` DateTime64(3, 'UTC') DEFAULT 0",
            "ALTER TABLE location_states MODIFY COLUMN `to` Nullable(DateTime64(3, 'UTC'))",
            ["location_states.to: DateTime64(3, 'UTC'), declared as Nullable(DateTime64(3, 'UTC'))"],
        ),
        (
            "ALTER TABLE ticket_events DROP COLUMN is_public",
            "ALTER TABLE ticket_events ADD COLUMN is_public Nullable(Bool)",
            ["ticket_events.is_public: the column is missing"],
        ),
        (
            "ALTER TABLE heartbeat_details RENAME COLUMN mos TO score",
            "ALTER TABLE heartbeat_details RENAME COLUMN score TO mos",
            ["heartbeat_details.mos: the column is missing", "heartbeat_details.score: nothing declares it"],
        ),
        (
            "RENAME TABLE progress TO advance",
            "RENAME TABLE advance TO progress",
            ["progress: the table is missing"],
        ),
    ],
)  # fmt: skip
def test_drift_is_found(client: Client, again: Migrate, change: str, undo: str, found: list[str]) -> None:
    client.command(change)
    try:
        assert drift(client) == found
    finally:
        client.command(undo)
    assert drift(client) == []


def test_a_table_in_another_order_is_drift(client: Client, again: Migrate) -> None:
    client.command("RENAME TABLE credits TO credits_declared")
    client.command("CREATE TABLE credits AS credits_declared ENGINE = ReplacingMergeTree(version) ORDER BY month")
    try:
        assert drift(client) == ["credits: ordered by month, declared as account_id, location_id, month"]
    finally:
        client.command("DROP TABLE credits SYNC")
        client.command("RENAME TABLE credits_declared TO credits")
