"""Every series of terms, and which of its files is in force on a day (VE-1)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from schemas.terms import digests
from schemas.terms.files import TermsError, read_folder, terms_paths
from schemas.terms.model import STANDARD, Terms

PACKAGED = Path(__file__).parent
"""The folder of the terms that come with the platform."""


@dataclass(frozen=True)
class Book:
    """`files` by series, then effective date; at least one of them is of the series `standard`."""

    files: tuple[Terms, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Calendars are looked up by their book again and again, and it takes long to hash."""
        return hash(self.files)

    @cached_property
    def _by_series(self) -> dict[str, tuple[Terms, ...]]:
        return {name: tuple(files) for name, files in groupby(self.files, attrgetter("series"))}

    @cached_property
    def keeps_issued(self) -> bool:
        """Whether there are terms by which nothing lowers what was issued (I-18)."""
        return any(terms.credits.corrections_after_issue == "never" for terms in self.files)

    def series_names(self) -> tuple[str, ...]:
        return tuple(self._by_series)

    def series(self, name: str) -> tuple[Terms, ...]:
        """The files of a series in order of effective date; an unknown name is the standard series."""
        return self._by_series.get(name) or self._by_series[STANDARD]

    def in_force(self, series: str, first_day: date) -> Terms:
        """The last file effective on or before the day; before the first effective date, the first file."""
        files = self.series(series)
        return files[max(0, bisect_right(files, first_day, key=attrgetter("effective")) - 1)]


def bind(files: Iterable[Terms]) -> Book:
    """A book of these terms, in any order; `TermsError` if none is of the standard series."""
    ordered = tuple(sorted(files, key=attrgetter("series", "effective")))
    if all(terms.series != STANDARD for terms in ordered):
        raise TermsError(["no terms of the standard series"])
    return Book(ordered)


def read_book(folder: Path | None = None) -> Book:
    """The book in a folder, or the packaged one; `TermsError` lists everything that is wrong with it."""
    files, problems = read_folder(folder or PACKAGED)
    if problems:
        raise TermsError(problems)
    return bind(files)


def check(folder: Path | None = None) -> list[str]:
    """Everything that is wrong with a folder of terms, one line each: file, key, what is wrong, what is allowed."""
    return read_folder(folder or PACKAGED)[1]


def seal(folder: Path | None = None) -> list[str]:
    """Put the folder's new files in force: list their digests, so that later edits are refused. Returns their names.

    `TermsError` if anything is wrong with the folder, an edit of a file in force included.
    """
    if problems := check(folder):
        raise TermsError(problems)
    return digests.seal(folder or PACKAGED, list(terms_paths(folder or PACKAGED)))


def skew_problems(book: Book, max_clock_skew_s: int) -> list[str]:
    """The terms whose smallest hold is shorter than the clock skew that is let through (semantics §9).

    A sample dated further ahead than its own hold would vouch for a device that may have been silent all along.
    """
    return [
        f"{terms.series} {terms.effective}: max_clock_skew_s is {max_clock_skew_s}, more than the hold of a heartbeat, "
        f"{hold_ms / 1000:g} s; lower the setting"
        for terms in book.files
        if max_clock_skew_s * 1000 > (hold_ms := terms.hold_ms(terms.availability.default_interval_s * 1000))
    ]
