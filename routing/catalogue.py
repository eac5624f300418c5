"""Texts that people read, by language: `data/locales/<language>/<section>.toml`.

A key is dotted, its first part the section (`guidance.turn.left`); values are `str.format` templates. Indonesian comes
first, English second; both have the same keys, and a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args

from routing.datafiles import data_folder, read_table
from routing.errors import DataError

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def _flatten(prefix: str, table: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(f"{prefix}.{key}", value))
        else:
            flat[f"{prefix}.{key}"] = str(value)
    return flat


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Every text of a language: dotted key to template.

    Raises:
        DataError: the language has no folder, or a table is not TOML.
    """
    folder = data_folder() / "locales" / language
    if not folder.is_dir():
        raise DataError(f"{folder}: no texts for language {language!r}; there are {', '.join(LANGUAGES)}")
    flat: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        flat.update(_flatten(path.stem, read_table("locales", language, path.name)))
    return flat


def text(language: Language, key: str, /, **values: object) -> str:
    """The text of `key` in `language`, filled with `values`.

    Raises:
        DataError: no such key, or a value that the template needs is missing.
    """
    template = texts(language).get(key)
    if template is None:
        raise DataError(f"no text {key!r} in language {language!r}")
    try:
        return template.format(**values)
    except (KeyError, IndexError) as error:
        raise DataError(f"text {key!r} in language {language!r} needs the value {error}") from error
