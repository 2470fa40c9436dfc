"""Kafka's jars: downloaded once, checked always, and one clear error when they can be neither found nor fetched."""

from pathlib import Path

import pytest

from infra import jars
from infra.supervised import ServerError


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No way out, and no other cache to fall back on."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache with two jars, and their digests as the pinned ones."""
    monkeypatch.setenv("FIVENINES_CACHE", str(tmp_path))
    folder = jars.cache_folder()
    folder.mkdir(parents=True)
    digests = []
    for name in ("a.jar", "b.jar"):
        (folder / name).write_text(name)
        digests.append(f"{jars.sha256(folder / name)}  {name}\n")
    pinned = tmp_path / "pinned"
    pinned.write_text("".join(digests))
    monkeypatch.setattr(jars, "DIGESTS", pinned)
    return folder


@pytest.mark.usefixtures("no_network")
def test_what_is_cached_needs_no_network_and_no_words(cached: Path) -> None:
    said: list[str] = []
    assert jars.jars(said.append) == [cached / "a.jar", cached / "b.jar"]
    assert said == []


@pytest.mark.usefixtures("no_network")
def test_neither_cached_nor_network_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIVENINES_CACHE", str(tmp_path / "cache"))
    said: list[str] = []
    with pytest.raises(ServerError, match=r"cannot be downloaded: .*; connect to the network once"):
        jars.jars(said.append)
    assert len(said) == 1
    assert str(jars.DOWNLOAD_MB) in said[0]
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    "damage", [lambda jar: jar.write_text("x"), lambda jar: jar.unlink()], ids=["changed", "missing"]
)
def test_a_jar_that_is_not_the_pinned_one_is_refused(cached: Path, damage: object) -> None:
    assert callable(damage)
    damage(cached / "b.jar")
    with pytest.raises(ServerError, match=r"not the pinned jars .*: b.jar; remove"):
        jars.jars()


def test_every_jar_of_the_broker_is_pinned() -> None:
    pinned = {name: digest for digest, name in map(str.split, jars.DIGESTS.read_text().splitlines())}
    assert {f"kafka_2.13-{jars.KAFKA_VERSION}.jar", f"kafka-clients-{jars.KAFKA_VERSION}.jar"} <= pinned.keys()
    assert all(len(digest) == 64 for digest in pinned.values())


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"FIVENINES_CACHE": "/a"}, "/a/kafka-"),
        ({"FIVENINES_CACHE": "", "XDG_CACHE_HOME": "/b"}, "/b/fivenines/kafka-"),
        ({"FIVENINES_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/fivenines/kafka-"),
    ],
)
def test_where_the_jars_are(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(jars.cache_folder()) == folder + jars.KAFKA_VERSION
