"""Collects features by their place on the lattice, and turns them into features with degrees and ids in the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import Polygon

from routing.osm import ElementKind, Feature, TagSet
from routing.sample.dice import Floats
from routing.sample.ground import Ground
from routing.sample.layout import Datum


@dataclass(slots=True)
class Survey:
    """Features of a place, in the order in which they are added."""

    ground: Ground
    datum: Datum
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    tags: list[TagSet] = field(default_factory=list)
    areas: list[tuple[Polygon, TagSet]] = field(default_factory=list)

    def point(self, column: float, row: float, tags: TagSet) -> None:
        """Add a point at a place of the lattice."""
        x, y = self.ground.place(np.array([column]), np.array([row]))
        self.spot(float(x[0]), float(y[0]), tags)

    def spot(self, x: float, y: float, tags: TagSet) -> None:
        """Add a point at a place in metres."""
        self.x.append(x)
        self.y.append(y)
        self.tags.append(tags)

    def area(self, x: Floats, y: Floats, tags: TagSet, hole: tuple[Floats, Floats] | None = None) -> None:
        """Add an area, its outline in metres."""
        longitude, latitude = self.datum.degrees(x, y)
        holes = []
        if hole is not None:
            holes.append(list(zip(*(side.tolist() for side in self.datum.degrees(*hole)), strict=True)))
        self.areas.append((Polygon(list(zip(longitude.tolist(), latitude.tolist(), strict=True)), holes), tags))

    def features(self, node_id: int, way_id: int, relation_id: int) -> tuple[Feature, ...]:
        """All of them, nodes before ways before relations; ids begin behind the given ones."""
        longitude, latitude = self.datum.degrees(np.array(self.x), np.array(self.y))
        found = [
            Feature("node", node_id + 1 + number, *place)
            for number, place in enumerate(zip(longitude.tolist(), latitude.tolist(), self.tags, strict=True))
        ]
        for kind, last, with_holes in (("way", way_id, False), ("relation", relation_id, True)):
            for area, tags in self.areas:
                if bool(area.interiors) == with_holes:
                    last += 1
                    found.append(_area_feature("relation" if kind == "relation" else "way", last, area, tags))
        return tuple(found)


def _area_feature(kind: ElementKind, osm_id: int, area: Polygon, tags: TagSet) -> Feature:
    inside = shapely.point_on_surface(area)
    whole = {"type": "multipolygon", **tags} if kind == "relation" else tags
    return Feature(kind, osm_id, round(inside.x, 7), round(inside.y, 7), whole, area)
