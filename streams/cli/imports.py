"""`fivenines import`: recordings made elsewhere."""

import sys
from typing import Annotated

import typer

from streams.audit.sources import Recorded
from streams.cli.errors import CommandError
from streams.imports import probes

app = typer.Typer(help="Recordings made elsewhere, as events sorted by time: to be published or replayed.")


@app.callback()
def _imports() -> None:
    """A group, although it has one command."""


@app.command("probes")
def import_probes(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A JSON list, plain or compressed; - is standard input.")],
) -> None:
    """RIPE Atlas probes connecting and disconnecting: a probe is a device and a location, its controller the collector.

    The events go to standard output: to a file, or on to `fivenines publish -` or `fivenines replay --from -`.
    """
    with Recorded(file) as recorded:
        content = b"".join(recorded)
    try:
        for line in probes.lines(content):
            sys.stdout.buffer.write(line)
    except ValueError as error:
        raise CommandError(f"{file}: {error}") from None
