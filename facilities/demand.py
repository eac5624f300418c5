"""Where help may be needed: cells of a region with their people, or their area where nobody has counted the people.

Preparation cuts the cells (`demand_cells`); what serves gets plain arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from facilities.vocabulary import figures
from routing import RegisterError, RoadNetwork
from routing.earth import RADIUS_M

if TYPE_CHECKING:
    import geopandas as gpd

Unit = Literal["people", "km2"]
_WIDER = 2**0.25
_PEOPLE = ("populasi", "penduduk", "jumlah_penduduk", "population", "pop", "jiwa")


@dataclass(frozen=True, slots=True)
class DemandCells:
    """Cells of demand.

    Attributes:
        longitude, latitude: float64[c], degrees: a point on a drivable road of the cell, the middle of its roads.
        weight: float64[c], people or square kilometres.
        unit: what `weight` counts.
        label: where the weights come from, in English, for the record.
        cell_m: the width of a cell, metres.
    """

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    weight: NDArray[np.float64]
    unit: Unit
    label: str
    cell_m: float

    def __len__(self) -> int:
        return len(self.weight)


def demand_cells(network: RoadNetwork, zones: gpd.GeoDataFrame | None = None, people: str | None = None) -> DemandCells:
    """Cut a region into cells that contain drivable roads.

    Cells are about 500 m wide, wider where there would be more than 250 of them (data/facilities.toml). With zones, the
    people of each are spread over the length of the drivable roads inside it (dasymetric mapping, roads standing for
    homes); a cell gets what falls into it. Without, a cell weighs its area.

    Args:
        network: the region's roads; those that only people on foot use count for nothing.
        zones: polygons with a column of people, any coordinate reference system; None weighs by area.
        people: the name of that column; None looks for the usual ones ("populasi", …).

    Raises:
        RegisterError: the zones have no such column, a negative or missing count, or none of them has a drivable road.
    """
    longitude, latitude, length = _pieces(network)
    if zones is None:
        share, unit, label = None, "km2", "area of cells with drivable roads (no population given)"
    else:
        column = _people_column(list(zones.columns), people)
        share = _people_of_pieces(zones, column, longitude, latitude, length)
        kept = share > 0
        if not kept.any():
            raise RegisterError("zones: no zone contains a drivable road of this region")
        longitude, latitude, length, share = longitude[kept], latitude[kept], length[kept], share[kept]
        unit, label = "people", f"{column} of {len(zones)} zones, spread over the length of drivable roads"
    cell, cell_m = _grid(longitude, latitude)
    count = int(cell.max()) + 1 if len(cell) else 0
    metres = np.bincount(cell, weights=length, minlength=count).astype(np.float64)
    if share is None:
        weight = np.full(count, (cell_m / 1000.0) ** 2)
    else:
        weight = np.bincount(cell, weights=share, minlength=count).astype(np.float64)
    at = _middle_pieces(cell, count, longitude, latitude, length, metres)
    return DemandCells(longitude[at], latitude[at], weight, "people" if unit == "people" else "km2", label, cell_m)


def read_zones(path: Path) -> gpd.GeoDataFrame:
    """Zones from a GeoJSON, GeoPackage or shapefile, in WGS 84.

    Raises:
        RegisterError: the file can't be read, or holds no polygons.
    """
    import geopandas

    try:
        zones = geopandas.read_file(path)
    except Exception as error:
        raise RegisterError(f"{path}: the zones can't be read: {str(error).splitlines()[0]}") from error
    if zones.empty or not zones.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        raise RegisterError(f"{path}: zones must be polygons")
    return zones.set_crs(4326) if zones.crs is None else zones.to_crs(4326)


def _people_column(columns: list[str], wanted: str | None) -> str:
    if wanted is not None and wanted in columns:
        return wanted
    found = [] if wanted is not None else [column for column in columns if str(column).casefold() in _PEOPLE]
    if not found:
        asked = f"no column {wanted!r}" if wanted is not None else f"no column of people ({', '.join(_PEOPLE)})"
        raise RegisterError(f"zones: {asked}; there are {', '.join(map(str, columns))}")
    return found[0]


def _pieces(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The straight pieces of all drivable links: middle (degrees) and length (m), those over 100 m cut into shorter ones."""
    used = np.asarray((network.segment_state.reshape(-1, 2) >= 0).any(axis=1))
    points = len(network.shape_longitude)
    link_of = np.repeat(np.arange(network.links), np.diff(network.shape_first))
    inner = np.ones(points, dtype=np.bool_)
    inner[network.shape_first[1:] - 1] = False  # the last point of a link begins no piece
    begin = np.flatnonzero(inner & used[link_of])
    x0, y0 = network.shape_longitude[begin], network.shape_latitude[begin]
    x1, y1 = network.shape_longitude[begin + 1], network.shape_latitude[begin + 1]
    dx = np.radians(x1 - x0) * np.cos(np.radians((y0 + y1) / 2))
    length = RADIUS_M * np.hypot(dx, np.radians(y1 - y0))
    parts = np.maximum(1, np.ceil(length / 100.0)).astype(np.int64)
    piece = np.repeat(np.arange(len(begin)), parts)
    first = np.cumsum(parts) - parts
    middle = (np.arange(len(piece)) - first[piece] + 0.5) / parts[piece]
    return x0[piece] + (x1 - x0)[piece] * middle, y0[piece] + (y1 - y0)[piece] * middle, (length / parts)[piece]


def _people_of_pieces(
    zones: gpd.GeoDataFrame,
    column: str,
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    length: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The people of each piece: those of its zone by its share of the road length there. A piece on a shared border counts
    for the first zone."""
    outlines = zones.to_crs(4326).geometry if zones.crs is not None else zones.geometry
    people = np.asarray(zones[column].to_numpy(dtype=np.float64, na_value=np.nan))
    wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
    if len(wrong):
        row = int(wrong[0])
        raise RegisterError(f"zones: row {row + 1}: {column} is missing or negative")
    pairs = shapely.STRtree(outlines.to_numpy()).query(shapely.points(longitude, latitude), predicate="within")
    zone = np.full(len(longitude), -1, dtype=np.int64)
    zone[pairs[0][::-1]] = pairs[1][::-1]
    inside = zone >= 0
    metres = np.bincount(zone[inside], weights=length[inside], minlength=len(people))
    share = np.zeros(len(longitude))
    with np.errstate(divide="ignore", invalid="ignore"):
        share[inside] = people[zone[inside]] * length[inside] / metres[zone[inside]]
    return np.nan_to_num(share)


def _grid(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """The cell of each point, numbered from 0, and the width of cells in metres: as fine as allowed."""
    table = figures("demand")
    cell_m, at_most = float(table["cell_m"]), int(table["at_most"])
    if not len(longitude):
        return np.empty(0, dtype=np.int64), cell_m
    squeeze = math.cos(math.radians(float(np.median(latitude))))
    while True:
        step = math.degrees(cell_m / RADIUS_M)
        x, y = np.floor(longitude * squeeze / step).astype(np.int64), np.floor(latitude / step).astype(np.int64)
        x, y = x - x.min(), y - y.min()
        columns = int(x.max()) + 1
        taken = np.zeros(columns * (int(y.max()) + 1), np.bool_)
        place = y * columns + x
        taken[place] = True
        count = int(np.count_nonzero(taken))
        if count <= at_most:
            return (np.cumsum(taken) - 1)[place], cell_m
        cell_m *= max(_WIDER, math.sqrt(count / at_most / 2))  # half as many as that at most: sparse ones merge less


def _middle_pieces(
    cell: NDArray[np.int64],
    count: int,
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    length: NDArray[np.float64],
    metres: NDArray[np.float64],
) -> NDArray[np.int64]:
    """For each cell the piece of road nearest to the middle of its roads."""
    total = np.maximum(metres, 1e-9)
    x = np.bincount(cell, weights=longitude * length, minlength=count) / total
    y = np.bincount(cell, weights=latitude * length, minlength=count) / total
    squeeze = np.cos(np.radians(latitude))
    off = np.hypot((longitude - x[cell]) * squeeze, latitude - y[cell])
    order = np.lexsort((off, cell))
    first = np.searchsorted(cell[order], np.arange(count))
    return order[first]
