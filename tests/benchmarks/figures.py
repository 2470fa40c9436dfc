"""What was measured beside what must be reached: as a table for people, and as JSON for what compares runs."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.benchmarks.machine import Machine


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row. `value` None: not measured, and `note` says why; then nothing is reached and nothing is missed."""

    name: str
    value: float | None
    unit: str
    target: float | None = None
    """None: told for the record."""
    better: Literal["more", "less"] = "more"
    note: str = ""
    failed: bool = False
    """Whether it could not be measured although it should have been."""
    machine_load: float | None = None
    """Of the machine when its benchmark began."""
    details: dict[str, Any] = field(default_factory=dict)
    """Every single measurement behind the value, and the settings under which it was taken."""

    @property
    def reached(self) -> bool | None:
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.better == "more" else self.value <= self.target

    def written(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}


def show(figures: list[Figure], machine: Machine, console: Console) -> None:
    table = Table(title=f"{machine}", title_justify="left")
    for column, justify in (
        ("figure", "left"),
        ("measured", "right"),
        ("must be", "right"),
        ("", "left"),
        ("", "left"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for each in figures:
        table.add_row(*_cells(each))
    console.print(table)


def tell(figure: Figure, console: Console) -> None:
    """One figure as it is known, in one line: whatever ends the run later does not take it."""
    console.print("  ".join(filter(None, _cells(figure))), highlight=False, soft_wrap=True)


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """Its columns, in rich's markup."""
    sign = "≥" if figure.better == "more" else "≤"
    target = "" if figure.target is None else f"{sign} {number(figure.target)} {figure.unit}"
    measured = "not measured" if figure.value is None else f"{number(figure.value)} {figure.unit}"
    verdict = {True: "[green]reached[/]", False: "[red]missed[/]", None: "[red]failed[/]" if figure.failed else ""}
    return figure.name, measured, target, verdict[figure.reached], escape(figure.note)


def write(figures: list[Figure], machine: Machine, path: Path, *, small: bool) -> None:
    document = {"machine": asdict(machine), "small": small, "figures": [each.written() for each in figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2) + b"\n")


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.3g}"
