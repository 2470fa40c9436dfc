"""The machine under the figures, and what a process uses of it (Linux's /proc)."""

import os
import platform
import re
import time
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


def wait_for_calm(within_s: float, quiet: float = 0.7) -> float:
    """Wait until little else runs, or until patience is at its end; the load that there is then."""
    deadline = time.monotonic() + within_s
    while load() > quiet and time.monotonic() < deadline:
        time.sleep(2)
    return load()


def _status_mib(pid: int, name: str) -> float:
    text = (_PROC / str(pid) / "status").read_text()
    kib = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(kib[1]) / 1024 if kib else 0.0
