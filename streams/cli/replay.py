"""`fivenines replay`: the audit, on the command line."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from schemas import times
from schemas.facts import DeadLetter, Fact
from schemas.terms.book import read_book
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay, in_order
from streams.audit.sources import Recorded
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.output import FormatOption, Record, show
from streams.settings import Settings

app = typer.Typer()


@command(app, "replay")
def replay(
    settings: Settings,
    source: Annotated[str, typer.Option("--from", metavar="FILE", help="The recording; - is standard input.")],
    account: Annotated[str | None, typer.Option(help="Only this account's facts.")] = None,
    location: Annotated[str | None, typer.Option(help="Only this location's facts.")] = None,
    month: Annotated[str | None, typer.Option(help="Only facts that touch this month, such as 2026-03.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only what had arrived by then (RFC 3339).")] = None,
    how: FormatOption = None,
) -> None:
    """Run the same core over a recording and print the current facts, with the dead letters."""
    book = read_book(settings.terms)
    narrowing = Narrowing(account, location, month)
    audit = Replay(book, settings.derivation, until=_instant(until), location=location, partitions=settings.partitions)
    _read(audit, source)
    try:
        found: list[Fact | DeadLetter] = list(narrowing.of(audit.facts(), audit.world))
    except ValueError as error:
        raise CommandError(f"--month {month}: {error}") from None
    if not narrowing.narrows:
        found += audit.dead_letters
    show(_records(in_order(found)), how)


def _read(audit: Replay, source: str) -> None:
    with Recorded(source) as recorded:
        audit.read_file(recorded)


def _records(facts: Iterable[Fact | DeadLetter]) -> Iterator[Record]:
    return ({"topic": fact.TOPIC, "key": fact.key, "value": fact.current()} for fact in facts)


def _instant(text: str | None) -> int | None:
    try:
        return None if text is None else times.parse(text)
    except ValueError as error:
        raise CommandError(f"--until {text}: {error}") from None
