"""What a map shows of an invented town besides its streets: fields and houses, water, the railway, borders, names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from routing.backdrop import Backdrop, Sketch
from routing.map_tags import area_of, boundary_level
from routing.osm import Feature
from routing.osm_backdrop import draw_names
from routing.sample.dice import Floats
from routing.sample.districts import District
from routing.sample.ground import Cut, Ground, Quarter
from routing.sample.layout import Datum
from routing.sample.spellings import RIVER, place_name

_CLASSES = {
    Quarter.SAWAH: "paddy",
    Quarter.DESA: "residential",
    Quarter.KAMPUNG: "residential",
    Quarter.PERUMAHAN: "residential",
    Quarter.MIXED: "residential",
    Quarter.CENTRE: "commercial",
}


def draw_scenery(ground: Ground, datum: Datum, features: Sequence[Feature]) -> Backdrop:
    """The backdrop of a town; areas of water and borders are those of its features."""
    sketch = Sketch()
    _draw_quarters(ground, datum, sketch)
    for feature in features:
        drawn = area_of(feature.tags) if feature.area is not None else None
        if drawn is not None and feature.area is not None:
            sketch.area(*drawn, feature.area)
    for number, river in enumerate(ground.rivers):
        name = RIVER if number == 0 else f"Ci {place_name(7000 + number)}"
        sketch.lines("waterways", {"class": "river", "name": name}, [_along(ground, datum, river)])
    for railway in ground.railways:
        sketch.lines("railways", {"class": "rail"}, [_along(ground, datum, railway)])
    _draw_borders(features, sketch)
    draw_names(sketch, features)
    none = np.empty(0, np.int64)
    return Backdrop(sketch.drawn(), none, none)


def _draw_quarters(ground: Ground, datum: Datum, sketch: Sketch) -> None:
    columns = np.concatenate(([0], ground.line_columns, [ground.columns - 1]))
    rows = np.concatenate(([0], ground.line_rows, [ground.rows - 1]))
    for block, kind in enumerate(ground.quarter.tolist()):
        a, b = block % ground.blocks_across, block // ground.blocks_across
        if Quarter(kind) in _CLASSES and columns[a] < columns[a + 1] and rows[b] < rows[b + 1]:
            part = District(int(columns[a]), int(columns[a + 1]), int(rows[b]), int(rows[b + 1]), 0, 0)
            ring = part.ring(ground)
            outline = Polygon(_degrees(datum, ground.x[ring], ground.y[ring]))
            sketch.area("landuse", {"class": _CLASSES[Quarter(kind)]}, outline)


def _along(ground: Ground, datum: Datum, cut: Cut) -> Floats:
    """The middle of a cut: float64[points, 2], degrees."""
    along: Floats = np.arange(len(cut.at), dtype=np.float64)
    across: Floats = cut.at.astype(np.float64) + 0.5
    return _degrees(datum, *(ground.place(along, across) if cut.along_rows else ground.place(across, along)))


def _degrees(datum: Datum, x: Floats, y: Floats) -> Floats:
    return np.column_stack(datum.degrees(x, y))


def _draw_borders(features: Sequence[Feature], sketch: Sketch) -> None:
    """Each border once, at the highest rank of what it bounds."""
    drawn: BaseGeometry = shapely.MultiLineString()
    levels = {feature.osm_id: boundary_level(feature.tags) for feature in features if feature.area is not None}
    for level in sorted({level for level in levels.values() if level is not None}):
        outlines = [f.area.boundary for f in features if f.area is not None and levels[f.osm_id] == level]
        whole = shapely.union_all(outlines)
        lines = shapely.get_parts(shapely.line_merge(whole.difference(drawn)))
        drawn = shapely.union(drawn, whole)
        for line in lines:
            sketch.lines("boundaries", {"level": level}, [shapely.get_coordinates(line)])
