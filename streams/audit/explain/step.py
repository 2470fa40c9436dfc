"""What an explanation is made of: numbered steps, each with its inputs, its clauses and its arithmetic.

A step also says which fields of the fact it arrives at, so that what is explained is compared with what was derived.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas.facts import Fact
from schemas.terms.cited import Reference
from streams.audit.explain.arithmetic import Line


class Said(NamedTuple):
    """A message of the input, by what it says and not by where it stood: the same words twice are one."""

    topic: str
    key: str | None
    identity: tuple[Any, ...]
    payload_hash: str = ""


class Input(msgspec.Struct, frozen=True):
    """What was taken from the input, in words; `said` finds the message, None: it is another fact, or a setting."""

    words: str
    said: Said | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`gives`: fields of the fact as this step finds them. `doubts`: where it does not agree with what was derived."""

    what: str
    words: Sequence[str] = ()
    clauses: Sequence[Reference] = ()
    inputs: Sequence[Input] = ()
    arithmetic: Sequence[Line] = ()
    gives: Mapping[str, Any] = {}
    doubts: Sequence[str] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`ids`: what the fact may be asked for by; `name`: what its id is a UUIDv5 of, if it is one."""

    kind: str
    id: str
    name: str | None
    title: str
    fact: Fact
    steps: Sequence[Step]

    @property
    def differences(self) -> list[str]:
        """Where what is explained is not what was derived: there should be none."""
        found = [doubt for step in self.steps for doubt in step.doubts]
        for step in self.steps:
            for field, value in step.gives.items():
                derived = getattr(self.fact, field)
                if derived != value:
                    found.append(f"{field}: explained as {value!r}, but derived as {derived!r}")
        return found
