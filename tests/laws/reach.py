"""Which sentences of the semantics (§2–§4) a recording reaches, told from the events and the facts alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from schemas.events import Annotation, Heartbeat, Reconciliation
from schemas.facts import Availability, ClaimAnswer, Credit, Fact, LocationOutage, LocationState
from tests.laws.reach_devices import effective, of_devices, of_ticks, samples_of
from tests.laws.reach_proposals import SENTENCES as OF_PROPOSALS
from tests.laws.reach_proposals import of_proposals
from tests.laws.reach_registry import of_ends, of_registry, of_turns
from tests.laws.runs import current_facts
from tests.laws.strategies import EDGE, SETTINGS, Recording, Step

SENTENCES = OF_PROPOSALS | frozenset(
    {
        # a device by its samples
        "the next sample comes at the end of a hold",
        "the next sample comes a millisecond before the end of a hold",
        "the next sample comes a millisecond after the end of a hold",
        "silence",
        "reported down with an interval",
        "reported down, changes only",
        "up, changes only",
        "up wins a tie",
        "a tie of intervals",
        "a tie of collectors",
        "no interval stated",
        "the registry states the interval",
        "other terms in the next month",
        # how samples arrive
        "late",
        "doubled",
        "taken at its arrival",
        "a slow sample received twice",
        "a slow sample that also came in time",
        "held back and marked so",
        "as slow as is still taken at its own time",
        "refused",
        # blind time
        "ticks exactly blind_after apart",
        "ticks a millisecond more than blind_after apart",
        "a collector that never ticked",
        "no collector",
        "another collector than before",
        "one collector is blind while another ticks",
        "a hold across blind time",
        "a hold that ends in blind time",
        "blind time inside a hold",
        "blind time after silence",
        "the fresh hold runs out",
        "the next sample comes in the fresh hold",
        "a second blind interval in the fresh hold",
        "reported down before blind time",
        "reported down in blind time, with a hold",
        "reported down in blind time, changes only",
        "up in blind time, changes only",
        "up before blind time, changes only",
        "partitions with different times",
        "no tick at all",
        # locations and outages
        "up",
        "degraded",
        "down",
        "unknown",
        "nobody takes part",
        "any device down is down",
        "the primary decides",
        "an outage that is open",
        "an outage that ended",
        "an outage that was reported",
        "an outage of silence",
        "an outage with unknown time inside",
        "an outage across the month's edge",
        "an outage whose start moved",
        "unknown after down ends an outage",
        # who takes part
        "a device closes",
        "a device is not monitored",
        "a device is monitored again",
        "a device moves",
        "a location closes",
        "the end of a device ends an outage",
        "the end of a location ends an outage",
        "a location changes its account",
        "a location is not registered",
        "a record whose time has not come",
        "an end whose time has not come",
        "the registry turns the states between two events",
        "recorded after a month was final",
        # months
        "a month that is closed",
        "a month that is open",
        "a month that has ended and is not closed",
        "not covered",
        "covered in part",
        "breaches the objective",
        "meets the objective",
        "incomplete",
        "excluded time",
        "an approved monitoring gap",
        "a retracted annotation",
        "an annotation without an end",
        "several revisions of an annotation",
        "a cause that excludes nothing",
        "another series of terms",
        "a credit",
        "a credit that is withdrawn",
        "a credit that is issued",
        "a credit that is reversed",
        "a credit that expires",
        "a claim accepted",
        "a claim early",
        "a claim too_late",
        "a claim already_claimed",
        "a claim no_credit",
        "a claim not_yours",
        "a claim please_write",
        "a claim incomplete",
        "a claim that is completed",
        # what somebody looked at
        "a month whose downtime a reconciliation raised",
        "a month whose downtime a reconciliation lowered",
    }
)


def reached(recording: Recording, steps: Sequence[Step], log: Sequence[Fact]) -> set[str]:
    """By what was accepted of a recording, and all that was said because of it."""
    facts = current_facts(log)
    return {
        *_of_arrival(recording, steps),
        *of_ticks(steps),
        *of_devices(steps),
        *of_registry(recording, steps),
        *of_turns(steps, facts),
        *of_ends(steps, facts),
        *of_proposals(steps, log, facts),
        *_of_annotations(steps),
        *_of_facts(facts, recording),
        *_of_reconciliations(steps, facts),
        *_of_corrections(log),
    }


def _of_arrival(recording: Recording, steps: Sequence[Step]) -> Iterator[str]:
    if len(steps) < len(recording.lines):
        yield "refused"
    files = recording.book.files
    if len(files) > 1 and files[0].availability != files[1].availability:
        yield "other terms in the next month"
    seen: dict[tuple[object, ...], Heartbeat] = {}
    newest: dict[str, int] = defaultdict(int)
    for _, sample in samples_of(steps):
        slow = effective(sample) != sample.occurred_at
        if slow:
            yield "taken at its arrival"
        elif sample.buffered:
            yield "held back and marked so"
        elif sample.received_at is not None and sample.received_at - sample.occurred_at == 300_000:
            yield "as slow as is still taken at its own time"
        before = seen.get((sample.location_id, *sample.identity))
        if before is not None:
            was_slow = effective(before) != before.occurred_at
            if slow and was_slow:
                yield "a slow sample received twice"
            elif slow or was_slow:
                yield "a slow sample that also came in time"
            else:
                yield "doubled"
        seen[sample.location_id, *sample.identity] = sample
        if effective(sample) < newest[sample.device_id]:
            yield "late"
        newest[sample.device_id] = max(newest[sample.device_id], effective(sample))


def _of_annotations(steps: Sequence[Step]) -> Iterator[str]:
    revisions: dict[tuple[str, str], set[int]] = defaultdict(set)
    for event, _ in steps:
        if isinstance(event, Annotation):
            revisions[event.location_id, event.annotation_id].add(event.revision)
            if event.state == "retracted":
                yield "a retracted annotation"
            elif event.cause == "monitoring_gap":
                yield "an approved monitoring gap"
            if event.to is None:
                yield "an annotation without an end"
            if event.cause in ("provider", "maintenance"):
                yield "a cause that excludes nothing"
    if any(len(each) > 1 for each in revisions.values()):
        yield "several revisions of an annotation"


def _of_facts(facts: Sequence[Fact], recording: Recording) -> Iterator[str]:
    rows: dict[str, list[LocationState]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, LocationState):
            rows[fact.location_id].append(fact)
            yield fact.state
            if not fact.devices_up + fact.devices_down + fact.devices_unknown:
                yield "nobody takes part"
            if fact.state == "down" and fact.devices_up:
                rule = recording.book.files[-1].availability.location_down_when
                yield "any device down is down" if rule == "any_device" else "the primary decides"
        elif isinstance(fact, LocationOutage):
            yield from _of_outage(fact)
        elif isinstance(fact, Availability):
            yield from _of_month(fact)
        else:
            yield from _of_claims(fact)
    for states in rows.values():
        ordered = sorted(states, key=lambda row: row.from_)
        for first, second, third in zip(ordered, ordered[1:], ordered[2:], strict=False):
            if first.state == "down" and second.state == "unknown" and third.state in ("up", "degraded"):
                yield "unknown after down ends an outage"


def _of_claims(fact: Fact) -> Iterator[str]:
    if isinstance(fact, Credit):
        yield "a credit"
        if fact.state in ("issued", "expired"):
            yield f"a credit that {'is issued' if fact.state == 'issued' else 'expires'}"
    elif isinstance(fact, ClaimAnswer):
        yield f"a claim {fact.answer}"


def _of_outage(outage: LocationOutage) -> Iterator[str]:
    yield "an outage that is open" if outage.ended_at is None else "an outage that ended"
    yield "an outage that was reported" if outage.kind == "reported" else "an outage of silence"
    if outage.unknown_ms:
        yield "an outage with unknown time inside"
    if outage.started_at < EDGE < (EDGE + 1 if outage.ended_at is None else outage.ended_at):
        yield "an outage across the month's edge"


def _of_month(month: Availability) -> Iterator[str]:
    ended = month.as_of + SETTINGS.correction_horizon_ms >= month.final_at
    yield (
        "a month that is closed"
        if month.closed
        else ("a month that has ended and is not closed" if ended else "a month that is open")
    )
    if not month.covered_ms:
        yield "not covered"
    elif month.covered_ms < 31 * 86_400_000 and ended:
        yield "covered in part"
    yield "meets the objective" if month.objective_met else "breaches the objective"
    if month.incomplete:
        yield "incomplete"
    if month.excluded_ms:
        yield "excluded time"


def _of_reconciliations(steps: Sequence[Step], facts: Sequence[Fact]) -> Iterator[str]:
    recorded = {(event.subject, event.recorded_at) for event, _ in steps if isinstance(event, Reconciliation)}
    for fact in facts:
        if isinstance(fact, Availability):
            for before, after in pairwise(fact.corrections):
                if (fact.location_id, after.recorded_at) in recorded:
                    did = "raised" if after.down_ms > before.down_ms else "lowered"
                    yield f"a month whose downtime a reconciliation {did}"


def _of_corrections(log: Sequence[Fact]) -> Iterator[str]:
    """What only shows in all that was said, for it took back something."""
    if any(isinstance(fact, LocationOutage) and fact.supersedes for fact in log):
        yield "an outage whose start moved"
    for state in ("withdrawn", "reversed"):
        if any(isinstance(fact, Credit) and fact.state == state for fact in log):
            yield f"a credit that is {state}"
    if any(isinstance(fact, ClaimAnswer) and fact.retracted for fact in log):
        yield "a claim that is completed"
