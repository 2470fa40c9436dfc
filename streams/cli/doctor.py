"""`fivenines doctor`: whether the platform is well, line by line."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import typer
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.text import Text

from infra.supervised import ServerError
from streams import doctor as checks
from streams.cli.connections import archive_of, as_the_platform, kafka_of
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.doctor import Finding, guarded
from streams.settings import Settings
from streams.visible import visible

app = typer.Typer()

UNWELL = 1
WELL, TO_KNOW, BROKEN = ("✓", "green"), ("!", "yellow"), ("✗", "red")


@command(app, "doctor")
def doctor(settings: Settings) -> None:
    """What is running, versions, lag, dead letters, last event seen, disk: each line that is not well says what to do.

    ✗ is a fault, and then the exit status is 1; ! is to be known, but the platform itself is well.
    """
    console = Console(highlight=False, soft_wrap=True)
    unwell = False
    findings = []
    try:
        settings = as_the_platform(settings)
    except ServerError:  # what does not run is found below
        pass
    except CommandError as error:
        findings.append(Finding("settings", str(error), "or leave it out of the flags, FIVENINES_* and fivenines.toml"))
    for finding in chain(findings, _findings(settings)):
        mark = _mark(finding)
        unwell |= mark == BROKEN
        console.print(Text.assemble(mark, f" {finding.what:17} {visible(finding.found)}"))
        if finding.remedy:
            console.print(Text(f"  {'':17} → {visible(finding.remedy)}", style="yellow"))
    if unwell:
        raise typer.Exit(UNWELL)


def _mark(finding: Finding) -> tuple[str, str]:
    if not finding.remedy:
        return WELL
    return BROKEN if finding.broken else TO_KNOW


def _findings(settings: Settings) -> Iterator[Finding]:
    with ExitStack() as held:
        kafka: dict[str, str] | None = None
        client: Client | None = None
        missing: list[Finding] = []
        try:
            kafka = kafka_of(settings)
        except ServerError as error:
            missing.append(Finding("Kafka", "does not answer", str(error)))
        try:
            client = held.enter_context(archive_of(settings))
        except ServerError as error:
            missing.append(Finding("ClickHouse", "does not answer", str(error)))
        yield from guarded("versions", checks.versions(client))
        yield from guarded("terms", checks.terms(settings.terms, settings.derivation))
        yield from guarded("disk", checks.disk(settings.data))
        yield from missing
        if kafka is not None:
            yield from guarded("topics", checks.kafka_topics(kafka, settings.derivation, settings.partitions))
            yield from guarded("readers", checks.readers(kafka, client))
        if client is not None:
            yield from guarded("tables", checks.tables(client))
            yield from guarded("derived", checks.derived(client, settings.terms, settings.derivation))
            yield from guarded("last event", checks.heard(client))
            yield from guarded("collectors", checks.blind(client, settings.derivation))
            yield from guarded("dead letters", checks.refused(client))
