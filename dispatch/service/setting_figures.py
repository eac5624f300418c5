"""Every figure that a region may set: as it ships, in which unit, and what the tables say about it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from routing.datafiles import data_folder

TABLES = ("life", "decision")

_UNITS = {"seconds": "s", "minutes": "min", "metres": "m", "m": "m", "kph": "km/h"}
_KEY = re.compile(r"(\w+)\s*=\s*")
_SECTION = re.compile(r"\[([\w.]+)\]")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of data/life.toml or data/decision.toml.

    Attributes:
        table, section, key: where it stands; `key` of a clock is "answer.first" or "answer.again".
        default: number, text, or a list of texts.
        unit: "s", "min", "m", "km/h", or "" where it is a count, a share or no number.
        comment: what stands behind it in the table, in English.
    """

    table: str
    section: str
    key: str
    default: Any
    unit: str
    comment: str

    def in_(self, own: Mapping[str, Any]) -> Any:
        """The region's own value, or None where it sets none; `own` as in its file."""
        held: Any = own.get(self.table, {}).get(self.section, {})
        for part in self.key.split("."):
            held = held.get(part) if isinstance(held, Mapping) else None
        return held


@cache
def figures() -> tuple[Figure, ...]:
    """All of them, in the order of the tables."""
    return tuple(one for table in TABLES for one in _figures_of(table))


def _figures_of(table: str) -> Iterator[Figure]:
    text = (data_folder() / f"{table}.toml").read_text(encoding="utf-8")
    comments = _comments(text)
    for section, values in tomllib.loads(text).items():
        for key, value in values.items():
            comment = comments.get((section, key), "")
            if isinstance(value, Mapping):
                yield from (Figure(table, section, f"{key}.{part}", one, "s", comment) for part, one in value.items())
            else:
                yield Figure(table, section, key, value, _UNITS.get(key.rpartition("_")[2], ""), comment)


def _comments(text: str) -> dict[tuple[str, str], str]:
    """What stands behind each key, with the lines that only go on with it."""
    found: dict[tuple[str, str], str] = {}
    section, at = "", None
    for line in text.splitlines():
        if (heading := _SECTION.match(line)) is not None:
            section, at = heading[1], None
        elif (key := _KEY.match(line)) is not None:
            at = section, key[1]
            found[at] = _behind(line[key.end() :])
        elif at is not None and line[:1].isspace() and line.strip().startswith("#"):
            found[at] = f"{found[at]} {line.strip().lstrip('#').strip()}".strip()
        else:
            at = None
    return found


def _behind(value: str) -> str:
    """The comment behind a value; a # in quotation marks is none."""
    quoted = False
    for position, sign in enumerate(value):
        if sign == '"':
            quoted = not quoted
        elif sign == "#" and not quoted:
            return value[position + 1 :].strip()
    return ""
