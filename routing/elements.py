"""Raw OSM elements, as columns: what every way of reading OSM delivers, and what `routing.assembly` turns into an extract."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.osm import ElementKind

NODE_SCALE = 10_000_000
"""OSM keeps coordinates as whole 1e-7 degrees."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a relation."""

    kind: ElementKind
    osm_id: int
    role: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation with its members in order."""

    osm_id: int
    tags: dict[str, str]
    members: tuple[Member, ...]


@dataclass(slots=True)
class Elements:
    """Nodes, ways and relations in any order; of several versions of an element the one added last counts.

    Coordinates are whole 1e-7 degrees. Nodes may be missing (an extract ends somewhere); `newest` is the newest time stamp
    seen, ISO 8601 in UTC, or "".
    """

    node_id: array[int] = field(default_factory=lambda: array("q"))
    node_x: array[int] = field(default_factory=lambda: array("i"))
    node_y: array[int] = field(default_factory=lambda: array("i"))
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    way_id: array[int] = field(default_factory=lambda: array("q"))
    way_tags: list[dict[str, str]] = field(default_factory=list)
    way_first: array[int] = field(default_factory=lambda: array("q", [0]))
    way_ref: array[int] = field(default_factory=lambda: array("q"))
    relations: dict[int, Relation] = field(default_factory=dict)
    newest: str = ""

    def add_node(self, osm_id: int, x: int, y: int) -> None:
        """A node's place, in 1e-7 degrees."""
        self.node_id.append(osm_id)
        self.node_x.append(x)
        self.node_y.append(y)

    def add_way(self, osm_id: int, refs: Iterable[int], tags: dict[str, str]) -> None:
        """A way with the ids of its nodes."""
        self.way_id.append(osm_id)
        self.way_tags.append(tags)
        self.way_ref.extend(refs)
        self.way_first.append(len(self.way_ref))

    def add_relation(self, relation: Relation) -> None:
        """A relation."""
        self.relations[relation.osm_id] = relation


class Nodes:
    """Places of nodes by id."""

    def __init__(self, elements: Elements) -> None:
        ids = np.array(elements.node_id, dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        last = np.append(ids[1:] != ids[:-1], True) if len(ids) else np.zeros(0, dtype=bool)
        order = order[last]
        self.ids: NDArray[np.int64] = ids[last]
        self.longitude: NDArray[np.float64] = np.array(elements.node_x, dtype=np.int32)[order] / NODE_SCALE
        self.latitude: NDArray[np.float64] = np.array(elements.node_y, dtype=np.int32)[order] / NODE_SCALE

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where nodes stand in the columns: int64, same shape; -1 for those that the data lacks."""
        if not len(self.ids):
            return np.full(len(ids), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, -1)


class Lines:
    """The ways as rows of node positions (-1 = missing node), by index and by id; one row per id, the last one added."""

    def __init__(self, elements: Elements, nodes: Nodes) -> None:
        self.first: NDArray[np.int64] = np.array(elements.way_first, dtype=np.int64)
        self.node: NDArray[np.int64] = nodes.positions(np.array(elements.way_ref, dtype=np.int64))
        self.ids: NDArray[np.int64] = np.array(elements.way_id, dtype=np.int64)
        self.row: dict[int, int] = {way: row for row, way in enumerate(elements.way_id)}
        self.tags = elements.way_tags

    def rows(self) -> Iterator[int]:
        """One row per way, in the order of first appearance."""
        return iter(self.row.values())

    def nodes_of(self, row: int) -> NDArray[np.int64]:
        """Positions of a way's nodes, -1 where missing."""
        return self.node[self.first[row] : self.first[row + 1]]
