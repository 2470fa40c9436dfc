"""When which location is to be asked again: an index by due time, so that nothing is ever searched for."""

from collections.abc import Callable
from heapq import heappop, heappush

from streams.engine import FOREVER


class Agenda:
    """Locations by the instant after which their months may change although nothing arrives.

    Months end and close by the time that every partition has reached; what speaks of a time that has not come yet waits
    for the time of its own partition. Some are to be asked at once: the registry changed, or they were just restored.
    """

    def __init__(self) -> None:
        self._at_once: dict[str, int] = {}
        self._due: dict[str, int] = {}
        self._by_slowest: list[tuple[int, int, str]] = []
        self._awaited: dict[str, int] = {}
        self._by_partition: dict[int, list[tuple[int, str]]] = {}

    def __len__(self) -> int:
        """How many locations wait to be asked at once."""
        return len(self._at_once)

    def at_once(self, key: str, partition: int) -> None:
        self._at_once[key] = partition

    def when_slowest_passes(self, due: int, key: str, partition: int) -> None:
        """Ask when the slowest time is later than `due` (`FOREVER`: never), in place of what was due before."""
        if due != self._due.get(key):
            self._due[key] = due
            if due < FOREVER:
                heappush(self._by_slowest, (due, partition, key))

    def when_partition_reaches(self, at: int, key: str, partition: int) -> None:
        """Ask when the partition's own time is `at` or later (0: never), in place of what was awaited before."""
        if not at:
            self._awaited.pop(key, None)
        elif at != self._awaited.get(key):
            self._awaited[key] = at
            heappush(self._by_partition.setdefault(partition, []), (at, key))

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
            while waiting and waiting[0][0] <= (time(partition) or 0):
                at, key = heappop(waiting)
                if self._awaited.get(key) == at:
                    del self._awaited[key]
                    return key, partition
        while self._by_slowest and slowest is not None and self._by_slowest[0][0] < slowest:
            due, partition, key = heappop(self._by_slowest)
            if self._due.get(key) == due:
                del self._due[key]
                return key, partition
        return None
