"""A loop that decodes the lines of a file and does nothing else.

python -m tests.benchmarks.contenders.decode FILE [tickets]
"""

import gc
import json
import sys
import time
from pathlib import Path

import msgspec

from tests.benchmarks.contenders.bare import Sample


class Line(msgspec.Struct, gc=False):
    """An event in the platform's line format."""

    topic: str
    value: Sample
    key: str | None = None
    headers: dict[str, str] | None = None


class TicketLine(msgspec.Struct, gc=False):
    """A step of a ticket, likewise."""

    topic: str
    value: dict[str, str | bool | None]
    key: str | None = None


KINDS: dict[str, type[msgspec.Struct]] = {"heartbeats": Line, "tickets": TicketLine}


def run(file: Path, kind: str = "heartbeats") -> dict[str, object]:
    decode = msgspec.json.Decoder(KINDS[kind]).decode
    gc.disable()
    count = 0
    started = time.monotonic()
    with file.open("rb") as lines:
        for line in lines:
            decode(line)
            count += 1
    return {"messages": count, "seconds": time.monotonic() - started}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), *sys.argv[2:])))
