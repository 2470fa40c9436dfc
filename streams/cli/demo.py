"""`fivenines demo`: from heartbeats to credits in a minute, and the proof that an audit agrees."""

import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.datafolder import DataFolder, is_taken
from infra.servers import FORMAT
from schemas.facts import BillingCredit
from schemas.terms.book import read_book
from streams.archive.read import current_facts
from streams.audit.archived import read_archive
from streams.audit.difference import from_published
from streams.audit.replay import Replay
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.progress import counting, steps
from streams.cli.stopping import until_told
from streams.cli.terms import book_of
from streams.cli.up import lasted
from streams.demo import (
    BLIND_AFTER_S,
    MONTH,
    PARTITIONS,
    answers,
    correct,
    entries,
    months,
    owed,
    publish,
    responses,
)
from streams.following import STEADY_S, Following
from streams.platform import PROCESSES, Platform, connected
from streams.publishing import PublishingError
from streams.settings import Settings
from streams.statement.drawing_up import draw_up
from streams.statement.page.document import page
from streams.visible import visible

app = typer.Typer()
SHOWN = 15
STATEMENT = "statement.html"
OURS = frozenset({"lock", "format", "endpoints.json", "endpoints.new", "kafka", "clickhouse", STATEMENT, *PROCESSES})
"""What a platform leaves in its folder: with anything else in it, the folder is not wiped."""


@command(app, "demo")
def demo(
    settings: Settings,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the platform running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Play a month of a sample fleet (50 locations, 120 devices) through the live platform on a folder of its own, show
    what it found, prove that the audit agrees, and stop.

    It is wiped each time, and so its folder is never that of --data but beside it: with --data X it is X-demo, without
    it .fivenines-demo. Its --partitions and --blind-after-s are its own, too.
    """
    book_of(settings)
    console = Console()
    own = _own(settings)
    try:
        with Platform(own, steps(console)) as platform, _stopped_in_order():
            _play(platform, console)
            if keep:
                said = f"\nThe platform stays, until Ctrl-C. To ask it: fivenines doctor --data {own.data}"
                console.print(said, markup=False, soft_wrap=True)
                _stay(platform)
    except (PublishingError, TimeoutError) as error:
        raise CommandError(str(error)) from None


def _own(settings: Settings) -> Settings:
    """The demo's own settings, and its own folder beside the platform's: made anew each time."""
    if settings.kafka or settings.clickhouse:
        raise CommandError("the demo runs on embedded servers only: unset FIVENINES_KAFKA and FIVENINES_CLICKHOUSE")
    data = settings.data.resolve()
    if not data.name:
        raise CommandError(f"--data {settings.data}: the demo's folder stands beside it, and nothing is beside {data}")
    data = data.with_name(f"{data.name}-demo")
    if is_taken(data):
        raise CommandError(f"another demo runs on {data}: stop it first, or give this one another --data")
    if (data / "format").exists():  # without it, what is not ours is refused later, and left alone
        _wipe(data)
    return settings.model_copy(update={"data": data, "partitions": PARTITIONS, "blind_after_s": BLIND_AFTER_S})


def _wipe(data: Path) -> None:
    """Remove an earlier demo. Raises CommandError or ServerError where the folder may be anything else."""
    unknown = sorted({each.name for each in data.iterdir()} - OURS)
    if unknown:
        raise CommandError(
            f"{data} holds {unknown[0]}, which no demo made, and is left alone: remove it, or give another --data"
        )
    try:
        with DataFolder(data, what="fivenines", version=FORMAT):
            shutil.rmtree(data)
    except UnicodeDecodeError:
        raise CommandError(f"{data / 'format'} is not what a demo writes: give another --data") from None


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _play(platform: Platform, console: Console) -> None:
    kafka, server = platform.servers.kafka_config, platform.servers.clickhouse
    with counting("playing June 2026", MONTH.events) as count:
        publish(MONTH, kafka, PARTITIONS, count)
    with Following(kafka) as following, connected(server) as client:
        _follow(platform, following, client, console)
        _show(months(client), console)
        _show_desk(client, console)
        corrected = correct(client, kafka)
        _follow(platform, following, client, console, steady_s=0)
        _show_ledger(corrected, client, console)
        audit = _prove(platform, client, console)
        ledger = current_facts(client, BillingCredit, account=corrected["account_id"])
        _state(audit, corrected, ledger, platform.settings.data / STATEMENT, console)
    _where_next(platform, console)


def _follow(
    platform: Platform, following: Following, client: Client, console: Console, steady_s: float = STEADY_S
) -> None:
    with console.status("following") as status:
        following.wait(platform.check, status.update, steady_s=steady_s)
        status.update("ClickHouse reads the rest")
        following.wait_for_tables(client)


def _show_desk(client: Client, console: Console) -> None:
    told = ", ".join(f"{count} {answer.replace('_', ' ')}" for answer, count in answers(client))
    met, total = responses(client)
    console.print(f"\nWhat claims for credits were told: {told}.", highlight=False)
    console.print(f"First responses: {met} of {total} in time.", highlight=False)


def _show_ledger(corrected: Mapping[str, Any], client: Client, console: Console) -> None:
    """What billing reads of a credit that was issued, and corrected afterwards; and the sum of all."""
    place = f"{corrected['account_id']}, {corrected['location_id']}, {corrected['month']}"
    console.print(
        f"\nThen a cause is approved for the downtime of {visible(place)}, whose credit was issued. Billing reads:",
        markup=False,
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False)
    for name in ("n", "entry", "days", "why"):
        table.add_column(name, justify="right" if name in ("n", "days") else "left")
    for entry in entries(client, corrected["location_id"]):
        table.add_row(str(entry["n"]), entry["type"], f"{entry['days']:+}", Text(visible(entry["reason"])))
    console.print(table)
    count, days, whole = owed(client)
    gaps = "no chain has a gap" if whole else "[red]a chain has a gap[/]"
    console.print(f"Of all credits the claimed ones make {count} entries, {days} days; {gaps}.", highlight=False)


def _show(found: Sequence[dict[str, Any]], console: Console) -> None:
    console.print(_table(found[:SHOWN]))
    if len(found) > SHOWN:
        console.print(
            f"[dim]and {len(found) - SHOWN} more; a location that changed hands has a month for each account[/]"
        )
    earned = [month for month in found if month["credit_days"]]
    met = sum(bool(month["objective_met"]) for month in found)
    days = sum(month["credit_days"] for month in earned)
    console.print(f"\n{len(found)} months closed: {met} met the objective, {len(earned)} earned {days} days of credit.")
    console.print("A missed objective with less than 15 minutes of downtime owes nothing.")


def _table(months: Sequence[dict[str, Any]]) -> Table:
    """One line a month, within 80 columns."""
    title = "\nJune 2026, the worst first: was 99.999 % met, and the days of credit"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("location", "account", "up %", "down", "excluded", "unknown", "met", "days"):
        table.add_column(name, justify="left" if name in ("location", "account") else "right", no_wrap=True)
    for month in months:
        table.add_row(
            Text(visible(month["location_id"])),
            Text(visible(month["account_id"])),
            "" if month["availability"] is None else f"{month['availability'] * 100:.5f}",
            lasted(month["down_ms"]),
            lasted(month["excluded_ms"]),
            lasted(month["unknown_ms"]),
            "[green]yes[/]" if month["objective_met"] else "[red]no[/]",
            str(month["credit_days"] or ""),
        )
    return table


def _prove(platform: Platform, client: Client, console: Console) -> Replay:
    """The audit, after it has derived everything again from the archive and compared it with what is published."""
    settings = platform.settings
    audit = Replay(read_book(settings.terms), settings.derivation, partitions=settings.partitions)
    with console.status("the audit replays the archive"):
        read_archive(audit, client)
        differences = from_published(client, audit)
    if differences:
        for difference in differences[:SHOWN]:
            console.print(visible(str(difference)), style="red", markup=False)
        raise CommandError(f"the audit differs in {len(differences)} facts from what is published")
    console.print("[green]The audit agrees:[/] a replay of the archive derives the same facts, byte for byte.")
    return audit


def _state(
    audit: Replay, corrected: Mapping[str, Any], ledger: Iterable[BillingCredit], written: Path, console: Console
) -> None:
    """The account's month, as its customer reads it, by what the audit has derived and the ledger has."""
    statement = draw_up(audit, corrected["account_id"], corrected["month"], audit.told(), ledger)
    written.write_text(page(statement, "en"), encoding="utf-8")
    console.print(f"What the customer is told, to be looked at in a browser: {visible(str(written))}", markup=False)


def _where_next(platform: Platform, console: Console) -> None:
    server = platform.servers.clickhouse
    console.print(
        "\nWhere to look next\n"
        "  fivenines up                  a platform of your own, and what is down now\n"
        "  fivenines simulate --to FILE  events to try things with,\n"
        "  fivenines replay --from FILE  and what follows from them\n"
        "  fivenines demo --keep         the demo's platform stays: its tables are at\n"
        f"                                http://{server.host}:{server.http_port}/play, user {server.grafana_user}\n"
        "  streams/folds/README.md       what is derived, and how it was settled",
        highlight=False,
    )


def _stay(platform: Platform) -> None:
    with until_told() as stop:
        while not stop.wait(1.0):
            platform.check()
