"""Every fact of every case can be explained, and the explanation arrives at the fact."""

import pytest

from schemas.wire import parse_line
from streams.audit.replay import Replay
from tests.core.cases import RESPONSES, Case, book_of, cases, lines_of, settings_of
from tests.explain.explained import check, explanations, places

CASES = [pytest.param(case, id=name) for name, case in (*cases(), *cases(RESPONSES))]


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_explained_without_a_difference_and_every_message_is_found(case: Case) -> None:
    audit, lines = Replay(book_of(case), settings_of(case)), lines_of(case)
    audit.read(map(parse_line, lines))
    explained = list(explanations(audit.chain, audit.facts()))
    for explanation in explained:
        check(explanation)
    places(audit, lines, explained)
