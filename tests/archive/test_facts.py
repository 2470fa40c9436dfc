"""A fact's topic becomes its table; the newest version of each counts, whatever order and repetition it came in."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from schemas import times
from schemas.facts import (
    FACTS,
    Availability,
    BillingCredit,
    ClaimAnswer,
    Correction,
    Credit,
    Diagnosis,
    ExclusionProposal,
    Fact,
    LocationOutage,
    LocationState,
    Progress,
    ResponseMonth,
    Source,
    TicketResponse,
)
from schemas.facts.response import Apart
from streams.archive.read import current_facts
from streams.archive.readers import table_of
from tests.archive.archive import Archive

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SOME: dict[str, Any] = {"terms": "2024-09-23@0123456789ab", "fold_version": 1, "settings": {"blind_after_s": 30}}


def at(text: str) -> int:
    return times.parse(f"2026-03-{text}Z")


STATE = LocationState(
    location_id="facts",
    from_=at("01T08:00:00.001"),
    to=None,
    state="degraded",
    devices_up=2,
    devices_down=1,
    devices_unknown=0,
    devices_silent=1,
    resolution_ms=210_000,
    version=7,
    **SOME,
)
OUTAGE = LocationOutage(
    outage_id="o-1",
    location_id="facts",
    started_at=at("01T08:00:00"),
    ended_at=None,
    kind="silence",
    devices=2,
    unknown_ms=0,
    source=Source("device-heartbeats", 1, 10, 12),
    version=7,
    **SOME,
)
PROPOSAL = ExclusionProposal(
    proposal_id="p-1",
    location_id="facts",
    from_=at("01T08:00:00"),
    to=None,
    cause="site_power",
    evidence=(
        Diagnosis(at("01T08:00:00.001"), 'g"w', "site_power", None, 0.0),
        Diagnosis(at("01T08:10:00"), "gé", "site_power", 0.1 + 0.2, 1.7e308),
    ),
    version=7,
    **SOME,
)
MONTH = Availability(
    account_id="acc",
    location_id="facts",
    month="2026-03",
    covered_ms=2_678_400_000,
    up_ms=2_678_373_000,
    down_ms=27_000,
    excluded_ms=0,
    unknown_ms=0,
    availability=Decimal("0.999989919"),
    objective_met=False,
    budget_left_ms=-216,
    incomplete=False,
    resolution_ms=None,
    closed=True,
    as_of=at("31T23:00:00"),
    final_at=at("31T23:59:59.999"),
    terms_before_effective=False,
    lowest_tier_at=at("10T08:15:00"),
    corrections=(Correction(at("31T23:00:00"), 0), Correction(at("31T23:30:00"), 27_000)),
    version=2**53 + 1,
    **SOME,
)
CREDIT = Credit(
    credit_id="c-1",
    account_id="acc",
    location_id="facts",
    month="2026-03",
    downtime_minutes=20,
    credit_days=1,
    state="eligible",
    eligible_at=at("31T08:00:00"),
    claim_deadline=at("31T09:00:00"),
    final_at=at("31T23:59:59.999"),
    version=7,
    **SOME,
)
ANSWER = ClaimAnswer(
    ticket_id="t-1",
    account_id="acc",
    location_id="facts",
    month="2026-03",
    claimed_at=at("31T09:00:00"),
    answer="accepted",
    reason="made in time",
    version=7,
    **SOME,
)
ENTRY = BillingCredit(
    id="b-2",
    type="credit.adjusted",
    account_id="acc",
    location_id="facts",
    month="2026-03",
    n=2,
    days=-1,
    corrects="b-1",
    reason="the month was corrected",
    applies_to="future_payments",
    final_at=at("31T23:59:59.999"),
    version=7,
    **SOME,
)
RESPONSE = TicketResponse(
    ticket_id="t-1",
    account_id="acc",
    month="2026-03",
    ticket_type="incident",
    counted="total",
    priority="urgent",
    window="contact",
    created_at=at("10T18:00:00"),
    due_at=at("10T19:00:00"),
    responded_at=None,
    missed_at=at("10T19:00:00"),
    closed_at=None,
    outcome="missed",
    holidays="holidays 0.109",
    version=7,
    **SOME,
)
RESPONSES = ResponseMonth(
    account_id="acc",
    month="2026-03",
    priority="all",
    window="all",
    total=3,
    met=2,
    missed=1,
    pending=1,
    verdict="breached",
    attainment=Decimal("0.95"),
    apart=(Apart("number_port", 2, 1, 1, 0),),
    version=7,
    **SOME,
)
ONE_OF_EACH: tuple[Fact, ...] = (STATE, OUTAGE, PROPOSAL, MONTH, CREDIT, ANSWER, ENTRY, RESPONSE, RESPONSES)


def test_there_is_an_example_of_every_fact() -> None:
    assert {type(fact) for fact in ONE_OF_EACH} == set(FACTS)


@pytest.mark.parametrize("fact", ONE_OF_EACH, ids=lambda fact: fact.TOPIC)
def test_a_fact_comes_back_as_it_was_published(archive: Archive, fact: Fact) -> None:
    archive.publish_fact(fact)
    archive.settled(fact.TOPIC)
    assert fact in list(current_facts(archive.client, type(fact)))
    if "location_id" in fact.__struct_fields__:
        assert list(current_facts(archive.client, type(fact), location="facts")) == [fact]
        assert list(current_facts(archive.client, type(fact), location="nobody's")) == []
    if "account_id" in fact.__struct_fields__:
        assert fact in list(current_facts(archive.client, type(fact), account=fact.account_id))  # type: ignore[attr-defined]
        assert list(current_facts(archive.client, type(fact), account="nobody")) == []


def test_progress_records_between_the_facts_are_left_out(archive: Archive) -> None:
    """They name no location: a table of facts does not take them, and they are not unreadable either."""
    before = [archive.rows(f"SELECT count() FROM {table_of(fact.TOPIC)}") for fact in FACTS]
    progress = Progress(topic="device-heartbeats", partition=0, through=1, first=0, version=1)
    for fact in FACTS:
        archive.publish_fact(progress, fact.TOPIC)
    for fact in FACTS:
        archive.settled(fact.TOPIC)
    assert [archive.rows(f"SELECT count() FROM {table_of(fact.TOPIC)}") for fact in FACTS] == before
    assert archive.rows("SELECT count() FROM unreadable WHERE raw LIKE '%through%'") == [(0,)]


def test_progress_reaches_its_own_table(archive: Archive) -> None:
    through = at("01T09:00:00.001")
    archive.publish_fact(Progress(topic="device-heartbeats", partition=5, through=through, first=0, version=2))
    archive.settled("progress")
    query = "SELECT toUnixTimestamp64Milli(through), version FROM progress_current WHERE partition = 5"
    assert archive.rows(query) == [(through, 2)]


def test_what_cannot_be_read_is_caught_and_stops_nothing(archive: Archive) -> None:
    garbage = [b"", b"{", b"[1]", b"\xff\xfe", b'{"location_id":"x","version":"many"}', b'{"from":"x"}', None]
    place = archive.settled(STATE.TOPIC)[0]
    for each in garbage:
        archive.publish(STATE.TOPIC, each)
    archive.publish_fact(msgspec.structs.replace(STATE, location_id="after the garbage"))
    archive.settled(STATE.TOPIC)
    assert len(list(current_facts(archive.client, LocationState, location="after the garbage"))) == 1
    query = "SELECT offset FROM unreadable WHERE topic = 'location-states' AND error != '' ORDER BY offset"
    # An empty value is no fact, and there is nothing in it to look at.
    assert archive.rows(query) == [(place + number,) for number, each in enumerate(garbage) if each]


def test_waiting_ends_when_what_was_left_out_is_read_too(archive: Archive) -> None:
    """The last message of a partition may be one that no table takes."""
    archive.publish("device-heartbeats", b"not a heartbeat", partition=1)
    assert archive.settled("device-heartbeats")[1] > 0
