"""`fivenines simulate`: a fleet to try things with."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
import zstandard

from schemas import times
from streams.calendars import FIRST_YEAR, LAST_YEAR
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.progress import counting
from streams.cli.remarks import remark
from streams.settings import Settings
from streams.simulate import Simulation, line_of, play

app = typer.Typer()
USUAL = Simulation()
EARLIEST = f"{FIRST_YEAR}-01-02T00:00:00Z"
"""The registry is written the day before a fleet begins."""
LATEST = f"{LAST_YEAR + 1}-01-01T00:00:00Z"


@command(app, "simulate")
def simulate(
    settings: Settings,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write lines to FILE (.gz and .zst compress, - is standard output), not to Kafka."
        ),
    ] = None,
    locations: Annotated[int, typer.Option(min=1, help="How many locations.")] = USUAL.locations,
    devices: Annotated[
        int, typer.Option(min=1, help="How many devices; each location has at least one.")
    ] = USUAL.devices,
    days: Annotated[float, typer.Option(min=0.01, max=400, help="How many days.")] = USUAL.days,
    interval: Annotated[
        int, typer.Option(min=1, max=86_400, help="Seconds from heartbeat to heartbeat.")
    ] = USUAL.interval_s,
    seed: Annotated[int, typer.Option(help="The same seed, the same events.")] = USUAL.seed,
    outages: Annotated[float, typer.Option(min=0, help="Outages of a location in 30 days.")] = USUAL.outages,
    late: Annotated[float, typer.Option(min=0, max=0.5, help="Share of heartbeats that arrive late.")] = USUAL.late,
    duplicates: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of heartbeats that arrive twice.")
    ] = USUAL.duplicates,
    ticks: Annotated[
        int, typer.Option(min=1, max=86_400, help="Seconds from tick to tick; --blind-after-s must be longer.")
    ] = USUAL.ticks_s,
    collectors: Annotated[int, typer.Option(min=1, max=100, help="How many collectors listen.")] = USUAL.collectors,
    start: Annotated[str, typer.Option(metavar="TIME", help="When it begins (RFC 3339).")] = times.render(USUAL.start),
) -> None:
    """A seeded fleet with its registry, outages of every kind, late and doubled heartbeats, a collector that dies for
    an hour, and annotations: as events, to Kafka or to a file, in the order of their arrival."""
    if devices < locations:
        raise CommandError(f"--devices {devices}: each of the {locations} locations needs one")
    try:
        begins = times.parse(start)
    except ValueError as error:
        raise CommandError(f"--start {start}: {error}") from None
    simulation = Simulation(
        locations, devices, days, interval, seed, outages, late, duplicates, ticks, collectors, begins
    )
    if not times.parse(EARLIEST) <= begins <= simulation.end <= times.parse(LATEST):
        raise CommandError(f"--start {start}: a fleet lives between {EARLIEST} and {LATEST}")
    if to is None:
        _to_kafka(simulation, settings)
    else:
        _to_file(simulation, to)


def _to_file(simulation: Simulation, name: str) -> None:
    written = 0
    with _opened(name) as file, counting("simulating", simulation.events) as count:
        for batch in play(simulation):
            file.write("".join(map(line_of, batch)).encode())
            written += len(batch)
            count(len(batch))
    if name != "-":  # who reads the events themselves need not be told
        remark(f"{written:,} events written to {name}")


def _to_kafka(simulation: Simulation, settings: Settings) -> None:
    from streams.cli.connections import kafka_of
    from streams.cli.publish import partitions_of
    from streams.demo import publish
    from streams.publishing import PublishingError

    kafka = kafka_of(settings)
    try:
        with counting("simulating", simulation.events) as count:
            sent = publish(simulation, kafka, partitions_of(kafka), count)
    except PublishingError as error:
        raise CommandError(str(error)) from None
    remark(f"{sent:,} events sent to Kafka at {kafka['bootstrap.servers']}")


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    try:
        if name == "-":
            yield sys.stdout.buffer
        elif name.endswith(".gz"):
            with gzip.GzipFile(name, "wb", compresslevel=6, mtime=0) as file:
                yield cast(BinaryIO, file)
        elif name.endswith(".zst"):
            with Path(name).open("wb") as plain, zstandard.ZstdCompressor().stream_writer(plain) as file:
                yield cast(BinaryIO, file)
        else:
            with Path(name).open("wb") as file:
                yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}") from None
