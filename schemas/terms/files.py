"""A folder of terms files: `*.toml` are the standard series, a sub-folder's files the series of its name."""

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from schemas.terms import digests
from schemas.terms.model import STANDARD, Document, Terms
from schemas.terms.problems import explain

SUFFIX = ".toml"


class TermsError(ValueError):
    """Terms that cannot be used; `problems` has one precise line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_folder(folder: Path) -> tuple[list[Terms], list[str]]:
    """The terms that could be read, and every problem of the folder."""
    if not folder.is_dir():
        return [], [f"{folder}: no such folder of terms"]
    paths = list(terms_paths(folder))
    problems = digests.problems(folder, paths)
    if not any(path.parent == folder for path in paths):
        problems.append(f"{folder}: no file of the standard series, such as 2024-09-23.toml, directly in the folder")
    terms: list[Terms] = []
    if (folder / STANDARD).is_dir():
        problems.append(f"{STANDARD}: the files of the standard series lie directly in the folder; move them there")
    for path in paths:
        try:
            terms.append(read_file(path, STANDARD if path.parent == folder else path.parent.name))
        except TermsError as error:
            problems += [f"{path.relative_to(folder)}: {problem}" for problem in error.problems]
    return terms, problems


def terms_paths(folder: Path) -> Iterator[Path]:
    """The terms files of a folder: the standard series first, then each series by name."""
    yield from sorted(folder.glob(f"*{SUFFIX}"))
    yield from sorted(folder.glob(f"*/*{SUFFIX}"))


def read_file(path: Path, series: str) -> Terms:
    """One file's terms; `TermsError` with everything that is wrong with it."""
    try:
        content = path.read_bytes()
        values = tomllib.loads(content.decode())
    except OSError as error:
        raise TermsError([f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise TermsError([f"is not UTF-8: byte {error.start}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise TermsError([f"is not TOML: {error}"]) from None
    problems = _name_problems(path, values.get("effective"))
    try:
        document = Document.model_validate(values)
    except ValidationError as error:
        raise TermsError(problems + explain(error, Document)) from None
    if problems:
        raise TermsError(problems)
    return Terms(**dict(document), series=series, digest=hashlib.sha256(content).hexdigest())


def _name_problems(path: Path, effective: object) -> list[str]:
    if type(effective) is not date or path.stem == effective.isoformat():
        return []
    return [f"effective: is {effective.isoformat()}, but the file is named {path.stem}; name it {effective}{SUFFIX}"]
