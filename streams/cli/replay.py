"""`fivenines replay`: the audit, on the command line."""

from collections.abc import Iterable
from functools import partial
from operator import itemgetter
from typing import Annotated, Any

import typer

from schemas.facts import DeadLetter, Fact
from schemas.terms.book import read_book
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay, in_order
from streams.audit.shares import SCATTERED, facts_in_shares, told_in_shares
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.output import Format, FormatOption, Record, format_for, line_of, show, write_lines
from streams.cli.recordings import LIVE, UntilOption, all_kept, instant, read, refuse_no_month
from streams.cli.remarks import remark
from streams.folds.world import World
from streams.settings import Settings

app = typer.Typer()

DIFFERS = 1

Printed = dict[tuple[str, str], list[tuple[tuple[Any, ...], bytes]]]
"""By topic and key the own order and the line of each fact: sorted, they are in the order of outputs."""


@command(app, "replay")
def replay(
    settings: Settings,
    source: Annotated[
        str,
        typer.Option("--from", metavar="FILE|kafka|archive", help="The recording; - is standard input."),
    ],
    diff: Annotated[bool, typer.Option("--diff", help="Compare with what is published; exit 1 if it differs.")] = False,
    account: Annotated[str | None, typer.Option(help="Only this account's facts.")] = None,
    location: Annotated[str | None, typer.Option(help="Only this location's facts.")] = None,
    month: Annotated[str | None, typer.Option(help="Only facts that touch this month, such as 2026-03.")] = None,
    until: UntilOption = None,
    reconsider: Annotated[
        bool,
        typer.Option("--reconsider", help="Take in, too, what was refused but can be read: what changes, by reason."),
    ] = False,
    how: FormatOption = None,
) -> None:
    """Run the same core over a recording and print the current facts; unless they are narrowed, the dead letters too.

    Decimals are JSON numbers; the order of the recording leaves no trace in the output. With --terms it judges by other
    terms; with --diff as well it tells what a platform's months would have cost under them.
    """
    if reconsider and diff:
        raise CommandError("--diff and --reconsider are two questions: ask one")
    if reconsider and source == "archive":
        raise CommandError("--reconsider needs the refused messages themselves: --from kafka or a file has them")
    if diff or source in LIVE:
        from streams.cli.connections import TERMS, WHAT_IF, as_the_platform

        settings = as_the_platform(settings, what_if=TERMS if diff else WHAT_IF)
    book = read_book(settings.terms)
    refuse_no_month(book, month)
    audit = Replay(
        book,
        settings.derivation,
        until=instant("--until", until),
        location=location,
        partitions=settings.partitions,
        keep_refused=reconsider,
    )
    narrowing = Narrowing(account, location, month)
    with all_kept():
        processes = read(audit, source, settings)
        for topic, count in sorted(audit.unknown.items()):
            remark(f"{topic}: {count:,} messages have fields that nobody knows; those were ignored")
        if diff:
            _show_differences(audit, narrowing, settings, how)
        elif reconsider:
            _show_reconsidered(audit, narrowing, how)
        else:
            _show_facts(audit, narrowing, how, processes)


def _show_facts(audit: Replay, narrowing: Narrowing, how: Format | None, processes: int) -> None:
    letters = () if narrowing.narrows else audit.dead_letters  # they may be more when all is told
    if processes > 1 and format_for(how) is Format.NDJSON:
        printed: Printed = {}
        for share in told_in_shares(audit, processes, partial(_printed_share, narrowing)):
            for place, lines in share.items():
                printed.setdefault(place, []).extend(lines)
        printed |= _printed(letters)
        write_lines(line for place in sorted(printed) for _, line in sorted(printed[place]))
        return
    facts = audit.facts() if processes == 1 else facts_in_shares(audit, processes)
    found: list[Fact | DeadLetter] = [*narrowing.of(facts, audit.world), *letters]
    show(map(_record, in_order(found)), how)


def _record(fact: Fact | DeadLetter) -> Record:
    return {"topic": fact.TOPIC, "key": fact.key, "value": fact.current()}


def _printed_share(narrowing: Narrowing, facts: Iterable[Fact], world: World) -> Printed:
    """Where all facts of a key are of one share, as one line: they are many, and quicker handed on so."""
    printed = _printed(narrowing.of(facts, world))
    return {
        place: lines if place[0] in SCATTERED else [(lines[0][0], b"".join(line for _, line in lines))]
        for place, lines in printed.items()
    }


def _printed(facts: Iterable[Fact | DeadLetter]) -> Printed:
    printed: Printed = {}
    for fact in facts:
        record = _record(fact)
        printed.setdefault((fact.TOPIC, record["key"]), []).append((fact.order, line_of(record)))
    for lines in printed.values():
        lines.sort()
    return printed


def _show_differences(audit: Replay, narrowing: Narrowing, settings: Settings, how: Format | None) -> None:
    from streams.audit.difference import from_published
    from streams.cli.connections import archive_of
    from streams.cli.differences import credit_days, show_differences

    with archive_of(settings) as client:
        found = from_published(client, audit, narrowing)
    show_differences(found, how)
    remark(f"{len(found):,} differences" if found else "no difference: the audit derives what is published")
    if any(before != after for before, after in (each.days for each in found)):
        remark(f"credit days: {credit_days(each.days for each in found)}")
    if found:
        raise typer.Exit(DIFFERS)


def _show_reconsidered(audit: Replay, narrowing: Narrowing, how: Format | None) -> None:
    from streams.audit.reconsider import reconsider

    parts = list(reconsider(audit, narrowing))
    reasons: list[Record] = []
    facts: list[Record] = []
    for part in parts:
        value = {
            "reason": part.reason,
            "refused": part.refused,
            "readable": part.readable,
            "differences": len(part.differences),
            "credit_days": part.credit_days,
        }
        reasons.append({"topic": "reconsidered", "key": part.reason, "value": value})
        facts += (
            {"topic": d.fact.TOPIC, "key": d.fact.key, "value": {"reason": part.reason, **d.told("without", "with")}}
            for d in part.differences
        )
    show([*reasons, *sorted(facts, key=itemgetter("topic"))], how)
    refused, readable = sum(part.refused for part in parts), sum(part.readable for part in parts)
    remark(f"{refused:,} messages were refused, {readable:,} of them can be read and make {len(facts):,} differences")
