"""Settings come from flags, then from the environment, then from `fivenines.toml`; what is wrong is said in a line."""

from pathlib import Path

import pytest

from schemas.derivation import Derivation
from streams.settings import Settings, SettingsError, read_settings


def test_flags_go_before_the_environment_and_that_before_the_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_settings().blind_after_s == 30
    (empty_folder / "fivenines.toml").write_text('blind_after_s = 40\nkafka = "broker:9092"\n')
    assert read_settings().blind_after_s == 40
    monkeypatch.setenv("FIVENINES_BLIND_AFTER_S", "50")
    assert read_settings().blind_after_s == 50
    assert read_settings({"blind_after_s": "60", "kafka": None}).blind_after_s == 60
    assert read_settings().kafka == "broker:9092"


def test_nothing_said_are_the_defaults_of_the_semantics() -> None:
    settings = read_settings()
    assert settings.derivation == Derivation()
    assert (settings.data, settings.kafka, settings.clickhouse) == (Path(".fivenines"), None, None)


def test_the_environment_of_a_child_gives_it_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    options = '{"security.protocol": "SASL_SSL", "sasl.password": "a=b,c"}'
    settings = read_settings({"kafka": "a:1,b:2", "kafka_options": options, "blind_after_s": "150", "data": "d"})
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == settings


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("blind_after_s = 0", "fivenines.toml: blind_after_s is 0: Input should be greater than or equal to 1"),
        (
            "correction_horizon_days = 999999999999",
            "fivenines.toml: correction_horizon_days is 999999999999: Input should be less than or equal to 36500",
        ),
        ("blind_afer_s = 10", "fivenines.toml: blind_afer_s is no setting; there are blind_after_s, "),
        ("blind_after_s = ", "fivenines.toml is not TOML: "),
        ('kafka_options = "no json"', "fivenines.toml: kafka_options is wrong: "),
    ],
)
def test_a_wrong_file_is_said_precisely(empty_folder: Path, file: str, said: str) -> None:
    (empty_folder / "fivenines.toml").write_text(file)
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "file",
    [
        """kafka_options = '{"sasl.password": "hunter2"'""",
        """kafka_options = '"hunter2"'""",
        """kafka_options = ["hunter2"]""",
        """kafka_options = {"sasl.password" = ["hunter2"]}""",
        """kafka_options = {"hunter2" = 1}""",
        """clickhouse = ["https://user:hunter2@host:8443"]""",
    ],
)
def test_no_password_is_ever_said(empty_folder: Path, file: str) -> None:
    (empty_folder / "fivenines.toml").write_text(file)
    with pytest.raises(SettingsError, match=f"{file.split()[0]} is wrong: ") as error:
        read_settings()
    assert "hunter2" not in str(error.value)


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIVENINES_BLIND_AFER_S", "10")
    with pytest.raises(SettingsError, match="FIVENINES_BLIND_AFER_S is no setting"):
        read_settings()


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in Settings.model_fields.values())
