"""A route laid on its network: what every rule of guidance asks for, looked up once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from routing.earth import flat_m
from routing.network import CLOSED, RoadNetwork
from routing.osm import TagSet

_BEARING_REACH_M = 15.0  # a bearing is taken over this much road, so that a mapper's kink at the junction doesn't count

_RANKS = {
    name: rank
    for rank, names in enumerate(
        (
            ("motorway", "motorway_link"),
            ("trunk", "trunk_link"),
            ("primary", "primary_link"),
            ("secondary", "secondary_link"),
            ("tertiary", "tertiary_link"),
            ("unclassified", "residential", "road"),
            ("living_street", "busway"),
            ("service",),
            ("track",),
        )
    )
    for name in names
}
_OTHER_RANK = 9
MINOR_RANK = 7


class EnteredSegment(Protocol):
    """A restricted road entered: `routing.routes.RestrictedEntry` is one."""

    @property
    def segment(self) -> int: ...


class DescribableRoute(Protocol):
    """What guidance needs of a route; `routing.routes.Route` is one.

    `segments`: int32[k], directed segments in order, k ≥ 1. `start_fraction`, `end_fraction`: where on the first and the
    last one the route begins and ends. `segment_ms`: [k], each for its whole segment. `turn_ms`: [k - 1], between them.
    `duration_ms`: of the whole route. `restricted`: where it enters roads that are only for who has business there.
    """

    @property
    def segments(self) -> NDArray[np.int32]: ...
    @property
    def start_fraction(self) -> float: ...
    @property
    def end_fraction(self) -> float: ...
    @property
    def segment_ms(self) -> NDArray[np.int64]: ...
    @property
    def turn_ms(self) -> NDArray[np.int64]: ...
    @property
    def duration_ms(self) -> int: ...
    @property
    def restricted(self) -> Sequence[EnteredSegment]: ...


@dataclass(frozen=True, slots=True)
class Road:
    """What guidance takes from a tag set."""

    rank: int
    roundabout: bool
    ramp: bool
    motorway: bool
    link: bool
    ferry: bool
    toll: bool

    @classmethod
    def of(cls, tags: TagSet) -> Road:
        highway = tags.get("highway", "")
        return cls(
            rank=_RANKS.get(highway, _OTHER_RANK),
            roundabout=tags.get("junction") in ("roundabout", "circular"),
            ramp=highway == "motorway_link",
            motorway=highway == "motorway",
            link=highway.endswith("_link"),
            ferry=tags.get("route") == "ferry" or highway == "ferry",
            toll=tags.get("toll") == "yes",
        )


@dataclass(frozen=True, slots=True)
class Way:
    """A way on at a junction: its segment, the angle of the turn onto it, and whether the vehicle may take it."""

    segment: int
    angle: int
    open: bool


class Walk:
    """A route laid on its network, with what every rule asks for looked up once."""

    def __init__(self, network: RoadNetwork, route: DescribableRoute, weights: NDArray[np.uint32] | None) -> None:
        self.network = network
        self.weights = weights
        self.segments: list[int] = np.asarray(route.segments).tolist()
        self.start_fraction = float(route.start_fraction)
        self.end_fraction = float(route.end_fraction)
        self.entered = {entry.segment for entry in route.restricted}
        self._roads: dict[int, Road] = {}
        self._shapes: dict[int, NDArray[np.float64]] = {}
        links = np.asarray(route.segments) >> 1
        self.names = [network.names[i] for i in network.link_name[links].tolist()]
        self.refs = [network.names[i] for i in network.link_ref[links].tolist()]
        self.roads = [self.road_of(segment) for segment in self.segments]
        self.distances_m, self.durations_ms = self._pieces(route, links)
        self.ways = [self._ways_on(i) for i in range(len(self.segments) - 1)]
        self.angles = [self._angle(i) for i in range(len(self.segments) - 1)]

    def road_of(self, segment: int) -> Road:
        tagset = int(self.network.link_tagset[segment >> 1])
        road = self._roads.get(tagset)
        if road is None:
            road = self._roads[tagset] = Road.of(self.network.tagsets[tagset])
        return road

    def name_of(self, segment: int) -> str:
        return self.network.names[int(self.network.link_name[segment >> 1])]

    def shape(self, at: int) -> NDArray[np.float64]:
        """The part of `segments[at]` that the route runs along, float64[points, 2]."""
        shape = self._shapes.get(at)
        if shape is None:
            shape = self.network.segment_shape(self.segments[at])
            start = self.start_fraction if at == 0 else 0.0
            end = self.end_fraction if at == len(self.segments) - 1 else 1.0
            if start > 0.0 or end < 1.0:
                shape = cut(shape, start, end)
            self._shapes[at] = shape
        return shape

    def _pieces(self, route: DescribableRoute, links: NDArray[np.int32]) -> tuple[list[float], list[int]]:
        distances: list[float] = self.network.link_length_m[links].tolist()
        durations = [int(ms) for ms in route.segment_ms]
        first_m, last_m, first_ms, last_ms = distances[0], distances[-1], durations[0], durations[-1]
        if len(distances) == 1:
            distances[0] = first_m * (self.end_fraction - self.start_fraction)
            durations[0] = round((1 - self.start_fraction) * first_ms) - (last_ms - round(self.end_fraction * last_ms))
        else:
            distances[0] = first_m * (1 - self.start_fraction)
            distances[-1] = last_m * self.end_fraction
            durations[0] = round((1 - self.start_fraction) * first_ms)
            durations[-1] = round(self.end_fraction * last_ms)
        for i, turn in enumerate(route.turn_ms):
            durations[i + 1] += int(turn)
        # The router rounds both ends its own way; the odd millisecond goes where it is noticed least.
        durations[max(range(len(durations)), key=durations.__getitem__)] += int(route.duration_ms) - sum(durations)
        return distances, durations

    def _ways_on(self, at: int) -> list[Way]:
        """The ways on from the end of `segments[at]`, one for each segment, the U-turn included."""
        network = self.network
        state = int(network.segment_state[self.segments[at]])
        if state < 0:
            return []
        first, last = int(network.turn_first[state]), int(network.turn_first[state + 1])
        heads = network.state_segment[network.turn_head[first:last]].tolist()
        angles = network.turn_angle[first:last].tolist()
        opens = [True] * len(heads) if self.weights is None else (self.weights[first:last] < CLOSED).tolist()
        ways: dict[int, Way] = {}
        for segment, angle, is_open in zip(heads, angles, opens, strict=True):
            known = ways.get(segment)
            ways[segment] = Way(segment, angle, is_open or (known is not None and known.open))
        return list(ways.values())

    def _angle(self, at: int) -> int:
        following = self.segments[at + 1]
        for way in self.ways[at]:
            if way.segment == following:
                return way.angle
        before, after = bearing_at_end(self.shape(at)), bearing_at_start(self.shape(at + 1))
        return round((after - before + 180) % 360 - 180)

    def alternatives(self, at: int) -> list[Way]:
        """The other ways on that the vehicle may take, without turning round."""
        here, following = self.segments[at], self.segments[at + 1]
        return [way for way in self.ways[at] if way.open and way.segment not in (following, here ^ 1)]


def bearing_at_start(shape: NDArray[np.float64]) -> float:
    """The bearing in which a shape sets out, over its first metres: degrees clockwise from north, 0 … 360."""
    points = shape.tolist()
    longitude, latitude = points[0]
    east = north = 0.0
    for point in points[1:]:
        east, north = flat_m(point[0] - longitude, point[1] - latitude, latitude)
        if math.hypot(east, north) >= _BEARING_REACH_M:
            break
    return math.degrees(math.atan2(east, north)) % 360


def bearing_at_end(shape: NDArray[np.float64]) -> float:
    """The bearing in which a shape arrives, over its last metres."""
    return (bearing_at_start(shape[::-1]) + 180) % 360


def cut(shape: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    """The part of a shape between two fractions of its length; at least two points."""
    east = np.diff(shape[:, 0]) * math.cos(math.radians(float(shape[:, 1].mean())))
    along = np.concatenate(([0.0], np.cumsum(np.hypot(east, np.diff(shape[:, 1])))))
    low, high = start * along[-1], max(start, end) * along[-1]
    inner = shape[(along > low) & (along < high)]
    ends = [[np.interp(at, along, shape[:, 0]), np.interp(at, along, shape[:, 1])] for at in (low, high)]
    return np.concatenate((ends[:1], inner, ends[1:]))
