"""What a map shows behind and beside the roads: water, green, railways, borders, place names; and how it is kept.

Nothing of it matters for a route. It is read from the same extract as the roads, and kept as columns that serving maps from
files and touches only when a map is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Layer = Literal["roads", "water", "waterways", "landuse", "railways", "boundaries", "places", "housenumbers"]
LAYERS: tuple[Layer, ...] = get_args(Layer)

Value = str | int | bool
Properties = Mapping[str, Value]

_E7 = 10_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Things to draw, as columns; the arrays may be memory-mapped.

    A thing of an area layer is one polygon (its parts are the outer ring, then holes, each closed), of a line layer one or more
    lines, of a point layer one point.

    Attributes:
        layer: uint8[n], index into `LAYERS`.
        properties_of: int32[n], index into `properties`.
        osm_id: int64[n], of the way or node; 0 where it has none of its own.
        part_first: int64[n + 1]; the parts of thing `i` are `part_first[i] .. part_first[i + 1] - 1`.
        point_first: int64[parts + 1]; the points of part `p` are `point_first[p] .. point_first[p + 1] - 1`.
        x, y: int32[points], longitude and latitude in 1e-7 degrees.
        box: int32[n, 4], west, south, east, north in 1e-7 degrees.
        size: float64[n], area of polygons in square degrees, else 0.
        properties: distinct sets of properties.
    """

    layer: NDArray[np.uint8]
    properties_of: NDArray[np.int32]
    osm_id: NDArray[np.int64]
    part_first: NDArray[np.int64]
    point_first: NDArray[np.int64]
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    box: NDArray[np.int32]
    size: NDArray[np.float64]
    properties: tuple[Properties, ...]

    def __len__(self) -> int:
        """How many things there are."""
        return len(self.layer)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What an extract has besides roads.

    Attributes:
        drawing: everything but the roads.
        bridges, tunnels: int64, sorted ids of the road ways that are such.
    """

    drawing: Drawing
    bridges: NDArray[np.int64]
    tunnels: NDArray[np.int64]


@dataclass(slots=True)
class Sketch:
    """A drawing in progress; `drawn` gives it in the order in which things were added."""

    layer: list[int] = field(default_factory=list)
    properties_of: list[int] = field(default_factory=list)
    osm_id: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    points: list[NDArray[np.int32]] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    sets: dict[tuple[tuple[str, Value], ...], int] = field(default_factory=dict)

    def lines(self, layer: Layer, properties: Properties, parts: Sequence[NDArray[np.float64]], osm_id: int = 0) -> None:
        """Add lines that belong together: float64[points, 2] each, degrees."""
        self._add(layer, properties, parts, osm_id, 0.0)

    def area(self, layer: Layer, properties: Properties, area: BaseGeometry) -> None:
        """Add an area (degrees), made valid first; each polygon of it becomes a thing, other geometry is left out."""
        valid = area if area.is_valid else shapely.make_valid(area)
        for polygon in shapely.get_parts(shapely.get_parts(valid)):
            if polygon.geom_type == "Polygon" and polygon.area > 0:
                rings = [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)]
                self._add(layer, properties, rings, 0, polygon.area)

    def point(self, layer: Layer, properties: Properties, longitude: float, latitude: float, osm_id: int = 0) -> None:
        """Add a point, degrees."""
        self._add(layer, properties, [np.array([[longitude, latitude]])], osm_id, 0.0)

    def _add(
        self, layer: Layer, properties: Properties, parts: Sequence[NDArray[np.float64]], osm_id: int, size: float
    ) -> None:
        self.layer.append(LAYERS.index(layer))
        self.properties_of.append(self.sets.setdefault(tuple(sorted(properties.items())), len(self.sets)))
        self.osm_id.append(osm_id)
        self.parts.append(len(parts))
        self.points.extend(np.rint(part * _E7).astype(np.int32) for part in parts)
        self.size.append(size)

    def drawn(self) -> Drawing:
        """All of it: areas the largest first, so that the smaller ones are drawn over them; the rest as it was added."""
        flat = np.concatenate(self.points) if self.points else np.empty((0, 2), np.int32)
        drawing = of_columns(
            layer=np.array(self.layer, np.uint8),
            properties_of=np.array(self.properties_of, np.int32),
            osm_id=np.array(self.osm_id, np.int64),
            parts_each=np.array(self.parts, np.int64),
            points_each=np.array([len(part) for part in self.points], np.int64),
            points=flat,
            size=np.array(self.size, np.float64),
            properties=tuple(dict(one) for one in self.sets),
        )
        return taken(drawing, np.argsort(-drawing.size, kind="stable"))


def of_columns(
    *,
    layer: NDArray[np.uint8],
    properties_of: NDArray[np.int32],
    osm_id: NDArray[np.int64],
    parts_each: NDArray[np.int64],
    points_each: NDArray[np.int64],
    points: NDArray[np.int32],
    size: NDArray[np.float64],
    properties: tuple[Properties, ...],
) -> Drawing:
    """A drawing of columns; see there. `parts_each`: int64[n], `points_each`: int64[parts], `points`: int32[points, 2]."""
    part_first, point_first = _first(parts_each), _first(points_each)
    begin = point_first[part_first[:-1]]
    ends = (np.minimum.reduceat(points, begin), np.maximum.reduceat(points, begin)) if len(layer) else (points, points)
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    box = np.column_stack(ends)
    return Drawing(layer, properties_of, osm_id, part_first, point_first, x, y, box, size, properties)


def _first(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def spread(first: NDArray[np.int64], which: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The members of some groups, one group after the other, and how many each has.

    Group `i` is `first[i] .. first[i + 1] - 1`.

    Returns:
        int64[members], int64[len(which)].
    """
    counts = first[which + 1] - first[which]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    members: NDArray[np.int64] = np.arange(total, dtype=np.int64) + np.repeat(first[which] - (ends - counts), counts)
    return members, counts


def taken(drawing: Drawing, which: NDArray[np.integer]) -> Drawing:
    """Some things of a drawing, in the order of `which` (indices)."""
    parts, parts_each = spread(drawing.part_first, which)
    points, points_each = spread(drawing.point_first, parts)
    return Drawing(
        layer=drawing.layer[which],
        properties_of=drawing.properties_of[which],
        osm_id=drawing.osm_id[which],
        part_first=_first(parts_each),
        point_first=_first(points_each),
        x=drawing.x[points],
        y=drawing.y[points],
        box=drawing.box[which],
        size=drawing.size[which],
        properties=drawing.properties,
    )


def nothing() -> Backdrop:
    """Of an extract that has nothing but roads."""
    empty = np.empty(0, np.int64)
    return Backdrop(Sketch().drawn(), empty, empty)
