"""Memory that was freed goes back to the system: a save of a large fleet passes through it, and glibc would keep it.

The C library is asked where it knows how (`malloc_trim(3)`); elsewhere nothing is done.
"""

import ctypes
import time

EVERY_S = 10.0

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


class Heap:
    """The heap of this process."""

    def __init__(self) -> None:
        self._trimmed_at = time.monotonic()

    def give_back(self) -> None:
        """What is free, if that was not done lately."""
        if _trim is not None and time.monotonic() - self._trimmed_at >= EVERY_S:
            _trim(0)
            self._trimmed_at = time.monotonic()
