"""A folder of terms to break: the packaged file alone, without the ledger that guards it."""

from pathlib import Path

import pytest

from schemas.terms.book import PACKAGED

NAME = "2024-09-23.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / NAME).write_bytes((PACKAGED / NAME).read_bytes())
    return tmp_path
