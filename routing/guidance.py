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
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from routing.network import CLOSED, RESTRICTED_ENTRY_MS, DrivingSide, RoadNetwork
from routing.osm import TagSet

StepType = Literal[
    "depart",
    "turn",
    "new name",
    "continue",
    "merge",
    "on ramp",
    "off ramp",
    "fork",
    "end of road",
    "roundabout",
    "rotary",
    "exit roundabout",
    "exit rotary",
    "roundabout turn",
    "notification",
    "arrive",
]
Modifier = Literal["uturn", "sharp right", "right", "slight right", "straight", "slight left", "left", "sharp left"]
Mode = Literal["driving", "ferry"]

STRAIGHT_DEGREES = 20
SLIGHT_DEGREES = 40
SHARP_DEGREES = 120
"""Upper ends of "straight" and "slight", lower end of "sharp" (OSRM's bands)."""

_FORK_DEGREES = 60  # two ways on that lie within this angle of each other, both about ahead, are a fork
_CLEARLY_STRAIGHTER_DEGREES = 30  # a way on that is this much straighter than the next one is the obvious one
_BEARING_REACH_M = 15.0  # a bearing is taken over this much road, so that a mapper's kink at the junction doesn't count
_SHORT_LINK_M = 30.0  # the gap in a median, the offset of a staggered crossing
_SIDE_KNOWN_M = 4.0  # nearer to the middle of the road than this, the side is not worth telling

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
_MINOR_RANK = 7
_RESTRICTED = frozenset({"private", "destination", "customers", "delivery", "permit", "residents"})


class DescribableRoute(Protocol):
    """What `describe` needs of a route; `routing.router.Route` is one.

    `segments`: int32[k], directed segments in order, k ≥ 1. `start_fraction`, `end_fraction`: where on the first and the
    last one the route begins and ends. `segment_ms`: [k], each for its whole segment. `turn_ms`: [k - 1], between them.
    """

    @property
    def segments(self) -> NDArray[np.int32]: ...
    @property
    def start_fraction(self) -> float: ...
    @property
    def end_fraction(self) -> float: ...
    @property
    def segment_ms(self) -> NDArray[np.integer]: ...
    @property
    def turn_ms(self) -> NDArray[np.integer]: ...


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
        restricted: some road of the step is only for those who have business there (private, destination, …).
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
        weights: uint32[turns], what each turn costs the vehicle (`CLOSED`: it may not), so that roads it can't use are
            neither exits of a roundabout nor alternatives. None: every turn of the network counts as open.
        destination: (longitude, latitude) that was asked for, in degrees; tells on which side of the road it lies.
    """
    walk = _Walk(network, route, weights)
    manoeuvres = _collapse(walk, list(_manoeuvres(walk)))
    return tuple(_steps(walk, manoeuvres, destination))


def modifier_of(angle_degrees: float) -> Modifier:
    """The word for a turn by an angle in degrees, -180 … 180, positive to the right; ±180 is a U-turn."""
    size = abs(angle_degrees)
    if size >= 180:
        return "uturn"
    if size <= STRAIGHT_DEGREES:
        return "straight"
    if angle_degrees > 0:
        return "slight right" if size <= SLIGHT_DEGREES else "right" if size <= SHARP_DEGREES else "sharp right"
    return "slight left" if size <= SLIGHT_DEGREES else "left" if size <= SHARP_DEGREES else "sharp left"


@dataclass(frozen=True, slots=True)
class _Road:
    """What guidance takes from a tag set."""

    rank: int
    roundabout: bool
    ramp: bool
    motorway: bool
    link: bool
    ferry: bool
    restricted: bool
    toll: bool

    @classmethod
    def of(cls, tags: TagSet) -> _Road:
        highway = tags.get("highway", "")
        access = next((tags[key] for key in ("motor_vehicle", "vehicle", "access") if key in tags), "")
        return cls(
            rank=_RANKS.get(highway, _OTHER_RANK),
            roundabout=tags.get("junction") in ("roundabout", "circular"),
            ramp=highway == "motorway_link",
            motorway=highway == "motorway",
            link=highway.endswith("_link"),
            ferry=tags.get("route") == "ferry" or highway == "ferry",
            restricted=access in _RESTRICTED,
            toll=tags.get("toll") == "yes",
        )


@dataclass(frozen=True, slots=True)
class _Way:
    """A way on at a junction: its segment, the angle of the turn onto it, and whether the vehicle may take it."""

    segment: int
    angle: int
    open: bool


@dataclass(frozen=True, slots=True)
class _Manoeuvre:
    """Something to do at the start of `segments[at]`."""

    at: int
    type: StepType
    modifier: Modifier | None
    exit: int | None = None
    rotary_name: str = ""
    named_by: int | None = None  # index into the segments of the road whose name the step bears, if not `at`


class _Walk:
    """A route laid on its network, with what every rule asks for looked up once."""

    def __init__(self, network: RoadNetwork, route: DescribableRoute, weights: NDArray[np.uint32] | None) -> None:
        self.network = network
        self.weights = weights
        self.segments: list[int] = np.asarray(route.segments).tolist()
        self.start_fraction = float(route.start_fraction)
        self.end_fraction = float(route.end_fraction)
        self._roads: dict[int, _Road] = {}
        self._shapes: dict[int, NDArray[np.float64]] = {}
        links = np.asarray(route.segments) >> 1
        self.names = [network.names[i] for i in network.link_name[links].tolist()]
        self.refs = [network.names[i] for i in network.link_ref[links].tolist()]
        self.roads = [self.road_of(segment) for segment in self.segments]
        self.distances_m, self.durations_ms = self._pieces(route, links)
        self.ways = [self._ways_on(i) for i in range(len(self.segments) - 1)]
        self.angles = [self._angle(i) for i in range(len(self.segments) - 1)]

    def road_of(self, segment: int) -> _Road:
        tagset = int(self.network.link_tagset[segment >> 1])
        road = self._roads.get(tagset)
        if road is None:
            road = self._roads[tagset] = _Road.of(self.network.tagsets[tagset])
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
                shape = _cut(shape, start, end)
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
            durations[i + 1] += int(turn) % RESTRICTED_ENTRY_MS
        return distances, durations

    def _ways_on(self, at: int) -> list[_Way]:
        """The ways on from the end of `segments[at]`, one for each segment, the U-turn included."""
        network = self.network
        state = int(network.segment_state[self.segments[at]])
        if state < 0:
            return []
        first, last = int(network.turn_first[state]), int(network.turn_first[state + 1])
        heads = network.state_segment[network.turn_head[first:last]].tolist()
        angles = network.turn_angle[first:last].tolist()
        opens = [True] * len(heads) if self.weights is None else (self.weights[first:last] < CLOSED).tolist()
        ways: dict[int, _Way] = {}
        for segment, angle, is_open in zip(heads, angles, opens, strict=True):
            known = ways.get(segment)
            ways[segment] = _Way(segment, angle, is_open or (known is not None and known.open))
        return list(ways.values())

    def _angle(self, at: int) -> int:
        following = self.segments[at + 1]
        for way in self.ways[at]:
            if way.segment == following:
                return way.angle
        before, after = _bearing_at_end(self.shape(at)), _bearing_at_start(self.shape(at + 1))
        return round((after - before + 180) % 360 - 180)

    def alternatives(self, at: int) -> list[_Way]:
        """The other ways on that the vehicle may take, without turning round."""
        here, following = self.segments[at], self.segments[at + 1]
        return [way for way in self.ways[at] if way.open and way.segment not in (following, here ^ 1)]


def _manoeuvres(walk: _Walk) -> Iterable[_Manoeuvre]:
    """Where something has to be said, in order; the departure included, the arrival not."""
    yield _Manoeuvre(0, "depart", None)
    current_name = walk.names[0]
    at, last = 0, len(walk.segments) - 1
    while at < last:
        before, after = walk.roads[at], walk.roads[at + 1]
        if before.roundabout:  # the route begins in a roundabout, or has come round to its end
            if not after.roundabout:
                yield _Manoeuvre(at + 1, "exit roundabout", modifier_of(walk.angles[at]))
                current_name = walk.names[at + 1]
            at += 1
            continue
        if after.roundabout:
            left_at, around = _through_roundabout(walk, at)
            yield from around
            at = left_at
            current_name = walk.names[at]
            continue
        manoeuvre = _at_junction(walk, at, current_name)
        if manoeuvre is not None:
            yield manoeuvre
            current_name = walk.names[at + 1]
        current_name = walk.names[at + 1] or current_name
        at += 1


def _through_roundabout(walk: _Walk, at: int) -> tuple[int, list[_Manoeuvre]]:
    """The roundabout entered after `segments[at]`: the index of the road it is left by (or the last one), what to say."""
    ring, exits, last = at + 1, 0, len(walk.segments) - 1
    while ring < last:
        leaving = not walk.roads[ring + 1].roundabout
        here = walk.segments[ring]
        exits += sum(1 for way in walk.alternatives(ring) if not walk.road_of(way.segment).roundabout)
        if leaving:
            exits += 1
            if walk.segments[ring + 1] == here ^ 1:  # turned round on the ring itself: no exit
                exits = max(1, exits - 1)
            break
        ring += 1
    leaves = ring < last
    own_name = walk.names[at + 1]
    roads = {walk.names[at], walk.names[ring + 1] if leaves else ""}
    rotary = bool(own_name) and own_name not in roads
    angle = sum(walk.angles[at : ring + 1])
    entry = _Manoeuvre(
        at + 1,
        "rotary" if rotary else "roundabout",
        modifier_of((angle + 180) % 360 - 180) if leaves else None,
        exits if leaves else None,
        own_name if rotary else "",
        ring + 1 if leaves else None,
    )
    if not leaves:
        return last, [entry]
    exit_type: StepType = "exit rotary" if rotary else "exit roundabout"
    leave = _Manoeuvre(ring + 1, exit_type, modifier_of(walk.angles[ring]), exits, entry.rotary_name)
    return ring + 1, [entry, leave]


def _at_junction(walk: _Walk, at: int, current_name: str) -> _Manoeuvre | None:
    """What to say between `segments[at]` and the next one, roundabouts apart; None where the way on is obvious."""
    before, after = walk.roads[at], walk.roads[at + 1]
    angle, name = walk.angles[at], walk.names[at + 1]
    modifier = modifier_of(angle)
    same_name = bool(name) and name == current_name

    def say(kind: StepType, word: Modifier | None = modifier, exit_number: int | None = None) -> _Manoeuvre:
        return _Manoeuvre(at + 1, kind, word, exit_number)

    if walk.segments[at + 1] == walk.segments[at] ^ 1:
        return say("continue", "uturn")
    if before.ferry != after.ferry:
        return say("notification")
    others = walk.alternatives(at)
    if _is_mini_roundabout(walk, at) and others:
        return say("roundabout turn", exit_number=_mini_exit(walk, at))
    if after.ramp and not before.ramp:
        if not others:
            return None
        return say("off ramp" if before.motorway else "on ramp", _sideways(modifier, angle))
    if before.ramp and after.motorway:
        return say("merge", _sideways(modifier, angle))
    if _is_obvious(walk, at, others):
        if name and not same_name and not _is_part(name, current_name):
            return say("new name")
        return None
    if _is_end_of_road(angle, others):
        return say("end of road")
    side = _fork_side(walk, at, others)
    if side is not None:
        return say("fork", side)
    return say("continue" if same_name else "turn" if modifier != "straight" or not name else "new name")


def _is_obvious(walk: _Walk, at: int, others: list[_Way]) -> bool:
    """Whether one follows this way on without being told."""
    angle = abs(walk.angles[at])
    if not others:
        return True
    if angle > SLIGHT_DEGREES + STRAIGHT_DEGREES:
        return False
    before, after = walk.roads[at], walk.roads[at + 1]
    name = walk.names[at + 1]
    goes_on = bool(name) and name == walk.names[at] and after.rank <= before.rank
    for way in others:
        road = walk.road_of(way.segment)
        size = abs(way.angle)
        if size > SLIGHT_DEGREES + STRAIGHT_DEGREES and angle <= SLIGHT_DEGREES:
            continue  # a side street; we go about straight on
        straighter_by = size - angle
        if road.rank >= max(_MINOR_RANK, after.rank + 2) and straighter_by > -STRAIGHT_DEGREES:
            continue  # a driveway or a track beside a street
        if goes_on and walk.name_of(way.segment) != name and straighter_by >= 0 and road.rank > after.rank:
            continue  # the same street goes on, the other one is lesser
        if angle <= STRAIGHT_DEGREES and straighter_by >= _CLEARLY_STRAIGHTER_DEGREES and road.rank >= after.rank:
            continue
        return False
    return True


def _is_end_of_road(angle: int, others: list[_Way]) -> bool:
    """A T: nothing ahead, ways to both sides."""
    if abs(angle) <= SLIGHT_DEGREES or abs(angle) > SHARP_DEGREES + STRAIGHT_DEGREES:
        return False
    return all(abs(way.angle) > SLIGHT_DEGREES for way in others) and any(way.angle * angle < 0 for way in others)


def _fork_side(walk: _Walk, at: int, others: list[_Way]) -> Modifier | None:
    """Which branch of a fork this is, or None if there is no fork: two like roads, both about ahead."""
    angle, rank = walk.angles[at], walk.roads[at + 1].rank
    ahead = SLIGHT_DEGREES + 5
    rivals = [
        way.angle
        for way in others
        if abs(way.angle) <= ahead
        and abs(way.angle - angle) <= _FORK_DEGREES
        and abs(walk.road_of(way.segment).rank - rank) <= 2
    ]
    if abs(angle) > ahead or not rivals:
        return None
    if all(rival < angle for rival in rivals):
        return "slight right"
    if all(rival > angle for rival in rivals):
        return "slight left"
    return "straight"


def _is_mini_roundabout(walk: _Walk, at: int) -> bool:
    tagset = int(walk.network.junction_tagset[walk.network.segment_head(walk.segments[at])])
    return tagset >= 0 and walk.network.tagsets[tagset].get("highway") == "mini_roundabout"


def _mini_exit(walk: _Walk, at: int) -> int:
    """The number of the exit at a roundabout that is a mere point: counted round it, as traffic circulates."""
    here, following = walk.segments[at], walk.segments[at + 1]
    sign = 1 if walk.network.driving_side == "left" else -1
    ways = sorted(
        (way for way in walk.ways[at] if (way.open and way.segment != here ^ 1) or way.segment == following),
        key=lambda way: sign * way.angle,
    )
    return 1 + next(i for i, way in enumerate(ways) if way.segment == following)


def _sideways(modifier: Modifier, angle: int) -> Modifier:
    """A ramp always leaves or joins at a side, however small the angle."""
    if modifier != "straight" or angle == 0:
        return modifier
    return "slight right" if angle > 0 else "slight left"


def _is_part(name: str, of: str) -> bool:
    """Whether two names differ only by a word more or less at the end ("Jalan Raya Bogor", "Jalan Raya Bogor KM 45")."""
    return bool(of) and (name.startswith(of + " ") or of.startswith(name + " "))


def _collapse(walk: _Walk, manoeuvres: list[_Manoeuvre]) -> list[_Manoeuvre]:
    """Two turns within a few metres that are one to the driver: a U-turn round a median, a staggered crossing."""
    plain = {"turn", "continue", "end of road", "new name", "fork"}
    kept: list[_Manoeuvre] = []
    for manoeuvre in manoeuvres:
        first = kept[-1] if kept else None
        if first is None or first.type not in plain or manoeuvre.type not in plain or first.at == 0:
            kept.append(manoeuvre)
            continue
        between_m = sum(walk.distances_m[first.at : manoeuvre.at])
        total = sum(walk.angles[first.at - 1 : manoeuvre.at])
        same_road = bool(walk.names[manoeuvre.at]) and walk.names[manoeuvre.at] == walk.names[first.at - 1]
        if between_m > _SHORT_LINK_M or not same_road:
            kept.append(manoeuvre)
        elif abs(total) >= 180 - STRAIGHT_DEGREES:
            kept[-1] = replace(first, type="continue", modifier="uturn", named_by=manoeuvre.at)
        elif abs(total) <= STRAIGHT_DEGREES:
            kept.pop()
        else:
            kept.append(manoeuvre)
    return kept


def _steps(walk: _Walk, manoeuvres: list[_Manoeuvre], destination: tuple[float, float] | None) -> Iterable[Step]:
    crossings = [_intersection(walk, at) for at in range(len(walk.segments) - 1)]
    ends = [manoeuvre.at for manoeuvre in manoeuvres[1:]] + [len(walk.segments)]
    for manoeuvre, end in zip(manoeuvres, ends, strict=True):
        at = manoeuvre.at
        shape = np.concatenate([walk.shape(at)] + [walk.shape(i)[1:] for i in range(at + 1, end)])
        after = _bearing_at_start(walk.shape(at))
        before = _bearing_at_end(walk.shape(at - 1)) if at else 0.0
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
            restricted=any(road.restricted for road in roads),
            toll=any(road.toll for road in roads),
            intersections=(first, *crossings[at : end - 1]),
            geometry=shape,
        )
    yield _arrival(walk, destination)


def _arrival(walk: _Walk, destination: tuple[float, float] | None) -> Step:
    shape = walk.shape(len(walk.segments) - 1)
    before = _bearing_at_end(shape)
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
    east, north = _metres(point[0] - longitude, point[1] - latitude, latitude)
    heading = math.radians(bearing)
    to_the_right = east * math.cos(heading) - north * math.sin(heading)
    if abs(to_the_right) < _SIDE_KNOWN_M:
        return None
    return "right" if to_the_right > 0 else "left"


def _intersection(walk: _Walk, at: int) -> Intersection:
    """The junction at the end of `segments[at]`."""
    here, following = walk.segments[at], walk.segments[at + 1]
    came = _bearing_at_end(walk.shape(at))
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


def _metres(longitude_degrees: float, latitude_degrees: float, at_latitude: float) -> tuple[float, float]:
    """A small difference of degrees in metres east and north (one degree of latitude: 111,195 m on the mean sphere)."""
    return longitude_degrees * 111_195.0 * math.cos(math.radians(at_latitude)), latitude_degrees * 111_195.0


def _bearing_at_start(shape: NDArray[np.float64]) -> float:
    """The bearing in which a shape sets out, over its first metres: degrees clockwise from north, 0 … 360."""
    points = shape.tolist()
    longitude, latitude = points[0]
    east = north = 0.0
    for point in points[1:]:
        east, north = _metres(point[0] - longitude, point[1] - latitude, latitude)
        if math.hypot(east, north) >= _BEARING_REACH_M:
            break
    return math.degrees(math.atan2(east, north)) % 360


def _bearing_at_end(shape: NDArray[np.float64]) -> float:
    """The bearing in which a shape arrives, over its last metres."""
    return (_bearing_at_start(shape[::-1]) + 180) % 360


def _cut(shape: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    """The part of a shape between two fractions of its length; at least two points."""
    east = np.diff(shape[:, 0]) * math.cos(math.radians(float(shape[:, 1].mean())))
    along = np.concatenate(([0.0], np.cumsum(np.hypot(east, np.diff(shape[:, 1])))))
    low, high = start * along[-1], max(start, end) * along[-1]
    inner = shape[(along > low) & (along < high)]
    ends = [[np.interp(at, along, shape[:, 0]), np.interp(at, along, shape[:, 1])] for at in (low, high)]
    return np.concatenate((ends[:1], inner, ends[1:]))
