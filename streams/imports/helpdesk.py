"""The log of an Italian software company's help desk: which step of which case was completed when.

A case is a ticket, its first step the creation, by the customer. The log names no customers: all tickets are of one
account, `helpdesk`. It names neither types nor priorities, and none are made up. Times are naive and local, in Rome; of
an hour that a change of clocks repeats the first is meant. Each step was recorded as it was completed, so that is also
when it arrived.

The steps are numbers without names, so what they say to the customer is read from their places. Every case ends with a
6: it closes the ticket. The first that follows the opening steps, 1 and 3, is in 3,534 of 3,804 cases an 8: it is an
answer. Nothing tells that the customer hears of any other step: those are private notes. The first step of a case says
what it says, too: a case whose first row is an 8 was answered when it was created. A step that is listed twice is two
events.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from schemas import times
from schemas.events import TicketEvent
from schemas.terms.zones import local_instant
from schemas.wire import encode_line

ACCOUNT: Final = "helpdesk"
ZONE: Final = "Europe/Rome"
COLUMNS: Final = ["CaseID", "ActivityID", "CompleteTimestamp"]

SAYS: Final[Mapping[str, dict[str, Any]]] = {
    "6": {"event_type": "closed"},
    "8": {"event_type": "responded", "is_public": True},
}
OTHERS: Final[dict[str, Any]] = {"event_type": "note_added", "is_public": False}


class Step(NamedTuple):
    """A row of the log, and the line it stands on, from 1."""

    at: int
    line: int
    case: str
    activity: str


def lines(recording: bytes) -> Iterator[bytes]:
    """The lines of a log, its rows in any order. Raises `ValueError`, which says what is wrong, and on which line."""
    places: dict[str, int] = {}
    for step in sorted(_steps(recording), key=attrgetter("at", "line")):
        if step.case not in places:
            yield _event(step, 0, {"event_type": "created", "actor": "customer"})
        places[step.case] = place = places.get(step.case, 0) + 1
        yield _event(step, place, {"actor": "agent", **SAYS.get(step.activity, OTHERS)})


def _event(step: Step, place: int, fields: Mapping[str, Any]) -> bytes:
    at = times.render(step.at)
    value = {
        "id": f"{step.case}-{place:03}",
        "ticket_id": step.case,
        "account_id": ACCOUNT,
        "occurred_at": at,
        "received_at": at,
        **fields,
    }
    return encode_line(TicketEvent.TOPIC, ACCOUNT, value)


def _steps(recording: bytes) -> Iterator[Step]:
    head, *rows = recording.splitlines() or [b""]
    if head.decode(errors="replace").split(",") != COLUMNS:
        raise ValueError(f"line 1 does not name the columns {', '.join(COLUMNS)}")
    for line, row in enumerate(rows, 2):
        try:
            yield _step(line, row.decode())
        except ValueError as error:
            raise ValueError(f"line {line}: {error}") from None


def _step(line: int, row: str) -> Step:
    fields = row.split(",")
    if len(fields) != len(COLUMNS):
        raise ValueError(f"there are {len(fields)} fields, not {len(COLUMNS)}")
    case, activity, completed = fields
    if not case:
        raise ValueError("the case is not named")
    if not activity.isdecimal():
        raise ValueError(f"{activity!r} is no number of an activity")
    return Step(_instant(completed), line, case, activity)


def _instant(completed: str) -> int:
    try:
        moment = datetime.strptime(completed, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 # the log has no offsets
    except ValueError:
        raise ValueError(f"{completed!r} is no time such as 2012-04-03 16:55:38") from None
    return local_instant(moment.date(), moment.time(), ZONE)
