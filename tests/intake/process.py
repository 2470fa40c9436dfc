"""One intake process of a test: ``python -m tests.intake.process SETTINGS`` (JSON). SIGTERM ends it in order."""

import json
import signal
import sys
import threading

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.intake.run import run


def main() -> None:
    import faulthandler

    faulthandler.register(signal.SIGUSR1)
    given = json.loads(sys.argv[1])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(
        given["bootstrap"],
        read_book(),
        Derivation(**given["derivation"]),
        stop,
        session_timeout_s=given["session_timeout_s"],
        save_every_s=given["save_every_s"],
    )


if __name__ == "__main__":
    main()
