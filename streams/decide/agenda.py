"""When which location is to be asked again: an index by due time, so that nothing is ever searched for."""

from collections import defaultdict
from collections.abc import Callable
from heapq import heappop, heappush

from streams.engine import FOREVER


class Agenda:
    """Locations by the instant after which their months may change although nothing arrives.

    Months close by the time that every partition has reached; they begin and end, and states with them, by the time of
    their own partition. Some are to be asked at once: the registry changed, or they were just restored.
    """

    def __init__(self) -> None:
        self._at_once: dict[str, int] = {}
        self._by_slowest: dict[int, _Waiting] = defaultdict(_Waiting)
        self._by_partition: dict[int, _Waiting] = defaultdict(_Waiting)

    def __len__(self) -> int:
        """How many locations wait to be asked at once."""
        return len(self._at_once)

    def at_once(self, key: str, partition: int) -> None:
        self._at_once[key] = partition

    def when_slowest_passes(self, due: int, key: str, partition: int) -> None:
        """Ask when the slowest time is later than `due`, in place of what was due before."""
        self._by_slowest[partition].put(key, due)

    def when_partition_reaches(self, at: int, key: str, partition: int) -> None:
        """Ask when the partition's own time is `at` or later, in place of what was awaited before."""
        self._by_partition[partition].put(key, at)

    def is_due(self, slowest: int | None, time: Callable[[int], int | None]) -> bool:
        due = self.pop(slowest, time)
        if due is not None:
            self.at_once(*due)
        return due is not None

    def pop(self, slowest: int | None, time: Callable[[int], int | None]) -> tuple[str, int] | None:
        """A location that is due, with its partition."""
        if self._at_once:
            return self._at_once.popitem()
        for partition, waiting in self._by_partition.items():
            if (key := waiting.pop(time(partition) or 0)) is not None:
                return key, partition
        for partition, waiting in self._by_slowest.items():
            if (key := waiting.pop((slowest or 0) - 1)) is not None:
                return key, partition
        return None


class _Waiting:
    """Keys, of which each waits for one instant at a time."""

    def __init__(self) -> None:
        self._instant: dict[str, int] = {}
        self._queue: list[tuple[int, str]] = []
        self._queued: set[tuple[int, str]] = set()
        """What stands in the queue: a key that comes back to an instant is not to stand there twice."""

    def put(self, key: str, instant: int) -> None:
        """Wait for an instant (`FOREVER`: for none), in place of any other."""
        if instant == FOREVER:
            self._instant.pop(key, None)
            return
        self._instant[key] = instant
        if (instant, key) not in self._queued:
            self._queued.add((instant, key))
            heappush(self._queue, (instant, key))

    def pop(self, now: int) -> str | None:
        """A key whose instant is `now` or earlier; it waits for nothing any more."""
        while self._queue and self._queue[0][0] <= now:
            entry = heappop(self._queue)
            self._queued.remove(entry)
            instant, key = entry
            if self._instant.get(key) == instant:
                del self._instant[key]
                return key
        return None
