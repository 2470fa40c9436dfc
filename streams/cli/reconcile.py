"""`fivenines reconcile`: what a corrected derivation would change, in facts and in credit days; and having it said."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from schemas.events import Reconciliation, RegistryRecord
from schemas.terms.book import read_book
from schemas.wire import Gate
from streams.annotating import UndecidedError, accepted
from streams.audit.archived import read_archive
from streams.audit.difference import Difference, published
from streams.audit.narrowing import Narrowing
from streams.audit.reconciling import Comparison, Days, subject_of
from streams.audit.replay import Replay
from streams.cli.connections import archive_of, as_the_platform, kafka_of
from streams.cli.differences import credit_days, show_differences
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.output import FormatOption, Record
from streams.cli.publish import send_events
from streams.cli.recordings import refuse_no_month
from streams.cli.remarks import remark
from streams.following import versions_reached
from streams.settings import Settings

app = typer.Typer()

DIFFERS = 1


@command(app, "reconcile")
def reconcile(
    settings: Settings,
    account: Annotated[str | None, typer.Option(help="Only this account's facts.")] = None,
    location: Annotated[str | None, typer.Option(help="Only this location's facts.")] = None,
    month: Annotated[str | None, typer.Option(help="Only facts that touch this month, such as 2026-03.")] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Have the platform say it: everything of the locations and accounts found."),
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why, in words: it stands in the ledger. With --publish.")] = None,
    author: Annotated[str | None, typer.Option(help="Who looked at it and says so. With --publish.")] = None,
    how: FormatOption = None,
) -> None:
    """Show what would change of what is published if it were derived anew, by the folds, terms and settings as they
    are: fact by fact, then in credit days. Exit 1 if anything would.

    Months that are final stay as they are. Nothing is changed by looking; with --publish the platform derives anew each
    location and account where something would change, and publishes the difference, with the reason in the ledger.
    """
    _check(publish, reason, author)
    settings = as_the_platform(settings)
    refuse_no_month(read_book(settings.terms), month)
    compared = _compared(settings, location)
    found = compared.of(Narrowing(account, location, month))
    if publish:
        found = compared.whole(found)
    days = compared.days(found)
    show_differences(found, how, more=lambda each: {"is_final": compared.stays(each)}, after=_records(days))
    _summarise(compared, found, days)
    would_change = [each for each in found if not compared.stays(each)]
    if publish and would_change:
        answerable = _answerable(settings, would_change)
        _publish(settings, compared, answerable, reason or "", author or "")
        would_change = would_change if len(answerable) < len(would_change) else []
    if would_change:
        raise typer.Exit(DIFFERS)


def _check(publish: bool, reason: str | None, author: str | None) -> None:
    if publish and not (reason and author):
        raise CommandError("--publish moves money: say why with --reason, and who looked at it with --author")
    if not publish and (reason or author):
        raise CommandError("nothing is published without --publish")


def _compared(settings: Settings, location: str | None) -> Comparison:
    now = time.time_ns() // 1_000_000  # when a person looks: what is final by then stays
    narrowing = Narrowing(location=location)
    audit = Replay(read_book(settings.terms), settings.derivation, location=location, partitions=settings.partitions)
    with archive_of(settings) as client:
        read_archive(audit, client)
        said = [*published(client, narrowing)]
    return Comparison(said, audit, now, narrowing)


def _records(days: Sequence[Days]) -> list[Record]:
    return [
        {"topic": "credit-days", "key": month.location_id, "value": {**month._asdict(), "change": month.change}}
        for month in days
    ]


def _summarise(compared: Comparison, found: Sequence[Difference], days: Sequence[Days]) -> None:
    stay = [each for each in found if compared.stays(each)]
    if len(stay) == len(found):
        remark("nothing would change: what is published follows")
    else:
        counts = Counter(each.fact.TOPIC for each in found if not compared.stays(each))
        remark(f"would change: {', '.join(f'{count:,} in {topic}' for topic, count in sorted(counts.items()))}")
        remark(f"credit days: {_days(days, final=False)}")
    if stay:
        remark(f"final, and stays: {len(stay):,} facts; credit days: {_days(days, final=True)}")


def _days(days: Sequence[Days], *, final: bool) -> str:
    return credit_days((each.published, each.derived) for each in days if each.is_final == final)


def _publish(settings: Settings, compared: Comparison, found: Sequence[Difference], reason: str, author: str) -> None:
    gate = Gate(settings.derivation)
    try:
        records = [
            accepted(RegistryRecord.TOPIC, fields["reconciliation_id"], fields, gate)
            for fields in compared.reconciliations(found, reason, author)
        ]
    except UndecidedError as error:
        raise CommandError(str(error)) from None
    new = [each for each in records if isinstance(each, Reconciliation) and not compared.was_asked(each)]
    if new:
        send_events(settings, new)
        names = _named([each.subject for each in new])
        remark(f"published for {len(new):,} locations and accounts: {names}; reconcile again to see it done")
    if len(new) < len(records):
        remark(f"{len(records) - len(new):,} were published before and wait for the platform")


def _answerable(settings: Settings, found: Sequence[Difference]) -> list[Difference]:
    """Without the locations and accounts of which a fact stands that the platform cannot overrule: its version is ahead
    of all input there is. Intake would wait until it has read so much."""
    reached = versions_reached(kafka_of(settings))
    published = [each.before for each in found if each.before is not None]
    ahead = {subject_of(fact) for fact in published if fact.version > reached(fact)}
    if ahead:
        names = _named(sorted(each.id for each in ahead))
        remark(f"not published, for a fact stands there whose version is ahead of all input there is: {names}")
    return [each for each in found if subject_of(each.fact) not in ahead]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
