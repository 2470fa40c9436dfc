"""What people decide about outages: revisions of annotations, for `outage-annotations` (semantics §2, §6).

Nothing is written here. A decision is the annotation that says it, or the one line that says why there is none; what
the platform would refuse, the wire refuses here already.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.events import Annotation, Event
from schemas.facts import ExclusionProposal
from schemas.facts.fact import named
from schemas.wire import Gate, Rejected, decode
from streams.folds.exclusions import rank
from streams.spoken import instants_spoken

PROPOSER = "fivenines"
"""Who is the author of what the platform proposed, unless somebody else says to be."""

Words = Mapping[str, Any]
"""An annotation's fields as written, without its id and when it was recorded."""


class UndecidedError(ValueError):
    """One line that says why there is nothing to write."""


class Known(NamedTuple):
    """What is known when somebody decides: the current proposals, every revision of every annotation, and which
    locations there are (None: that is not to be asked)."""

    proposals: Sequence[ExclusionProposal] = ()
    annotations: Sequence[Annotation] = ()
    locations: Collection[str] | None = None

    def open_proposals(self) -> list[ExclusionProposal]:
        """Those that no annotation names."""
        named_ones = {note.proposal_id for note in self.annotations}
        return [proposal for proposal in self.proposals if proposal.proposal_id not in named_ones]

    def at(self, location_id: str | None) -> "Known":
        """What of it is about a location; None: all of it."""
        if location_id is None:
            return self
        proposals = [proposal for proposal in self.proposals if proposal.location_id == location_id]
        annotations = [note for note in self.annotations if note.location_id == location_id]
        return Known(proposals, annotations, self.locations)

    def newest(self, annotation_id: str) -> Annotation | None:
        """The revision of an annotation that counts."""
        return max((note for note in self.annotations if note.annotation_id == annotation_id), key=rank, default=None)


def approval(known: Known, proposal_id: str, author: str, approved_by: str) -> Words:
    """Somebody approves a proposal: its cause takes its time away. Raises UndecidedError."""
    decided = _first(note for note in known.annotations if note.proposal_id == proposal_id)
    if decided is not None:
        newest = known.newest(decided.annotation_id) or decided
        raise UndecidedError(
            f"{proposal_id} was decided: annotation {newest.annotation_id}, revision {newest.revision}, {newest.state}"
        )
    proposal = _first(each for each in known.proposals if each.proposal_id == proposal_id)
    if proposal is None:
        raise UndecidedError(f"{proposal_id} is no proposal that is current: see `fivenines annotate list`")
    said = proposal.written()
    return {
        "annotation_id": named(f"annotation/{proposal_id}"),
        "revision": 1,
        **{name: said[name] for name in ("location_id", "from", "to", "cause", "evidence", "proposal_id")},
        "state": "approved",
        "author": author,
        "approved_by": approved_by,
    }


def statement(known: Known, annotation_id: str, words: Words) -> Words:
    """Somebody says why a stretch of time was as it was: with a new annotation, or the next revision of one that there
    is. Raises UndecidedError."""
    location_id = words["location_id"]
    if known.locations is not None and location_id not in known.locations:
        raise UndecidedError(f"there is no location {location_id}: the registry has none, and none was ever heard of")
    newest = known.newest(annotation_id)
    if newest is not None and newest.location_id != location_id:
        raise UndecidedError(f"annotation {annotation_id} is about {newest.location_id}, not {location_id}")
    revision = 1 if newest is None else newest.revision + 1
    return {**words, "annotation_id": annotation_id, "revision": revision, "state": "approved"}


def retraction(known: Known, annotation_id: str, author: str) -> Words:
    """Somebody takes an annotation back. Raises UndecidedError."""
    newest = known.newest(annotation_id)
    if newest is None:
        raise UndecidedError(f"there is no annotation {annotation_id}")
    if len(places := {note.location_id for note in known.annotations if note.annotation_id == annotation_id}) > 1:
        raise UndecidedError(
            f"there is an annotation {annotation_id} of each of {', '.join(sorted(places))}: say which"
        )
    if newest.state == "retracted":
        raise UndecidedError(f"annotation {annotation_id} was retracted with revision {newest.revision}")
    words = {name: value for name, value in newest.written().items() if name not in ("approved_by", "received_at")}
    return {**words, "revision": newest.revision + 1, "state": "retracted", "author": author}


def recorded(words: Words, event_id: str, now: int, gate: Gate) -> Annotation:
    """The annotation that these words make, recorded at an instant (ms). Raises UndecidedError for what the platform
    would refuse."""
    fields = {**words, "id": event_id, "recorded_at": times.render(now)}
    event = accepted(Annotation.TOPIC, words["location_id"], fields, gate)
    assert isinstance(event, Annotation)
    return event


def accepted(topic: str, key: str, fields: Words, gate: Gate) -> Event:
    """The event that these fields make. Raises UndecidedError for what the platform would refuse."""
    event = decode(topic, msgspec.json.encode(fields), key=key.encode(), gate=gate)
    if isinstance(event, Rejected):
        raise UndecidedError(f"the platform would refuse it ({event.reason}): {event.detail}")
    return event


def told(note: Annotation) -> str:
    """An annotation in one line."""
    until = "the end of its outage" if note.to is None else instants_spoken(times.render(note.to))
    by = f"approved by {note.approved_by}" if note.state == "approved" else f"retracted by {note.author}"
    return (
        f"annotation {note.annotation_id}, revision {note.revision}: {note.location_id} from "
        f"{instants_spoken(times.render(note.from_))} to {until}, {note.cause}, {by}"
    )


def _first(found: Iterable[Any]) -> Any:
    return next(iter(found), None)
