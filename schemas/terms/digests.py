"""The digest ledger, `digests.txt`: terms that are in force are never edited, they are followed by new ones.

One line a file, as `sha256sum --check digests.txt` reads them: SHA-256, two spaces, the path below the folder.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

LEDGER = "digests.txt"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def problems(folder: Path, paths: Iterable[Path]) -> list[str]:
    """Files that are not what the ledger says; a folder without a ledger, and a file not yet listed, are fine."""
    listed, found = _read(folder)
    present = {path.relative_to(folder).as_posix(): path for path in paths}
    for name, digest in listed.items():
        if name not in present:
            found.append(f"{name}: is listed in {LEDGER} but missing; restore it: months were judged by it")
        elif _digest(present[name]) != digest:
            found.append(
                f"{name}: was edited after it came into force; restore it and add a new file with a new effective date "
                f"(for a what-if, copy the terms into a folder without {LEDGER})"
            )
    return found


def seal(folder: Path, paths: Sequence[Path]) -> list[str]:
    """List the files that are not listed yet, and return their names. Call it where `problems` finds none."""
    listed, _ = _read(folder)
    added = {path.relative_to(folder).as_posix(): _digest(path) for path in paths}
    fresh = [name for name in added if name not in listed]
    lines = [f"{digest}  {name}\n" for name, digest in sorted({**listed, **added}.items())]
    (folder / LEDGER).write_text("".join(lines), encoding="utf-8")
    return fresh


def _read(folder: Path) -> tuple[dict[str, str], list[str]]:
    ledger = folder / LEDGER
    if not ledger.exists():
        return {}, []
    listed: dict[str, str] = {}
    found: list[str] = []
    for number, line in enumerate(ledger.read_text(encoding="utf-8").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match:
            listed[match[2]] = match[1]
        else:
            found.append(f"{LEDGER}: line {number} is not a SHA-256, two spaces and a path")
    return listed, found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
