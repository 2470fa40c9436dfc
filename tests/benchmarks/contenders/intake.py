"""Intake as a process of its own, with everything on.

python -m tests.benchmarks.contenders.intake BOOTSTRAP METRICS_PORT
"""

import signal
import sys
import threading

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.intake.run import run


def main(bootstrap: str, metrics_port: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(bootstrap, read_book(None), Derivation(), stop, metrics_port=metrics_port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
