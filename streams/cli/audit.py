"""`fivenines audit`: the independent derivation, on the command line."""

from typing import Annotated, Any
from uuid import uuid4

import typer

from schemas import times
from schemas.terms.book import read_book
from streams.archive.read import heartbeats_held
from streams.audit import oracle
from streams.audit.oracle import Difference
from streams.cli.connections import archive_of, as_the_platform
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.output import FormatOption, Record, show
from streams.cli.progress import counting
from streams.cli.remarks import remark
from streams.settings import Settings

app = typer.Typer()

DIFFERS = 1
LONGEST_S = 3600
INSTANTS = frozenset({"from_", "to", "started_at", "ended_at", "as_of", "final_at"})


@command(app, "audit")
def audit(
    settings: Settings,
    sql: Annotated[bool, typer.Option("--sql", help="By ClickHouse, from the accepted archive.")] = False,
    how: FormatOption = None,
) -> None:
    """Derive states, outages and months a second time, independently of the folds, and compare with what is published.

    Exit 1 if they differ. `fivenines replay --diff` asks the folds themselves.
    """
    if not sql:
        raise CommandError("say --sql: it is the one independent derivation there is")
    settings = as_the_platform(settings)
    with archive_of(settings) as client:
        client.set_client_setting("session_id", str(uuid4()))  # where its temporary tables live
        client.set_client_setting("session_timeout", LONGEST_S)
        book, partitions = read_book(settings.terms), settings.partitions
        with counting("deriving by SQL", heartbeats_held(client)) as done:
            found = list(oracle.compare(client, book, settings.derivation, partitions=partitions, done=done))
    show((_record(difference) for difference in found), how)
    remark(f"{len(found):,} differences" if found else "no difference: the SQL derives what is published")
    if found:
        raise typer.Exit(DIFFERS)


def _record(difference: Difference) -> Record:
    row = difference.published if difference.derived is None else difference.derived
    assert row is not None
    only = "derived" if difference.published is None else "published" if difference.derived is None else None
    value = {
        "identity": difference.identity,
        "difference": f"only {only}" if only else "differs",
        "fact": {name: _told(name, value) for name, value in row._asdict().items()} if only else None,
        "columns": {
            name: {"derived": _told(name, derived), "published": _told(name, published)}
            for name, (derived, published) in difference.fields.items()
        },
    }
    return {"topic": difference.table.replace("_", "-"), "key": row.location_id, "value": value}


def _told(name: str, value: Any) -> Any:
    return times.render(value) if name in INSTANTS and value is not None else value
