"""Manoeuvres: a route told as the steps that a driver needs, in OSRM's vocabulary.

A junction gets a step only where the driver has to do or to know something: where the way on is not the obvious one, where
the road takes another name, at roundabouts, ramps, forks, ends of roads, ferries. What is obvious is decided by turn
angles, road classes and names together, as OSRM does (its published bands of turn angles are used: up to 20° is straight,
up to 40° slight, up to 120° a plain turn, above it sharp).

Every millisecond and metre of the route belongs to exactly one step: the time of a turn belongs to the step that the turn
begins. So the steps add up to the route.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from routing._manoeuvres import Manoeuvre, Modifier, StepType, manoeuvres_of, modifier_of
from routing._walk import DescribableRoute, Walk, bearing_at_end, bearing_at_start
from routing.earth import flat_m
from routing.network import DrivingSide, RoadNetwork

__all__ = ["DescribableRoute", "Intersection", "Mode", "Modifier", "Step", "StepType", "describe", "modifier_of"]

Mode = Literal["driving", "ferry"]

_SIDE_KNOWN_M = 4.0  # nearer to the middle of the road than this, the side is not worth telling


@dataclass(frozen=True, slots=True)
class Intersection:
    """A junction that a step passes; the first one of a step is where its manoeuvre happens.

    `bearings` (degrees, clockwise from north, ascending) are of the roads that leave it for motor traffic and of the one
    the route came by; `entry` says which of them the vehicle may enter; `incoming`, `outgoing` are indices into them
    (None where the route begins or ends).
    """

    longitude: float
    latitude: float
    bearings: tuple[int, ...]
    entry: tuple[bool, ...]
    incoming: int | None
    outgoing: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """A manoeuvre and the way from it to the next one.

    Attributes:
        type, modifier: what to do, in OSRM's words; `modifier` is None where a direction says nothing.
        name, ref: of the road that the step leads onto (of a roundabout: of the road it is left by); may be empty.
        exit: which exit of a roundabout, counted among those that the vehicle may use; None elsewhere, or if the route
            ends in the roundabout.
        rotary_name: the roundabout's own name, if it has one.
        bearing_before, bearing_after: degrees clockwise from north, 0 … 359; before a departure and after an arrival 0.
        longitude, latitude: where the manoeuvre happens (degrees).
        distance_m, duration_ms: from here to the next step; 0 on arrival.
        driving_side: the side that traffic keeps to.
        mode: how one moves along the step.
        restricted: along the step the route enters a road that is only for those who have business there.
        toll: some road of the step is tolled.
        intersections: the junctions passed, the manoeuvre's own first.
        geometry: float64[points, 2], longitude and latitude; two equal points on arrival.
    """

    type: StepType
    modifier: Modifier | None
    name: str
    ref: str
    exit: int | None
    rotary_name: str
    bearing_before: int
    bearing_after: int
    longitude: float
    latitude: float
    distance_m: float
    duration_ms: int
    driving_side: DrivingSide
    mode: Mode
    restricted: bool
    toll: bool
    intersections: tuple[Intersection, ...]
    geometry: NDArray[np.float64]


def describe(
    network: RoadNetwork,
    route: DescribableRoute,
    *,
    weights: NDArray[np.uint32] | None = None,
    destination: tuple[float, float] | None = None,
) -> tuple[Step, ...]:
    """The steps of a route, `depart` first and `arrive` last.

    Args:
        network: the network that the route's segments belong to.
        route: see `DescribableRoute`.
        weights: uint32[turns], what each turn costs the vehicle (its metric's weights; `CLOSED`: it may not), so that
            roads it can't use are neither exits of a roundabout nor alternatives. None: every turn counts as open.
        destination: (longitude, latitude) that was asked for, in degrees; tells on which side of the road it lies.
    """
    walk = Walk(network, route, weights)
    manoeuvres = manoeuvres_of(walk)
    return tuple(_steps(walk, manoeuvres, destination))


def _steps(walk: Walk, manoeuvres: list[Manoeuvre], destination: tuple[float, float] | None) -> Iterable[Step]:
    crossings = [_intersection(walk, at) for at in range(len(walk.segments) - 1)]
    ends = [manoeuvre.at for manoeuvre in manoeuvres[1:]] + [len(walk.segments)]
    for manoeuvre, end in zip(manoeuvres, ends, strict=True):
        at = manoeuvre.at
        shape = np.concatenate([walk.shape(at)] + [walk.shape(i)[1:] for i in range(at + 1, end)])
        after = bearing_at_start(walk.shape(at))
        before = bearing_at_end(walk.shape(at - 1)) if at else 0.0
        first = crossings[at - 1] if at else _edge_of_route(shape[0], outgoing=after)
        named = walk.names[at] if manoeuvre.named_by is None else walk.names[manoeuvre.named_by]
        ref = walk.refs[at] if manoeuvre.named_by is None else walk.refs[manoeuvre.named_by]
        roads = walk.roads[at:end]
        yield Step(
            type=manoeuvre.type,
            modifier=manoeuvre.modifier,
            name=named,
            ref=ref,
            exit=manoeuvre.exit,
            rotary_name=manoeuvre.rotary_name,
            bearing_before=round(before) % 360,
            bearing_after=round(after) % 360,
            longitude=float(shape[0, 0]),
            latitude=float(shape[0, 1]),
            distance_m=math.fsum(walk.distances_m[at:end]),
            duration_ms=sum(walk.durations_ms[at:end]),
            driving_side=walk.network.driving_side,
            mode="ferry" if walk.roads[at].ferry else "driving",
            restricted=not walk.entered.isdisjoint(walk.segments[at:end]),
            toll=any(road.toll for road in roads),
            intersections=(first, *crossings[at : end - 1]),
            geometry=shape,
        )
    yield _arrival(walk, destination)


def _arrival(walk: Walk, destination: tuple[float, float] | None) -> Step:
    shape = walk.shape(len(walk.segments) - 1)
    before = bearing_at_end(shape)
    longitude, latitude = float(shape[-1, 0]), float(shape[-1, 1])
    return Step(
        type="arrive",
        modifier=None if destination is None else _side(before, longitude, latitude, destination),
        name=walk.names[-1],
        ref=walk.refs[-1],
        exit=None,
        rotary_name="",
        bearing_before=round(before) % 360,
        bearing_after=0,
        longitude=longitude,
        latitude=latitude,
        distance_m=0.0,
        duration_ms=0,
        driving_side=walk.network.driving_side,
        mode="ferry" if walk.roads[-1].ferry else "driving",
        restricted=False,
        toll=False,
        intersections=(_edge_of_route(shape[-1], incoming=before),),
        geometry=np.repeat(shape[-1:], 2, axis=0),
    )


def _side(bearing: float, longitude: float, latitude: float, point: tuple[float, float]) -> Modifier | None:
    """On which side of one who heads for `bearing` a point lies, or None if it lies on the road."""
    east, north = flat_m(point[0] - longitude, point[1] - latitude, latitude)
    heading = math.radians(bearing)
    to_the_right = east * math.cos(heading) - north * math.sin(heading)
    if abs(to_the_right) < _SIDE_KNOWN_M:
        return None
    return "right" if to_the_right > 0 else "left"


def _intersection(walk: Walk, at: int) -> Intersection:
    """The junction at the end of `segments[at]`."""
    here, following = walk.segments[at], walk.segments[at + 1]
    came = bearing_at_end(walk.shape(at))
    back = round(came + 180) % 360
    roads: dict[int, tuple[int, bool]] = {here ^ 1: (back, False)}
    for way in walk.ways[at]:
        bearing = back if way.segment == here ^ 1 else round(came + way.angle) % 360
        roads[way.segment] = (bearing, way.open)
    roads[following] = (roads[following][0] if following in roads else round(came + walk.angles[at]) % 360, True)
    order = sorted(roads, key=lambda segment: (roads[segment][0], segment))
    longitude, latitude = walk.shape(at)[-1].tolist()
    return Intersection(
        longitude=longitude,
        latitude=latitude,
        bearings=tuple(roads[segment][0] for segment in order),
        entry=tuple(roads[segment][1] for segment in order),
        incoming=order.index(here ^ 1),
        outgoing=order.index(following),
    )


def _edge_of_route(point: NDArray[np.float64], *, incoming: float | None = None, outgoing: float | None = None) -> Intersection:
    """Where the route begins or ends: one road, one bearing."""
    bearing = outgoing if outgoing is not None else (incoming or 0.0) + 180
    return Intersection(
        longitude=float(point[0]),
        latitude=float(point[1]),
        bearings=(round(bearing) % 360,),
        entry=(True,),
        incoming=None if incoming is None else 0,
        outgoing=None if outgoing is None else 0,
    )
