"""The SQL of `schemas/clickhouse`: which files there are, and the statements in each."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import schemas

FOLDER: Final = Path(schemas.__file__).parent / "clickhouse"
_NUMBERED: Final = re.compile(r"(\d{4})_\w+\.sql")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_CREATED: Final = re.compile(r"^CREATE (?:TABLE|MATERIALIZED VIEW) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A file of statements, each ended by a semicolon at the end of a line."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        pieces = re.split(r";[ \t]*$", self.text, flags=re.MULTILINE)
        return [piece.strip() for piece in pieces if re.sub(r"--[^\n]*", "", piece).strip()]

    @property
    def creates(self) -> list[str]:
        """The tables and materialized views that the script creates, in its order."""
        return _CREATED.findall(self.text)

    def filled(self, name: str, values: Mapping[str, str]) -> "Script":
        """The script called `name`, with its `{placeholders}` replaced. KeyError: one has no value."""
        return Script(name, _PLACEHOLDER.sub(lambda found: values[found[1]], self.text))


def migrations(folder: Path = FOLDER) -> list[tuple[int, Script]]:
    """The numbered scripts in order. Raises ValueError unless they count up from 1 without a gap."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NUMBERED.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name} is not named like 0001_what_it_adds.sql")
        found.append((int(match[1]), Script(path.name, path.read_text())))
    numbers = [number for number, _ in found]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"migrations must count up from 0001 without a gap: {', '.join(s.name for _, s in found)}")
    return found


def script(name: str) -> Script:
    """A script by its path in the folder, such as `readers/registry.sql`."""
    return Script(name, (FOLDER / name).read_text())


def views() -> list[Script]:
    """The views in the order of their names: a view may read those before it."""
    return [script(f"views/{path.name}") for path in sorted((FOLDER / "views").glob("*.sql"))]
