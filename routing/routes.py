"""What a journey comes to: a route with its geometry and times, a table of times, an estimate where there are no roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._kernels.streets import follow_turns
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.road_state import ProfileRoads
from routing.snap_index import still
from routing.snapping import Carry

_ENTRY_BITS = RESTRICTED_ENTRY_MS.bit_length() - 1


@dataclass(frozen=True, slots=True)
class RestrictedEntry:
    """Where a route enters a road that is for reaching what lies on it: the segment, and the street's name ("" if none)."""

    segment: int
    street: str


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A journey on roads.

    Attributes:
        profile: name of the profile. state: number of the state of the roads.
        segments: int32[k], directed segments in order, at least one.
        start_fraction, end_fraction: shares of the first and of the last segment's length before the route begins and ends.
        segment_ms: int64[k], each for its whole segment.
        turn_ms: int64[k - 1], delays between them, signals and gates included.
        geometry: float64[n, 2], longitude and latitude in degrees, at least two points.
        duration_ms, distance_m: from start to end, without the parts on foot.
        restricted: the restricted roads entered, in order; a route has some only if there is no way without.
        origin_carry, destination_carry: the parts on foot, None where the route was asked from a bare position.
    """

    profile: str
    state: int
    segments: NDArray[np.int32]
    start_fraction: float
    end_fraction: float
    segment_ms: NDArray[np.int64]
    turn_ms: NDArray[np.int64]
    geometry: NDArray[np.float64]
    duration_ms: int
    distance_m: float
    restricted: tuple[RestrictedEntry, ...]
    origin_carry: Carry | None
    destination_carry: Carry | None


@dataclass(frozen=True, slots=True, eq=False)
class EtaTable:
    """Times between places.

    Attributes:
        profile: name of the profile. state: number of the state of the roads.
        ms: uint32[origins, destinations], `CLOSED` where there is no way.
        totals: uint32[origins, destinations], the sums of weights that `ms` and `restricted` are read from.
        instead: uint8[origins, destinations], 0 where the places themselves are meant; bit 1: there is no way from the
            origin (on an island), the time is from its `Snap.instead`, with its own part on foot; bit 2: so for the
            destination.
    """

    profile: str
    state: int
    ms: NDArray[np.uint32]
    totals: NDArray[np.uint32]
    instead: NDArray[np.uint8]

    @staticmethod
    def of(profile: str, state: int, totals: NDArray[np.uint32], instead: NDArray[np.uint8]) -> EtaTable:
        """The table of some sums of weights."""
        ms = totals & np.uint32(RESTRICTED_ENTRY_MS - 1)
        np.copyto(ms, np.uint32(CLOSED), where=totals >= CLOSED)
        return EtaTable(profile, state, ms, totals, instead)

    @property
    def restricted(self) -> NDArray[np.uint8]:
        """uint8[origins, destinations], how many restricted roads have to be entered on the way, 0 where there is none."""
        return np.where(self.totals >= CLOSED, 0, self.totals >> np.uint32(_ENTRY_BITS)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A time for a journey that leaves the network: the straight line, lengthened and driven at a usual speed.

    It is no route, and must be shown as an estimate.
    """

    duration_ms: int
    straight_m: float
    detour_factor: float
    kph: float


def make_route(
    network: RoadNetwork,
    roads: ProfileRoads,
    profile: str,
    state: int,
    first: int,
    turns: NDArray[np.int32],
    fractions: tuple[float, float],
    duration_ms: int,
    carries: tuple[Carry | None, Carry | None],
) -> Route:
    """A route from what a query found.

    Args:
        network, roads: what was asked.
        profile, state: for the record.
        first: the first segment. turns: int32[k - 1], arcs of the query graph, which lead to the others.
        fractions: where on the first and the last segment it begins and ends.
        duration_ms: of the whole.
        carries: the parts on foot at both ends.
    """
    times = roads.segment_ms
    count = len(turns) + 1
    segments, segment_ms = np.empty(count, np.int32), np.empty(count, np.int64)
    turn_ms, entered = np.empty(count - 1, np.int64), np.empty(count - 1, np.bool_)
    entries, distance_m, geometry = follow_turns(
        first, turns, float(fractions[0]), float(fractions[1]), network.state_segment, network.turn_head,
        roads.metric.weights, RESTRICTED_ENTRY_MS, still(times.base), still(times.changed), still(times.values),
        network.link_length_m, network.shape_first, network.shape_longitude, network.shape_latitude, segments, segment_ms,
        turn_ms, entered,
    )  # fmt: skip
    return Route(
        profile=profile,
        state=state,
        segments=segments,
        start_fraction=fractions[0],
        end_fraction=fractions[1],
        segment_ms=segment_ms,
        turn_ms=turn_ms,
        geometry=geometry,
        duration_ms=duration_ms,
        distance_m=distance_m,
        restricted=_restricted(network, segments[1:][entered]) if entries else (),
        origin_carry=carries[0],
        destination_carry=carries[1],
    )


def _restricted(network: RoadNetwork, segments: NDArray[np.int32]) -> tuple[RestrictedEntry, ...]:
    names = network.link_name
    return tuple(RestrictedEntry(segment, network.names[int(names[segment >> 1])]) for segment in segments.tolist())
