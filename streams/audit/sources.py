"""Recordings of the input as streams of `Line`: a file, a Kafka, the archive."""

import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

import zstandard

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class UnreadableError(Exception):
    """A recording that cannot be read: which, and why."""


class Recorded:
    """The lines of a file, `-` for standard input, plain or compressed (gzip, Zstandard); a context manager.

    `is_plain` says whether it can be entered anywhere. Raises `UnreadableError`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        try:
            self._file = sys.stdin.buffer if self.name == "-" else Path(self.name).open("rb")
            self._lines = _plain(self._file)
            self.is_plain = self._lines is self._file and self.name != "-"
        except OSError as error:
            raise UnreadableError(f"{self.name}: {error.strerror or error}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.name != "-":
            self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._lines
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise UnreadableError(f"{self.name}: {error}") from None


def _plain(file: BinaryIO) -> BinaryIO:
    """The file, decompressed if its first bytes say that it is compressed."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    head = buffered.peek(4)[:4]
    if head.startswith(_GZIP):
        return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=buffered), 1 << 18))
    if head == _ZSTD:
        reader = zstandard.ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader), 1 << 18))
    return buffered
