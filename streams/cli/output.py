"""How facts are printed: a table on a terminal, else lines that `cmp` can compare."""

import csv
import re
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, TextIO

import msgspec
import typer
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.spoken import spoken
from streams.visible import visible

Record = Mapping[str, Any]
"""A fact as printed: `topic`, `key` and `value`."""

LEFT_OUT = frozenset({"terms", "settings", "fold_version", "retracted", "body"})
"""What a table does not show: it would leave no room for what people look for."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.(?!000)\d{3})?)(?:\.000)?Z")
"""People read it without its `T` and `Z`, and without milliseconds where there are none."""

NUMBER = re.compile(r"-?[\d.]*")

ENCODER = msgspec.json.Encoder(decimal_format="number")


class Terminal(Console):
    """Where people read. Who has read enough ends the command as any other output does."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How facts are printed; a table on a terminal, else ndjson.")
]


def format_for(how: Format | None, out: TextIO | None = None) -> Format:
    """The format that was asked for, or the one that suits."""
    return how or (Format.TABLE if (out or sys.stdout).isatty() else Format.NDJSON)


def show(records: Iterable[Record], how: Format | None, out: TextIO | None = None) -> None:
    """Print facts that are in the order of their topics."""
    out = out or sys.stdout
    how = format_for(how, out)
    if how is Format.TABLE:
        _show_tables(records, out)
    elif how is Format.CSV:
        _show_csv(list(records), out)
    elif how is Format.JSON:
        out.write(ENCODER.encode(list(records)).decode() + "\n")
    else:
        write_lines(map(line_of, records), out)


def line_of(record: Record) -> bytes:
    return ENCODER.encode(record) + b"\n"


def write_lines(lines: Iterable[bytes], out: TextIO | None = None) -> None:
    """Print lines of ndjson, as they are."""
    out = out or sys.stdout
    out.flush()
    out.buffer.writelines(lines)


def _show_csv(records: list[Record], out: TextIO) -> None:
    """One header for all topics: a fact leaves empty what it does not have."""
    columns = {name: None for record in records for name in record["value"]}
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["topic", "key", *columns])
    for record in records:
        rows.writerow([record["topic"], record["key"], *(_cell(record["value"].get(name)) for name in columns)])


def _show_tables(records: Iterable[Record], out: TextIO) -> None:
    """A table for each topic; where it does not fit, a paragraph for each of its facts."""
    console = Terminal(file=out, highlight=False)
    unbounded = console.options.update(max_width=1 << 16)
    for topic, group in groupby(records, key=itemgetter("topic")):
        facts = [{named(name): shown(name, value) for name, value in record["value"].items()} for record in group]
        columns = [name for name in facts[0] if name not in LEFT_OUT]
        console.print(f"[bold]{topic} ({len(facts)})[/]")
        table = _table(facts, columns)
        if Measurement.get(console, unbounded, table).maximum <= console.width:
            console.print(table, "")
        else:
            for fact in facts:
                said = [(name.replace("_", " "), fact[name]) for name in columns if fact.get(name)]
                words = [Text.assemble((name, "dim"), " ", value) for name, value in said]
                console.print(Padding(Text("  ").join(words), (0, 0, 1, 2)))


def _table(facts: list[dict[str, str]], columns: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        numeric = all(NUMBER.fullmatch(fact.get(name, "")) for fact in facts)
        table.add_column(name.replace("_", "\n"), justify="right" if numeric else "left")
    for fact in facts:
        table.add_row(*(Text(fact.get(name, "")) for name in columns))
    return table


def named(name: str) -> str:
    """What a column is called for people: a length says its units itself."""
    return name.removesuffix("_ms")


def shown(name: str, value: Any) -> str:
    """What a column says, as people read it."""
    is_length = name.endswith("_ms") and isinstance(value, int)
    return visible(INSTANT.sub(r"\1 \2", spoken(value) if is_length else _in_words(value)))


def _in_words(value: Any) -> str:
    """What a fact lists, without the marks of JSON."""
    if isinstance(value, list):
        return "; ".join(map(_in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{named(name)} {shown(name, each)}" for name, each in value.items() if each is not None)
    return _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return ENCODER.encode(value).decode()
    return str(value)
