"""The topics have fixed names: these tests have a broker of their own, and fresh topics each."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.kafka import EmbeddedKafka
from schemas.derivation import Derivation
from schemas.terms.book import read_book
from tests.intake.platform import Platform


@pytest.fixture(scope="session")
def own_kafka() -> Iterator[EmbeddedKafka]:
    with tempfile.TemporaryDirectory(prefix="fivenines-") as folder, EmbeddedKafka(Path(folder, "kafka")) as server:
        yield server


@pytest.fixture
def platform(own_kafka: EmbeddedKafka) -> Callable[..., Platform]:
    """A platform with these settings and so many partitions, with fresh topics."""

    def create(settings: Derivation, partitions: int = 2, **timing: Any) -> Platform:
        platform = Platform(own_kafka.bootstrap, read_book(), settings, partitions, **timing)
        platform.create()
        return platform

    return create
