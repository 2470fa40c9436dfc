"""What becomes of a refused message: a fact with as much of it as may be kept."""

import hashlib
import re
from typing import Final

from schemas.facts.dead_letter import DeadLetter
from schemas.wire.reasons import Rejected

MAX_BODY_BYTES: Final = 65_536
_LONG_NUMBER: Final = re.compile(r"\d{7,}")


def dead_letter(
    rejected: Rejected,
    value: bytes | None,
    *,
    topic: str | None,
    partition: int | None = None,
    offset: int | None = None,
    line: int | None = None,
) -> DeadLetter:
    """`topic` is None for a line that did not say it; `line` is its place in a file, from 1."""
    value = value or b""
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        line=line,
        reason=rejected.reason,
        detail=rejected.detail if rejected.reason == "conflict" else masked(rejected.detail),  # two hashes, whole
        payload_hash=hashlib.sha256(value).hexdigest(),
        size=len(value),
        body=_shortened(masked(value.decode("utf-8", errors="replace"))),
    )


def masked(text: str) -> str:
    """Runs of seven and more digits may be telephone numbers: only their length is kept (semantics §1)."""
    return _LONG_NUMBER.sub(lambda digits: "#" * len(digits[0]), text)


def _shortened(text: str) -> str:
    return text.encode("utf-8")[:MAX_BODY_BYTES].decode("utf-8", errors="ignore")
