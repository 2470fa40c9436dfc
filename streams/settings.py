"""The platform's settings: from flags, then `FIVENINES_*` environment variables, then `fivenines.toml`."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.derivation import Derivation

FILE: Final = "fivenines.toml"
PREFIX: Final = "FIVENINES_"
_CENTURY: Final = {"s": 36_500 * 86_400, "h": 36_500 * 24, "hours": 36_500 * 24, "days": 36_500}
"""By the unit in which the name of a setting ends."""
_SECRET: Final = frozenset({"kafka_options", "clickhouse"})
"""Settings that hold passwords: their values are never said."""
_ELSEWHERE: Final = frozenset({"FIVENINES_CACHE"})
"""Variables that the embedded servers read themselves."""


class SettingsError(ValueError):
    """One line that names the setting, where it was given, and what is wrong with it."""


def _object(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value


Options = Annotated[dict[str, str], NoDecode, BeforeValidator(_object)]


class Settings(Derivation, BaseSettings):
    """Each field is a flag of every command that needs it, an environment variable and a line of `fivenines.toml`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=FILE, extra="forbid", frozen=True)

    data: Path = Field(default=Path(".fivenines"), description="folder of the embedded servers and of saved state")
    kafka: str | None = Field(default=None, description="HOST:PORT,… of your Kafka; without it an embedded one runs")
    kafka_options: Options = Field(
        default_factory=dict, description='librdkafka options as JSON (TLS, SASL), {"security.protocol": "SASL_SSL", …}'
    )
    clickhouse: str | None = Field(
        default=None, description="https://USER:PASSWORD@HOST:PORT of your ClickHouse; without it an embedded one runs"
    )
    partitions: int = Field(default=8, ge=1, le=1024, description="of each keyed topic; fixed when topics are created")
    hold: bool = Field(default=False, description="issue no credits for the time being; nothing is lost")
    terms: Path | None = Field(default=None, description="folder of terms files; without it those of the package")

    @field_validator(*Derivation.model_fields)
    @classmethod
    def _within_a_century(cls, value: int, field: ValidationInfo) -> int:
        """Beyond, an instant and its sum could leave the years that can be written."""
        limit = _CENTURY[str(field.field_name).rsplit("_", 1)[-1]]
        if value > limit:
            raise PydanticKnownError("less_than_equal", {"le": limit})
        return value

    @field_validator("kafka", "clickhouse")
    @classmethod
    def _not_empty(cls, value: str | None) -> str | None:
        return value or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def derivation(self) -> Derivation:
        """Those settings that decide what is derived."""
        return Derivation(**{name: getattr(self, name) for name in Derivation.model_fields})

    @property
    def deciding(self) -> dict[str, int | str | None]:
        """By name, what two processes must share to derive the same of the same topics."""
        return {
            **self.derivation.model_dump(exclude={"hot_hours"}),
            "partitions": self.partitions,
            "terms": self.terms and str(self.terms.absolute()),
        }

    def environment(self) -> dict[str, str]:
        """The environment that gives a child process these settings."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in values.items()
        }


def read_settings(flags: Mapping[str, str | None] | None = None) -> Settings:
    """The settings in force; `SettingsError` about the first thing that is wrong with them."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _refuse_unknown_variables()
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_words(error, given)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} is not TOML: {error}") from None


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | _ELSEWHERE
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is no setting; there are {', '.join(sorted(known))}")


def _words(error: ValidationError, given: Mapping[str, Any]) -> str:
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"{FILE}: {name} is no setting; there are {', '.join(Settings.model_fields)}"
    variable = PREFIX + name.upper()
    where = (
        f"--{name.replace('_', '-')}" if name in given else variable if variable in os.environ else f"{FILE}: {name}"
    )
    said = "is wrong" if name in _SECRET else f"is {problem['input']!r}"
    return f"{where} {said}: {problem['msg']}"
