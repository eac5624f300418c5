"""From coordinates to a place on the road network that a vehicle can reach.

A uniform grid over the edges of all link shapes finds the nearest links; a mask of links says which of them count, so one
index serves every profile and every state of the roads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from routing._kernels import streets as kernels
from routing.errors import PlaceError
from routing.network import CLOSED, RoadNetwork
from routing.walking import Footways

MAX_GAP_M = 1_000.0
"""A point farther than this from any usable street is refused."""

FENCED_REACH_M = 20.0
"""A street that may not be walked on (toll road, flyover) is only taken for points on it: so far from its centre line.

Half of a three-lane carriageway with its shoulder is 7 m; the rest is for the error of a phone's position.
"""

BESIDE_M = 15.0
"""A street at most this much farther away than the nearest footway is taken directly: a house has two sides, and a
pavement that is mapped beside its street is not the only way to the street."""

FALLBACK_WALK_KPH = 4.0
"""Speed over ground that no mapped footway covers (the gap between a door and the road)."""

CarryKind = Literal["street", "footways", "straight"]


@dataclass(frozen=True, slots=True)
class Position:
    """A place on a segment: the share of its length that lies behind, 0 to 1."""

    segment: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Carry:
    """The part on foot between the asked point and where the vehicle stops.

    Attributes:
        kind: `street`: the street is beside the point, only the gap is walked; `footways`: along mapped footways;
            `straight`: no mapped footway leads there within reach, the figures are for a straight line over ground that
            nobody has checked.
        metres, seconds: of the whole way on foot, the gap to the first road included.
        path: float64[n, 2], longitude and latitude in degrees, from the asked point to the vehicle.
    """

    kind: CarryKind
    metres: float
    seconds: float
    path: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Snap:
    """An asked point, and the place on the network where a vehicle of a profile can stop for it.

    Attributes:
        longitude, latitude: the asked point, degrees.
        profile: name of the profile.
        positions: one per direction in which the street may be driven, the same place in each.
        street: name of the street, "" if it has none.
        stop_longitude, stop_latitude: where the vehicle stops, degrees.
        gap_m: straight line from the asked point to there.
        carry: the part on foot.
    """

    longitude: float
    latitude: float
    profile: str
    positions: tuple[Position, ...]
    street: str
    stop_longitude: float
    stop_latitude: float
    gap_m: float
    carry: Carry


@dataclass(frozen=True, slots=True)
class Snaps:
    """Many points snapped at once, without the part on foot: vehicles, which stand on streets.

    Attributes:
        profile: name of the profile.
        longitude, latitude: float64[n], the asked points, degrees.
        link: int32[n], -1 where no usable street is near enough.
        fraction: float64[n], share of the link's length before the place, in the link's direction.
        directions: uint8[n], bit 1: may be driven along the link, bit 2: against it.
        gap_m: float64[n], straight line to the place, infinite where there is none.
    """

    profile: str
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    link: NDArray[np.int32]
    fraction: NDArray[np.float64]
    directions: NDArray[np.uint8]
    gap_m: NDArray[np.float64]

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.link)


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
        degree_x_m = kernels.METRES_PER_DEGREE * max(0.01, float(np.cos(np.radians((south + north) / 2))))
        area_m2 = (east - west) * degree_x_m * (north - south) * kernels.METRES_PER_DEGREE
        side_m = min(500.0, max(50.0, 2.0 * float(np.sqrt(area_m2 / max(1, len(x) - network.links)))))
        cell_x, cell_y = side_m / degree_x_m, side_m / kernels.METRES_PER_DEGREE
        columns, rows = int((east - west) / cell_x) + 1, int((north - south) / cell_y) + 1
        grid = np.array([west, south, cell_x, cell_y, columns, rows], np.float64)
        counts = np.zeros(columns * rows + 1, np.int64)
        shapes = (network.shape_first, x, y)
        nothing_link, nothing_point = np.empty(0, np.int32), np.empty(0, np.int64)
        kernels.fill_grid(grid, columns, rows, *shapes, counts, nothing_link, nothing_point, True)
        first = np.cumsum(counts)
        link, point = np.empty(first[-1], np.int32), np.empty(first[-1], np.int64)
        kernels.fill_grid(grid, columns, rows, *shapes, first[:-1].copy(), link, point, False)
        return SnapIndex(network, grid, first, link, point)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be kept in files, beside the network."""
        return {
            "grid": self.grid, "cell_first": self.cell_first, "cell_link": self.cell_link, "cell_point": self.cell_point,
        }  # fmt: skip

    @staticmethod
    def from_arrays(network: RoadNetwork, arrays: Mapping[str, NDArray[Any]]) -> SnapIndex:
        """The counterpart of `arrays`; nothing is copied."""
        names = ("grid", "cell_first", "cell_link", "cell_point")
        return SnapIndex(network, *(np.asarray(arrays[name]) for name in names))

    def nearest(
        self,
        longitude: NDArray[np.float64],
        latitude: NDArray[np.float64],
        mask: NDArray[np.uint8],
        *,
        count: int = 1,
        max_m: float = MAX_GAP_M,
        fenced_m: float = FENCED_REACH_M,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
        """The nearest links to each point, nearest first.

        Args:
            longitude, latitude: float64[n], degrees.
            mask: uint8[l]; a link counts if it isn't 0.
            count: how many links are wanted.
            max_m: how far they may be; `fenced_m`: how far where bit 4 of the mask is set.

        Returns:
            Links int32[n, count], -1 where there are fewer; the share of each link's length before the nearest point;
            metres to it, infinite where there is none.
        """
        shape = (len(longitude), count)
        link, fraction, metres = np.empty(shape, np.int32), np.empty(shape, np.float64), np.empty(shape, np.float64)
        network = self.network
        kernels.nearest_links(
            np.ascontiguousarray(longitude, np.float64), np.ascontiguousarray(latitude, np.float64), mask, float(max_m),
            float(fenced_m), self.grid, int(self.grid[4]), int(self.grid[5]), self.cell_first, self.cell_link,
            self.cell_point, network.shape_first, network.shape_longitude, network.shape_latitude, link, fraction, metres,
        )  # fmt: skip
        return link, fraction, metres

    def links_near(self, west: float, south: float, east: float, north: float) -> NDArray[np.int32]:
        """Every link with a part in the box (degrees), in order, and a few that lie close to it."""
        columns, rows = int(self.grid[4]), int(self.grid[5])
        found = kernels.links_in_box(west, south, east, north, self.grid, columns, rows, self.cell_first, self.cell_link)
        return np.unique(found)

    def points_at(
        self, link: NDArray[np.int32], fraction: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude (degrees) at a share of each link's length, counted in the link's direction."""
        x, y = np.empty(len(link), np.float64), np.empty(len(link), np.float64)
        network = self.network
        kernels.points_along(
            np.ascontiguousarray(link, np.int32), np.ascontiguousarray(fraction, np.float64), network.shape_first,
            network.shape_longitude, network.shape_latitude, x, y,
        )  # fmt: skip
        return x, y


def street_mask(
    segment_ms: NDArray[np.uint32], reachable: NDArray[np.bool_], foot_ms: NDArray[np.uint32] | None
) -> NDArray[np.uint8]:
    """The links where a vehicle can be, as bits: 1 along the link, 2 against it, 4 not to be left or reached on foot.

    Args:
        segment_ms: uint32[2 l], the profile's times; `CLOSED` where it may not drive.
        reachable: bool[2 l], the segments in the profile's main part or on an island that is large enough.
        foot_ms: uint32[2 l], the foot profile's times, or None where it isn't known.
    """
    usable = ((segment_ms < CLOSED) & reachable).reshape(-1, 2)
    mask: NDArray[np.uint8] = usable.astype(np.uint8) @ np.array([kernels.FORWARD, kernels.BACKWARD], np.uint8)
    if foot_ms is not None:
        mask[(foot_ms.reshape(-1, 2).min(axis=1) >= CLOSED) & (mask > 0)] |= kernels.FENCED
    return mask


def positions_of(link: int, fraction: float, directions: int) -> tuple[Position, ...]:
    """The same place on a link as a position in each open direction."""
    along = (Position(2 * link, fraction),) if directions & kernels.FORWARD else ()
    against = (Position(2 * link + 1, 1.0 - fraction),) if directions & kernels.BACKWARD else ()
    return along + against


def check_points(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> None:
    """Refuses what can't be a place on earth.

    Raises:
        PlaceError: naming the first wrong pair.
    """
    wrong = ~((np.abs(longitude) <= 180.0) & (np.abs(latitude) <= 90.0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise PlaceError(
            f"longitude {longitude[first]}, latitude {latitude[first]} is no place on earth: "
            "longitude goes from -180 to 180 degrees, latitude from -90 to 90"
        )


def snap_many(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    profile: str,
    longitude: Sequence[float] | NDArray[np.float64],
    latitude: Sequence[float] | NDArray[np.float64],
    *,
    max_gap_m: float = MAX_GAP_M,
) -> Snaps:
    """The nearest usable street to each point, where there is one; no part on foot.

    Raises:
        PlaceError: a pair that is no place on earth.
    """
    x, y = np.ascontiguousarray(longitude, np.float64), np.ascontiguousarray(latitude, np.float64)
    check_points(x, y)
    link, fraction, metres = index.nearest(x, y, mask, max_m=max_gap_m)
    found = link[:, 0]
    directions = np.where(found >= 0, mask[found] & 3, 0).astype(np.uint8) if len(mask) else np.zeros(len(x), np.uint8)
    return Snaps(profile, x, y, found, fraction[:, 0], directions, metres[:, 0])


def snap(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    footways: Footways | None,
    profile: str,
    longitude: float,
    latitude: float,
    *,
    max_gap_m: float = MAX_GAP_M,
) -> Snap:
    """Where a vehicle can stop for a point, and the way on foot between.

    If the street is (nearly) the nearest road of any kind, the vehicle stops beside the point. Else the way on foot along
    the nearest footway decides which street it is, and only if no footway leads to one, the nearest street is taken with
    the straight line to it, labelled as that.

    Args:
        index: of the network. mask: see `street_mask`. footways: None if nobody is on foot (a vehicle's own position).
        profile: its name, for the record.
        longitude, latitude: the asked point, degrees.
        max_gap_m: the farthest that the street may be.

    Raises:
        PlaceError: no usable street within `max_gap_m`; the message says how far the nearest is.
    """
    x, y = np.array([longitude], np.float64), np.array([latitude], np.float64)
    check_points(x, y)
    link, fraction, street_m = (found[0, 0] for found in index.nearest(x, y, mask, max_m=max_gap_m))
    if link < 0:
        raise PlaceError(_too_far(index, mask, x, y, profile, max_gap_m))
    if footways is None:
        return _snap_at(index, mask, profile, x, y, int(link), float(fraction), "street")
    foot_link, foot_fraction, foot_m = (found[0, 0] for found in index.nearest(x, y, footways.walkable, max_m=street_m))
    if foot_link < 0 or street_m <= foot_m + BESIDE_M:
        return _snap_at(index, mask, profile, x, y, int(link), float(fraction), "street")
    walk = footways.walk(int(foot_link), float(foot_fraction), mask)
    if walk is None:
        return _snap_at(index, mask, profile, x, y, int(link), float(fraction), "straight")
    path = np.concatenate((np.column_stack((x, y)), walk.path))
    seconds = walk.ms / 1000.0 + float(foot_m) * 3.6 / FALLBACK_WALK_KPH
    carry = Carry("footways", walk.metres + float(foot_m), seconds, path)
    return _snap_at(index, mask, profile, x, y, walk.street_link, 0.0 if walk.at_tail else 1.0, carry)


def _snap_at(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    profile: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    link: int,
    fraction: float,
    carry: Carry | CarryKind,
) -> Snap:
    stop_x, stop_y = index.points_at(np.array([link], np.int32), np.array([fraction], np.float64))
    gap_m = float(kernels.length_between(x[0], y[0], stop_x[0], stop_y[0]))
    if not isinstance(carry, Carry):
        path = np.array([[x[0], y[0]], [stop_x[0], stop_y[0]]], np.float64)
        carry = Carry(carry, gap_m, gap_m * 3.6 / FALLBACK_WALK_KPH, path)
    street = index.network.names[int(index.network.link_name[link])]
    positions = positions_of(link, fraction, int(mask[link]))
    return Snap(float(x[0]), float(y[0]), profile, positions, street, float(stop_x[0]), float(stop_y[0]), gap_m, carry)


def _too_far(
    index: SnapIndex, mask: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64], profile: str, max_gap_m: float
) -> str:
    where = f"longitude {x[0]:.6f}, latitude {y[0]:.6f}"
    nearest_m = float(index.nearest(x, y, mask, max_m=1e7, fenced_m=1e7)[2][0, 0])
    if not np.isfinite(nearest_m):
        return f"{where}: the region has no road that {profile} may use"
    return (
        f"{where}: the nearest road that {profile} may use is {nearest_m / 1000:.1f} km away, "
        f"more than {max_gap_m:,.0f} m; the place lies outside the region or is wrong"
    )
