"""`fivenines explain`: how one fact came about, so that it can be checked by hand."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from schemas.facts import BillingCredit
from schemas.terms.book import read_book
from schemas.terms.cited import TermsText
from streams.audit.explain.asking import derived
from streams.audit.explain.places import Places, Search, said_in
from streams.audit.explain.step import Explanation
from streams.audit.explain.subjects import FORMS, UnexplainedError, explain, location_in, uuids_in
from streams.audit.replay import Replay
from streams.audit.sources import Recorded
from streams.cli.errors import CommandError
from streams.cli.explained import WIDTH, Printed, as_data, as_text
from streams.cli.options import command
from streams.cli.output import ENCODER, Format, Terminal
from streams.cli.progress import ticked_off
from streams.cli.recordings import LIVE, read
from streams.cli.remarks import remark
from streams.settings import Settings

app = typer.Typer()

DIFFERS = 1


@command(app, "explain")
def explain_command(
    settings: Settings,
    asked: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help=f"{FORMS}.",
        ),
    ],
    source: Annotated[
        str,
        typer.Option("--from", metavar="archive|kafka|FILE", help="The recording; - is standard input."),
    ] = "archive",
    account: Annotated[str | None, typer.Option(help="Of a location's month, only this account's.")] = None,
    how: Annotated[
        Format, typer.Option("--format", help="A table is text for people; json and ndjson are the same as data.")
    ] = Format.TABLE,
) -> None:
    """Tell step by step how a fact came about: its inputs, with where each message stood; the clauses that were
    applied, with their lines in the terms; and the arithmetic.

    It is derived anew, by a replay, and what the steps arrive at is compared with it: exit 1 if they differ.
    """
    if how is Format.CSV:
        raise CommandError("--format csv: an explanation has no columns; json has all of it as data")
    if source in LIVE:
        from streams.cli.connections import WHAT_IF, as_the_platform

        settings = as_the_platform(settings, what_if=WHAT_IF)
    with _readable_twice(source) as readable:
        explanations, places = _explained(settings, asked, readable, account)
    if how is Format.TABLE:
        _show_text(explanations, places)
    else:
        _show_data([as_data(each, places) for each in explanations], how)
    if any(each.differences for each in explanations):
        remark("an explanation differs from what was derived: see its end")
        raise typer.Exit(DIFFERS)


def _explained(settings: Settings, asked: str, source: str, account: str | None) -> tuple[list[Explanation], Places]:
    location, published = _narrowed(settings, asked, source)
    book = read_book(settings.terms)
    audit = Replay(book, settings.derivation, location=location, partitions=settings.partitions)
    processes = read(audit, source, settings)
    told = derived(audit, asked, TermsText(settings.terms), processes=processes, published=published)
    try:
        explanations = explain(told, asked, account)
    except UnexplainedError as error:
        raise CommandError(str(error)) from None
    return explanations, _found(Search(audit, said_in(explanations)), source, settings)


def _narrowed(settings: Settings, asked: str, source: str) -> tuple[str | None, list[BillingCredit]]:
    """The one location that must be read, if the id or the archive tells; and the ledger there as it is, if it is
    known."""
    location = location_in(asked)
    if source != "archive":
        return location, []
    from streams.archive.read import current_facts, place_of
    from streams.cli.connections import archive_of

    with archive_of(settings) as client:
        location = location or place_of(client, uuids_in(asked))
        return location, [] if location is None else [*current_facts(client, BillingCredit, location=location)]


def _found(search: Search, source: str, settings: Settings) -> Places:
    """Where each message stood that is named: the recording is read once more."""
    if not search.wanted:
        return {}
    if source == "archive":
        from streams.audit.explain.archived import search_archive
        from streams.cli.connections import archive_of

        with archive_of(settings) as client:
            search_archive(search, client)
    elif source == "kafka":
        from streams.audit.logged import logged
        from streams.cli.connections import kafka_of

        search.read(ticked_off("looking through Kafka", logged(kafka_of(settings))))
    else:
        with Recorded(source) as recorded:
            search.read_file(ticked_off("looking through it", recorded))
    return search.places()


@contextmanager
def _readable_twice(source: str) -> Iterator[str]:
    """A recording's name under which it can be read twice: standard input is kept in a file meanwhile."""
    if source != "-":
        yield source
        return
    with Recorded(source) as recorded, tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "standard input")
        with kept.open("wb") as file:
            file.writelines(recorded)
        yield str(kept)


def _show_text(explanations: list[Explanation], places: Places) -> None:
    console = Terminal(highlight=False)
    width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    for number, explanation in enumerate(explanations):
        between = [Printed(""), Printed("─" * width), Printed("")] if number else []
        for line, style in [*between, *as_text(explanation, places, width)]:
            console.print(Text(line, style), soft_wrap=True)


def _show_data(told: list[dict[str, object]], how: Format) -> None:
    if how is Format.JSON:
        sys.stdout.write(ENCODER.encode(told).decode() + "\n")
    else:
        sys.stdout.write("".join(ENCODER.encode(each).decode() + "\n" for each in told))
