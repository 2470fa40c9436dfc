"""What is asked of every explanation, and how one is come by in a test."""

from collections.abc import Iterable, Iterator, Mapping

from schemas.facts import Fact
from schemas.terms.cited import TermsText
from schemas.terms.clauses import CLAUSES
from streams.audit.explain.derived import Derived
from streams.audit.explain.places import Search, said_in
from streams.audit.explain.step import Explanation
from streams.audit.explain.subjects import EXPLAINED, names_of
from streams.audit.replay import Replay
from streams.folds.chain import Chain
from tests.explain.recomputed import holds

TEXT = TermsText()

BESIDE = {"terms", "fold_version", "settings", "version", "revision", "retracted", "supersedes", "source"}
"""What a fact has beside what it says: its terms are cited, and how it came to be is not current."""
NAMES = {"account_id", "location_id", "month"}
"""What it is about."""


def explanations(chain: Chain, facts: Iterable[Fact]) -> Iterator[Explanation]:
    """Of every fact that is explained."""
    derived = Derived(chain, facts, TEXT)
    for fact in derived.facts:
        if names_of(fact):
            yield EXPLAINED[type(fact)](derived, fact)


def check(explanation: Explanation) -> None:
    """It arrives at the fact, at all of it, by arithmetic that is true and clauses that there are."""
    assert explanation.differences == []
    given = {field for step in explanation.steps for field in step.gives}
    fact = explanation.fact
    assert not {*fact.__struct_fields__} - given - BESIDE - NAMES - {*fact.IDENTITY}
    for step in explanation.steps:
        assert [line for line in step.arithmetic if not holds(line.formula)] == []
        assert {clause.id for clause in step.clauses} <= CLAUSES.keys()


def places(audit: Replay, lines: Iterable[bytes], explained: Iterable[Explanation]) -> Mapping[object, object]:
    """Where the messages stood that are named: each of them must be found."""
    search = Search(audit, said_in(explained))
    search.read_file(lines)
    assert search.places().keys() == search.wanted
    return search.places()
