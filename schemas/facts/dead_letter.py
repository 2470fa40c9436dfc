"""`dead_letters`: what the platform did not take, and why (semantics §1)."""

from typing import Any, ClassVar

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal is a fact of its own: it has no version, for it never changes."""

    TOPIC: ClassVar = "dead-letters"

    topic: str | None
    partition: int | None = None
    offset: int | None = None
    line: int | None = None
    """Where it stood in a file, from 1, when it has no offset."""
    reason: str
    detail: str
    payload_hash: str
    """SHA-256 of the bytes, hexadecimal."""
    size: int
    body: str
    """At most 64 KiB; runs of seven and more digits are masked."""

    @property
    def key(self) -> str:
        return "/".join(str(part) for part in (self.topic, self.partition) if part is not None)

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.offset if self.offset is not None else -1, self.line or 0, self.payload_hash)

    def written(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)

    current = written
