"""Settings come from the environment and nowhere else: no files of ours, no command line.

A secret is better mounted than exported: a field `x` may also be given as the path of a file in `X_FILE`, unless
the model has a field `x_file` of its own, which it reads when it needs it.
"""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class SettingsProblem(Exception):
    """The environment does not describe a service that can run; the message names the variables."""


class EnvSettings(BaseSettings):
    """Base of all settings; unknown variables are not an error, since an environment holds more than ours."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """What was passed by name, then the variable, then its file."""
        return init_settings, env_settings, _Files(settings_cls)

    @classmethod
    def load(cls) -> Self:
        """The settings, or `SettingsProblem` with one sentence that names each wrong variable and repeats no value."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsProblem(_sentence(cls, error)) from None
        except OSError as error:
            raise SettingsProblem(f"A settings file cannot be read: {error.strerror} ({error.filename}).") from None


class _Files(PydanticBaseSettingsSource):
    """Reads `X_FILE` for a field `x`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        prefix = self.config.get("env_prefix") or ""
        path = os.environ.get(f"{prefix}{field_name}_FILE".upper())
        if not path or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        return Path(path).read_text().strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _sentence(cls: type[EnvSettings], error: ValidationError) -> str:
    prefix = cls.model_config.get("env_prefix") or ""
    wrong = [f"{(prefix + '.'.join(map(str, e['loc']))).upper() or 'together'}: {e['msg']}" for e in error.errors()]
    return f"The environment is not right. {'; '.join(wrong)}."
