"""A recording is read whole or refused: nothing of it is passed over in silence."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from streams.audit.sources import Recorded, UnreadableError

LINES = [b'{"number":%d}\n' % number for number in range(100_000)]
PLAIN = b"".join(LINES)


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
