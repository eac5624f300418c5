"""What a region sets for itself: clocks, the referral desk, weights of a choice; the rest is as it ships.

A file `<folder>/<region>.toml` has the sections of `data/life.toml` under `[life.…]` and those of `data/decision.toml` under
`[decision.…]`, with only what differs:

    [life.referral]
    after_decline = "sitegar"
    desk_phone = "0251-000000"

    [decision.offers]
    tries = 2
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dispatch.life.rules import Rules, read_rules
from dispatch.settings import DecisionSettings, read_settings
from routing import DataError, read_table


def region_settings(folder: Path, region: str) -> tuple[Rules, DecisionSettings]:
    """The rules and weights of a region; those that ship with Siaga where there is no file.

    Raises:
        DataError: the file can't be read, or sets something that isn't there or is out of range; the message names it.
    """
    path = settings_file(folder, region)
    return checked(own_settings(path), str(path))


def settings_file(folder: Path, region: str) -> Path:
    """Where a region's own settings lie."""
    return folder / f"{region}.toml"


def own_settings(path: Path) -> Mapping[str, Any]:
    """What a file sets, unchecked; nothing where there is none.

    Raises:
        DataError: the file can't be read; the message names it.
    """
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: can't be read: {error}") from error


def checked(own: Mapping[str, Any], where: str) -> tuple[Rules, DecisionSettings]:
    """The rules and weights that a region's own settings lead to, the rest as it ships.

    Args:
        own: tables "life" and "decision" with sections, as in a file.
        where: names the file, or whatever they are from, in messages.

    Raises:
        DataError: it sets something that isn't there or is out of range.
    """
    if strange := sorted(set(own) - {"life", "decision"}):
        raise DataError(f"{where}: [{strange[0]}]: there are only [life.…] and [decision.…]")
    for name, table in own.items():
        if not isinstance(table, Mapping):
            raise DataError(f"{where}: [{name}] must be a section with sections, not {table!r}")
    shipped = read_table("decision.toml")
    for section, values in own.get("decision", {}).items():
        if section not in shipped:
            raise DataError(f"{where}: no section [decision.{section}]; there are {', '.join(shipped)}")
        if not isinstance(values, Mapping):
            raise DataError(f"{where}: [decision.{section}] must be a section with keys, not {values!r}")
        if odd := sorted(set(values) - set(shipped[section])):
            raise DataError(f"{where}: [decision.{section}] has no key {odd[0]!r}")
    merged = {section: {**values, **own.get("decision", {}).get(section, {})} for section, values in shipped.items()}
    settings = read_settings(merged, where=where)
    return read_rules(read_table("life.toml"), settings, own.get("life"), where=where), settings


def as_toml(own: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """A region's own settings as the text of its file; reading it gives them back.

    Args:
        own: what `checked` has passed.
    """
    lines = ["# What this region sets for itself; see data/life.toml and data/decision.toml.\n"]
    for table, sections in own.items():
        for section, values in sections.items():
            lines.append(f"\n[{table}.{section}]\n")
            lines += [f"{key} = {_value(value)}\n" for key, value in values.items()]
    return "".join(lines)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # A basic string takes JSON's escapes; DEL has to be escaped, too.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
        case _:
            return "[" + ", ".join(map(_value, value)) + "]"
