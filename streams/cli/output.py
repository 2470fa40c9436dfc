"""How facts are printed: a table on a terminal, else lines that `cmp` can compare."""

import csv
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, TextIO

import msgspec
import typer
from rich.console import Console
from rich.table import Table

Record = Mapping[str, Any]
"""A fact as printed: `topic`, `key` and `value`."""

ENCODER = msgspec.json.Encoder(decimal_format="number")


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How facts are printed; a table on a terminal, else ndjson.")
]


def show(records: Iterable[Record], how: Format | None, out: TextIO | None = None) -> None:
    """Print facts that are in the order of their topics."""
    out = out or sys.stdout
    if how is None:
        how = Format.TABLE if out.isatty() else Format.NDJSON
    if how is Format.TABLE:
        _show_tables(records, out)
    elif how is Format.CSV:
        _show_csv(list(records), out)
    elif how is Format.JSON:
        out.write(ENCODER.encode(list(records)).decode() + "\n")
    else:
        _show_lines(records, out)


def _show_lines(records: Iterable[Record], out: TextIO) -> None:
    buffer = bytearray()
    for record in records:
        ENCODER.encode_into(record, buffer, len(buffer))
        buffer += b"\n"
        if len(buffer) > 1 << 20:
            out.write(buffer.decode())
            buffer.clear()
    out.write(buffer.decode())


def _show_csv(records: list[Record], out: TextIO) -> None:
    """One header for all topics: a fact leaves empty what it does not have."""
    columns = {name: None for record in records for name in record["value"]}
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["topic", "key", *columns])
    for record in records:
        rows.writerow([record["topic"], record["key"], *(_cell(record["value"].get(name)) for name in columns)])


def _show_tables(records: Iterable[Record], out: TextIO) -> None:
    console = Console(file=out, highlight=False)
    for topic, group in groupby(records, key=itemgetter("topic")):
        facts = [record["value"] for record in group]
        table = Table(title=f"{topic} ({len(facts)})", title_justify="left", title_style="bold")
        hidden = {"settings", "fold_version", "retracted", "body"}
        columns = [name for name in facts[0] if name not in hidden]
        for name in columns:
            numeric = isinstance(facts[0][name], int | float) and not isinstance(facts[0][name], bool)
            table.add_column(name, justify="right" if numeric else "left", overflow="fold")
        for fact in facts:
            table.add_row(*(_cell(fact.get(name)) for name in columns))
        console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return ENCODER.encode(value).decode()
    return str(value)
