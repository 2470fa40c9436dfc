"""`fivenines intake`, `fivenines worker`, `fivenines ledger`: the processes that derive. Of the first two run as
many as there are partitions; of the last one works and others stand by."""

from typing import Annotated

import typer

from streams.cli.connections import as_the_platform, clickhouse_of, kafka_of
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.stopping import until_told
from streams.cli.terms import book_of
from streams.platform import connected
from streams.settings import Settings

app = typer.Typer()


@command(app, "intake")
def intake(
    settings: Settings,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Of the metrics for Prometheus, on loopback.")] = 9464,
) -> None:
    """Follow the heartbeats: states, outages, progress and dead letters, until Ctrl-C.

    Kafka must answer at the start; from then on it is waited for. What comes too late is repaired from the archive.
    """
    from streams.intake import run

    settings = as_the_platform(settings)
    book = book_of(settings)
    kafka = kafka_of(settings)
    bootstrap = kafka.pop("bootstrap.servers")
    with until_told() as stop:
        try:
            run.run(
                bootstrap,
                book,
                settings.derivation,
                stop,
                kafka_options=kafka,
                metrics_port=port,
                archive=lambda: connected(clickhouse_of(settings)),
            )
        except run.TopicsMissing as error:
            raise CommandError(str(error)) from None


@command(app, "worker")
def worker(
    settings: Settings,
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Of faust's web view and the metrics, on loopback.")
    ] = 6066,
) -> None:
    """Decide: months from states, annotations and the registry, until Ctrl-C.

    Kafka must answer at the start.
    """
    from streams.decide import app as decide
    from streams.decide import worker as decide_worker

    settings = as_the_platform(settings)
    book = book_of(settings)
    kafka = kafka_of(settings)
    folder = settings.data / "worker"
    folder.mkdir(parents=True, exist_ok=True)
    decide_worker.run(
        decide.Settings(
            bootstrap=kafka.pop("bootstrap.servers"),
            data=folder,
            book=book,
            derivation=settings.derivation,
            options=kafka,
            web_port=port,
        )
    )


@command(app, "ledger")
def ledger(
    settings: Settings,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Of the metrics for Prometheus, on loopback.")] = 9465,
) -> None:
    """Settle: credits, answers to claims and the entries for billing from closed months and tickets, until Ctrl-C.

    One process does; others stand by. Kafka must answer at the start; from then on it is waited for.
    """
    from streams.ledger import run

    settings = as_the_platform(settings)
    book = book_of(settings)
    kafka = kafka_of(settings)
    bootstrap = kafka.pop("bootstrap.servers")
    with until_told() as stop:
        try:
            run.run(
                bootstrap,
                book,
                settings.derivation,
                stop,
                holds=settings.hold,
                kafka_options=kafka,
                metrics_port=port,
            )
        except run.TopicsMissing as error:
            raise CommandError(str(error)) from None
