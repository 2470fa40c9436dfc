"""The ledger as a process of its own, for tests: ``python -m tests.ledger.process BOOTSTRAP PORT SESSION_S [held]``."""

import signal
import sys
import threading

from streams.ledger.run import run
from tests.ledger.story import BOOK, DERIVATION

if __name__ == "__main__":
    bootstrap, port, session, *holds = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(
        bootstrap,
        BOOK,
        DERIVATION,
        stop,
        metrics_port=int(port),
        session_timeout_s=float(session),
        holds=bool(holds),
    )
