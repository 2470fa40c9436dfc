"""`fivenines intake` and `fivenines worker`: the processes that derive. Run as many of each as there are partitions."""

import signal
import threading
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import typer

from infra.endpoints import running
from schemas.terms.book import read_book
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.settings import Settings

app = typer.Typer()


class Kafka(NamedTuple):
    bootstrap: str
    options: Mapping[str, str]


@command(app, "intake")
def intake(
    settings: Settings,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Of the metrics for Prometheus, on loopback.")] = 9464,
) -> None:
    """Follow the heartbeats: states, outages, progress and dead letters, until Ctrl-C."""
    from streams.intake import run

    kafka = kafka_of(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run.run(
            kafka.bootstrap,
            read_book(settings.terms),
            settings.derivation,
            stop,
            kafka_options=kafka.options,
            metrics_port=port,
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
    """Decide: months and credits from states, annotations and the registry, until Ctrl-C."""
    from streams.decide import app as decide
    from streams.decide import worker as decide_worker

    kafka = kafka_of(settings)
    folder = settings.data / "worker"
    folder.mkdir(parents=True, exist_ok=True)
    decide_worker.run(
        decide.Settings(
            bootstrap=kafka.bootstrap,
            data=folder,
            book=read_book(settings.terms),
            derivation=settings.derivation,
            options=kafka.options,
            web_port=port,
        )
    )


def kafka_of(settings: Settings) -> Kafka:
    """The Kafka that the settings name, or that of the platform that runs on the data folder. Raises ServerError."""
    if settings.kafka:
        return Kafka(settings.kafka, settings.kafka_options)
    config = dict(running(settings.data).kafka_config)
    return Kafka(config.pop("bootstrap.servers"), config)
