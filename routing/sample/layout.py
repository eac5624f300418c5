"""Points and ways of a place while it is drawn: what `paving` lays down and `assembled` turns into the table of ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from routing.osm import TagSet, TurnRestriction, Ways
from routing.sample.dice import Floats, Ints
from routing.tags import point_tags, way_tags

DEGREE_M = 111_195  # of latitude; a sphere of 6,371 km


@dataclass(frozen=True, slots=True)
class Datum:
    """Where the lower left corner lies: metres to degrees, in whole units of 1e-7 degrees as OSM keeps them."""

    longitude_e7: int
    latitude_e7: int
    metres_per_degree: int  # of longitude, at the place's latitude

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude of places in metres."""
        longitude = self.longitude_e7 + np.rint(x * (1e7 / self.metres_per_degree))
        latitude = self.latitude_e7 + np.rint(y * (1e7 / DEGREE_M))
        return longitude / 1e7, latitude / 1e7


@dataclass(slots=True)
class Layout:
    """A drawing in progress. Points are numbered as they are added; those on no way are left out in the end."""

    x: list[Floats] = field(default_factory=list)
    y: list[Floats] = field(default_factory=list)
    points: int = 0
    standing: dict[int, TagSet] = field(default_factory=dict)  # tags on points
    tagsets: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=lambda: {"": 0})
    first: list[Ints] = field(default_factory=list)  # sizes of ways, in batches
    nodes: list[Ints] = field(default_factory=list)
    tagset: list[Ints] = field(default_factory=list)
    name: list[Ints] = field(default_factory=list)
    ways: int = 0
    restrictions: list[TurnRestriction] = field(default_factory=list)

    def add_points(self, x: Floats, y: Floats) -> int:
        """Add points; the number of the first."""
        begin = self.points
        self.x.append(np.asarray(x, np.float64))
        self.y.append(np.asarray(y, np.float64))
        self.points += len(x)
        return begin

    def tag_code(self, tags: TagSet, name: str = "") -> int:
        """The number of what matters for costs in the tags of a way of that name."""
        kept = way_tags({**tags, "name": name})
        return self.tagsets.setdefault(tuple(sorted(kept.items())), len(self.tagsets))

    def name_code(self, name: str) -> int:
        """The number of a name."""
        return self.names.setdefault(name, len(self.names))

    def add_way(self, nodes: Sequence[int] | Ints, tags: TagSet, name: str = "") -> int:
        """Add one way; its number."""
        return self.add_ways(
            np.array([len(nodes)]),
            np.asarray(nodes, np.int64),
            np.array([self.tag_code(tags, name)]),
            np.array([self.name_code(name)]),
        )

    def add_ways(self, sizes: Ints, nodes: Ints, tagset: Ints, name: Ints) -> int:
        """Add ways; the number of the first."""
        begin = self.ways
        self.first.append(sizes)
        self.nodes.append(nodes)
        self.tagset.append(tagset)
        self.name.append(name)
        self.ways += len(sizes)
        return begin

    def ban(self, from_way: int, via: Iterable[int], to_way: int, tags: TagSet, *, via_is_node: bool) -> None:
        """Add a turn restriction, in numbers of this drawing (of a point, or of ways)."""
        whole = {"type": "restriction", **tags}
        self.restrictions.append(TurnRestriction(len(self.restrictions) + 1, from_way, tuple(via), via_is_node, to_way, whole))

    def finish(self, datum: Datum) -> Ways:
        """The table of ways."""
        sizes = np.concatenate(self.first)
        nodes = np.concatenate(self.nodes)
        used = np.zeros(self.points, bool)
        used[nodes] = True
        code = np.cumsum(used) - 1
        x, y = np.concatenate(self.x)[used], np.concatenate(self.y)[used]
        longitude, latitude = datum.degrees(x, y)
        standing = {
            int(code[point]): kept
            for point, tags in sorted(self.standing.items())
            if used[point] and (kept := point_tags(tags))
        }
        point_code = [self.tagsets.setdefault(tuple(sorted(tags.items())), len(self.tagsets)) for tags in standing.values()]
        restrictions = tuple(
            TurnRestriction(
                r.osm_id,
                r.from_way + 1,
                tuple((int(code[via]) if r.via_is_node else via) + 1 for via in r.via),
                r.via_is_node,
                r.to_way + 1,
                r.tags,
            )
            for r in self.restrictions
        )
        return Ways(
            node_id=np.arange(1, len(x) + 1),
            node_longitude=longitude,
            node_latitude=latitude,
            way_id=np.arange(1, len(sizes) + 1),
            way_first=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            way_node=code[nodes].astype(np.int32),
            way_tagset=np.concatenate(self.tagset).astype(np.int32),
            way_name=np.concatenate(self.name).astype(np.int32),
            way_ref=np.zeros(len(sizes), np.int32),
            point_node=np.array(list(standing), np.int32),
            point_tagset=np.array(point_code, np.int32),
            tagsets=tuple(dict(tags) for tags in self.tagsets),
            names=tuple(self.names),
            restrictions=restrictions,
        )
