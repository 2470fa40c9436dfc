"""`progress`: how far an input partition has been followed (semantics §6)."""

from typing import Any, ClassVar

import msgspec

from schemas import times
from schemas.facts.fact import Instant


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """All that precedes `through` in this input partition has been published.

    Intake writes it to `progress` and, in band, to the same partition of every topic it produces: a reader that
    meets it there has read every fact that precedes it.
    """

    TOPIC: ClassVar = "progress"

    topic: str
    partition: int
    through: Instant
    first: Instant
    """The earliest tick of the partition, or `through` where none came: from when the platform listens."""
    version: int
    """Offsets of the input read so far, as in the facts."""

    @property
    def key(self) -> str:
        return f"{self.topic}/{self.partition}"

    def written(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self) | {
            "through": times.render(self.through),
            "first": times.render(self.first),
        }
