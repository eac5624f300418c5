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
    path = folder / f"{region}.toml"
    own: Mapping[str, Any] = {}
    if path.is_file():
        try:
            own = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DataError(f"{path}: can't be read: {error}") from error
    if strange := sorted(set(own) - {"life", "decision"}):
        raise DataError(f"{path}: [{strange[0]}]: there are only [life.…] and [decision.…]")
    shipped = read_table("decision.toml")
    for section, values in own.get("decision", {}).items():
        if section not in shipped:
            raise DataError(f"{path}: no section [decision.{section}]; there are {', '.join(shipped)}")
        if odd := sorted(set(values) - set(shipped[section])):
            raise DataError(f"{path}: [decision.{section}] has no key {odd[0]!r}")
    merged = {section: {**values, **own.get("decision", {}).get(section, {})} for section, values in shipped.items()}
    settings = read_settings(merged, where=str(path))
    return read_rules(read_table("life.toml"), settings, own.get("life"), where=str(path)), settings
