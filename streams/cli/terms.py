"""`fivenines terms`: whether the terms can be used."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.terms.book import Book, read_book, skew_problems
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.settings import Settings

app = typer.Typer(help="The contract's terms: files of numbers and clauses.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The folder; without it that of the settings.")]


@command(app, "check")
def check_terms(settings: Settings, folder: Folder = None) -> None:
    """Say precisely what is wrong with a folder of terms, one line each; exit 2 if anything is."""
    book = book_of(settings if folder is None else settings.model_copy(update={"terms": folder}))
    for terms in book.files:
        typer.echo(f"{terms.series} {terms.effective}: {terms.reference}")


def book_of(settings: Settings) -> Book:
    """The terms, if they can be used with these settings. Raises TermsError, CommandError."""
    book = read_book(settings.terms)
    if problems := skew_problems(book, settings.max_clock_skew_s):
        raise CommandError("\n".join(problems))
    return book
