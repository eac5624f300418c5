"""What can be found, while it is gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from routing._search.address import words_of

Kind = Literal["area", "place", "facility", "street", "landmark", "address", "intersection", "position"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which equally good finds are told where no position says which is nearer."""

Extra = tuple[str, Kind, float, float, Sequence[str]]
"""(name, kind, longitude, latitude, other names) of something known from elsewhere."""


@dataclass(slots=True)
class Entries:
    """What can be found, while it is gathered."""

    names: list[str] = field(default_factory=list)
    aliases: list[tuple[str, ...]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    longitudes: list[float] = field(default_factory=list)
    latitudes: list[float] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    _words: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def words(self, text: str) -> tuple[str, ...]:
        """The words of a name; the same name is met many times over."""
        known = self._words.get(text)
        if known is None:
            known = self._words[text] = words_of(text)
        return known

    def add(self, kind: Kind, name: str, longitude: float, latitude: float, aliases: Sequence[str] = (), level: int = 0) -> int:
        self.names.append(name)
        self.levels.append(level)
        self.aliases.append(tuple(aliases))
        self.kinds.append(KINDS.index(kind))
        self.longitudes.append(longitude)
        self.latitudes.append(latitude)
        return len(self.names) - 1
