"""The worker as a process of its own, for tests that end it: ``python -m tests.decide.process BOOTSTRAP DATA PORT``."""

import sys
from pathlib import Path

from streams.decide.app import Settings
from streams.decide.worker import run
from tests.decide.story import BOOK, DERIVATION

if __name__ == "__main__":
    bootstrap, data, port, *session = sys.argv[1:]
    run(
        Settings(
            bootstrap=bootstrap,
            data=Path(data),
            book=BOOK,
            derivation=DERIVATION,
            web_port=int(port),
            session_timeout_s=float(session[0]) if session else 10.0,
            stalled_after_s=200.0,
        ),
        loglevel="INFO",
    )
