"""`python -m tests.benchmarks [NAME…] [--small]`: measure, show each figure and then all, leave JSON under build/."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from rich.console import Console

from infra.supervised import ServerError
from tests.benchmarks import figures
from tests.benchmarks.archive import archive
from tests.benchmarks.decide import decide
from tests.benchmarks.demo import demo
from tests.benchmarks.figures import Figure
from tests.benchmarks.latency import latency
from tests.benchmarks.machine import load, this_machine
from tests.benchmarks.memory import memory
from tests.benchmarks.oracle import oracle
from tests.benchmarks.replay import replay
from tests.benchmarks.stage import BUILD, ContenderFailedError, Stage
from tests.benchmarks.throughput import throughput

BENCHMARKS: dict[str, Callable[[Stage], Iterator[Figure]]] = {
    "intake": throughput,
    "latency": latency,
    "memory": memory,
    "decide": decide,
    "oracle": oracle,
    "replay": replay,
    "archive": archive,
    "demo": demo,
}


def main(arguments: list[str] | None = None) -> list[Figure]:
    """What was measured, after it has been shown and written."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without any")
    parser.add_argument("--small", action="store_true", help="a quick run; its numbers mean nothing")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each contender runs (3; small: 1)")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that nothing is left running
    console = Console()
    stage = Stage(console, chosen.small, chosen.rounds or (1 if chosen.small else 3))
    machine = this_machine()
    found: list[Figure] = []
    for name in chosen.names or BENCHMARKS:
        before = load()
        console.rule(f"{name} (load {before:.2f})")
        for figure in measured(name, stage):
            figures.tell(figure, console)
            found.append(replace(figure, machine_load=before))
    figures.show(found, machine, console)
    path = BUILD / ("small.json" if chosen.small else "results.json")
    figures.write(found, machine, path, small=chosen.small)
    console.print(f"in full: {path.relative_to(BUILD.parent.parent)}")
    return found


def measured(name: str, stage: Stage) -> Iterator[Figure]:
    """The figures of one benchmark, as far as it comes: others must not be lost with it."""
    try:
        yield from BENCHMARKS[name](stage)
    except (ContenderFailedError, ServerError, TimeoutError) as error:
        yield Figure(name=name, value=None, unit="", note=str(error), failed=True)


if __name__ == "__main__":
    sys.exit(any(figure.failed or figure.reached is False for figure in main()))
