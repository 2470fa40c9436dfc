"""`fivenines publish`: a way in without a Kafka producer."""

from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from schemas.events import Event, Tick
from schemas.topics import TOPICS
from schemas.wire import Line, Rejected, decode, encode_event, parse_line
from streams import topics
from streams.audit.sources import Recorded
from streams.cli.connections import kafka_of
from streams.cli.errors import CommandError
from streams.cli.options import command
from streams.cli.progress import counting
from streams.cli.remarks import remark
from streams.publishing import Publisher, PublishingError, TooLargeError
from streams.settings import Settings

app = typer.Typer()

LISTED = 20
"""Of the lines that could not be sent, how many are said one by one."""

INPUTS = frozenset(name for name, topic in TOPICS.items() if topic.kind == "input")


@command(app, "publish")
def publish(
    settings: Settings,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Lines, plain or compressed (gzip, Zstandard); - is standard input.")
    ],
) -> None:
    """Send events to their topics: with the key that is their own, in the order of the file, ticks to every partition.

    What the platform will refuse is sent as it is, so that the refusal is recorded. A line that is no event of an input
    topic cannot be sent: it is said with its number, the rest goes on, and the exit status is 2.
    """
    kafka = kafka_of(settings)
    unsent: list[str] = []
    sent = 0
    try:
        with (
            Recorded(file) as recorded,
            Publisher(kafka, partitions_of(kafka)) as publisher,
            counting("publishing") as count,
        ):
            for number, raw in enumerate(recorded, 1):
                reason = _send(parse_line(raw), publisher.send)
                if reason is None:
                    sent += 1
                    count(1)
                else:
                    unsent.append(f"line {number}: {reason}")
    except PublishingError as error:
        raise CommandError(str(error)) from None
    remark(f"{sent:,} events sent")
    if unsent:
        more = [f"and {len(unsent) - LISTED:,} more"] if len(unsent) > LISTED else []
        raise CommandError("\n".join([f"{len(unsent):,} lines could not be sent", *unsent[:LISTED], *more]))


def _send(line: Line | Rejected, send: Callable[..., None]) -> str | None:
    """Send a line's message; the reason why not, if it cannot be."""
    if isinstance(line, Rejected):
        return line.detail
    if line.topic not in INPUTS:
        return f"{line.topic} is not an input topic: there are {', '.join(sorted(INPUTS))}"
    event = decode(line.topic, line.value, headers=line.headers, check_key=False)
    if isinstance(event, Tick):
        key = None
    elif isinstance(event, Event):
        key = (event.key or "").encode()
    else:  # it will be refused: once, and not as a tick in every partition
        key = line.key or b""
    try:
        send(line.topic, key, line.value, line.headers)
    except TooLargeError as error:
        return str(error)
    return None


def send_events(settings: Settings, events: Iterable[Event]) -> None:
    """Events that somebody made here, and the wire takes. Raises CommandError."""
    kafka = kafka_of(settings)
    try:
        with Publisher(kafka, partitions_of(kafka)) as publisher:
            for event in events:
                publisher.send(event.TOPIC, (event.key or "").encode(), encode_event(event))
    except PublishingError as error:
        raise CommandError(str(error)) from None


def partitions_of(kafka: dict[str, str]) -> int:
    """How many partitions the heartbeats have. Raises CommandError where the topics are missing."""
    found = topics.partitions_of(kafka)
    if found is None:
        raise CommandError("Kafka has no topics yet: create them with `fivenines topics`")
    return found
