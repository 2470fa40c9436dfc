"""Statements of the histories in `tests/cases/statements`, and of one that has a little of everything."""

from collections.abc import Iterable
from typing import Any

from schemas.facts import BillingCredit
from schemas.wire import parse_line
from streams.audit.replay import Replay
from streams.statement.content import Place, Statement
from streams.statement.drawing_up import draw_up
from tests.core.cases import HISTORIES, Case, book_of, cases, instant, lines_of, settings_of

STATEMENTS = HISTORIES.with_name("statements")
CASES = list(cases(STATEMENTS))


def drawn_up(
    case: Case, lines: Iterable[bytes] | None = None, published: Iterable[BillingCredit] | None = None
) -> Statement:
    until = instant(case["until"]) if "until" in case else None
    account_id = case.get("account", "acme")
    audit = Replay(book_of(case), settings_of(case), until=until, account=account_id)
    audit.read(parse_line(line) for line in (lines_of(case) if lines is None else lines))
    return draw_up(audit, account_id, case.get("month", "2026-03"), audit.facts(), published)


def of_location(statement: Statement, location_id: str = "loc") -> Place:
    return next(place for place in statement.locations if place.location_id == location_id)


HOSTILE = "<script>alert(1)</script>&\"'"
TURNED = "\u202eevil\u2066\0\x1b[31m"

STORY: dict[str, Any] = {
    "registry": [
        {"account": "acme", "name": f"{HOSTILE}{TURNED}"},
        {
            "location": "loc",
            "account_id": "acme",
            "sla_from": "2026-01-01T00:00:00Z",
            "name": f"Ünïcode {HOSTILE}",
            "site": f"{TURNED} 12 Main Street",
        },
        {"location": HOSTILE, "account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"},
        {"location": "far", "account_id": "acme", "access": "customer_broadband", "name": "Far away"},
        {"location": "moved", "account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"},
        {"location": "moved", "account_id": "beta", "since": "2026-03-20T00:00:00Z"},
        {"location": "new", "account_id": "acme", "sla_from": "2026-03-16T00:00:00Z"},
    ],
    "settings": {"blind_after_s": 3599},
    "ticks": [
        "c1 2026-02-15T00:00:00Z..2026-03-12T00:20:00Z/1200",
        "c1 2026-03-12T05:20:00Z..2026-04-05T00:00:00Z/1200",
    ],
    "samples": [
        "2026-02-15T00:00:00Z a up changes by=c1",
        "00:00:00 a down changes by=c1",
        "02:00:00.250 a up changes by=c1",
        "2026-03-12T00:00:00Z a down changes by=c1",
        "2026-03-12T06:00:00Z a up changes by=c1",
        "2026-03-20T00:00:00Z a down changes by=c1",
        "2026-03-20T00:00:26Z a up changes by=c1",
        "2026-02-15T00:00:00Z f up changes at=far by=c1",
        "2026-03-05T00:00:00Z f down changes at=far by=c1",
        "2026-03-07T00:00:00Z f up changes at=far by=c1",
        "2026-02-15T00:00:00Z m up changes at=moved by=c1",
        "2026-03-19T23:50:00Z m down changes at=moved by=c1",
        "2026-03-20T01:00:00Z m up changes at=moved by=c1",
        "2026-02-15T00:00:00Z n up changes at=new by=c1",
    ],
    "annotations": [
        {"id": f"note {HOSTILE}", "cause": "site_power", "from": "00:30:00", "to": "01:15:00", "approved_by": TURNED},
        {"id": "gap", "cause": "monitoring_gap", "from": "01:00:00", "to": "01:10:00"},
        {"id": "work", "cause": "maintenance", "from": "2026-03-20T00:00:00Z"},
        {"id": "late", "cause": "third_party", "from": "01:50:00", "recorded": "2026-04-02T00:00:00Z"},
    ],
    "tickets": [
        "2026-04-02T10:00:00Z C1 created ticket_type=credit_claim location_id=loc month=2026-03 channel=email",
        "2026-04-02T11:00:00Z C2 created ticket_type=credit_claim location_id=loc month=2026-03 channel=phone",
        "2026-03-15T11:00:00Z <i>C3</i> created ticket_type=credit_claim month=2026-03",
        "16:00:00 T1 created ticket_type=incident priority=urgent",
        "16:59:00 T1 responded actor=agent is_public",
        "16:00:00 T2 created ticket_type=incident priority=urgent",
        "17:01:00 T2 responded actor=agent is_public",
        "16:00:00 T3 created ticket_type=complaint priority=low",
        "16:00:00 P1 created ticket_type=number_port priority=urgent",
        "16:00:00 W1 created ticket_type=request priority=low",
        "16:05:00 W1 closed actor=customer",
    ],
}
"""Two outages of which parts were excluded, unknown and counted, one of 26 seconds, names that would act, locations
that are not covered, covered from mid-month and given away, claims of every kind, and requests on time and late."""
