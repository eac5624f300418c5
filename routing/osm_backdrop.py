"""The backdrop of an extract, from its raw elements: areas, lines, borders, the sea, names and house numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from routing.backdrop import Backdrop, Sketch
from routing.elements import Elements, Lines, Nodes, Relation
from routing.map_tags import area_of, boundary_level, is_coast, is_drawn, line_of, place_of
from routing.osm import Feature
from routing.osm_rings import between
from routing.tags import is_way

Degrees = NDArray[np.float64]
Box = tuple[float, float, float, float]

_BEYOND_DEGREES = 0.25
_SHORE_DEGREES = 1e-7
"""So far beside the coast, on its right, it is asked whether a face is sea."""


def in_backdrop(relation: Relation) -> bool:
    """Whether a relation's members are needed for the backdrop."""
    return relation.tags.get("type") in ("multipolygon", "boundary") and is_drawn(relation.tags)


def collect_backdrop(elements: Elements, nodes: Nodes, lines: Lines, features: Sequence[Feature], box: Box) -> Backdrop:
    """Everything that is drawn but the roads.

    Args:
        elements, nodes, lines: raw.
        features: place names and house numbers are among them.
        box: west, south, east, north of the roads in degrees: as far as the sea is filled in.
    """
    sketch = Sketch()
    coast: list[Degrees] = []
    spans: tuple[list[int], list[int]] = ([], [])
    borders = _borders(elements.relations.values())
    for row in lines.rows():
        tags, way = lines.tags[row], int(lines.ids[row])
        if tags and is_way(tags):
            for found, key in zip(spans, ("bridge", "tunnel"), strict=True):
                if tags.get(key, "no") != "no":
                    found.append(way)
        level = min((one for one in (borders.get(way), boundary_level(tags)) if one is not None), default=None)
        if level is None and not (tags and is_drawn(tags)):
            continue
        runs = _runs(lines.nodes_of(row), nodes)
        if level is not None and runs and tags.get("maritime") != "yes":
            sketch.lines("boundaries", {"level": level}, runs)
        _draw_way(sketch, tags, way, runs, whole=bool((lines.nodes_of(row) >= 0).all()))
        if is_coast(tags):
            coast += runs
    for relation in elements.relations.values():
        drawn = area_of(relation.tags) if relation.tags.get("type") == "multipolygon" else None
        if drawn is not None:
            sketch.area(*drawn, relation_area(relation, nodes, lines))
    for sea in sea_areas(coast, box):
        sketch.area("water", {"class": "sea"}, sea)
    draw_names(sketch, features)
    bridges, tunnels = (np.array(sorted(found), np.int64) for found in spans)
    return Backdrop(sketch.drawn(), bridges, tunnels)


def _draw_way(sketch: Sketch, tags: dict[str, str], way: int, runs: list[Degrees], *, whole: bool) -> None:
    if not tags or not runs:
        return
    line = line_of(tags)
    if line is not None:
        sketch.lines(*line, runs, way)
        return
    area = area_of(tags)
    if area is not None and whole and len(runs[0]) >= 4 and (runs[0][0] == runs[0][-1]).all():
        sketch.area(*area, Polygon(runs[0]))


def _borders(relations: Iterable[Relation]) -> dict[int, int]:
    """The ways that are borders, with the highest rank (the lowest level) of what they bound."""
    found: dict[int, int] = {}
    for relation in relations:
        level = boundary_level(relation.tags)
        if level is not None:
            for member in relation.members:
                if member.kind == "way":
                    found[member.osm_id] = min(level, found.get(member.osm_id, level))
    return found


def _runs(line: NDArray[np.int64], nodes: Nodes) -> list[Degrees]:
    """The unbroken pieces of a way whose nodes are there, of two points at least: float64[points, 2] each."""
    pieces = np.split(line, np.flatnonzero(line < 0))
    kept = (piece[piece >= 0] for piece in pieces)
    return [np.column_stack((nodes.longitude[piece], nodes.latitude[piece])) for piece in kept if len(piece) >= 2]


def relation_area(relation: Relation, nodes: Nodes, lines: Lines) -> BaseGeometry:
    """The area inside a multipolygon's outer ways and outside its inner ones, as far as its rings close in the extract."""
    outer, inner = (
        _closed(
            run
            for member in relation.members
            if member.kind == "way" and member.role in roles and member.osm_id in lines.row
            for run in _runs(lines.nodes_of(lines.row[member.osm_id]), nodes)
        )
        for roles in (("outer", "", "outline"), ("inner",))
    )
    return between(outer, inner)


def _closed(runs: Iterable[Degrees]) -> list[BaseGeometry]:
    strings = [LineString(run) for run in runs]
    return list(shapely.get_parts(shapely.polygonize(strings))) if strings else []


def sea_areas(coast: Sequence[Degrees], box: Box) -> list[BaseGeometry]:
    """The sea in a box and a way beyond it: the faces that the coast cuts it into and that lie on the coast's right (OSM wiki,
    Tag:natural=coastline).

    Beyond the box, where the extract need not have the coast, it is drawn on straight out, so that the sea of a map doesn't end
    at the last road. A face that touches the coast from both sides, where the data is broken, is left out.
    """
    frame = shapely.box(*box)
    strings = [line for line in (LineString(run) for run in coast) if line.intersects(frame)]
    if not strings:
        return []
    inside = shapely.intersection(shapely.union_all(strings), frame)
    runs = [shapely.get_coordinates(line) for line in shapely.get_parts(inside) if line.geom_type == "LineString"]
    if not runs:  # it touches the box in points only
        return []
    west, south, east, north = box
    beyond = (west - _BEYOND_DEGREES, south - _BEYOND_DEGREES, east + _BEYOND_DEGREES, north + _BEYOND_DEGREES)
    edges = [inside, shapely.box(*beyond).boundary, *_drawn_on(inside, box, beyond)]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(edges))))
    tree = shapely.STRtree(faces)
    votes = np.zeros((len(faces), 2), np.int64)
    for side, sign in enumerate((1, -1)):
        beside = np.concatenate([_beside(run, sign) for run in runs])
        _, face = tree.query(shapely.points(beside), predicate="within")
        np.add.at(votes[:, side], face, 1)
    return [face for face, (left, right) in zip(faces, votes.tolist(), strict=True) if right > 0 and right > 10 * left]


def _drawn_on(coast: BaseGeometry, box: Box, beyond: Box) -> list[LineString]:
    """Lines from where the coast leaves a box to the box around that one."""
    (west, south, east, north), (far_west, far_south, far_east, far_north) = box, beyond
    lines = []
    for x, y in shapely.get_coordinates(shapely.get_parts(coast.intersection(shapely.box(*box).boundary))).tolist():
        if x in (west, east):
            lines.append(LineString([(x, y), (far_west if x == west else far_east, y)]))
        elif y in (south, north):
            lines.append(LineString([(x, y), (x, far_south if y == south else far_north)]))
    return lines


def _beside(run: Degrees, sign: int) -> Degrees:
    """Points close beside the middle of each piece of a line: on its left for 1, on its right for -1."""
    step = np.diff(run, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    step, middle = step[length > 0] / length[length > 0, None], ((run[1:] + run[:-1]) / 2)[length > 0]
    beside: Degrees = middle + sign * _SHORE_DEGREES * np.column_stack((-step[:, 1], step[:, 0]))
    return beside


def draw_names(sketch: Sketch, features: Sequence[Feature]) -> None:
    """The names of places, the greatest first, and house numbers. A border's name counts where no place bears it."""
    places = []
    for feature in features:
        if (place := place_of(feature.tags)) is not None:
            order = int(place[0]["rank"]), -place[1], feature.osm_id
            places.append((feature.tags.get("boundary") == "administrative", order, place[0], feature))
    known = {properties["name"] for bounded, _, properties, _ in places if not bounded}
    for bounded, _, properties, feature in sorted(places, key=lambda one: one[1]):
        if not bounded or properties["name"] not in known:
            sketch.point("places", properties, feature.longitude, feature.latitude, feature.osm_id)
    for feature in features:
        if number := feature.tags.get("addr:housenumber", "").strip():
            sketch.point("housenumbers", {"number": number}, feature.longitude, feature.latitude)
