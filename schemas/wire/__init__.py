"""Bytes to events and back (semantics §1). Nothing here raises on bad input: it says why it was refused."""

from schemas.wire.dead_letters import dead_letter
from schemas.wire.decoding import decode, decode_by_contract
from schemas.wire.encoding import encode_event
from schemas.wire.gate import Gate, conflict
from schemas.wire.hot import HeartbeatDecoder
from schemas.wire.lines import Line, encode_line, parse_line
from schemas.wire.reasons import REASONS, Reason, Rejected

__all__ = [
    "REASONS",
    "Gate",
    "HeartbeatDecoder",
    "Line",
    "Reason",
    "Rejected",
    "conflict",
    "dead_letter",
    "decode",
    "decode_by_contract",
    "encode_event",
    "encode_line",
    "parse_line",
]
