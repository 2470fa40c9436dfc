"""`progress`: how far an input partition has been followed, said in band (semantics §6)."""

import time

from schemas.facts import Progress
from streams.intake.outbox import Outbox
from streams.intake.share import Share

EVERY_S = 0.2


class ProgressTeller:
    """Says how far time has come when everything that precedes it was acknowledged: a record that tells of progress
    must not be delivered when a fact before it could not be."""

    def __init__(self, share: Share, outbox: Outbox) -> None:
        self._share = share
        self._outbox = outbox
        self._asked_at = 0.0
        self._next: tuple[int, Progress] | None = None

    def tell(self) -> None:
        if self._next is not None:
            mark, said = self._next
            if self._outbox.reached(mark):
                self._outbox.progress(said)
                self._next = None
            return
        now = time.monotonic()
        if now - self._asked_at >= EVERY_S and (progress := self._share.progress()):
            self._asked_at = now
            self._next = self._outbox.mark(), progress
