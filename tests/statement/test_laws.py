"""Of any history a statement can be drawn up: it adds up, says all that a replay says of the account, and is the same
whatever the order of the input."""

from collections.abc import Iterable
from itertools import product
from random import Random
from typing import Any

from hypothesis import strategies as st

from schemas.facts import Availability, BillingCredit, ClaimAnswer, Credit, Fact, ResponseMonth
from schemas.wire import parse_line
from streams.audit.replay import Replay
from streams.statement.content import Statement, as_json
from streams.statement.drawing_up import NothingToStateError, draw_up
from streams.statement.page.document import page
from tests.laws.strategies import PARTITIONS, Recording, recording, recordings
from tests.laws.test_laws import law
from tests.laws.tickets import histories
from tests.statement.reading import Page
from tests.statement.sums import check_sums

ACCOUNTS = ("acme", "beta")
MONTHS = ("2026-03", "2026-04")
STATED = (Availability, Credit, BillingCredit, ResponseMonth)


def replayed(recording: Recording, lines: Iterable[bytes], account_id: str | None) -> Replay:
    partitions = PARTITIONS if recording.partitioned else None
    replay = Replay(recording.book, recording.settings, partitions=partitions, account=account_id)
    replay.read(parse_line(line) for line in lines)
    return replay


def stated(recording: Recording, lines: Iterable[bytes], account_id: str, month: str) -> Statement | None:
    """None for an account of which nothing is known, or a month that has not begun."""
    try:
        audit = replayed(recording, lines, account_id)
        return draw_up(audit, account_id, month, audit.facts())
    except NothingToStateError:
        return None


def facts_in(statement: Statement) -> list[dict[str, Any]]:
    of_places = [fact for at in statement.locations for fact in (at.availability, at.credit, *at.ledger) if fact]
    claims = [claim for claim in statement.claims if claim.month is not None]
    return sorted((fact.current() for fact in (*of_places, *claims, *statement.responses.months)), key=repr)


def facts_about(facts: Iterable[Fact], account_id: str, month: str) -> list[dict[str, Any]]:
    found = [fact for fact in facts if isinstance(fact, (*STATED, ClaimAnswer))]
    return sorted((f.current() for f in found if (f.account_id, f.month) == (account_id, month)), key=repr)


@law(st.one_of(recordings(), histories()), st.sampled_from(ACCOUNTS), st.sampled_from(MONTHS))
def test_a_statement_of_any_history_adds_up_and_leaves_nothing_out(
    recording: Recording, account_id: str, month: str
) -> None:
    statement = stated(recording, recording.lines, account_id, month)
    if statement is not None:
        check_sums(statement)
        english, french = Page(page(statement, "en")), Page(page(statement, "fr"))
        assert english.instants() == french.instants()
        whole = replayed(recording, recording.lines, None)
        assert facts_in(statement) == facts_about(whole.facts(), account_id, month)
        assert draw_up(whole, account_id, month, whole.told()) == statement, "of an audit of all accounts, too"


@law(recordings(), st.sampled_from(ACCOUNTS), st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_a_history_leave_no_trace_in_a_statement(
    recording: Recording, account_id: str, chance: Any
) -> None:
    """Law 1, byte for byte."""
    lines = list(recording.lines)
    shuffled = lines + chance.sample(lines, len(lines) // 3)
    chance.shuffle(shuffled)
    once, again = (stated(recording, told, account_id, "2026-04") for told in (lines, shuffled))
    assert (once is None) == (again is None)
    if once is not None and again is not None:
        assert as_json(once) == as_json(again)


def test_the_histories_reach_what_a_statement_can_say() -> None:
    """Or the laws would hold of nothing."""
    seen: set[str] = set()
    for seed, account_id, month in product(range(60), ACCOUNTS, MONTHS):
        played = recording(Random(seed))
        statement = stated(played, played.lines, account_id, month)
        for place in statement.locations if statement is not None else ():
            seen |= {each.what for each in place.timeline} | {each.why or "" for each in place.timeline}
            seen |= {note.effect for note in place.annotations}
            seen |= {place.credit.state} if place.credit else set()
            seen |= {"shared"} if any(each.began_before or each.goes_on for each in place.outages) else set()
    assert seen >= {"up", "down", "excluded", "unknown", "not_covered", "not_had", "ahead", "eligible", "issued"}
    assert seen >= {"not_listening", "no_device", "monitoring_gap", "none", "shared"}
