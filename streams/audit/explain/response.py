"""The first response to a ticket: when it was due by each priority, and whether it came by then (RS-1 to RS-4, NU-1,
I-11 to I-16, I-20; semantics §10)."""

from collections.abc import Sequence
from itertools import pairwise

from schemas.facts import TicketResponse
from streams.audit.explain import desk, inputs
from streams.audit.explain.arithmetic import Line, Number, at, compared, earliest, equals, latest
from streams.audit.explain.claimed import events_of
from streams.audit.explain.derived import Derived
from streams.audit.explain.due import Case, due_steps
from streams.audit.explain.step import Explanation, Step
from streams.contact_hours import opening_hours
from streams.engine import FOREVER
from streams.folds.responses import Asked, Responses
from streams.folds.targets import Due, dues, first_missed, in_force


def explain_response(derived: Derived, fact: TicketResponse) -> Explanation:
    asked: Asked = derived.of_account(Responses, fact.account_id)
    ticket = asked.merges.tickets[fact.ticket_id]
    month = derived.calendar(fact.account_id).month_at(ticket.created_at)
    case = Case(derived, fact, month, asked, ticket, events_of(derived, fact.account_id, fact.ticket_id))
    wanted = dues(ticket, fact.window, month.terms, case.end.at)
    return Explanation(
        kind="response",
        id=f"{fact.account_id}/{fact.ticket_id}",
        name=None,
        title=f"The first response to ticket {fact.ticket_id} of {fact.account_id}",
        fact=fact,
        steps=[
            _created(case),
            _window(case),
            *due_steps(case, wanted),
            _answered(case),
            _outcome(case, wanted),
            _counted(case),
        ],
    )


def _created(case: Case) -> Step:
    ticket, month = case.ticket, case.month
    words = [f"Of {month.name}, that of its creation: {inputs.instant(month.start)} to {inputs.instant(month.end)}."]
    if ticket.ticket_type is None:
        words.append("It names no type: then it is a request.")
    return Step(
        what=f"It was created at {inputs.instant(ticket.created_at)}",
        words=words,
        clauses=[case.derived.cite("I-14", case.terms), case.derived.cite("VE-1", case.terms)],
        inputs=[*map(inputs.ticket_event, case.told("created")[:1])],
        arithmetic=[
            compared("against the month's begin", at(ticket.created_at), at(month.start)),
            compared("against its end", at(ticket.created_at), at(month.end)),
        ],
        gives={"created_at": ticket.created_at, "month": month.name, "ticket_type": ticket.ticket_type or "request"},
    )


def _window(case: Case) -> Step:
    window, words, lines = desk.window(case.ticket.created_at, case.terms)
    where = "in contact hours" if window == "contact" else "outside of contact hours"
    return Step(
        what=f"It was created {where}",
        words=[*words, f"Holidays are those of {case.fact.holidays}."],
        clauses=[
            case.derived.cite("RS-1", case.terms),
            case.derived.cite("I-1", case.terms, "response.hours_zone"),
            case.derived.cite("I-13", case.terms),
        ],
        arithmetic=lines,
        gives={"window": window, "holidays": opening_hours(case.terms).holidays},
    )


def _answered(case: Case) -> Step:
    """When it was first answered, or closed by the customer, by its own events and those of the one it follows."""
    ticket, end = case.ticket, case.end
    words: list[str] = []
    answers = [event for event in case.told("responded", "note_added") if event.occurred_at in ticket.answers[:1]]
    closings = case.told("closed", "reopened")
    own = [event for event in closings if event.event_type == "closed" and event.actor == "customer"]
    answered, withdrawn = (min((event.occurred_at for event in events), default=FOREVER) for events in (answers, own))
    lines: list[Line] = []
    merges = case.told("merged")
    other = ticket.merges[0].value if ticket.merges else None
    if other in case.asked.merges.tickets:
        merged_at, follows = ticket.merges[0].at, case.asked.merges.end(other)
        words.append(f"It was merged into {other}: what had happened to that one counts from the merge on.")
        answered = _of_both("answered", answered, follows.answered, merged_at, lines)
        withdrawn = _of_both("closed by the customer", withdrawn, follows.withdrawn, merged_at, lines)
    elif other is not None:
        words.append(f"It was merged into {other}, of which this account knows nothing: it is not followed.")
    closed = max((event.occurred_at for event in closings if event.event_type == "closed"), default=None)
    reopened = max((event.occurred_at for event in closings if event.event_type == "reopened"), default=-1)
    if answered < FOREVER:
        words.append(f"The first public message by an agent counts at {inputs.instant(answered)}.")
    if withdrawn < FOREVER:
        words.append(f"The customer closed it: {inputs.instant(withdrawn)}.")
    return Step(
        what="When it was first answered" if end.answered < FOREVER else "Nobody has answered it",
        words=words,
        clauses=[case.derived.cite("I-15", case.terms)],
        inputs=[*map(inputs.ticket_event, (*answers, *closings, *merges[:1]))],
        arithmetic=lines,
        gives={"closed_at": None if closed is None or closed < reopened else closed},
        doubts=[]
        if (answered, withdrawn) == tuple(end)
        else [f"ended as {(answered, withdrawn)}, derived as {tuple(end)}"],
    )


def _of_both(what: str, own: int, followed: int, merged_at: int, lines: list[Line]) -> int:
    """Its own instant, or that of the ticket it follows, which counts from the merge on at the earliest."""
    if followed == FOREVER:
        return own
    from_merge = latest([at(followed), at(merged_at)])
    found = earliest([from_merge if own == FOREVER else at(own), *([] if own == FOREVER else [from_merge])])
    lines.append(equals(what, found))
    return int(found.value)


def _outcome(case: Case, wanted: Sequence[Due]) -> Step:
    end, now = case.end, case.derived.world.desk_time or 0
    missed = first_missed(wanted)
    is_open = end.at == FOREVER
    ended = now if is_open else end.at
    is_missed = missed.missed_at < ended
    is_withdrawn = not is_open and not is_missed and end.withdrawn < end.answered
    due = missed if is_open or is_missed else in_force(wanted, end.at)
    outcome = "missed" if is_missed else "pending" if is_open or is_withdrawn else "met"
    words = [
        f"{later.priority} since {inputs.instant(later.since)}, when the time of {first.priority} was not over."
        for first, later in pairwise(wanted)
        if first.missed_at >= later.since
    ]
    told = {
        "missed": "It was unanswered after the time that the priority in force gave it. Missed stays missed.",
        "met": "It was answered in time, by the priority in force then.",
        "pending": "The customer closed it first: it leaves the total."
        if is_withdrawn
        else "It is neither answered nor due.",
    }
    return Step(
        what=f"The outcome: {outcome}",
        words=[*words, told[outcome]],
        clauses=[case.derived.cite("I-16", case.terms), case.derived.cite("I-14", case.terms)],
        inputs=[case.derived.slowest()] if is_open and case.derived.world.slowest is not None else [],
        arithmetic=_against(due, ended, is_open),
        gives={
            "priority": due.priority,
            "due_at": None if due.at == FOREVER else due.at,
            "outcome": outcome,
            "missed_at": missed.missed_at if is_missed else None,
            "responded_at": None if is_withdrawn or end.answered == FOREVER else end.answered,
        },
    )


def _against(due: Due, ended: int, is_open: bool) -> list[Line]:
    if due.at == FOREVER:
        return []
    last: Number = latest([at(due.at), at(due.since)])
    what = "time, against that" if is_open else "the answer, or the customer's closing, against that"
    return [equals("the last instant in time", last), compared(what, at(ended), last.found)]


def _counted(case: Case) -> Step:
    fact, terms, ticket = case.fact, case.terms.response, case.ticket
    kind = ticket.ticket_type or "request"
    if fact.outcome == "pending" and case.end.at < FOREVER:
        counted, why = "withdrawn", "The customer closed it before it was answered or missed."
    elif not ticket.asked:
        counted, why = "not_asked", "Neither the customer created it, nor somebody on the customer's behalf."
    elif kind in terms.ticket_types:
        counted, why = "total", f"A ticket of the type {kind} is a request related to the agreement."
    elif kind in terms.counted_apart:
        counted, why = "apart", f"A ticket of the type {kind} depends on third parties: it is counted apart."
    else:
        counted, why = "other_type", f"A ticket of the type {kind} is no request related to the agreement."
    return Step(
        what=f"How it counts: {counted}",
        words=[why],
        clauses=[case.derived.cite("I-20", case.terms), case.derived.cite("NU-1", case.terms)],
        gives={"counted": counted},
    )
