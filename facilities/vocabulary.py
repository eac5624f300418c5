"""The tables of data/facilities.toml: kinds, capabilities, and how words and names are read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from routing import DataError, TagSet, read_table


def plain(words: str) -> str:
    """Lower case, without accents and punctuation, words separated by one blank; "S.H." becomes "sh"."""
    bare = unicodedata.normalize("NFKD", words)
    bare = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    bare = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", bare)  # initials: s.h. -> sh.
    bare = re.sub(r"['’`´]", "", bare)
    return " ".join(re.sub(r"[^\w]+|_", " ", bare).split())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of facility and what follows from being one; see data/facilities.toml."""

    name: str
    group: str
    destination: bool
    yes: tuple[str, ...]
    no: tuple[str, ...]
    emergency_hours: str | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tables, checked. `capabilities` are in the order of the file; `entails` is closed under itself."""

    capabilities: tuple[str, ...]
    words: Mapping[str, str]
    entails: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, Kind]
    yes_needs: frozenset[str]
    columns: Mapping[str, str]
    register_kinds: tuple[tuple[frozenset[str], str], ...]
    name_kinds: tuple[tuple[re.Pattern[str], str], ...]
    name_capabilities: tuple[tuple[re.Pattern[str], str], ...]
    osm_kinds: tuple[tuple[TagSet, str], ...]
    osm_capabilities: tuple[tuple[str, str, str], ...]

    def kind_by_register(self, word: str) -> str | None:
        """The kind that a register's own word for it means, or None."""
        said = set(plain(word).split())
        return next((kind for words, kind in self.register_kinds if words <= said), None)

    def kind_by_name(self, name: str) -> str | None:
        """The kind that a facility's name tells, or None."""
        said = plain(name)
        return next((kind for pattern, kind in self.name_kinds if pattern.search(said)), None)

    def kind_by_tags(self, tags: TagSet) -> str | None:
        """The kind that OSM tags say, or None where they say no facility at all."""
        for wanted, kind in self.osm_kinds:
            if all(key in tags and value in ("*", *tags[key].split(";")) for key, value in wanted.items()):
                return kind
        return None

    def group(self, kind: str) -> str:
        """The group that a kind belongs to."""
        return self.kinds[kind].group


def _closed_entailments(table: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    direct = {name: tuple(entry.get("entails", ())) for name, entry in table.items()}
    closed: dict[str, tuple[str, ...]] = {}
    for name in direct:
        found: list[str] = []
        todo = list(direct[name])
        while todo:
            other = todo.pop(0)
            if other not in found and other != name:
                found.append(other)
                todo.extend(direct.get(other, ()))
        closed[name] = tuple(found)
    return closed


def _foreign(kind: str, entry: Mapping[str, Any], capabilities: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Capabilities that only other kinds have, unless a source says so of this one."""
    told = {*entry.get("yes", ()), *entry.get("no", ())}
    return [name for name, about in capabilities.items() if "only" in about and kind not in about["only"] and name not in told]


def _check(condition: bool, what: str) -> None:
    if not condition:
        raise DataError(f"data/facilities.toml: {what}")


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read and checked once.

    Raises:
        DataError: the table is missing, or an entry names a kind or a capability that there is not.
    """
    table = read_table("facilities.toml")
    capabilities = tuple(table["capabilities"])
    kinds = {
        name: Kind(
            name,
            entry["group"],
            entry["destination"],
            tuple(entry.get("yes", ())),
            (*entry.get("no", ()), *_foreign(name, entry, table["capabilities"])),
            entry.get("emergency_hours"),
        )
        for name, entry in table["kinds"].items()
    }
    entails = _closed_entailments(table["capabilities"])
    for kind in kinds.values():
        _check(set(kind.yes) | set(kind.no) <= set(capabilities), f"kinds.{kind.name} names an unknown capability")
        _check(not set(kind.yes) & set(kind.no), f"kinds.{kind.name} says yes and no to the same capability")
    for name, entry in table["capabilities"].items():
        _check(set(entry.get("only", ())) <= set(kinds), f"capabilities.{name} names an unknown kind")
    for section in ("register_kind", "name_kind", "osm_kind"):
        _check(all(entry["kind"] in kinds for entry in table[section]), f"{section} names an unknown kind")
    for section in ("name_capability", "osm_capability"):
        _check(all(e["capability"] in capabilities for e in table[section]), f"{section} names an unknown capability")
    return Vocabulary(
        capabilities=capabilities,
        words={plain(word): name for name, entry in table["capabilities"].items() for word in (name, *entry["words"])},
        entails=entails,
        kinds=kinds,
        yes_needs=frozenset(table["implication"]["yes_needs"]),
        columns={spelling: column for column, spellings in table["columns"].items() for spelling in spellings},
        register_kinds=tuple((frozenset(entry["words"]), entry["kind"]) for entry in table["register_kind"]),
        name_kinds=tuple((re.compile(entry["pattern"]), entry["kind"]) for entry in table["name_kind"]),
        name_capabilities=tuple((re.compile(entry["pattern"]), entry["capability"]) for entry in table["name_capability"]),
        osm_kinds=tuple((entry["tags"], entry["kind"]) for entry in table["osm_kind"]),
        osm_capabilities=tuple((e["key"], e["value"], e["capability"]) for e in table["osm_capability"]),
    )


@cache
def figures(section: str) -> Mapping[str, Any]:
    """A section of plain figures: "overlay", "names", "matching", "availability", "decline", "holidays" or "demand"."""
    return dict(read_table("facilities.toml")[section])
