"""Which recording a command reads, how much of it, and how: a file, Kafka or the archive."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from schemas import times
from schemas.terms.book import Book
from streams.audit.replay import Replay
from streams.audit.shares import processes_for, read_in_shares
from streams.audit.sources import Recorded
from streams.calendars import calendar
from streams.cli.errors import CommandError
from streams.cli.progress import counting, ticked_off
from streams.cli.remarks import remark
from streams.settings import Settings

LIVE = frozenset({"kafka", "archive"})

UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only what had arrived by then (RFC 3339).")
]


def refuse_no_month(book: Book, name: str | None) -> None:
    """Which months there are is the same for all accounts; when each begins is not."""
    try:
        if name is not None:
            calendar(book).month(name)
    except ValueError as error:
        raise CommandError(f"--month {name}: {error}") from None


def instant(flag: str, text: str | None) -> int | None:
    """The instant (ms) that a flag was given. Raises CommandError."""
    try:
        return None if text is None else times.parse(text)
    except ValueError as error:
        raise CommandError(f"{flag} {text}: {error}") from None


@contextmanager
def all_kept() -> Iterator[None]:
    """What a recording holds is kept until it has been told: meanwhile nobody searches it for garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read(audit: Replay, source: str, settings: Settings) -> int:
    """Tell an audit a recording; how many processes that is worth."""
    if source == "kafka":
        from streams.audit.logged import logged
        from streams.cli.connections import kafka_of

        audit.read(ticked_off("reading Kafka", logged(kafka_of(settings), warn=remark)))
    elif source == "archive":
        from streams.archive.read import heartbeats_held
        from streams.audit.archived import read_archive
        from streams.cli.connections import archive_of

        with archive_of(settings) as client, counting("reading the archive", heartbeats_held(client)) as done:
            read_archive(audit, client, done)
    else:
        return _read_file(audit, source)
    return 1


def _read_file(audit: Replay, source: str) -> int:
    with Recorded(source) as recorded:
        processes = processes_for(Path(source)) if recorded.is_plain else 1
        if processes == 1:
            audit.read_file(ticked_off("reading", recorded))
    if processes > 1:
        try:
            read_in_shares(audit, Path(source), processes)
        except OSError as error:
            raise CommandError(f"{source}: {error.strerror or error}") from None
    return processes
