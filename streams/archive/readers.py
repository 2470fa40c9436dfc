"""What carries topics into tables: Kafka-engine tables and materialized views.

They hold no data (how far each has read stands in Kafka), so they are not migrated but replaced whenever their text,
their broker or a table behind them changes.
"""

from collections.abc import Mapping
from typing import Final

from schemas.facts import FACTS, DeadLetter, Progress
from streams.archive import sql
from streams.archive.sql import Script

SETTINGS: Final[Mapping[str, str | int]] = {
    "kafka_flush_interval_ms": 500,
    "kafka_poll_timeout_ms": 100,
    "kafka_max_block_size": 100_000,
    "kafka_poll_max_batch_size": 100_000,
    "kafka_num_consumers": 1,
    "kafka_handle_error_mode": "stream",
}
"""A message is seen within a second; a block is large enough to catch up fast; nothing unreadable blocks a topic."""

INPUTS: Final = ("device_heartbeats", "registry", "outage_annotations", "tickets")
_OF_NO_LOCATION: Final = ((DeadLetter.TOPIC, "topic"), (Progress.TOPIC, "topic"))


def functions() -> Script:
    return sql.script("readers/functions.sql")


def readers(database: str, broker_list: str) -> list[Script]:
    """One script for each topic that ClickHouse reads. A consumer group is named after the database and the topic."""
    values = {
        "group": consumer_group(database, ""),
        "kafka": _settings({"kafka_broker_list": broker_list, **SETTINGS}),
    }
    inputs = [sql.script(f"readers/{name}.sql") for name in INPUTS]
    fact = sql.script("readers/fact.sql")
    keys = (*((fact_class.TOPIC, fact_class.KEY) for fact_class in FACTS), *_OF_NO_LOCATION)
    return [
        *(each.filled(each.name, values) for each in inputs),
        *(fact.filled(topic, {**values, "topic": topic, "table": table_of(topic), "key": key}) for topic, key in keys),
    ]


def consumer_group(database: str, topic: str) -> str:
    """The group in which the tables of `database` read `topic`."""
    return f"{database}_clickhouse_{topic}"


def table_of(topic: str) -> str:
    return topic.replace("-", "_")


def _settings(values: Mapping[str, str | int]) -> str:
    return ", ".join(f"{name} = {_literal(value)}" for name, value in values.items())


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
