"""`fivenines statement`: what a customer is told of a month, on the command line."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.facts import BillingCredit
from schemas.terms.book import read_book
from streams.audit.replay import Replay
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.recordings import LIVE, UntilOption, instant, read, refuse_no_month
from streams.cli.remarks import remark
from streams.settings import Settings
from streams.statement.content import as_json
from streams.statement.drawing_up import NothingToStateError, draw_up
from streams.statement.page.document import page
from streams.visible import visible

app = typer.Typer()


class Lang(StrEnum):
    EN = "en"
    FR = "fr"


class Form(StrEnum):
    HTML = "html"
    JSON = "json"


@command(app, "statement")
def statement(
    settings: Settings,
    account: Annotated[str, typer.Option("--account", help="Whose month it is, by the account's id.")],
    month: Annotated[str, typer.Option("--month", help="The month, such as 2026-06.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="archive|kafka|FILE", help="The recording it follows from; - is standard input."
        ),
    ] = "archive",
    lang: Annotated[Lang, typer.Option("--lang", help="The language of the page.")] = Lang.EN,
    how: Annotated[Form, typer.Option("--format", help="A page, or the same as data for programs.")] = Form.HTML,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Write it to FILE.")] = None,
    until: UntilOption = None,
) -> None:
    """One account's month for the customer: a page that stands alone and can be printed, in English or French, or JSON.

    It follows from a replay of the recording. The same input gives the same bytes.
    """
    arrived = instant("--until", until)
    if source in LIVE:
        from streams.cli.connections import WHAT_IF, as_the_platform

        settings = as_the_platform(settings, what_if=WHAT_IF)
    book = read_book(settings.terms)
    refuse_no_month(book, month)
    audit = Replay(book, settings.derivation, until=arrived, account=account, partitions=settings.partitions)
    read(audit, source, settings)
    ledger = _published(account, settings) if source == "archive" and arrived is None else None
    try:
        drawn_up = draw_up(audit, account, month, audit.facts(), ledger)
    except NothingToStateError as error:
        raise CommandError(str(error)) from None
    written = page(drawn_up, lang.value).encode() if how is Form.HTML else as_json(drawn_up)
    if out is None:
        sys.stdout.write(written.decode())
    else:
        _write(out, written)


def _published(account: str, settings: Settings) -> list[BillingCredit]:
    """The ledger's entries of an account. When each was published is a matter of the platform's clock, not of what had
    arrived by an instant: with --until nobody asks."""
    from streams.archive.read import current_facts
    from streams.cli.connections import archive_of

    with archive_of(settings) as client:
        return [*current_facts(client, BillingCredit, account=account)]


def _write(name: str, content: bytes) -> None:
    try:
        Path(name).write_bytes(content)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}") from None
    remark(f"written to {visible(name)}")
