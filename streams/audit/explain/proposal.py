"""A proposal to exclude an outage: what devices said, and that none of them speaks against it (EX-3; semantics §3)."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas import times
from schemas.facts import Diagnosis, ExclusionProposal, LocationOutage
from schemas.facts.fact import named
from schemas.terms.model import CLAUSE_OF_CAUSE
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, at, compared, earliest, ms, number
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Explanation, Input, Step
from streams.engine import FOREVER
from streams.folds.availability import Availabilities, Months
from streams.folds.proposals import FARTHEST_MS, LISTED, Known, Proposals, Spell, blames_provider, kept_power
from streams.spoken import spoken


class Case(NamedTuple):
    """A proposal that is explained, what is known of the location, and the outage with all its diagnoses."""

    derived: Derived
    fact: ExclusionProposal
    known: Known
    spell: Spell
    diagnoses: Sequence[Diagnosis]

    def said(self, diagnosis: Diagnosis) -> Input:
        """The heartbeat of a diagnosis."""
        alike = (
            said
            for said, at in (self.known.said or {}).items()
            if (at, said.device_id, said.cause, said.uptime_s, said.server_downtime_s)
            == (diagnosis.at, diagnosis.device_id, diagnosis.cause, diagnosis.uptime_s, diagnosis.server_downtime_s)
        )
        return inputs.diagnosis(self.fact.location_id, min(alike, key=lambda said: said.dated))


def explain_proposal(derived: Derived, fact: ExclusionProposal) -> Explanation:
    known: Known = derived.of_location(Proposals, fact.location_id)
    diagnosed = derived.fold(Proposals).diagnosed(fact.location_id, known)
    spell, diagnoses = next(each for each in diagnosed if each[0].start == fact.from_)
    case = Case(derived, fact, known, spell, diagnoses)
    name = f"proposal/{fact.location_id}/{fact.cause}/{times.render(fact.evidence[0].at)}"
    return Explanation(
        kind="proposal",
        id=fact.proposal_id,
        name=name,
        title=f"Proposal to exclude an outage at {fact.location_id} for {fact.cause}",
        fact=fact,
        steps=[
            _outage(case),
            _evidence(case),
            _against(case),
            _decided(case),
            Step(
                what="Its id is a UUIDv5 of its name",
                words=[name, "The name has the first of its evidence: earlier evidence gives it another."],
                gives={"proposal_id": named(name)},
            ),
        ],
    )


def _outage(case: Case) -> Step:
    (outage,) = case.derived.all(LocationOutage, location_id=case.fact.location_id, started_at=case.fact.from_)
    return Step(
        what="The outage that it is of",
        words=["A proposal lasts as long as its outage."],
        inputs=[Input(f"outage {outage.outage_id}")],
        gives={"from_": outage.started_at, "to": outage.ended_at},
    )


def _evidence(case: Case) -> Step:
    """Diagnoses of this cause: made in the outage, or near enough to it."""
    own = [each for each in case.diagnoses if each.cause == case.fact.cause][:LISTED]
    lines = [line for each in own for line in _distance(case, each)]
    clause = CLAUSE_OF_CAUSE[case.fact.cause]
    terms = case.derived.world.terms_in_force(case.fact.location_id, case.fact.from_, case.fact.from_)[-1][1]
    reach, farthest = spoken(case.spell.reach_ms), spoken(FARTHEST_MS)
    return Step(
        what="What speaks for it",
        words=[
            "A diagnosis is of the outage that it was made in, else of the nearest one.",
            f"It is no farther off than the longest hold that speaks for that, here {reach}; {farthest} at most.",
        ],
        clauses=[case.derived.cite(clause, terms)],
        inputs=[case.said(each) for each in own],
        arithmetic=lines,
        gives={"evidence": tuple(own), "cause": own[0].cause},
    )


def _distance(case: Case, diagnosis: Diagnosis) -> list[Line]:
    start, end = case.spell.start, case.spell.end
    if diagnosis.at < start:
        off = at(start) - at(diagnosis.at)
    elif diagnosis.at > end:
        off = at(diagnosis.at) - at(end)
    else:
        return [compared(f"{diagnosis.device_id}, in the outage", at(diagnosis.at), at(start))]
    return [compared(f"{diagnosis.device_id}, near enough", off, ms(case.spell.reach_ms))]


def _against(case: Case) -> Step:
    """What a device measured that speaks against the proposal, whoever it was."""
    lines: list[Line] = []
    doubts: list[str] = []
    start, end = case.spell.start, case.spell.end
    for each in case.diagnoses:
        uptime, unreached = (_ms(seconds) for seconds in (each.uptime_s, each.server_downtime_s))
        lasted = earliest([at(each.at), *([] if end == FOREVER else [at(end)])]) - at(start)
        if unreached and lasted.value > 0:
            what = f"{each.device_id} missed the provider's servers for less than half of it"
            lines.append(compared(what, lasted, number(2) * ms(unreached)))
        if case.fact.cause == "site_power" and uptime and end <= each.at:
            what = f"{each.device_id} came on after the outage began"
            lines.append(compared(what, at(each.at) - ms(uptime), at(start)))
        if blames_provider(each, case.spell):
            doubts.append(f"{each.device_id} blames the provider at {inputs.instant(each.at)}")
        if case.fact.cause == "site_power" and kept_power(each, case.spell):
            doubts.append(f"{each.device_id} kept its power, as it said at {inputs.instant(each.at)}")
    words = [
        "A device that stayed on through the outage would show that it was no power failure.",
        "One that missed the provider's servers for half of it, its own line being up, would blame the provider.",
    ]
    if not lines:
        words.append("No device measured anything of the kind.")
    return Step(
        what="Nothing speaks against it",
        words=words,
        inputs=[case.said(each) for each in case.diagnoses if each.cause != case.fact.cause],
        arithmetic=lines,
        doubts=doubts,
    )


def _decided(case: Case) -> Step:
    months: Months = case.derived.of_location(Availabilities, case.fact.location_id) or Months()
    notes = [note for note in months.annotations.values() if note.proposal_id == case.fact.proposal_id]
    notes.sort(key=lambda note: (note.revision, note.recorded_at))
    return Step(
        what="What became of it" if notes else "Nobody has decided it: it changes nothing",
        words=["Only an annotation that somebody approves takes downtime away."],
        inputs=[*map(inputs.note, notes)],
    )


def _ms(seconds: float | None) -> int:
    return round((seconds or 0.0) * 1000)
