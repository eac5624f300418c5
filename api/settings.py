"""The only place that reads the environment.

| variable | what it sets | default |
|---|---|---|
| `SIAGA_DATA_DIR` | where built regions lie | the system's per-user data folder, `siaga` in it |
| `SIAGA_REDIS_URL` | where cases are kept: a Redis or Valkey server or cluster | one of its own in the data folder |
| `SIAGA_LANG` | language of what people read, `id` or `en` | the system's language if it is Indonesian, else `en` |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from routing import LANGUAGES, InputError, Language


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    data_folder: Path
    language: Language
    store_url: str = ""

    @property
    def regions_folder(self) -> Path:
        """Where built regions lie, a folder each."""
        return self.data_folder / "regions"

    @property
    def region_settings_folder(self) -> Path:
        """Where regions' own settings lie, a file each; see `dispatch.service.region_settings`."""
        return self.data_folder / "settings"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the environment (or from `environment`, in tests).

    Raises:
        InputError: a variable holds something that can't be used.
    """
    given = os.environ if environment is None else environment
    folder = given.get("SIAGA_DATA_DIR", "").strip()
    return Settings(
        data_folder=Path(folder).expanduser() if folder else platformdirs.user_data_path("siaga", appauthor=False),
        language=_language(given),
        store_url=given.get("SIAGA_REDIS_URL", "").strip(),
    )


def _language(given: Mapping[str, str]) -> Language:
    wanted = given.get("SIAGA_LANG", "").strip().lower()
    if not wanted:
        system = given.get("LC_ALL") or given.get("LC_MESSAGES") or given.get("LANG") or ""
        return "id" if system.lower().startswith("id") else "en"
    for language in LANGUAGES:
        if wanted == language:
            return language
    raise InputError(f"SIAGA_LANG={wanted!r}: no such language; there are {', '.join(LANGUAGES)}")
