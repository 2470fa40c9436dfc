"""An event to the bytes of a bare message."""

import msgspec

from schemas.events import Event


def encode_event(event: Event) -> bytes:
    """The value; its key is the UTF-8 of `event.key`, and a tick has none: it goes to every partition."""
    return msgspec.json.encode(event.written())
