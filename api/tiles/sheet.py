"""What the tiles of a region are cut from: its roads and backdrop, mapped from files, and facilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.tiles.grid import E7, tile_box
from api.tiles.scales import AREA_BUFFER, KINDS, LINE_BUFFER, first_zoom
from dispatch.regions import BuiltRegion
from facilities import Facility, mapped
from routing.backdrop import LAYERS, Drawing, of_columns
from routing.storage import load_drawing


@dataclass(frozen=True, slots=True, eq=False)
class LayerOf:
    """A layer of a drawing.

    Attributes:
        drawing: that it is part of.
        things: int64[n], which of the drawing's things.
        box: int32[n, 4], where they are, see `Drawing`.
        zoom: uint8[n], from which zoom on each is shown.
    """

    drawing: Drawing
    things: NDArray[np.int64]
    box: NDArray[np.int32]
    zoom: NDArray[np.uint8]

    def within(self, box: tuple[int, int, int, int], zoom: int) -> NDArray[np.int64]:
        """The things that are shown at a zoom and may lie in a box (1e-7 degrees), in the drawing's order."""
        west, south, east, north = box
        mine = self.box
        there = (mine[:, 0] <= east) & (mine[:, 2] >= west) & (mine[:, 1] <= north) & (mine[:, 3] >= south)
        found: NDArray[np.int64] = self.things[there & (self.zoom <= zoom)]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A region's map.

    Attributes:
        layers: by name, in the order in which they stand in a tile; those that the region has.
        bounds: west, south, east, north of all of it, degrees; the sea and borders not counted.
        reach: the same with everything that is drawn, in 1e-7 degrees; None if there is nothing.
    """

    layers: Mapping[str, LayerOf]
    bounds: tuple[float, float, float, float]
    reach: tuple[int, int, int, int] | None

    def reaches(self, zoom: int, column: int, row: int) -> bool:
        """Whether a tile may have anything in it; quick, for asking before it is cut."""
        if self.reach is None:
            return False
        (west, south, east, north), mine = tile_box(zoom, column, row, max(LINE_BUFFER, AREA_BUFFER)), self.reach
        return mine[0] <= east and mine[2] >= west and mine[1] <= north and mine[3] >= south

    @staticmethod
    def of(roads: Drawing, backdrop: Drawing, facilities: Iterable[Facility] = ()) -> Sheet:
        """The sheet of a region's roads and backdrop, and of its facilities as OSM has them.

        Anybody may see a map, so what an office's registers say isn't on it: where a shelter is may be for the office to know.
        """
        found: dict[str, LayerOf] = {}
        for number, name in enumerate(LAYERS):
            drawing = roads if name == "roads" else backdrop
            if (drawing.layer == number).any():
                found[name] = _layer(name, drawing, number)
        pinned = _pinned(facilities)
        if len(pinned):
            found["facilities"] = _layer("facilities", pinned, 0)
        layers = {name: found[name] for name in KINDS if name in found}
        return Sheet(layers, bounds_of(roads), _reach(layers.values()))

    @staticmethod
    def open(region: BuiltRegion) -> Sheet:
        """The sheet of a region that was built.

        Raises:
            OSError: its files can't be read.
        """
        folder = region.folder / "map"
        return Sheet.of(load_drawing(folder / "roads"), load_drawing(folder / "backdrop"), region.facilities.facilities)


def bounds_of(drawing: Drawing) -> tuple[float, float, float, float]:
    """West, south, east, north of all things, degrees; zeros if there are none."""
    if not len(drawing):
        return 0.0, 0.0, 0.0, 0.0
    low, high = drawing.box[:, :2].min(axis=0) / E7, drawing.box[:, 2:].max(axis=0) / E7
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _reach(layers: Iterable[LayerOf]) -> tuple[int, int, int, int] | None:
    boxes = np.array([(*one.box[:, :2].min(axis=0), *one.box[:, 2:].max(axis=0)) for one in layers], np.int64).reshape(-1, 4)
    if not len(boxes):
        return None
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _layer(name: str, drawing: Drawing, number: int) -> LayerOf:
    things = np.flatnonzero(drawing.layer == number)
    used = np.unique(drawing.properties_of[things])
    zooms = np.zeros(len(drawing.properties), np.uint8)
    zooms[used] = [first_zoom(name, drawing.properties[one]) for one in used.tolist()]
    return LayerOf(drawing, things, np.ascontiguousarray(drawing.box[things]), zooms[drawing.properties_of[things]])


def _pinned(facilities: Iterable[Facility]) -> Drawing:
    known = (one for facility in facilities if (one := mapped(facility)) is not None)
    records = sorted(known, key=lambda one: one.reference)
    count = len(records)
    places = np.array([(one.source.longitude, one.source.latitude) for one in records], np.float64).reshape(count, 2)
    return of_columns(
        layer=np.zeros(count, np.uint8),
        properties_of=np.arange(count, dtype=np.int32),
        osm_id=np.zeros(count, np.int64),
        parts_each=np.ones(count, np.int64),
        points_each=np.ones(count, np.int64),
        points=np.rint(places * E7).astype(np.int32),
        size=np.zeros(count),
        properties=tuple({"id": one.reference, "name": one.name, "kind": one.kind} for one in records),
    )
