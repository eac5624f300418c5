"""From coordinates to a place on the road network that a vehicle can reach.

Which links count, a mask says: a byte for each link, in bits that stand in `routing._kernels.streets`.

A place on an *island* (a part of the network that no road joins to the main part, as an estate or a car park is that somebody
forgot to connect, or a real island) is taken as it is, since vehicles may be there; but the nearest place on the main part is
given beside it (`instead`), for journeys that find no way to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from routing._kernels import streets as kernels
from routing.earth import distance_m
from routing.errors import PlaceError
from routing.network import CLOSED
from routing.snap_index import Reach, SnapIndex, still
from routing.walking import Footways, Walk

MAX_GAP_M = 1_000.0
"""A point farther than this from any usable street is refused."""

FENCED_REACH_M = 20.0
"""A street that may not be walked on (toll road, flyover) is only taken for points on it: so far from its centre line.

Half of a three-lane carriageway with its shoulder is 7 m; the rest is for the error of a phone's position.
"""

FENCED_REACH_ON_FOOT_M = 12.0
UNFENCED_NEAR_M = 50.0
"""People live beside toll roads, not on them: for who is on foot, or is to be reached there, the fenced street is taken only
within `FENCED_REACH_ON_FOOT_M` where another street lies within `UNFENCED_NEAR_M`. Vehicles drive on both."""

BESIDE_M = 15.0
"""A street at most this much farther away than the nearest footway is taken directly: a house has two sides, and a
pavement that is mapped beside its street is not the only way to the street."""

FALLBACK_WALK_KPH = 4.0
"""Speed over ground that no mapped footway covers (the gap between a door and the road)."""

CarryKind = Literal["street", "footways", "straight"]

_NO_WAYS = still(np.empty(0, np.uint8))


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
        instead: where that is on an island: the place on the main part, if there is one near.
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
    instead: Snap | None = None


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
        instead: where some are on islands: the places on the main part (link -1 for those that aren't), else None.
    """

    profile: str
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    link: NDArray[np.int32]
    fraction: NDArray[np.float64]
    directions: NDArray[np.uint8]
    gap_m: NDArray[np.float64]
    instead: Snaps | None = None

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.link)

    def rows(self, which: NDArray[np.integer]) -> Snaps:
        """Some of the points."""
        instead = None if self.instead is None else self.instead.rows(which)
        arrays = (self.longitude, self.latitude, self.link, self.fraction, self.directions, self.gap_m)
        longitude, latitude, link, fraction, directions, gap_m = (array[which] for array in arrays)
        return Snaps(self.profile, longitude, latitude, link, fraction, directions, gap_m, instead)


FRAGMENT, ISLAND, MAIN = 0, 1, 2
"""How a segment stands in the network: on a small part, on one of `routing.parts.ISLAND_M` or more, on the main one."""


def standing_of(part: NDArray[np.int32], usable: NDArray[np.bool_], main: int) -> NDArray[np.uint8]:
    """The standing of each segment (uint8[2 l]), from `routing.parts.Parts`."""
    return np.where((part == main) & (part >= 0), MAIN, np.where(usable, ISLAND, FRAGMENT)).astype(np.uint8)


def street_mask(
    segment_ms: NDArray[np.uint32], standing: NDArray[np.uint8], foot_ms: NDArray[np.uint32] | None
) -> NDArray[np.uint8]:
    """The links where a vehicle can be: uint8[l] of mask bits, 0 where it can't.

    Args:
        segment_ms: uint32[2 l], the profile's times; `CLOSED` where it may not drive.
        standing: uint8[2 l], FRAGMENT, ISLAND or MAIN for each segment, for the profile.
        foot_ms: uint32[2 l], the foot profile's times, or None where it isn't known.
    """
    usable = ((segment_ms < CLOSED) & (standing > FRAGMENT)).reshape(-1, 2)
    mask: NDArray[np.uint8] = usable.astype(np.uint8) @ np.array([kernels.FORWARD, kernels.BACKWARD], np.uint8)
    on_main = (usable & (standing.reshape(-1, 2) == MAIN)).any(axis=1)
    mask[(mask > 0) & ~on_main] |= kernels.ISLAND
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
        check_point(float(longitude[first]), float(latitude[first]))


def check_point(longitude: float, latitude: float) -> None:
    """Refuses what can't be a place on earth.

    Raises:
        PlaceError: naming it.
    """
    if not (abs(longitude) <= 180.0 and abs(latitude) <= 90.0):
        raise PlaceError(
            f"longitude {longitude}, latitude {latitude} is no place on earth: "
            "longitude goes from -180 to 180 degrees, latitude from -90 to 90"
        )


def _reach(max_gap_m: float, *, for_people: bool) -> Reach:
    if for_people:
        return Reach(float(max_gap_m), FENCED_REACH_M, FENCED_REACH_ON_FOOT_M, UNFENCED_NEAR_M)
    return Reach(float(max_gap_m), FENCED_REACH_M)


def snap_many(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    profile: str,
    longitude: Sequence[float] | NDArray[np.float64],
    latitude: Sequence[float] | NDArray[np.float64],
    *,
    sent_to: bool = False,
    max_gap_m: float = MAX_GAP_M,
) -> Snaps:
    """The nearest usable street to each point, where there is one; no part on foot.

    With `sent_to`, streets that closures have cut off are passed over: nobody can be sent there.

    Raises:
        PlaceError: a pair that is no place on earth.
    """
    x, y = np.ascontiguousarray(longitude, np.float64), np.ascontiguousarray(latitude, np.float64)
    check_points(x, y)
    unwanted = kernels.CUT_OFF if sent_to else 0
    reach = _reach(max_gap_m, for_people=sent_to)
    found = _nearest_places(index, mask, profile, x, y, reach, unwanted)
    if not len(mask) or not (mask[found.link] & kernels.ISLAND).any():
        return found
    on_island = (mask[found.link] & kernels.ISLAND > 0) & (found.link >= 0)
    other = _nearest_places(index, mask, profile, x, y, reach, unwanted | kernels.ISLAND)
    link, directions = np.where(on_island, other.link, -1).astype(np.int32), np.where(on_island, other.directions, 0)
    return replace(found, instead=replace(other, link=link, directions=directions.astype(np.uint8)))


def _nearest_places(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    profile: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    reach: Reach,
    unwanted: int,
) -> Snaps:
    link, fraction, metres = index.nearest(x, y, mask, reach, unwanted=unwanted)
    directions = np.where(link >= 0, mask[link] & 3, 0).astype(np.uint8) if len(mask) else np.zeros(len(x), np.uint8)
    return Snaps(profile, x, y, link, fraction, directions, metres)


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
        index: of the network. mask: see `street_mask`. footways: None if nobody is on foot (a vehicle's own position, which
            may lie behind closures; nobody is sent there).
        profile: its name, for the record.
        longitude, latitude: the asked point, degrees.
        max_gap_m: the farthest that the street may be.

    Raises:
        PlaceError: no usable street within `max_gap_m`; the message says how far the nearest is.
    """
    x, y = float(longitude), float(latitude)
    check_point(x, y)
    unwanted = 0 if footways is None else kernels.CUT_OFF
    reach = _reach(max_gap_m, for_people=footways is not None)
    found = _nearest_place(index, mask, footways, profile, x, y, reach, unwanted)
    if found is None:
        raise PlaceError(_too_far(index, mask, x, y, profile, max_gap_m))
    if mask[found.positions[0].segment >> 1] & kernels.ISLAND:
        instead = _nearest_place(index, mask, footways, profile, x, y, reach, unwanted | kernels.ISLAND)
        return replace(found, instead=instead)
    return found


def _nearest_place(
    index: SnapIndex,
    mask: NDArray[np.uint8],
    footways: Footways | None,
    profile: str,
    x: float,
    y: float,
    reach: Reach,
    unwanted: int,
) -> Snap | None:
    walkable = _NO_WAYS if footways is None else footways.walkable
    street = index.stop_near(x, y, mask, reach, walkable, unwanted=unwanted)
    if street.link < 0:
        return None
    asked, stop, link, fraction = (x, y), (street.longitude, street.latitude), street.link, street.fraction
    kind: CarryKind = "street"
    walk: Walk | None = None
    if footways is not None and street.foot_link >= 0 and street.metres > street.foot_m + BESIDE_M:
        kind = "straight"
        walk = footways.walk(street.foot_link, street.foot_fraction, mask, unwanted=unwanted)
    if walk is not None:
        link, fraction = walk.street_link, 0.0 if walk.at_tail else 1.0
        stop = index.point_at(link, fraction)
    gap_m = distance_m(*asked, *stop)
    if walk is None:
        carry = Carry(kind, gap_m, _seconds_off_road(gap_m), np.array((asked, stop), np.float64))
    else:
        path = np.concatenate((np.array([asked], np.float64), walk.path))
        seconds = walk.ms / 1000.0 + _seconds_off_road(street.foot_m)
        carry = Carry("footways", walk.metres + street.foot_m, seconds, path)
    name = index.network.names[int(index.network.link_name[link])]
    return Snap(*asked, profile, positions_of(link, fraction, int(mask[link])), name, *stop, gap_m, carry)


def _seconds_off_road(metres: float) -> float:
    return metres * 3.6 / FALLBACK_WALK_KPH


def _too_far(index: SnapIndex, mask: NDArray[np.uint8], x: float, y: float, profile: str, max_gap_m: float) -> str:
    where = f"longitude {x:.6f}, latitude {y:.6f}"
    nearest_m = index.stop_near(x, y, mask, Reach(1e7), _NO_WAYS).metres
    if not np.isfinite(nearest_m):
        return f"{where}: the region has no road that {profile} may use"
    return (
        f"{where}: the nearest road that {profile} may use is {nearest_m / 1000:.1f} km away, "
        f"more than {max_gap_m:,.0f} m; the place lies outside the region or is wrong"
    )
