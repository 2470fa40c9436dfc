"""What was published of the ledger stands in the statement of its month, entry by entry, also where it comes to
nothing; where nobody looked, or where it is not what is owed, the statement says so."""

from collections.abc import Iterable

import msgspec
import pytest

from schemas.facts import BillingCredit
from schemas.facts.fact import named
from streams.folds.billing import CLAIMED, CLAIMED_BY_PROVIDER, CORRECTED, RECONCILED
from streams.statement.content import Statement, as_json, digest
from streams.statement.page.document import page
from tests.core.cases import Case, cases
from tests.statement.cases import CASES, drawn_up, of_location
from tests.statement.reading import Page
from tests.statement.sums import check_sums

CLAIM = "2026-04-02T10:00:00Z T1 created ticket_type=credit_claim location_id=loc month=2026-03 channel=email"
ISSUED: Case = CASES[0][1] | {"tickets": [CLAIM], "now": "2026-04-20T00:00:00Z"}
"""Two hours down on 10 March, which earn 4 days; claimed in time."""
TAKEN_BACK: Case = ISSUED | {
    "annotations": [{"id": "n", "cause": "third_party", "from": "00:00:00", "recorded": "2026-04-10T00:00:00Z"}]
}
"""Then a cause was approved for all of it."""
LOC = {"location": "loc", "since": "2026-01-01T00:00:00Z", "name": "Beta's own"}
GIVEN_AWAY: Case = ISSUED | {
    "registry": [
        {"account": "acme"},
        LOC | {"account_id": "acme"},
        LOC | {"account_id": "beta", "recorded": "2026-04-10T00:00:00Z"},
    ]
}
"""Then it turned out that another account had the location all along."""


def published(*days: int, reason: str = CORRECTED) -> list[BillingCredit]:
    """A chain of entries for March: the first was issued, the others follow for a reason."""
    (first,) = of_location(drawn_up(ISSUED)).ledger
    chain = [msgspec.structs.replace(first, days=days[0])]
    for n, change in enumerate(days[1:], 2):
        entry = msgspec.structs.replace(
            first,
            id=named(f"billing/acme/loc/2026-03/{n}"),
            n=n,
            type="credit.adjusted" if sum(days[:n]) else "credit.reversed",
            days=change,
            corrects=chain[-1].id,
            reason=reason,
        )
        chain.append(entry)
    return chain


def words(statement: Statement, lang: str = "en") -> str:
    return Page(page(statement, "fr" if lang == "fr" else "en")).words().replace("\u00a0", " ")


def test_a_credit_that_was_issued_and_wholly_taken_back_is_stated_with_both_entries_and_the_reason() -> None:
    statement = drawn_up(TAKEN_BACK, published=published(4, -4))
    place = of_location(statement)
    check_sums(statement)
    assert (place.credit, place.owed_days, place.ledger_days) == (None, 0, 0)
    assert [(entry.type, entry.days) for entry in place.ledger] == [("credit.issued", 4), ("credit.reversed", -4)]
    told = words(statement)
    for said in (
        "None: issued and taken back",
        "Every entry as it was published, in order",
        "+4",
        "claimed by ticket T1",
        "\u22124",
        "the month was corrected",
        "Together",
        "A credit was issued and has been taken back: nothing is owed any more.",
    ):
        assert said in told, said
    french = words(statement, "fr")
    for said in ("Aucun : accordé puis annulé", "réclamé par le billet T1", "le mois a été corrigé", "En tout"):
        assert said in french, said


def test_a_replay_alone_does_not_know_it_and_says_so() -> None:
    statement = drawn_up(TAKEN_BACK)
    assert (statement.ledger_as, of_location(statement).ledger) == ("derived", ())
    assert "a credit that was issued and wholly taken back is not shown" in words(statement)
    assert "un crédit accordé puis entièrement annulé n’est pas indiqué" in words(statement, "fr")
    assert "is not shown" not in words(drawn_up(TAKEN_BACK, published=[]))


@pytest.mark.parametrize(
    ("case", "chain", "said"),
    [
        (ISSUED, [], "What was published adds up to 0 days, and by the records 4 days are owed"),
        (ISSUED, [2], "What was published adds up to 2 days, and by the records 4 days are owed"),
        (TAKEN_BACK, [4], "What was published adds up to 4 days, and by the records 0 days are owed"),
    ],
)
def test_a_ledger_that_is_not_what_is_owed_is_shown_with_the_difference(
    case: Case, chain: list[int], said: str
) -> None:
    entries = published(*chain) if chain else []
    statement = drawn_up(case, published=entries)
    assert list(of_location(statement).ledger) == entries
    assert said in words(statement)
    assert "nothing is owed any more" not in words(statement)


def test_of_a_location_that_was_another_account_s_all_along_only_the_entries_are_stated() -> None:
    statement = drawn_up(GIVEN_AWAY, published=published(4, -4))
    place = of_location(statement)
    assert (place.availability, place.credit, place.name, place.was_had) == (None, None, None, False)
    assert len(place.ledger) == 2
    told = words(statement)
    assert "By the records as they are now, the account did not have this location in this month." in told
    assert "claimed by ticket T1" in told
    assert "Beta" not in told
    assert drawn_up(GIVEN_AWAY).locations == (), "without the ledger nothing is left"


def test_entries_of_others_and_of_other_months_are_not_stated() -> None:
    own = published(4, -4)
    others = [msgspec.structs.replace(own[0], **{name: "else"}) for name in ("account_id", "month")]
    stated = drawn_up(TAKEN_BACK, published=[*own, *others])
    assert as_json(stated) == as_json(drawn_up(TAKEN_BACK, published=own))


def test_a_digest_is_of_the_records_and_the_ledger_whatever_their_order() -> None:
    own = published(4, -2, -2)
    assert digest(drawn_up(TAKEN_BACK, published=own)) == digest(drawn_up(TAKEN_BACK, published=own[::-1]))
    assert digest(drawn_up(TAKEN_BACK, published=own)) != digest(drawn_up(TAKEN_BACK))


def reasons(entries: Iterable[BillingCredit], lang: str) -> str:
    return words(drawn_up(TAKEN_BACK, published=entries), lang)


@pytest.mark.parametrize(
    ("reason", "english", "french"),
    [
        (CLAIMED.format("T: 9"), "claimed by ticket T: 9", "réclamé par le billet T: 9"),
        (CLAIMED_BY_PROVIDER, "claimed by the provider for", "réclamé par le fournisseur pour le client"),
        (
            RECONCILED.format(CORRECTED, "bob", "the fold was mended", "r-1"),
            "the month was corrected; derived anew by bob: the fold was mended",
            "le mois a été corrigé; dérivé de nouveau par bob : the fold was mended",
        ),
        ("as of old", "as of old", "as of old"),
    ],
)
def test_why_an_entry_was_written_is_told_in_the_language_of_the_page(reason: str, english: str, french: str) -> None:
    entries = published(4, -4, reason=reason)
    assert english in reasons(entries, "en")
    assert french in reasons(entries, "fr")


def test_what_was_taken_back_by_the_records_and_not_in_the_ledger_is_no_credit_taken_back() -> None:
    said = words(drawn_up(TAKEN_BACK, published=published(4)))
    assert "None owed; published: 4 days" in said
    assert "issued and taken back" not in said


def test_a_credit_that_stays_though_the_month_is_another_accounts_is_stated() -> None:
    """I-18, alternative: only before issue."""
    rule = "where issued days are never lowered, they stay though the month proves to be another account's"
    said = words(drawn_up(next(case for _, case in cases() if case["rule"] == rule)))
    assert "Not this account’s1 day, issued" in said
    assert "issued and taken back" not in said
    assert "it can earn no credit" not in said


def test_a_recording_is_verified_with_the_settings_that_it_was_judged_by() -> None:
    case = ISSUED | {"settings": {"blind_after_s": 1500}}
    command = "fivenines statement --from FILE --account acme --month 2026-03 --blind-after-s 1500 --format json"
    assert command in words(drawn_up(case))
    assert "--blind-after-s" not in words(drawn_up(case, published=published(4)))
