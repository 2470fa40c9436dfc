"""`fivenines topics` and `fivenines migrate`: what the platform needs of Kafka and of ClickHouse."""

import typer
from confluent_kafka import KafkaException

from infra.supervised import ServerError
from schemas.topics import TOPICS
from streams import topics as kafka_topics
from streams.archive import migrate as tables
from streams.cli.connections import archive_of, as_the_platform, clickhouse_of, kafka_of
from streams.cli.options import command
from streams.cli.output import FormatOption, Record, show
from streams.cli.remarks import remark
from streams.settings import Settings

app = typer.Typer()

DIFFERS = 1


@command(app, "topics")
def topics(settings: Settings, how: FormatOption = None) -> None:
    """Create the topics that are missing, and list all of them. Exit 1 if one is not as the catalogue says: what exists
    is never changed."""
    settings = as_the_platform(settings)
    config = kafka_of(settings)
    bootstrap = config.pop("bootstrap.servers")
    try:
        created, differences = kafka_topics.create(
            bootstrap, settings.derivation, partitions=settings.partitions, options=config
        )
    except KafkaException as error:
        raise ServerError(f"Kafka at {bootstrap} creates no topics: {error.args[0].str()}") from None
    show(_catalogue(settings, created), how)
    _tell(differences)


def _catalogue(settings: Settings, created: list[str]) -> list[Record]:
    counts = kafka_topics.partition_counts(settings.partitions)
    rows: list[Record] = []
    for name, topic in TOPICS.items():
        retention = topic.retention_ms(settings.derivation)
        kept = "latest by key" if topic.compacted else "for ever"
        value = {
            "name": name,
            "kind": topic.kind,
            "key": topic.key,
            "partitions": topic.partitions(counts),
            "kept": kept if retention is None else f"{retention // 86_400_000} days",
            "status": "created" if name in created else "there",
        }
        rows.append({"topic": "topics", "key": name, "value": value})
    return rows


@command(app, "migrate")
def migrate(settings: Settings) -> None:
    """Bring ClickHouse's tables and views to what is declared, and compare. Exit 1 if a live table differs."""
    server = clickhouse_of(settings)
    with archive_of(settings) as client:
        applied = tables.migrate(client, kafka_broker_list=server.kafka_broker_list)
        differences = tables.drift(client)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("nothing to apply")
    _tell(differences)


def _tell(differences: list[str]) -> None:
    for line in differences:
        remark(line)
    if differences:
        raise typer.Exit(DIFFERS)
