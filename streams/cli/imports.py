"""`fivenines import`: recordings made elsewhere."""

import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from streams.audit.sources import Recorded
from streams.cli.errors import CommandError
from streams.imports import helpdesk, probes

app = typer.Typer(help="Recordings made elsewhere, as events sorted by time: to be published or replayed.")


@app.command("probes")
def import_probes(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A JSON list, plain or compressed; - is standard input.")],
) -> None:
    """RIPE Atlas probes connecting and disconnecting: a probe is a device and a location, its controller the collector.

    The events go to standard output: to a file, or on to `fivenines publish -` or `fivenines replay --from -`.
    """
    _import(file, probes.lines)


@app.command("helpdesk")
def import_helpdesk(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, plain or compressed; - is standard input.")],
) -> None:
    """The log of a help desk, CaseID,ActivityID,CompleteTimestamp in Italian time: a case is a ticket, created by its
    first row, answered by an 8 and closed by a 6. All are of one account.

    The events go to standard output: to a file, or on to `fivenines publish -` or `fivenines replay --from -`.
    """
    _import(file, helpdesk.lines)


def _import(file: str, lines: Callable[[bytes], Iterator[bytes]]) -> None:
    with Recorded(file) as recorded:
        content = b"".join(recorded)
    try:
        for line in lines(content):
            sys.stdout.buffer.write(line)
    except ValueError as error:
        raise CommandError(f"{file}: {error}") from None
