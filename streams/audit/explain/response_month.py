"""An account's requests of a month: which tickets count, how each ended, and whether that is enough (RS-4, NU-1, I-14,
I-20)."""

from collections import Counter
from collections.abc import Sequence

from schemas.facts import ResponseMonth, TicketResponse
from schemas.facts.response import Apart, Outcome
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, as_written, compared, equals, number
from streams.audit.explain.claimed import events_of
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Explanation, Input, Step

OUTCOMES: Sequence[Outcome] = ("met", "missed", "pending")


def explain_response_month(derived: Derived, fact: ResponseMonth) -> Explanation:
    """`fact` is the row of all priorities and windows; the other rows are told along with it."""
    tickets = [
        ticket
        for ticket in derived.all(TicketResponse, account_id=fact.account_id, month=fact.month)
        if ticket.counted in ("total", "apart")
    ]
    return Explanation(
        kind="responses",
        id=f"{fact.account_id}/{fact.month}",
        name=None,
        title=f"Responses to the requests of {fact.account_id} in {fact.month}",
        fact=fact,
        steps=[
            _counts(derived, fact, tickets),
            _rows(derived, fact, tickets),
            _apart(derived, fact, tickets),
            _verdict(derived, fact),
        ],
    )


def _counts(derived: Derived, fact: ResponseMonth, tickets: Sequence[TicketResponse]) -> Step:
    counted = [ticket for ticket in tickets if ticket.counted == "total"]
    counts = Counter(ticket.outcome for ticket in counted)
    met, missed = (number(counts[outcome]) for outcome in OUTCOMES[:2])
    terms = derived.calendar(fact.account_id).month(fact.month).terms
    return Step(
        what="Which tickets count, and how each ended",
        words=["Those created in the month, of the types that the terms name. What is pending does not count yet."],
        clauses=[derived.cite("I-20", terms), derived.cite("I-14", terms)],
        inputs=[
            Input(f"ticket {ticket.ticket_id}: {ticket.priority}, {ticket.window}, {ticket.outcome}")
            for ticket in counted
        ],
        arithmetic=[equals("met and missed", met + missed)],
        gives={
            "total": counts["met"] + counts["missed"],
            **{outcome: counts[outcome] for outcome in OUTCOMES},
        },
    )


def _created(derived: Derived, ticket: TicketResponse) -> Input:
    """What is said of a ticket, with the event that created it; the ticket's own explanation has the others."""
    events = events_of(derived, ticket.account_id, ticket.ticket_id)
    created = next(event for event in events if event.event_type == "created")
    words = f"ticket {ticket.ticket_id}: {ticket.priority}, {ticket.window}, {ticket.outcome}"
    return Input(words, inputs.said_by(created))


def _rows(derived: Derived, fact: ResponseMonth, tickets: Sequence[TicketResponse]) -> Step:
    """The rows by priority and window, counted once more."""
    words, doubts = [], []
    for row in derived.all(ResponseMonth, account_id=fact.account_id, month=fact.month):
        here = [
            ticket
            for ticket in tickets
            if ticket.counted == "total"
            and row.priority in (ticket.priority, "all")
            and row.window in (ticket.window, "all")
        ]
        counts = Counter(ticket.outcome for ticket in here)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        words.append(f"{row.priority}, {row.window}: {told}; verdict {row.verdict}")
        if [counts[outcome] for outcome in OUTCOMES] != [row.met, row.missed, row.pending]:
            doubts.append(
                f"{row.priority}, {row.window}: counted {counts}, derived as {row.met}, {row.missed}, {row.pending}"
            )
    return Step(what="By priority in force and window of creation", words=words, doubts=doubts)


def _apart(derived: Derived, fact: ResponseMonth, tickets: Sequence[TicketResponse]) -> Step:
    """Tickets that depend on third parties, by their types in the order of the terms."""
    terms = derived.calendar(fact.account_id).month(fact.month).terms
    found = []
    for kind in terms.response.counted_apart:
        counts = Counter(each.outcome for each in tickets if (each.counted, each.ticket_type) == ("apart", kind))
        if counts:
            met, missed, pending = (counts[outcome] for outcome in OUTCOMES)
            found.append(Apart(kind, met + missed, met, missed, pending))
    return Step(
        what="What is counted apart, and not judged",
        words=[f"{each.ticket_type}: {each.met} met, {each.missed} missed, {each.pending} pending" for each in found]
        or ["Nothing."],
        clauses=[derived.cite("NU-1", terms)],
        gives={"apart": tuple(found)},
    )


def _verdict(derived: Derived, fact: ResponseMonth) -> Step:
    terms = derived.calendar(fact.account_id).month(fact.month).terms
    share, whole = as_written(terms.response.attainment)
    met, wanted = number(fact.met) * whole, share * number(fact.total)
    lines: list[Line] = []
    if terms.response.judged_per == "all_customers":
        verdict, why = (
            "none",
            "By the terms all customers are judged together: the view response_monthly_overall says how.",
        )
    elif not fact.total:
        verdict, why = "none", "There is nothing to be judged."
    else:
        verdict = "met" if met.value >= wanted.value else "breached"
        why = "Enough if met times the whole is not less than the share of the total: integers, nothing is rounded."
        lines = [
            equals("met", met),
            equals("wanted", wanted),
            compared("enough while not less", met.found, wanted.found),
        ]
    return Step(
        what=f"The verdict: {verdict}",
        words=[why],
        clauses=[
            derived.cite("RS-4", terms),
            derived.cite("I-20", terms, "response.judged_per"),
            derived.cite("RM-1", terms),
        ],
        arithmetic=lines,
        gives={"verdict": verdict, "attainment": terms.response.attainment},
    )
