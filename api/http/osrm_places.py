"""From a client's coordinates to places on the streets, as OSRM does it: the nearest street that fits, nobody on foot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from api.http.osrm_coordinates import Bearing, Coordinate
from api.http.osrm_errors import OsrmError
from routing import PlaceError, RoadNetwork
from routing.earth import flat_m
from routing.router import Router
from routing.snapping import MAX_GAP_M, Position, Snap, snap

_EVERYWHERE_M = 2.1e7  # more than half way round the earth
_MOST_TRIED = 300
_ON_THE_ROAD_M = 1.0  # nearer to the middle of the road, a coordinate is on neither side of it


def snapped(router: Router, profile: str, coordinate: Coordinate, number: int) -> Snap:
    """The nearest street that a coordinate may be snapped to.

    Args:
        router: on the state of the roads that is asked.
        profile: of the question.
        coordinate: with what its street has to be like.
        number: of the coordinate, for the message.

    Raises:
        OsrmError: NoSegment, there is none.
    """
    found = next(streets_near(router, profile, coordinate), None)
    if found is None:
        raise nothing_near(router, profile, coordinate, number)
    return found


def nothing_near(router: Router, profile: str, coordinate: Coordinate, number: int) -> OsrmError:
    """Why there is no street for a coordinate."""
    try:
        router.snap(coordinate.longitude, coordinate.latitude, profile, on_foot=False, max_gap_m=_reach_m(coordinate))
    except PlaceError as error:
        return OsrmError("NoSegment", f"coordinate {number}: {error}")
    bearing = coordinate.bearing
    wanted = "as asked" if bearing is None else f"in the direction {bearing.degrees} ± {bearing.range} degrees"
    return OsrmError("NoSegment", f"coordinate {number}: no street within reach may be driven {wanted}")


def streets_near(router: Router, profile: str, coordinate: Coordinate) -> Iterator[Snap]:
    """The streets that a coordinate may be snapped to, the nearest first, each once.

    Ends after so many streets that one couldn't drive in the direction asked for: no one is meant so far away.
    """
    mask = router.state.roads[profile].mask
    reach_m = _reach_m(coordinate)
    for tried in range(_MOST_TRIED):
        try:
            found = snap(router.index, mask, None, profile, coordinate.longitude, coordinate.latitude, max_gap_m=reach_m)
        except PlaceError:
            return
        fitting = _fitting(router.network, coordinate, found)
        if fitting is not None:
            yield fitting
        mask = mask if tried else mask.copy()
        mask[found.positions[0].segment >> 1] = 0


def _reach_m(coordinate: Coordinate) -> float:
    return MAX_GAP_M if coordinate.radius_m is None else min(coordinate.radius_m, _EVERYWHERE_M)


def _fitting(network: RoadNetwork, coordinate: Coordinate, found: Snap) -> Snap | None:
    """A place in the directions that the coordinate allows, None if there is none."""
    instead = None if found.instead is None else _fitting(network, coordinate, found.instead)
    positions = found.positions
    if coordinate.bearing is not None:
        positions = tuple(one for one in positions if _heads(network, one, coordinate.bearing))
    if coordinate.approach == "curb" and len(positions) == 2:
        positions = tuple(one for one in positions if _beside(network, one, found)) or positions
    return replace(found, positions=positions, instead=instead) if positions else None


def _heads(network: RoadNetwork, position: Position, bearing: Bearing) -> bool:
    apart = abs((bearing_at(network, position) - bearing.degrees + 180) % 360 - 180)
    return apart <= bearing.range


def _beside(network: RoadNetwork, position: Position, found: Snap) -> bool:
    """Whether the asked point lies on the side of the road that traffic keeps to, or on the road."""
    heading = math.radians(bearing_at(network, position))
    east, north = flat_m(found.longitude - found.stop_longitude, found.latitude - found.stop_latitude, found.latitude)
    to_the_right = east * math.cos(heading) - north * math.sin(heading)
    return abs(to_the_right) < _ON_THE_ROAD_M or (to_the_right > 0) == (network.driving_side == "right")


def bearing_at(network: RoadNetwork, position: Position) -> float:
    """The direction of travel at a position, degrees clockwise from north."""
    shape = network.segment_shape(position.segment)
    latitude = float(shape[:, 1].mean())
    steps = np.diff(shape, axis=0) * (math.cos(math.radians(latitude)), 1.0)
    along = np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))
    edge = min(int(np.searchsorted(along, position.fraction * along[-1])), len(along) - 1)
    return math.degrees(math.atan2(steps[edge, 0], steps[edge, 1])) % 360
