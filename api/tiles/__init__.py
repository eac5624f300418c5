"""Vector tiles of a region's map, cut from its own data: nothing is loaded from elsewhere."""

from __future__ import annotations

from api.tiles.cutting import cut
from api.tiles.grid import MAX_ZOOM, MIN_ZOOM
from api.tiles.keeping import NoMapError, Tile, Tiles, TilesBusyError, version_of
from api.tiles.sheet import Sheet

__all__ = ["MAX_ZOOM", "MIN_ZOOM", "NoMapError", "Sheet", "Tile", "Tiles", "TilesBusyError", "cut", "version_of"]
