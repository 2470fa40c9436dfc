"""Tables that are read on paper, on a narrow screen and aloud.

On a narrow screen each row becomes a block in which every cell names its column (`page.css`); the roles keep it a table
for who listens to it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.statement.markup import LINE_END, Markup, element, join

SHORT = 6
"""Of up to so many rows a table stays on one sheet of paper."""


class Column(NamedTuple):
    heading: object
    is_number: bool = False


def table(
    caption: object,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    total: bool = False,
    is_narrow: bool = False,
    label: object = None,
) -> Markup:
    """A table of rows, whose first cells name them; the last row may be the `total` of the others. What it is about
    stands above it, or, said in a heading already, is only said aloud (`label`)."""
    headings = [
        element("th", column.heading, scope="col", role="columnheader", class_="number" if column.is_number else None)
        for column in columns
    ]
    body = [_row(columns, row) for row in rows]
    parts = [element("tbody", *body[:-1] if total else body, role="rowgroup")]
    if total:
        parts.append(element("tfoot", body[-1], role="rowgroup"))
    head = element("thead", element("tr", *headings, role="row"), role="rowgroup")
    kinds = [*(["narrow"] if is_narrow else []), *(["short"] if len(body) <= SHORT else [])]
    kind = " ".join(kinds) or None
    above = element("caption", caption) if caption else ""
    return join(element("table", above, head, *parts, role="table", class_=kind, aria_label=label), LINE_END)


def _row(columns: Sequence[Column], cells: Sequence[object]) -> Markup:
    name, *others = zip(columns, cells, strict=True)
    written = [_cell("th", *name, scope="row", role="rowheader"), *(_cell("td", *each, role="cell") for each in others)]
    return join(element("tr", *written, role="row"), LINE_END)


def _cell(tag: str, column: Column, content: object, **attributes: str) -> Markup:
    """Its content is one thing, to stand beside the name of its column; what has none is left out there."""
    kind = "number" if column.is_number else None
    inside = element("div", content) if content else ""
    return element(tag, inside, **attributes, class_=kind, data_label=column.heading)
