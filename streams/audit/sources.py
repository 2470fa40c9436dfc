"""Recordings of the input as streams of `Line`: a file, a Kafka, the archive."""

import gzip
import io
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import zstandard

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
DAMAGED = (EOFError, zlib.error, zstandard.ZstdError)
"""What reading a packed file that is cut off or altered raises, beside OSError."""
LINE_BYTES = 8 << 20
"""A longer line cannot hold an event: the beginning of it is one bad line, and the rest is passed over."""
NEVER_JSON = b"\0"
"""What a line is cut off with: its beginning alone could be an event."""
_PIECE_BYTES = 1 << 13
"""Of Zstandard at a time: each may become 16,000 times as much."""


class UnreadableError(Exception):
    """A recording that cannot be read: which, and why."""


class Recorded:
    """The lines of a file, `-` for standard input, plain or compressed (gzip, Zstandard); a context manager.

    `is_plain` says whether it can be entered anywhere. Raises `UnreadableError`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        if not self.name:
            raise UnreadableError("'' names no file")
        if self.name == "-" and sys.stdin is None:
            raise UnreadableError("-: standard input is closed")
        try:
            self._file = sys.stdin.buffer if self.name == "-" else Path(self.name).open("rb")
            self._lines = _plain(self._file)
            self._has_mark = self._lines.peek(3).startswith(BOM_UTF8)
            self.is_plain = self._lines is self._file and self.name != "-" and not self._has_mark
        except OSError as error:
            raise UnreadableError(f"{self.name}: {error.strerror or error}") from None
        except DAMAGED as error:
            raise UnreadableError(f"{self.name}: {error}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.name != "-":
            self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._has_mark:
                self._lines.read(len(BOM_UTF8))
            for line in iter(partial(self._lines.readline, LINE_BYTES), b""):
                if is_too_long(line):
                    skip_line(self._lines)
                    line += NEVER_JSON
                yield line
        except (OSError, *DAMAGED) as error:
            raise UnreadableError(f"{self.name}: {error}") from None


def is_too_long(line: bytes) -> bool:
    """Whether `readline(LINE_BYTES)` has read a line in part."""
    return len(line) == LINE_BYTES and not line.endswith(b"\n")


def skip_line(file: BinaryIO) -> int:
    """Read what is left of a line: how many bytes."""
    skipped = 0
    while part := file.readline(LINE_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def line_at(file: BinaryIO, place: int) -> bytes:
    """The line of a plain file that begins there. Raises `UnreadableError` where there is none any more."""
    file.seek(place)
    line = file.readline(LINE_BYTES)
    if not line:
        raise UnreadableError(f"{file.name}: it became shorter while it was read")
    return line + NEVER_JSON if is_too_long(line) else line


def _plain(file: BinaryIO) -> io.BufferedReader:
    """The file, decompressed if its first bytes say that it is compressed."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    head = buffered.peek(4)[:4]
    if head.startswith(_GZIP):
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=buffered)), 1 << 18)
    if head == _ZSTD:
        return io.BufferedReader(_Zstandard(buffered), 1 << 18)
    return buffered


class _Zstandard(io.RawIOBase):
    """What Zstandard frames hold, decompressed. Raises EOFError where the last is cut off, of which `stream_reader` of
    the library says nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._next = b""
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._held:
            piece = self._next or self._file.read(_PIECE_BYTES)
            if not piece:
                if self._frame is not None:
                    raise EOFError("the file ends before the end of its Zstandard frame")
                return 0
            self._decompress(piece)
        target = memoryview(into).cast("B")
        size = min(len(target), len(self._held))
        target[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    def _decompress(self, piece: bytes) -> None:
        frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        self._held = memoryview(frame.decompress(piece))
        self._frame, self._next = (None, frame.unused_data) if frame.eof else (frame, b"")
