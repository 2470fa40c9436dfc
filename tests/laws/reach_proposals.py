"""What the devices of a recording say of causes, and what of it is proposed."""

from collections.abc import Iterator, Sequence

from schemas.facts import ExclusionProposal, Fact, LocationOutage
from tests.laws.reach_devices import effective, samples_of
from tests.laws.strategies import Step

FOREVER = float("inf")

SENTENCES = frozenset(
    {
        "a diagnosis in its outage",
        "a diagnosis before its outage",
        "a diagnosis behind its outage",
        "a diagnosis where there is no outage",
        "several diagnoses of one outage",
        "two causes of one outage",
        "the cause of an open outage",
        "power that was on throughout",
        "servers that were out of reach",
        "a proposal that is taken back",
    }
)


def of_proposals(steps: Sequence[Step], log: Sequence[Fact], facts: Sequence[Fact]) -> Iterator[str]:
    """By the accepted events, everything that was said and what of it is current."""
    if any(isinstance(fact, ExclusionProposal) and fact.retracted for fact in log):
        yield "a proposal that is taken back"
    proposals = [fact for fact in facts if isinstance(fact, ExclusionProposal)]
    for proposal in proposals:
        yield from _of_proposal(proposal)
    if len({(proposal.location_id, proposal.from_) for proposal in proposals}) < len(proposals):
        yield "two causes of one outage"
    outages = [fact for fact in facts if isinstance(fact, LocationOutage)]
    yield from _of_diagnoses(steps, outages)


def _of_proposal(proposal: ExclusionProposal) -> Iterator[str]:
    if proposal.to is None:
        yield "the cause of an open outage"
    if len(proposal.evidence) > 1:
        yield "several diagnoses of one outage"
    for each in proposal.evidence:
        if each.at < proposal.from_:
            yield "a diagnosis before its outage"
        elif proposal.to is None or each.at < proposal.to:
            yield "a diagnosis in its outage"
        else:
            yield "a diagnosis behind its outage"


def _of_diagnoses(steps: Sequence[Step], outages: Sequence[LocationOutage]) -> Iterator[str]:
    for _, sample in samples_of(steps):
        if sample.reported_cause is None:
            continue
        at = effective(sample)
        here = [outage for outage in outages if outage.location_id == sample.location_id]
        if not here:
            yield "a diagnosis where there is no outage"
        for outage in here:
            end = FOREVER if outage.ended_at is None else outage.ended_at
            if end <= at <= end + 30_000 and at - (sample.uptime_s or 0) * 1000 <= outage.started_at:
                yield "power that was on throughout"
            if outage.started_at < at <= end and sample.server_downtime_s == 86_400:
                yield "servers that were out of reach"
