"""`exclusion_proposals`: what devices say of an outage -> a cause that a person may approve (EX-3, EX-4; semantics §6).

Only a heartbeat with a `reported_cause` is a diagnosis, and it is of one outage: the one that it was made in, else the
nearest one within reach. It refuses to propose what a diagnosis of the same outage speaks against, and to propose
anything without an outage.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, get_args

import msgspec

from schemas import times
from schemas.derivation import HOUR_MS
from schemas.events import Heartbeat
from schemas.facts import Diagnosis, ExclusionProposal, Fact, LocationState
from schemas.facts.fact import named
from schemas.facts.proposal import Cause
from streams.engine import FOREVER, Fold, Partition, untold
from streams.folds.outages import Rows, drop_before, find, is_of_outage, runs_of_down
from streams.folds.world import World

FOLD_VERSION = 1

CAUSES: tuple[Cause, ...] = get_args(Cause)

FARTHEST_MS = HOUR_MS
"""No diagnosis is of an outage that is farther off, however long the devices' holds."""
LISTED = 100
"""So many diagnoses a proposal names: a device may repeat its own without end, and a message has one."""
LONGEST_MS = 36_500 * 24 * HOUR_MS
"""A century: a meter that is wrong may say more."""


class Said(NamedTuple):
    """A diagnosis by the words and the time of its heartbeat, whenever that counts."""

    device_id: str
    dated: int
    cause: Cause
    uptime_s: float | None
    server_downtime_s: float | None


class Spell(NamedTuple):
    """An outage ``[start, end)``, open if it ends `FOREVER`; how far off a diagnosis of it may be; its first row."""

    start: int
    end: int
    reach_ms: int
    row: LocationState


class Known(msgspec.Struct, eq=False, gc=False):
    """The state of a location: the rows that an outage may be made of, and when each diagnosis counts. Most locations
    never have any of either."""

    rows: Rows | None = None
    said: dict[Said, int] | None = None


_SAVED = msgspec.msgpack.Decoder(tuple[msgspec.Raw, list[tuple[Said, int]]])


class Proposals(Fold):
    """The fold: a state is what is `Known` of a location."""

    fact: ClassVar[type[Fact]] = ExclusionProposal
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({Heartbeat.TOPIC, LocationState.TOPIC})

    world: World

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._lag_ms = world.derivation.max_clock_lag_s * 1000

    def empty(self) -> Known:
        return Known()

    def absorb(self, known: Known, event: Heartbeat | LocationState, now: int) -> bool:
        if isinstance(event, LocationState):
            _keep(known, event)
            return bool(known.said)
        said = diagnosis_of(event)
        return said is not None and self.hear(known, said, event.effective_at(self._lag_ms))

    def hear(self, known: Known, said: Said, at: int) -> bool:
        """Take in a diagnosis that counts at an instant (ms); of one received twice the earliest counts."""
        if known.said is None:
            known.said = {}
        if at >= known.said.get(said, FOREVER):
            return False
        known.said[said] = at
        return True

    def merge(self, known: Known, other: Known) -> None:
        """Take in all diagnoses of another state of the same location."""
        for said, at in (other.said or {}).items():
            self.hear(known, said, at)

    def derive(self, key: str, known: Known, partition: Partition) -> Sequence[ExclusionProposal]:
        return [
            proposal for spell, diagnoses in self.diagnosed(key, known) for proposal in proposals(key, spell, diagnoses)
        ]

    def diagnosed(self, key: str, known: Known) -> list[tuple[Spell, list[Diagnosis]]]:
        """The outages of which there are diagnoses, each with its own, both in order of time."""
        if not known.said:
            return []
        spells = self._spells(key, known)
        of_spell: dict[int, list[Diagnosis]] = {}
        for said, at in known.said.items():
            if (place := _place_of(at, spells)) is not None:
                of_spell.setdefault(place, []).append(_diagnosis(said, at))
        return [(spells[place], sorted(diagnoses, key=_order)) for place, diagnoses in sorted(of_spell.items())]

    def _spells(self, key: str, known: Known) -> list[Spell]:
        return [self._spell(key, run) for run in _runs(known.rows or [])]

    def _spell(self, key: str, run: Rows) -> Spell:
        """The reach is the longest hold that speaks for the outage; where none does, that of the terms' default."""
        start, end = run[0].from_, run[-1].to
        hold_ms = max((row.resolution_ms or 0 for row in run), default=0)
        if not hold_ms:
            terms = self.world.terms_in_force(key, start, start)[-1][1]
            hold_ms = terms.hold_ms(round(terms.availability.default_interval_s * 1000))
        return Spell(start, FOREVER if end is None else end, min(hold_ms, FARTHEST_MS), run[0])

    def save(self, known: Known, told: Sequence[Fact]) -> Any:
        return untold(known.rows or [], told), list((known.said or {}).items())

    def load(self, saved: bytes) -> Known:
        rows, said = _SAVED.decode(saved)
        return Known([*LocationState.load(bytes(rows))] or None, dict(said) or None)

    def forget(
        self, key: str, known: Known, partition: Partition, published: Sequence[ExclusionProposal], before: int
    ) -> Sequence[ExclusionProposal]:
        """Keep the outages of which a diagnosis that is still to come, or is not yet of any, may be; what was said of
        an outage stays and goes with it."""
        if known.rows is None and known.said is None and not published:  # nearly always
            return published
        over = before - 2 * FARTHEST_MS
        spells = self._spells(key, known)
        if known.said:
            places = {said: _place_of(at, spells) for said, at in known.said.items()}
            known.said = {
                said: at
                for said, at in known.said.items()
                if at > before - FARTHEST_MS or ((place := places[said]) is not None and spells[place].end > over)
            } or None
        if known.rows:
            needed = min((spell.start for spell in spells if spell.end > over), default=over)
            drop_before(known.rows, needed, min(needed, over))
            known.rows = known.rows or None
        return [fact for fact in published if fact.from_ > over or not (fact.retracted or (fact.to or FOREVER) <= over)]


def diagnosis_of(sample: Heartbeat) -> Said | None:
    """What a heartbeat says of a cause; None for nearly all of them."""
    if sample.reported_cause is None:
        return None
    measured = _seconds(sample.uptime_s), _seconds(sample.server_downtime_s)
    return Said(sample.device_id, sample.occurred_at, sample.reported_cause, *measured)


def proposals(location_id: str, spell: Spell, diagnoses: Sequence[Diagnosis]) -> Iterator[ExclusionProposal]:
    """What is proposed for an outage, by its diagnoses in order; at most one for each cause."""
    if any(blames_provider(each, spell) for each in diagnoses):
        return
    had_power = any(kept_power(each, spell) for each in diagnoses)
    for cause in CAUSES:
        evidence = [each for each in diagnoses if each.cause == cause]
        if evidence and not (cause == "site_power" and had_power):
            yield ExclusionProposal(
                terms=spell.row.terms,
                fold_version=FOLD_VERSION,
                settings=spell.row.settings,
                proposal_id=named(f"proposal/{location_id}/{cause}/{times.render(evidence[0].at)}"),
                location_id=location_id,
                from_=spell.start,
                to=None if spell.end == FOREVER else spell.end,
                cause=cause,
                evidence=tuple(evidence[:LISTED]),
            )


def kept_power(diagnosis: Diagnosis, spell: Spell) -> bool:
    """Whether the device was on from the outage's start to its end, and so did not lose power."""
    return spell.end <= diagnosis.at and diagnosis.at - _ms(diagnosis.uptime_s) <= spell.start


def blames_provider(diagnosis: Diagnosis, spell: Spell) -> bool:
    """Whether for at least half of the outage, as long as it had lasted by then, the device's own line was up and the
    provider's servers were out of its reach."""
    lasted = min(diagnosis.at, spell.end) - spell.start
    return 0 < lasted <= 2 * _ms(diagnosis.server_downtime_s)


def _place_of(at: int, spells: Sequence[Spell]) -> int | None:
    """Which outage a diagnosis is of: the one it was made in, else the nearest within reach, the earlier on a tie."""
    after = bisect_right(spells, at, key=_start)
    near = [
        (distance, place)
        for place in (after - 1, after)
        if 0 <= place < len(spells) and (distance := _distance(at, spells[place])) <= spells[place].reach_ms
    ]
    return min(near)[1] if near else None


def _distance(at: int, spell: Spell) -> int:
    return max(0, spell.start - at, at - spell.end)


def _keep(known: Known, row: LocationState) -> None:
    """Keep a row if an outage may be made of it, in the place of what was known of its instant."""
    kept = [row] if is_of_outage(row) and not row.retracted else []
    if known.rows is not None:
        place, before = find(known.rows, row.from_)
        known.rows[place : place + (before is not None)] = kept
    elif kept:
        known.rows = kept


def _runs(rows: Rows) -> Iterator[Rows]:
    """The rows of each outage; where one does not begin as the one before ends, the location was up in between."""
    breaks = [place for place, (one, other) in enumerate(pairwise(rows), 1) if one.to != other.from_]
    for start, end in pairwise([0, *breaks, len(rows)]):
        yield from runs_of_down(rows[start:end])


def _diagnosis(said: Said, at: int) -> Diagnosis:
    return Diagnosis(at, said.device_id, said.cause, said.uptime_s, said.server_downtime_s)


def _order(diagnosis: Diagnosis) -> tuple[Any, ...]:
    measured = diagnosis.uptime_s, diagnosis.server_downtime_s
    return diagnosis.at, diagnosis.device_id, diagnosis.cause, *(-1.0 if each is None else each for each in measured)


def _seconds(measured: float | None) -> float | None:
    """A duration as it was measured; nothing, where a meter says less than none."""
    return None if measured is None or measured < 0 else measured + 0.0


def _ms(seconds: float | None) -> int:
    return round(min(seconds or 0.0, LONGEST_MS / 1000) * 1000)


def _start(spell: Spell) -> int:
    return spell.start
