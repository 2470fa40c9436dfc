"""A loop that decodes the lines of a file, times included, and does nothing else.

python -m tests.benchmarks.contenders.decode FILE
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


def run(file: Path) -> dict[str, object]:
    decode = msgspec.json.Decoder(Line).decode
    gc.disable()
    count = 0
    started = time.monotonic()
    with file.open("rb") as lines:
        for line in lines:
            decode(line)
            count += 1
    return {"messages": count, "seconds": time.monotonic() - started}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
