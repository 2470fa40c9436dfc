"""Brings a ClickHouse database to what `schemas/clickhouse` declares, and says what it was brought through.

Tables are migrated: numbered scripts, applied once and in order, never edited afterwards. Readers and views hold no
data: they are replaced.
"""

from collections.abc import Sequence
from typing import Final

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from infra.supervised import ServerError
from streams.archive import sql
from streams.archive.drift import drift
from streams.archive.readers import functions, readers
from streams.archive.sql import Script

__all__ = ["MigrationError", "drift", "migrate"]

_LEDGERS: Final = (
    """CREATE TABLE IF NOT EXISTS migrations
    (number UInt32, name String, sha256 String, statements UInt32, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = ReplacingMergeTree ORDER BY number""",
    """CREATE TABLE IF NOT EXISTS reader_versions
    (name String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = ReplacingMergeTree(applied_at) ORDER BY name""",
)


class MigrationError(ServerError):
    """One line that says which script, which statement and what to do."""


def migrate(
    client: Client,
    *,
    kafka_broker_list: str,
    scripts: Sequence[tuple[int, Script]] | None = None,
) -> list[str]:
    """Apply what is missing to the client's database, and return the names of what was applied or replaced.

    `kafka_broker_list` is how ClickHouse itself reaches Kafka. Raises MigrationError: an applied script was edited or
    is unknown here, or a statement failed; what precedes it stands, and the next run goes on from there, because every
    statement may run twice.
    """
    if not client.command(f"EXISTS DATABASE `{client.database}`", use_database=False):
        client.command(f"CREATE DATABASE IF NOT EXISTS `{client.database}`", use_database=False)
    for statement in _LEDGERS:
        client.command(statement)
    applied = _apply_missing(client, sql.migrations() if scripts is None else scripts)
    _run(client, functions())
    wanted = readers(str(client.database), kafka_broker_list)
    replaced = _replace_readers(client, wanted, all_of_them=bool(applied))
    for view in sql.views():
        _run(client, view)
    return applied + replaced


def _apply_missing(client: Client, scripts: Sequence[tuple[int, Script]]) -> list[str]:
    rows = client.query("SELECT number, name, sha256 FROM migrations FINAL ORDER BY number").result_rows
    ledger = {number: (name, sha256) for number, name, sha256 in rows}
    known = {number for number, _ in scripts}
    if unknown := [name for number, (name, _) in ledger.items() if number not in known]:
        raise MigrationError(f"{unknown[0]} was applied by a newer program: this one must not touch the database")
    for number, script in scripts:
        if number in ledger and ledger[number] != (script.name, script.sha256):
            raise MigrationError(
                f"{script.name} is not the {ledger[number][0]} that was applied: restore it, and put the change into "
                "a new script"
            )
    missing = [(number, script) for number, script in scripts if number not in ledger]
    for number, script in missing:
        _run(client, script)
        row = [number, script.name, script.sha256, len(script.statements)]
        client.insert("migrations", [row], column_names=["number", "name", "sha256", "statements"])
    return [script.name for _, script in missing]


def _replace_readers(client: Client, wanted: Sequence[Script], *, all_of_them: bool) -> list[str]:
    """Replace those that changed; all of them after a migration, because their columns are the tables'."""
    live = set(client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_columns[0])
    rows = client.query("SELECT name, sha256 FROM reader_versions FINAL").result_rows
    ledger = {name: sha256 for name, sha256 in rows}  # noqa: C416 - rows are sequences, not pairs
    changed = [
        reader
        for reader in wanted
        if all_of_them or ledger.get(reader.name) != reader.sha256 or not live.issuperset(reader.creates)
    ]
    for reader in changed:
        # The Kafka table first: as long as it stands, it hands messages to whichever views there are.
        for name in reader.creates:
            client.command(f"DROP TABLE IF EXISTS {name} SYNC")
        _run(client, reader)
        client.insert("reader_versions", [[reader.name, reader.sha256]], column_names=["name", "sha256"])
    return [reader.name for reader in changed]


def _run(client: Client, script: Script) -> None:
    statements = script.statements
    for place, statement in enumerate(statements, start=1):
        try:
            client.command(statement)
        except ClickHouseError as error:
            raise MigrationError(
                f"{script.name}, statement {place} of {len(statements)} failed: {error}. Those before it stand: put "
                "right what it complains about and migrate again"
            ) from error
