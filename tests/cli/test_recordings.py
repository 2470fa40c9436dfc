"""A recording is read whole or refused: nothing of it is passed over in silence."""

import gzip
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from schemas.wire import Line, Rejected, parse_line
from streams.audit.sources import LINE_BYTES, Recorded, UnreadableError

LINES = [b'{"number":%d}\n' % number for number in range(100_000)]
PLAIN = b"".join(LINES)

LINE = b'{"topic":"registry","key":"k","value":{}}'


def read(folder: Path, content: bytes) -> list[bytes]:
    file = folder / "recording"
    file.write_bytes(content)
    with Recorded(str(file)) as recorded:
        return list(recorded)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
def test_a_packed_recording_that_is_cut_off_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes], kept: float
) -> None:
    packed = pack(PLAIN)
    assert read(tmp_path, packed) == LINES
    assert read(tmp_path, packed + packed) == LINES + LINES
    for content in (packed[: int(len(packed) * kept)], packed + packed[: int(len(packed) * kept)]):
        with pytest.raises(UnreadableError, match="recording: "):
            read(tmp_path, content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_mark_of_the_byte_order_is_no_part_of_the_first_line(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert read(tmp_path, pack(BOM_UTF8 + PLAIN)) == LINES
    assert read(tmp_path, pack(BOM_UTF8)) == []


@pytest.mark.parametrize(("end", "after"), [(b"", []), (b"\n", []), (b"\n" + LINES[0], [LINES[0]])])
@pytest.mark.parametrize("more", [0, 1, LINE_BYTES, 2 * LINE_BYTES + 1])
def test_an_endless_line_is_one_bad_line(tmp_path: Path, end: bytes, after: list[bytes], more: int) -> None:
    before, long, *others = read(tmp_path, LINES[0] + LINE.ljust(LINE_BYTES + more) + end)
    assert (before, others) == (LINES[0], after)
    assert len(long) <= LINE_BYTES + 1
    assert isinstance(parse_line(long), Rejected)


@pytest.mark.parametrize("place", [12, 2000, -4])
def test_a_damaged_gzip_is_refused(tmp_path: Path, place: int) -> None:
    packed = bytearray(gzip.compress(PLAIN))
    packed[place] ^= 0xFF
    with pytest.raises(UnreadableError, match="recording: "):
        read(tmp_path, bytes(packed))


def test_a_line_of_the_greatest_length_is_whole(tmp_path: Path) -> None:
    written = LINE.ljust(LINE_BYTES - 1) + b"\n"
    assert read(tmp_path, written + LINES[0]) == [written, LINES[0]]
    assert isinstance(parse_line(written), Line)


def test_no_name_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="'' names no file"), Recorded(""):
        pass
