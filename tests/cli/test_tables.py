"""What is shown to people is whole on every terminal: nothing is cut off, whatever its width."""

import csv
import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from streams.cli.demo import _table
from streams.cli.output import Format, show

CUT_OFF = "…"
WORST: dict[str, Any] = {
    "location_id": "loc-50",
    "account_id": "acct-12",
    "availability": 1.0,
    "down_ms": 86_340_000,
    "excluded_ms": 86_340_000,
    "unknown_ms": 86_340_000,
    "objective_met": False,
    "credit_days": 15,
}
STATE = {
    "topic": "location-states",
    "key": "loc-1",
    "value": {
        "terms": "2024-09-23@8b01782848ab",
        "location_id": "[loc]-1",
        "from": "2026-06-01T08:00:00.000Z",
        "to": "2026-06-01T08:01:08.582Z",
        "state": "degraded",
        "devices_up": 1,
        "devices_down": 1,
        "devices_unknown": 0,
        "resolution_ms": 1_050_000,
    },
}


def test_the_table_of_the_demo_fits_a_terminal_of_80_columns() -> None:
    console = Console(width=80, file=io.StringIO())
    console.print(_table([WORST]))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert " ".join(lines[-1].split()) == "loc-50 acct-12 100.00000 23 h 59 min 23 h 59 min 23 h 59 min no 15"


@pytest.mark.parametrize("name", ["site[/a]", "site[bold]", "[/]", "[red]site", "site\\", "site\\[b]"])
@pytest.mark.parametrize("columns", [20, 400])
def test_an_id_is_shown_as_it_is_written(monkeypatch: pytest.MonkeyPatch, columns: int, name: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    show([{"topic": "location-states", "key": name, "value": {"location_id": name, "state": name}}], Format.TABLE, out)
    assert out.getvalue().split().count(name) == 2


ACTING = "a\x1b[2J\x9b\x07\x7f\r\n\u202eb\u2066"


@pytest.mark.parametrize("columns", [40, 400])
def test_an_id_does_nothing_to_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = r"a\x1b[2J\x9b\x07\x7f\x0d\x0a\u202eb\u2066"
    out = io.StringIO()
    show([{"topic": "location-states", "key": "", "value": {"location_id": ACTING}}], Format.TABLE, out)
    assert shown in "".join(out.getvalue().split())
    console = Console(width=200, file=io.StringIO())
    console.print(_table([WORST | {"location_id": ACTING, "account_id": ACTING}]))
    assert console.file.getvalue().count(shown) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", [Format.JSON, Format.NDJSON, Format.CSV])
def test_what_programs_read_is_exact(how: Format) -> None:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    show([{"topic": "location-states", "key": "", "value": {"location_id": ACTING}}], how, out)
    out.seek(0)
    rows = list(csv.DictReader(out)) if how is Format.CSV else [msgspec.json.decode(out.read().strip("[]\n"))["value"]]
    assert rows[0]["location_id"] == ACTING


@pytest.mark.parametrize("columns", [20, 40, 80, 120, 400])
def test_a_fact_is_shown_whole(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    show([STATE], Format.TABLE, out)
    words = set(out.getvalue().split())
    assert words >= {"[loc]-1", "2026-06-01", "08:00:00", "08:01:08.582", "degraded", "17", "min", "30", "s"}
    assert CUT_OFF not in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= columns
