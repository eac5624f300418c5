"""Finds the links near a point or in a box: a uniform grid over the edges of all link shapes.

A mask of links says which of them count, so one index serves every profile and every state of the roads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing._kernels import streets as kernels
from routing.earth import METRES_PER_DEGREE
from routing.network import RoadNetwork


class Reach(NamedTuple):
    """How far a link may be from a point, metres.

    Attributes:
        max_m: at most.
        fenced_m: a link whose FENCED bit is set.
        on_foot_m, near_m: a fenced one that is farther than `on_foot_m` is only taken where no other lies within `near_m`.
    """

    max_m: float
    fenced_m: float = math.inf
    on_foot_m: float = math.inf
    near_m: float = 0.0


class Street(NamedTuple):
    """The nearest street to a point, and the nearest way on foot.

    Attributes:
        link: -1 if there is none. fraction: share of its length before the nearest place.
        metres: to there, infinite if there is none.
        longitude, latitude: of that place, degrees.
        foot_link, foot_fraction, foot_m: the same of the nearest walkable link that is no farther, -1 if there is none.
    """

    link: int
    fraction: float
    metres: float
    longitude: float
    latitude: float
    foot_link: int
    foot_fraction: float
    foot_m: float


@dataclass(frozen=True, slots=True)
class SnapIndex:
    """A uniform grid over the edges of all link shapes.

    Attributes:
        network: the road network.
        grid: float64[6]: west and south border, width and height of a cell (degrees), columns, rows.
        cell_first: int64[cells + 1]; cell `i` (row by row from the south-west) holds the entries
            `cell_first[i] .. cell_first[i + 1] - 1`.
        cell_link: int32[entries], links. cell_point: int64[entries], where in the shapes the edge begins.
    """

    network: RoadNetwork
    grid: NDArray[np.float64]
    cell_first: NDArray[np.int64]
    cell_link: NDArray[np.int32]
    cell_point: NDArray[np.int64]

    @staticmethod
    def build(network: RoadNetwork) -> SnapIndex:
        """Indexes every link of the network, about four edges a cell, cells 50 to 500 m wide."""
        x, y = network.shape_longitude, network.shape_latitude
        west, south, east, north = (
            (float(x.min()), float(y.min()), float(x.max()), float(y.max())) if len(x) else (0.0, 0.0, 0.0, 0.0)
        )
        degree_x_m = METRES_PER_DEGREE * max(0.01, float(np.cos(np.radians((south + north) / 2))))
        area_m2 = (east - west) * degree_x_m * (north - south) * METRES_PER_DEGREE
        side_m = min(500.0, max(50.0, 2.0 * float(np.sqrt(area_m2 / max(1, len(x) - network.links)))))
        cell_x, cell_y = side_m / degree_x_m, side_m / METRES_PER_DEGREE
        columns, rows = int((east - west) / cell_x) + 1, int((north - south) / cell_y) + 1
        grid = np.array([west, south, cell_x, cell_y, columns, rows], np.float64)
        counts = np.zeros(columns * rows + 1, np.int64)
        shapes = (network.shape_first, x, y)
        nothing_link, nothing_point = np.empty(0, np.int32), np.empty(0, np.int64)
        kernels.fill_grid(grid, columns, rows, *shapes, counts, nothing_link, nothing_point, True)
        first = np.cumsum(counts)
        link, point = np.empty(first[-1], np.int32), np.empty(first[-1], np.int64)
        kernels.fill_grid(grid, columns, rows, *shapes, first[:-1].copy(), link, point, False)
        return SnapIndex(network, *(still(array) for array in (grid, first, link, point)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be kept in files, beside the network."""
        return {
            "grid": self.grid, "cell_first": self.cell_first, "cell_link": self.cell_link, "cell_point": self.cell_point,
        }  # fmt: skip

    @staticmethod
    def from_arrays(network: RoadNetwork, arrays: Mapping[str, NDArray[Any]]) -> SnapIndex:
        """The counterpart of `arrays`; nothing is copied."""
        names = ("grid", "cell_first", "cell_link", "cell_point")
        return SnapIndex(network, *(still(np.asarray(arrays[name])) for name in names))

    def nearest(
        self,
        longitude: NDArray[np.float64],
        latitude: NDArray[np.float64],
        mask: NDArray[np.uint8],
        reach: Reach,
        *,
        unwanted: int = 0,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
        """The nearest link to each point.

        Args:
            longitude, latitude: float64[n], degrees.
            mask: uint8[l]; a link counts if it isn't 0 and has none of the `unwanted` bits.
            reach: how far it may be.

        Returns:
            Links int32[n], -1 where there is none; the share of each link's length before the nearest point; metres to it,
            infinite where there is none.
        """
        count = len(longitude)
        link, fraction, metres = np.empty(count, np.int32), np.empty(count, np.float64), np.empty(count, np.float64)
        x, y = still(np.ascontiguousarray(longitude, np.float64)), still(np.ascontiguousarray(latitude, np.float64))
        kernels.nearest_streets(x, y, still(mask), unwanted, reach, self._edges(), link, fraction, metres)
        return link, fraction, metres

    def stop_near(
        self,
        longitude: float,
        latitude: float,
        mask: NDArray[np.uint8],
        reach: Reach,
        walkable: NDArray[np.uint8],
        *,
        unwanted: int = 0,
    ) -> Street:
        """As `nearest` for one point, with what else there is to know of a place to stop.

        Args:
            walkable: uint8[l], not 0 where people may walk; empty if nobody walks.
        """
        return Street(*kernels.stop_near(longitude, latitude, still(mask), unwanted, reach, walkable, self._edges()))

    def _edges(self) -> kernels.Edges:
        shapes = self.network
        return kernels.Edges(
            self.grid, self.cell_first, self.cell_link, self.cell_point, shapes.shape_first, shapes.shape_longitude,
            shapes.shape_latitude,
        )  # fmt: skip

    def links_near(self, west: float, south: float, east: float, north: float) -> NDArray[np.int32]:
        """Every link with a part in the box (degrees), in order, and a few that lie close to it."""
        columns, rows = int(self.grid[4]), int(self.grid[5])
        found = kernels.links_in_box(west, south, east, north, self.grid, columns, rows, self.cell_first, self.cell_link)
        return np.unique(found)

    def point_at(self, link: int, fraction: float) -> tuple[float, float]:
        """Longitude and latitude (degrees) at a share of a link's length, counted in the link's direction."""
        network = self.network
        return kernels.point_along(link, fraction, network.shape_first, network.shape_longitude, network.shape_latitude)


def still(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: kernels are compiled once for read-only arrays, mapped or not, and not again for others."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view
