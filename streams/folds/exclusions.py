"""What people said of the time a location was down, as far as it is approved (EX-1..EX-6, I-6; semantics §3)."""

from collections.abc import Iterable, Sequence

from schemas.events import Annotation
from schemas.terms.model import Terms
from streams.intervals import Interval, union


def in_force(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Of each annotation the newest revision, then the newest recording, then the greater hash; if it is approved."""
    newest: dict[str, Annotation] = {}
    for note in annotations:
        rival = newest.get(note.annotation_id)
        if rival is None or rank(note) > rank(rival):
            newest[note.annotation_id] = note
    return [note for note in newest.values() if note.state == "approved"]


def rank(note: Annotation) -> tuple[int, int, str]:
    return note.revision, note.recorded_at, note.payload_hash


def excluded(
    annotations: Iterable[Annotation], down: Sequence[Interval], terms: Terms
) -> tuple[list[Interval], list[Interval]]:
    """The time that approved causes exclude, and the approved monitoring gaps."""
    excluding, gaps = [], []
    for note in annotations:
        span = (note.from_, end_of_outage(note.from_, down) if note.to is None else note.to)
        if note.cause == "monitoring_gap":
            gaps.append(span)
        elif terms.excludes(note.cause):
            excluding.append(span)
    return union(excluding), union(gaps)


def end_of_outage(at: int, down: Sequence[Interval]) -> int:
    """Where the outage that contains an instant ends; the instant itself where none does."""
    return next((end for start, end in down if start <= at < end), at)
