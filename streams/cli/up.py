"""`fivenines up`: the whole platform on this machine, and what the operator must see at 3 a.m."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.cli.options import command
from streams.cli.progress import steps
from streams.cli.stopping import until_told
from streams.cli.terms import book_of
from streams.platform import Platform, connected
from streams.settings import Settings
from streams.visible import visible

app = typer.Typer()

Rows = Sequence[Mapping[str, Any]]

EVERY_S = 1.0
STALE_AFTER_MS = 120_000
SHOWN = 20

FRESHNESS = """
    SELECT min(through) AS through, max(age_ms) AS age_ms, max(silent_ms) AS silent_ms, count() AS partitions
    FROM freshness WHERE topic = 'device-heartbeats'"""
OUTAGES = "SELECT * FROM location_outages_now ORDER BY started_at"
WAITING = "SELECT * FROM ticket_responses_due WHERE urgency != 'later' ORDER BY due_at, account_id, ticket_id"


@command(app, "up")
def up(settings: Settings) -> None:
    """Start the servers, topics, tables and what derives, and stay: a live table of what is down and of which tickets
    wait for an answer. Ctrl-C stops in order."""
    book_of(settings)  # a mistake in the terms is said before anything starts
    console = Console(stderr=True)
    with until_told() as stop, Platform(settings, steps(console)) as platform:
        for what, where in _places(platform).items():
            console.print(f"{what:11} {where}", markup=False, soft_wrap=True)
        with connected(platform.servers.clickhouse) as client:
            _watch(platform, client, stop)


def _places(platform: Platform) -> Mapping[str, str]:
    """Where things are."""
    server = platform.servers.clickhouse
    return {
        "Kafka": platform.servers.kafka_config["bootstrap.servers"],
        "ClickHouse": f"http://{server.host}:{server.http_port}  database {server.database}",
        "Metrics": "  ".join(f"{name} {url}" for name, url in platform.metrics.items()),
        "Data": str(platform.settings.data.resolve()),
    }


def _watch(platform: Platform, client: Client, stop: threading.Event) -> None:
    console = Console()
    if not console.is_terminal:
        while not stop.wait(EVERY_S):
            platform.check()
        return
    with Live(console=console, refresh_per_second=2) as live:
        while not stop.wait(EVERY_S):
            platform.check()
            live.update(_picture(client))


def _picture(client: Client) -> RenderableType:
    try:
        return Group(
            _freshness(_rows(client, FRESHNESS)), _outages(_rows(client, OUTAGES)), _waiting(_rows(client, WAITING))
        )
    except ClickHouseError as error:
        return Text(visible(f"ClickHouse does not answer: {error}"), style="red")


def _rows(client: Client, query: str) -> Rows:
    return list(client.query(query).named_results())


def _outages(rows: Rows) -> Table:
    """What is down now, the longest first."""
    table = Table(title="Down now", title_justify="left", title_style="bold", expand=True)
    for name in ("location", "since", "for", "how"):
        table.add_column(name)
    for row in rows[:SHOWN]:
        location, since = Text(visible(row["location_id"])), f"{row['started_at']:%Y-%m-%d %H:%M:%S}"
        table.add_row(location, since, lasted(row["duration_ms"]), row["kind"])
    if not rows:
        table.add_row("[green]nothing[/]", "", "", "")
    if len(rows) > SHOWN:
        table.caption = f"and {len(rows) - SHOWN} more"
    return table


def _waiting(rows: Rows) -> RenderableType:
    """The tickets whose first answer is overdue or due within the hour, the most urgent first."""
    if not rows:
        return Text("no first answer is due within the hour", style="green")
    table = Table(title="To be answered", title_justify="left", title_style="bold", expand=True)
    for name in ("account", "ticket", "priority", "due", "in"):
        table.add_column(name)
    for row in rows[:SHOWN]:
        names = [Text(visible(row[name])) for name in ("account_id", "ticket_id")]
        late = row["urgency"] == "overdue"
        left = f"[red]{lasted(-row['left_ms'])} late[/]" if late else lasted(row["left_ms"])
        table.add_row(*names, row["priority"], f"{row['due_at']:%Y-%m-%d %H:%M:%S}", left)
    if len(rows) > SHOWN:
        table.caption = f"and {len(rows) - SHOWN} more"
    return table


def _freshness(rows: Rows) -> Text:
    """How far time has come, and how old that is by the wall clock, which ClickHouse tells."""
    (row,) = rows
    if not row["partitions"]:
        return Text("no heartbeat and no tick has arrived yet", style="yellow")
    style = "red" if row["silent_ms"] > STALE_AFTER_MS else "green"
    age, silent = lasted(row["age_ms"]), lasted(row["silent_ms"])
    return Text(f"as of {row['through']:%Y-%m-%d %H:%M:%S} UTC: {age} old; last heard {silent} ago", style=style)


def lasted(ms: int) -> str:
    """A duration for people: its two greatest units."""
    seconds = ms // 1000
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"
