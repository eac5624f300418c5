"""Cuts one tile out of a sheet: what lies in it, simplified for its zoom, clipped, in whole units, encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from api.tiles.grid import EXTENT, project, tile_box
from api.tiles.mvt import Kind, Shapes, encode_layer
from api.tiles.scales import AREA_BUFFER, KINDS, LINE_BUFFER, WAYS_FROM, shown, smallest_area, tolerance
from api.tiles.sheet import LayerOf, Sheet
from routing.backdrop import Drawing, Properties, taken

Geometries = NDArray[np.object_]
_LINE, _POLYGON = 1, 3  # shapely's type ids


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """Features of a layer; `of`: int64[features], which group each belongs to, see `_groups`."""

    shapes: Shapes
    of: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What is in a layer of a tile; see `encode_layer`."""

    name: str
    shapes: Shapes
    properties: Sequence[Properties]
    properties_of: list[int]
    ids: list[int] | None


def cut(sheet: Sheet, zoom: int, column: int, row: int) -> bytes:
    """The tile in that place, as Mapbox Vector Tile 2.1; nothing where nothing is. The same bytes every time."""
    return encode(contents(sheet, zoom, column, row))


def encode(layers: Sequence[Content]) -> bytes:
    """A tile of these layers."""
    return b"".join(encode_layer(one.name, one.shapes, one.properties, one.properties_of, one.ids) for one in layers)


def contents(sheet: Sheet, zoom: int, column: int, row: int) -> list[Content]:
    """What is in the tile in that place, clipped and simplified."""
    found = (_content(name, layer, zoom, column, row) for name, layer in sheet.layers.items())
    return [one for one in found if one is not None]


def _content(name: str, layer: LayerOf, zoom: int, column: int, row: int) -> Content | None:
    kind = KINDS[name]
    buffer = {Kind.POINT: 0, Kind.LINE: LINE_BUFFER, Kind.POLYGON: AREA_BUFFER}[kind]
    which = layer.within(tile_box(zoom, column, row, buffer), zoom)
    if not len(which):
        return None
    drawing = taken(layer.drawing, which)
    points = project(drawing.x, drawing.y, zoom, column, row)
    groups, (properties, set_of), ids = _groups(name, drawing, zoom)
    features = {Kind.POINT: _points, Kind.LINE: _lines, Kind.POLYGON: _polygons}[kind](drawing, points, groups, zoom)
    of = features.of.tolist()
    sets = [set_of[group] for group in of]
    return Content(name, features.shapes, properties, sets, None if ids is None else [ids[group] for group in of])


def _groups(
    name: str, drawing: Drawing, zoom: int
) -> tuple[NDArray[np.int64], tuple[Sequence[Properties], list[int]], list[int] | None]:
    """Which things become one feature together.

    Returns:
        int64[things], the group of each thing; the distinct sets of properties and which one each group has; the id of each
        group, if they have one.
    """
    kept: dict[tuple[tuple[str, object], ...], int] = {}
    sets: list[Properties] = []
    number_of: dict[int, int] = {}
    for one in np.unique(drawing.properties_of).tolist():
        found = shown(name, drawing.properties[one], zoom)
        number_of[one] = kept.setdefault(tuple(sorted(found.items())), len(kept))
        if number_of[one] == len(sets):
            sets.append(found)
    numbers = np.array([number_of[one] for one in drawing.properties_of.tolist()], np.int64)
    if KINDS[name] == Kind.LINE and zoom < WAYS_FROM:
        return numbers, (sets, list(range(len(sets)))), None
    ids = drawing.osm_id.tolist() if name == "roads" else None
    return np.arange(len(drawing)), (sets, numbers.tolist()), ids


# -- points ---------------------------------------------------------------------------------------------------------------


def _points(_drawing: Drawing, points: NDArray[np.float64], groups: NDArray[np.int64], _zoom: int) -> _Features:
    """Those in the tile itself: each point is in one tile."""
    inside = ((points >= 0) & (points < EXTENT)).all(axis=1)
    whole = np.rint(points[inside]).astype(np.int64)
    first = np.arange(len(whole) + 1, dtype=np.int64)
    return _Features(Shapes(Kind.POINT, first, first, whole), groups[inside])


# -- lines ----------------------------------------------------------------------------------------------------------------


def _lines(drawing: Drawing, points: NDArray[np.float64], groups: NDArray[np.int64], zoom: int) -> _Features:
    parts = len(drawing.point_first) - 1
    lines = shapely.linestrings(points, indices=np.repeat(np.arange(parts), np.diff(drawing.point_first)))
    group = np.repeat(groups, np.diff(drawing.part_first))
    lines, group = _clipped(np.asarray(lines, np.object_), group, LINE_BUFFER, _LINE)
    order = np.argsort(group, kind="stable")
    lines, group = lines[order], group[order]
    if zoom < WAYS_FROM and len(lines):
        # Ways that look alike, joined end to end: fewer points, and small pieces don't vanish one by one.
        present, index = np.unique(group, return_inverse=True)
        whole = shapely.line_merge(shapely.multilinestrings(lines, indices=index))
        lines, index = shapely.get_parts(whole, return_index=True)
        group = present[index]
    if tolerance(zoom):
        lines = shapely.simplify(lines, tolerance(zoom), preserve_topology=False)
    return _features(Kind.LINE, lines, np.arange(len(lines)), group)


def _clipped(shapes: Geometries, group: NDArray[np.int64], buffer: int, kind: int) -> tuple[Geometries, NDArray[np.int64]]:
    """The parts of geometries in the tile and so far around it, of one type, and the group of each."""
    inside = shapely.clip_by_rect(shapes, -buffer, -buffer, EXTENT + buffer, EXTENT + buffer)
    found, index = shapely.get_parts(inside, return_index=True)
    kept = (shapely.get_type_id(found) == kind) & ~shapely.is_empty(found)
    return found[kept], group[index[kept]]


# -- areas ----------------------------------------------------------------------------------------------------------------


def _polygons(drawing: Drawing, points: NDArray[np.float64], groups: NDArray[np.int64], zoom: int) -> _Features:
    parts = len(drawing.point_first) - 1
    rings = np.asarray(shapely.linearrings(points, indices=np.repeat(np.arange(parts), np.diff(drawing.point_first))))
    owner = np.repeat(np.arange(len(drawing)), np.diff(drawing.part_first))
    areas = np.asarray(shapely.polygons(rings, indices=owner), np.object_)
    large = shapely.area(areas) >= smallest_area(zoom)
    areas, groups = areas[large], groups[large]
    if tolerance(zoom):
        areas = shapely.simplify(areas, tolerance(zoom), preserve_topology=True)
    areas[~shapely.is_valid(areas)] = shapely.make_valid(areas[~shapely.is_valid(areas)])
    areas, groups = _clipped(areas, groups, AREA_BUFFER, _POLYGON)
    areas, groups = _whole_units(areas, groups)
    kept = shapely.area(areas) >= 1
    areas, groups = shapely.orient_polygons(areas[kept], exterior_cw=False), groups[kept]
    found, owner = shapely.get_rings(areas, return_index=True)
    return _features(Kind.POLYGON, found, owner, groups)


def _whole_units(areas: Geometries, groups: NDArray[np.int64]) -> tuple[Geometries, NDArray[np.int64]]:
    """Polygons with their corners in whole units, still valid: where rounding folds one, it is rounded with its topology."""
    rounded = np.asarray(shapely.transform(areas, np.rint), np.object_)
    folded = ~shapely.is_valid(rounded)
    if folded.any():
        sound = areas[folded]
        sound[~shapely.is_valid(sound)] = shapely.make_valid(sound[~shapely.is_valid(sound)])
        rounded[folded] = shapely.set_precision(sound, 1.0)
    found, index = shapely.get_parts(rounded, return_index=True)
    kept = (shapely.get_type_id(found) == _POLYGON) & ~shapely.is_empty(found)
    return found[kept], groups[index[kept]]


# -- both -----------------------------------------------------------------------------------------------------------------


def _features(kind: Kind, parts: Geometries, owner: NDArray[np.int64], group: NDArray[np.int64]) -> _Features:
    """Features of lines or rings, in whole units; what shrinks to a point is left out.

    Args:
        kind: of geometry.
        parts: lines, or rings.
        owner: int64[parts], sorted: which entry of `group` each belongs to (the polygon of a ring).
        group: int64[…]: lines of one group that follow each other become one feature, each polygon one of its own.
    """
    points, part = shapely.get_coordinates(parts, return_index=True)
    whole = np.rint(points).astype(np.int64)
    new = np.ones(len(whole), np.bool_)
    new[1:] = (part[1:] != part[:-1]) | (whole[1:] != whole[:-1]).any(axis=1)
    if kind == Kind.POLYGON:  # a ring isn't closed by repeating its first point
        new[np.append(part[1:] != part[:-1], np.ones(len(part[:1]), np.bool_))] = False
    whole, part = whole[new], part[new]
    counts = np.bincount(part, minlength=len(parts))
    enough = counts >= (2 if kind == Kind.LINE else 3)
    whole, counts, owner = whole[enough[part]], counts[enough], owner[enough]
    feature_of = group[owner] if kind == Kind.LINE else owner
    begins = np.ones(len(feature_of), np.bool_)
    begins[1:] = feature_of[1:] != feature_of[:-1]
    part_first = np.append(np.flatnonzero(begins), len(feature_of)).astype(np.int64)
    point_first = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return _Features(Shapes(kind, part_first, point_first, whole), group[owner[begins]])
