"""Text of others on a terminal: what would move the cursor or turn the reading direction is shown, and does nothing."""

import re

ACTING = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Unicode's C0 and C1 controls, the line and paragraph separators, and the marks of the bidirectional algorithm."""


def visible(text: str) -> str:
    """The text with each such character as Python writes it: `\\x1b`, `\\u202e`."""
    return ACTING.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
