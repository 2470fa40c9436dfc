"""When the process must end: it was paused, it makes no progress, or nothing it does can help.

It ends at once and acknowledges nothing. A supervisor starts it again, and what was not finished is done again.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, NoReturn

import structlog
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

STOPPED: Final = 70
"""The exit status: an internal failure, by the convention of sysexits."""
BEAT_S: Final = 0.5
LOOK_S: Final = 2.0

log = structlog.get_logger()


def stop_hard(why: str) -> NoReturn:
    """End the process now: no handler runs, nothing is committed."""
    log.critical("decide stops", why=why)
    sys.stderr.flush()
    os._exit(STOPPED)


class Pulse:
    """Notices that the process was paused, or cut off from Kafka: it must say nothing more, for its partitions may be
    another's by now."""

    def __init__(self, limit_s: float, stop: Callable[[str], object] = stop_hard) -> None:
        self._limit_s = limit_s
        self._stop = stop
        self._last = time.monotonic()
        self._began: float | None = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """While a batch is handed to Kafka. Kafka may be out of reach for this process only, and what waits for it
        arrives however late: an idempotent producer throws nothing away."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = None

    def check(self) -> None:
        """Call before anything is handed to Kafka."""
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if gap > self._limit_s:
            self._stop(f"the process stood still for {gap:.1f} s")
        if self._began is not None and now - self._began > self._limit_s:
            self._stop(f"Kafka did not take a batch in {now - self._began:.1f} s")

    async def beat(self) -> None:
        self._last = time.monotonic()
        while True:
            self.check()
            await asyncio.sleep(BEAT_S)


class Reached(NamedTuple):
    """How far a partition of the input has been finished, and where it ends now."""

    done: int
    end: int


class Watchdog:
    """Notices that input waits and none of it is finished: consumers have been seen to stop silently."""

    def __init__(
        self,
        reached: Callable[[], Awaitable[Mapping[Any, Reached]]],
        patience_s: float,
        stop: Callable[[str], object] = stop_hard,
    ) -> None:
        self._reached = reached
        self._patience_s = patience_s
        self._stop = stop
        self._since: dict[Any, tuple[int, float]] = {}

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_S, self._patience_s / 2))
            try:
                self.look(await self._reached(), time.monotonic())
            except (KafkaError, OSError) as error:
                log.warning("the ends of the input cannot be read", error=repr(error))
                self._since.clear()

    def look(self, reached: Mapping[Any, Reached], now: float) -> None:
        """Compare with what was seen before; `now` is in seconds of any clock."""
        since, self._since = self._since, {}
        for place, (done, end) in reached.items():
            if done >= end:
                continue
            was, began = since.get(place, (done, now))
            self._since[place] = (done, now if was != done else began)
            if was == done and now - began > self._patience_s:
                self._stop(f"{place}: {end - done} messages wait, and for {now - began:.0f} s none was finished")
