"""Clauses as they are cited: with the values of a terms file that state them, and the lines where those stand."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from schemas.terms.book import PACKAGED
from schemas.terms.clauses import CLAUSES
from schemas.terms.files import terms_paths
from schemas.terms.model import Terms
from schemas.terms.stated import stating


class Stand(msgspec.Struct, frozen=True):
    """A value of the terms that states a clause; `file` and `line` (from 1) say where, if the file is at hand."""

    key: str
    value: str
    file: str | None
    line: int | None


class Reference(msgspec.Struct, frozen=True):
    """A clause as it is cited."""

    id: str
    section: str
    says: str
    terms: str
    stated: tuple[Stand, ...]


class TermsText:
    """The files of a folder of terms, to be cited by line. A file is known by its digest: one that was edited since is
    not cited."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or PACKAGED
        self._lines: dict[str, tuple[str, Mapping[str, int]]] = {}
        for path in terms_paths(folder):
            content = path.read_bytes()
            name = path.relative_to(folder).as_posix()
            lines = lines_of(content.decode(errors="replace").splitlines())
            self._lines[hashlib.sha256(content).hexdigest()] = name, lines

    def cite(self, clause: str, terms: Terms, *keys: str) -> Reference:
        """A clause as these terms state it: with all values that state it, or with those of some tables or keys."""
        file, lines = self._lines.get(terms.digest, (None, {}))
        stated = [one for one in stating(terms, clause) if not keys or one.key.startswith(keys)]
        stands = (Stand(one.key, _written(one.value), file, _line(one.key, lines)) for one in stated)
        return Reference(clause, CLAUSES[clause].section, CLAUSES[clause].says, terms.reference, tuple(stands))


_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


def lines_of(text: Iterable[str]) -> dict[str, int]:
    """The line (from 1) at which each key of a terms file stands; entries of a list of tables are numbered from 0."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for place, line in enumerate(text, 1):
        if opened := _TABLE.match(line):
            name = opened[2]
            if opened[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = f"{name}[{counts[name]}]"
            table = f"{name}."
        elif key := _KEY.match(line):
            found.setdefault(table + key[1], place)
    return found


def _line(key: str, lines: Mapping[str, int]) -> int | None:
    """Where a key stands; of a table written in one line, where that does."""
    while key not in lines and "." in key:
        key = key.rpartition(".")[0]
    return lines.get(key)


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
