"""The machine under the figures, and what a process uses of it (Linux's /proc)."""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Machine:
    """`load`: processes that wanted to run, averaged over one minute, before anything was measured."""

    cores: int
    model: str
    memory_gib: float
    python: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores, {self.model}, {self.memory_gib:.0f} GiB, Python {self.python}, load {self.load:.2f}"
        )


def this_machine() -> Machine:
    model = re.search(r"model name\s*:\s*(.+)", (_PROC / "cpuinfo").read_text())
    return Machine(
        cores=os.cpu_count() or 1,
        model=model[1] if model else platform.processor(),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        python=platform.python_version(),
        load=load(),
    )


def load() -> float:
    return os.getloadavg()[0]


def rss_mib(pid: int) -> float:
    """What a process holds in memory now."""
    return _status_mib(pid, "VmRSS")


def peak_rss_mib(pid: int) -> float:
    """The most it ever held."""
    return _status_mib(pid, "VmHWM")


def cpu_seconds(pid: int) -> float:
    """What it used of all cores, in user and kernel mode, with its threads."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family_mib(pid: int) -> float:
    """What a process and its descendants hold in memory now; pages that several of them share count once."""
    held = 0.0
    for each in _family(pid):
        with suppress(OSError):  # it may end while we look
            pss = re.search(r"^Pss:\s+(\d+) kB", (_PROC / str(each) / "smaps_rollup").read_text(), re.MULTILINE)
            held += int(pss[1]) / 1024 if pss else 0.0
    return held


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in (_PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from _family(int(child))


def _status_mib(pid: int, name: str) -> float:
    text = (_PROC / str(pid) / "status").read_text()
    kib = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(kib[1]) / 1024 if kib else 0.0
