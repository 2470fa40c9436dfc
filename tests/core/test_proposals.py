"""How a proposal comes and goes (semantics §3, Proposals): its name, what it rests on, and what takes it back."""

import msgspec

from schemas import times
from schemas.facts import Diagnosis, ExclusionProposal, LocationOutage
from schemas.facts.fact import named
from schemas.topics import TOPICS
from streams.folds.proposals import LISTED
from tests.core.cases import instant
from tests.core.test_corrections import Told

OUTAGE = ["00:00:00 gw up changes", "00:10:00 gw down changes cause=site_power uptime=86400", "00:30:00 gw up changes"]


def name(text: str, cause: str = "site_power") -> str:
    """The id of a proposal for `loc` whose first evidence is of then on the usual day."""
    return named(f"proposal/loc/{cause}/{times.render(instant(text))}")


def test_a_proposal_is_named_after_its_first_evidence_and_follows_its_outage() -> None:
    opened, ended = Told().of(ExclusionProposal, samples=OUTAGE)
    assert (opened.proposal_id, opened.to, opened.revision) == (name("00:10:00"), None, 1)
    assert (ended.proposal_id, ended.to, ended.revision) == (name("00:10:00"), instant("00:30:00"), 2)


def test_the_evidence_is_what_the_devices_said_and_measured() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    (seconded,) = told.of(
        ExclusionProposal, samples=["00:30:20 gw up changes cause=site_power uptime=12.5 server_downtime=0"]
    )
    assert seconded.evidence == (
        Diagnosis(instant("00:10:00"), "gw", "site_power", 86_400.0, None),
        Diagnosis(instant("00:30:20"), "gw", "site_power", 12.5, 0.0),
    )


def test_what_was_said_already_changes_nothing() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    assert told.of(ExclusionProposal, samples=OUTAGE) == []


def test_earlier_evidence_names_another_proposal_and_takes_the_one_before_back() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    gone, instead = told.of(ExclusionProposal, samples=["00:09:00 gw up changes cause=site_power"])
    assert (gone.proposal_id, gone.retracted) == (name("00:10:00"), True)
    assert (instead.proposal_id, instead.retracted, len(instead.evidence)) == (name("00:09:00"), False, 2)


def test_evidence_against_it_takes_a_proposal_back() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    (gone,) = told.of(ExclusionProposal, samples=["00:30:10 gw up changes cause=site_internet server_downtime=1200"])
    assert (gone.proposal_id, gone.retracted) == (name("00:10:00"), True)


def test_a_proposal_goes_with_its_outage_and_returns_with_it() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    (gone,) = told.of(ExclusionProposal, samples=["00:00:00 a up changes"])  # somebody was up throughout
    assert (gone.proposal_id, gone.retracted) == (name("00:10:00"), True)
    (again,) = told.of(ExclusionProposal, samples=["00:05:00 a down changes"])
    assert (again.proposal_id, again.retracted, again.revision) == (name("00:10:00"), False, 3 + 1)


def test_a_moved_start_moves_the_proposal_under_its_own_name() -> None:
    told = Told()
    told.of(ExclusionProposal, samples=OUTAGE)
    (moved,) = told.of(ExclusionProposal, samples=["00:08:00 gw down changes"])
    assert (moved.proposal_id, moved.from_, moved.retracted) == (name("00:10:00"), instant("00:08:00"), False)


def test_a_device_that_repeats_itself_without_end_makes_no_message_too_large() -> None:
    times_said = [f"{1 + minute // 60:02}:{minute % 60:02}:00" for minute in range(3 * LISTED)]
    told = Told()
    said = told.of(
        ExclusionProposal,
        samples=["00:00:00 gw up changes", *(f"{at} gw down changes cause=site_power uptime=1" for at in times_said)],
    )
    assert len(said) == len(said[-1].evidence) == LISTED
    assert [each.at for each in said[-1].evidence] == [instant(at) for at in times_said[:LISTED]]
    assert len(msgspec.json.encode(said[-1].written())) < TOPICS[ExclusionProposal.TOPIC].max_message_bytes // 10


def test_a_proposal_changes_no_outage_and_no_month() -> None:
    plain = [sample.split(" cause")[0] for sample in OUTAGE]
    assert [each.current() for each in Told().of(LocationOutage, samples=OUTAGE)] == [
        each.current() for each in Told().of(LocationOutage, samples=plain)
    ]
