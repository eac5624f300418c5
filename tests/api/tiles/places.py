"""Which tile a place is in."""

from __future__ import annotations

import numpy as np

from api.tiles.grid import E7, EXTENT, project


def tile_at(zoom: int, longitude: float, latitude: float) -> tuple[int, int]:
    """Column and row of the tile that a place (degrees) lies in."""
    place = project(np.array([round(longitude * E7)]), np.array([round(latitude * E7)]), zoom, 0, 0)[0] / EXTENT
    return int(place[0]), int(place[1])
