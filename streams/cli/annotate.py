"""`fivenines annotate`: what the help desk says about outages. It is a person's: nothing that derives writes input."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from schemas.events import Annotation
from schemas.facts import ExclusionProposal, Fact
from schemas.terms.book import read_book
from schemas.wire import Gate, decode, encode_line
from streams.annotating import (
    PROPOSER,
    Known,
    UndecidedError,
    Words,
    approval,
    recorded,
    retraction,
    statement,
    told,
)
from streams.audit.replay import Replay
from streams.audit.sources import Recorded
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.output import FormatOption, show
from streams.cli.remarks import remark
from streams.folds.world import World
from streams.settings import Settings
from streams.visible import visible

app = typer.Typer(
    help="What people say about outages: approve what was proposed, say a cause by hand, take one back.",
    no_args_is_help=True,
)

ARCHIVE = "archive"

From = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE|archive", help="What is known: the platform's archive, or a recording."),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="FILE", help="Add the line to FILE (- is standard output), and send nothing to Kafka."
    ),
]
Approver = Annotated[str, typer.Option("--approved-by", help="Who approves it: another person than the author.")]
Location = Annotated[str | None, typer.Option("--location", help="Only what is about this location.")]


@command(app, "list")
def list_open(settings: Settings, source: From = None, location: Location = None, how: FormatOption = None) -> None:
    """List the proposals that nobody has decided: those that no annotation names.

    It prints what is to be decided. By which terms and settings it was derived, `fivenines replay` has.
    """
    found = _known(settings, source or ARCHIVE).at(location).open_proposals()
    found.sort(key=lambda proposal: (proposal.key, proposal.order))
    show(({"topic": each.TOPIC, "key": each.key, "value": _to_decide(each)} for each in found), how)
    remark({0: "no proposal is open", 1: "1 proposal is open"}.get(len(found), f"{len(found):,} proposals are open"))


def _to_decide(proposal: ExclusionProposal) -> dict[str, Any]:
    """What a proposal says itself, without what every fact carries."""
    written, carried = proposal.current(), Fact.__struct_fields__
    return {name: value for name, value in written.items() if name not in carried}


@command(app, "approve")
def approve(
    settings: Settings,
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="Its id, as `list` shows it.")],
    approved_by: Approver,
    author: Annotated[str, typer.Option("--author", help="Who proposes it.")] = PROPOSER,
    source: From = None,
    to: To = None,
) -> None:
    """Approve a proposal: an annotation with its cause, its time and its evidence, which takes that downtime away."""
    _decide(settings, source, to, lambda known: approval(known, proposal, author, approved_by))


@command(app, "add")
def add(
    settings: Settings,
    location: Annotated[str, typer.Argument(metavar="LOCATION", help="The location's id.")],
    begins: Annotated[str, typer.Option(metavar="TIME", help="From when on (RFC 3339).")],
    cause: Annotated[str, typer.Option(help="The cause, such as third_party or monitoring_gap.")],
    author: Annotated[str, typer.Option("--author", help="Who says so.")],
    approved_by: Approver,
    ends: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when; without it until the outage around --begins ends.")
    ] = None,
    evidence: Annotated[str | None, typer.Option(help="What speaks for it, in words.")] = None,
    annotation: Annotated[
        str | None, typer.Option("--id", help="The annotation to say anew, or the id of a new one.")
    ] = None,
    source: From = None,
    to: To = None,
) -> None:
    """Say by hand why a location was as it was, and that it is approved.

    With --to and without --from nobody is asked whether there is such a location or annotation.
    """
    words = {
        "location_id": location,
        "from": begins,
        "to": ends,
        "cause": cause,
        "author": author,
        "approved_by": approved_by,
        "evidence": evidence,
    }
    nobody = source is None and to is not None
    annotation_id = annotation or str(uuid4())
    _decide(settings, source, to, lambda known: statement(known, annotation_id, words), location, nobody=nobody)


@command(app, "retract")
def retract(
    settings: Settings,
    annotation: Annotated[str, typer.Argument(metavar="ANNOTATION", help="Its id.")],
    author: Annotated[str, typer.Option("--author", help="Who takes it back.")],
    location: Location = None,
    source: From = None,
    to: To = None,
) -> None:
    """Take an annotation back: its next revision, after which what it covered counts again."""
    _decide(settings, source, to, lambda known: retraction(known.at(location), annotation, author))


def _decide(
    settings: Settings,
    source: str | None,
    to: str | None,
    decide: Callable[[Known], Words],
    location: str | None = None,
    *,
    nobody: bool = False,
) -> None:
    """Write what is decided in the light of what is known; `nobody` is asked where that is not to matter."""
    if source not in (None, ARCHIVE) and to is None:
        raise CommandError(f"what is known from {source} is decided in a file: say --to")
    if source in (None, ARCHIVE) and not nobody:
        settings = _as_the_platform(settings)
    gate = Gate(settings.derivation, World(read_book(settings.terms), settings.derivation).open_since)
    now = time.time_ns() // 1_000_000  # when a person recorded it: of input, the clock of its sender may say so
    try:
        words = decide(Known() if nobody else _known(settings, source or ARCHIVE, location))
        note = recorded(words, str(uuid4()), now, gate)
    except UndecidedError as error:
        raise CommandError(str(error)) from None
    if to is None:
        from streams.cli.publish import send_events

        send_events(settings, [note])
    else:
        _add(to, note)
    remark(f"written: {visible(told(note))}")


def _as_the_platform(settings: Settings) -> Settings:
    from streams.cli.connections import as_the_platform

    return as_the_platform(settings)


def _known(settings: Settings, source: str, location: str | None = None) -> Known:
    """What is known; of the locations it is asked about one alone."""
    return _archived(settings, location) if source == ARCHIVE else _recorded(settings, source)


def _archived(settings: Settings, location: str | None) -> Known:
    from streams.archive.read import accepted_annotations, current_facts, is_location
    from streams.cli.connections import archive_of

    with archive_of(settings) as client:
        lines = accepted_annotations(client)
        events = [decode(line.topic, line.value, key=line.key, headers=line.headers) for line in lines]
        return Known(
            [*current_facts(client, ExclusionProposal)],
            [event for event in events if isinstance(event, Annotation)],
            {location} if location is not None and is_location(client, location) else (),
        )


def _recorded(settings: Settings, source: str) -> Known:
    audit = Replay(read_book(settings.terms), settings.derivation)
    with Recorded(source) as lines:
        audit.read_file(lines)
    proposals = [fact for fact in audit.facts() if isinstance(fact, ExclusionProposal)]
    loop = audit.chain.loop
    notes = [note for location_id in loop.keys for note in audit.annotations(location_id)]
    heard = {key for key, held in loop.keys.items() if held.published[0]}
    return Known(proposals, notes, heard.union(audit.world.registry.ids("location")))


def _add(name: str, note: Annotation) -> None:
    line = encode_line(note.TOPIC, note.location_id, note.written())
    if name == "-":
        sys.stdout.write(line.decode())
        return
    try:
        with Path(name).open("ab") as file:
            file.write(line)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}") from None
