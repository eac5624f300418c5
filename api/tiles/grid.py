"""The grid of tiles: Web Mercator (EPSG:3857), cut into 2^zoom by 2^zoom squares, row 0 in the north.

Formulas: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MIN_ZOOM, MAX_ZOOM = 4, 15
"""Tiles are cut for these zooms; clients draw the last one larger where they zoom in further."""

EXTENT = 4096
"""Units across a tile."""

E7 = 10_000_000
"""Drawings have their coordinates in 1e-7 degrees."""

_TOP = math.degrees(math.atan(math.sinh(math.pi)))  # where the square ends, north and south


def project(x: NDArray[np.integer], y: NDArray[np.integer], zoom: int, column: int, row: int) -> NDArray[np.float64]:
    """Longitudes and latitudes (1e-7 degrees) in a tile's units: float64[n, 2], right and down from its upper left corner."""
    across = (x / E7 + 180.0) / 360.0
    latitude = np.radians(np.clip(y / E7, -_TOP, _TOP))
    down = 0.5 - np.arcsinh(np.tan(latitude)) / (2 * math.pi)
    return np.column_stack((across * 2.0**zoom - column, down * 2.0**zoom - row)) * EXTENT


def tile_box(zoom: int, column: int, row: int, buffer: float) -> tuple[int, int, int, int]:
    """West, south, east, north of a tile in 1e-7 degrees, with so many units around it."""
    margin, tiles = buffer / EXTENT, 2.0**zoom
    west, east = ((place / tiles * 360.0 - 180.0) for place in (column - margin, column + 1 + margin))
    north, south = (
        math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * place / tiles)))) for place in (row - margin, row + 1 + margin)
    )
    return math.floor(west * E7), math.floor(south * E7), math.ceil(east * E7), math.ceil(north * E7)
