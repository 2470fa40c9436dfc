"""Who asks a platform derives as it does: what was not given is the platform's, and what was given must be the same."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra import external
from infra.datafolder import DataFolder
from infra.endpoints import ClickHouseServer, Endpoints, publish
from streams.cli.connections import TERMS, WHAT_IF, as_the_platform
from streams.cli.errors import CommandError
from streams.settings import read_settings
from tests.cli.conftest import Fivenines

ENDPOINTS = Endpoints(
    kafka_config={"bootstrap.servers": "127.0.0.1:1"},
    clickhouse=ClickHouseServer("127.0.0.1", 1, "u", "p", "db", secure=False, kafka_broker_list="127.0.0.1:1"),
    settings={"blind_after_s": 150, "partitions": 2, "a_setting_of_a_later_version": 1},
)
DERIVING = [
    ("replay", "--from", "kafka", "--diff"),
    ("replay", "--from", "archive", "--diff"),
    ("replay", "--from", "events", "--diff"),
    ("audit", "--sql"),
    ("topics",),
    ("intake",),
    ("worker",),
]


@pytest.fixture(autouse=True)
def data(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a platform that runs, as far as others can see; its servers do not answer."""
    monkeypatch.setattr(external, "PATIENCE_S", 0.5)
    (empty_folder / "events").touch()
    folder = empty_folder / ".fivenines"
    with DataFolder(folder, what="fivenines", version="fivenines 1"):
        publish(folder, ENDPOINTS)
        yield folder


def test_what_would_follow_from_other_settings_can_be_asked() -> None:
    settings = as_the_platform(read_settings({"blind_after_s": "60"}), what_if=WHAT_IF)
    assert (settings.blind_after_s, settings.partitions) == (60, 2)
    with pytest.raises(CommandError, match="runs with partitions 2, not 8: give --partitions 2"):
        as_the_platform(read_settings({"partitions": "8"}), what_if=WHAT_IF)


@pytest.mark.parametrize(
    ("platforms", "given", "said"),
    [
        pytest.param("/srv/terms", None, None, id="the platform's are taken"),
        pytest.param("/srv/terms", "/srv/terms", None, id="the same"),
        pytest.param("/srv/terms", "/other", "terms /srv/terms, not /other: give --terms /srv/terms", id="others"),
        pytest.param(None, None, None, id="the package's"),
        pytest.param(None, "/other", "terms of the package, not /other: give no --terms", id="not the package's"),
    ],
)
def test_the_terms_are_those_of_the_platform(
    data: Path, platforms: str | None, given: str | None, said: str | None
) -> None:
    publish(data, replace(ENDPOINTS, settings={"terms": platforms}))
    settings = read_settings({"terms": given})
    if said is None:
        assert as_the_platform(settings).terms == (platforms and Path(platforms))
    else:
        with pytest.raises(CommandError, match=said):
            as_the_platform(settings)
        assert as_the_platform(settings, what_if=TERMS).terms == Path(str(given))


def test_what_was_not_given_is_the_platforms() -> None:
    settings = as_the_platform(read_settings({"hot_hours": "7"}))
    assert (settings.blind_after_s, settings.partitions, settings.hot_hours) == (150, 2, 7)
    assert as_the_platform(read_settings({"blind_after_s": "150"})) == as_the_platform(read_settings())


@pytest.mark.parametrize("command", DERIVING, ids=" ".join)
def test_what_was_given_otherwise_is_refused_in_one_line(fivenines: Fivenines, command: tuple[str, ...]) -> None:
    ended = fivenines(*command, "--blind-after-s", 60)
    said = "the platform on .fivenines runs with blind_after_s 150, not 60: give --blind-after-s 150"
    assert ended == (2, "", f"fivenines: {said}\n")


@pytest.mark.parametrize("command", DERIVING, ids=" ".join)
def test_what_was_not_given_refuses_no_command(fivenines: Fivenines, command: tuple[str, ...]) -> None:
    assert "does not" in "".join(fivenines(*command)[1:]), "it has gone on to the servers, which do not answer"


def test_wherever_it_was_given_and_all_at_once(
    fivenines: Fivenines, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / "fivenines.toml").write_text("partitions = 8\n")
    monkeypatch.setenv("FIVENINES_BLIND_AFTER_S", "30")
    said = "runs with blind_after_s 150, not 30 and partitions 2, not 8: give --blind-after-s 150 --partitions 2"
    ended = fivenines("topics")
    assert (ended.status, ended.err) == (2, f"fivenines: the platform on .fivenines {said}\n")
    ended = fivenines("doctor")
    assert ended.status == 1
    assert said in ended.out
    assert said not in fivenines("doctor", "--blind-after-s", 150, "--partitions", 2).out


def test_a_folder_of_an_earlier_version_leaves_the_settings_as_they_are(data: Path) -> None:
    kept = json.loads((data / "endpoints.json").read_text())
    del kept["settings"]
    (data / "endpoints.json").write_text(json.dumps(kept))
    settings = read_settings({"blind_after_s": "60"})
    assert as_the_platform(settings) == settings


@pytest.mark.parametrize("server", [{"kafka": "broker:9092"}, {"clickhouse": "https://u:p@host"}], ids=str)
def test_who_names_a_server_names_the_settings(server: dict[str, str]) -> None:
    settings = read_settings({**server, "blind_after_s": "60"})
    assert as_the_platform(settings) == settings


def test_a_recording_needs_no_platform(fivenines: Fivenines) -> None:
    assert fivenines("replay", "--from", "events", "--blind-after-s", 60) == (0, "", "")
