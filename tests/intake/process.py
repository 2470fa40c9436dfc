"""One intake process of a test: ``python -m tests.intake.process SETTINGS`` (JSON). SIGTERM ends it in order."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from itertools import count
from typing import Any

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from schemas.topics import INTAKE_STATE
from streams.intake import repair
from streams.intake.outbox import WATCHED, Outbox
from streams.intake.run import run
from streams.intake.session import Session
from streams.intake.takeover import TakeOver
from tests.intake.platform import connects

Moment = tuple[Any, str, Callable[..., bool]]
"""Of an object the method before or after which a process dies, and in which of its calls."""

MOMENTS: dict[str, Moment] = {
    "before publishing": (Outbox, "fact", lambda *_: True),
    "between publishing and saving": (Outbox, "delivered", lambda _, error, message: message.topic() in WATCHED),
    "while saving": (Outbox, "send", lambda _, topic, *__: topic == INTAKE_STATE),
    "while taking over": (TakeOver, "__call__", lambda *_: True),
    "before giving up": (Session, "_revoked", lambda *_: True),
    "while giving up": (Session, "_drop", lambda *_: True),
    "before a repair": (repair, "rebuild", lambda *_: True),
    "after a repair": (repair, "rebuild", lambda *_: True),
}
AFTER = ("between publishing and saving", "while saving", "while taking over", "after a repair")


def dies(moment: str, number: int) -> None:
    """End this process as `kill -9` does, when the moment comes for the `number`-th time."""
    where, name, is_one = MOMENTS[moment]
    original, numbers = getattr(where, name), count(1)

    @wraps(original)
    def call(*given: Any, **named: Any) -> Any:
        is_last = is_one(*given) and next(numbers) == number
        if is_last and moment not in AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        done = original(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(where, name, call)


def main() -> None:
    given = json.loads(sys.argv[1])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if given["dies"]:
        dies(*given["dies"])
    run(
        given["bootstrap"],
        read_book(),
        Derivation(**given["derivation"]),
        stop,
        session_timeout_s=given["session_timeout_s"],
        save_every_s=given["save_every_s"],
        archive=connects(given["archive"]),
    )


if __name__ == "__main__":
    main()
