"""Every benchmark runs: small, so that what it measures is nothing and that it measures is everything."""

import pytest

from tests.benchmarks.__main__ import main


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_intake_is_measured_and_its_facts_are_those_of_a_replay_and_of_the_oracle() -> None:
    found = {figure.name: figure for figure in main(["intake", "--small"])}
    assert found["intake, everything on"].value
    assert found["intake ÷ bare"].value
    assert found["intake: facts other than a replay's"].details["facts"]["location-states"] > 100
    assert found["intake: facts other than a replay's"].value == 0
    assert found["intake: facts other than the oracle's"].value == 0


def test_a_replay_of_a_file_is_measured() -> None:
    found = {figure.name: figure for figure in main(["replay", "--small"])}
    assert all(figure.value for figure in found.values())


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.clickhouse
@pytest.mark.parametrize("name", ["latency", "memory", "decide", "oracle", "archive"])
def test_the_others_are_measured(name: str) -> None:
    found = main([name, "--small"])
    assert found
    assert all(figure.value for figure in found), [(figure.name, figure.note) for figure in found]


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["nothing"])
    assert refused.value.code == 2
    assert "there are intake, latency" in capsys.readouterr().err
