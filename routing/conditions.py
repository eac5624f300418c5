"""What people report about roads: closures, floods, markets, processions, gates, slow-downs; where, for whom, and when.

A condition says *where* (segments, OSM ways, a circle, along a line, an area), *what* (closed, slower, a top speed), for
which profiles, and when it holds. `routing.live` turns those that hold into a numbered state of the roads.

Which links a place means:

- a circle or an area: every link that it touches, however little; the whole link is affected, from junction to junction;
- a line: the links that run along it. A link that only meets the line at its end (a side street) is not meant, so the part
  of it within `buffer_m` of the line must be longer than one and a half times `buffer_m`, or half of the link.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np
import opening_hours
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from routing.earth import METRES_PER_DEGREE
from routing.errors import ConditionError
from routing.network import RoadNetwork
from routing.snap_index import SnapIndex
from routing.tags import Clause

ConditionKind = Literal[
    "closure", "flood", "landslide", "roadworks", "accident", "market", "procession", "event", "gate", "congestion"
]
KINDS: tuple[ConditionKind, ...] = get_args(ConditionKind)

Direction = Literal["both", "along", "against"]

MOST_REACH_M = 1_000_000.0
"""The largest circle or buffer: more than any region, and far from what numbers can't hold."""

_ALONG_SHARE = 1.5  # of the buffer: a street that crosses has its half in reach, one that runs along much more


@dataclass(frozen=True, slots=True)
class OnSegments:
    """Exactly these directed segments."""

    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnWays:
    """The links of these OSM ways: exactly they, since a link never joins two ways."""

    ways: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """A circle around a point; degrees and metres."""

    longitude: float
    latitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Along:
    """A stretch of road drawn as a line (longitude, latitude in degrees), found within `buffer_m` of it."""

    line: LineString | MultiLineString
    buffer_m: float = 12.0


@dataclass(frozen=True, slots=True)
class Within:
    """An area (longitude, latitude in degrees)."""

    area: Polygon | MultiPolygon


Where = OnSegments | OnWays | Around | Along | Within


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody it applies to gets through."""


@dataclass(frozen=True, slots=True)
class Slower:
    """Driving takes `factor` times as long."""

    factor: float


@dataclass(frozen=True, slots=True)
class TopSpeed:
    """Nobody it applies to drives faster than this."""

    kph: float


Effect = Closed | Slower | TopSpeed


@dataclass(frozen=True, slots=True)
class RoadCondition:
    """One thing that somebody reported about roads.

    Attributes:
        id: unique among the conditions that are applied together.
        kind: what it is, for people and for statistics; the effect alone decides what happens.
        where, effect: see there.
        author: who says so.
        reason: in the author's words.
        profiles: the profiles it applies to; None for all motor profiles.
        direction: for ways relative to the OSM way, for a line relative to the line as drawn.
        from_time, until: aware times; None: since ever, until further notice. It holds from `from_time` on, not at `until`.
        hours: OSM opening_hours text in the region's time zone; the condition holds while they are "open". None: always.

    Raises:
        ConditionError: something that can't be meant; the message begins with the condition's id.
    """

    id: str
    kind: ConditionKind
    where: Where
    effect: Effect
    author: str
    reason: str = ""
    profiles: frozenset[str] | None = None
    direction: Direction = "both"
    from_time: datetime | None = None
    until: datetime | None = None
    hours: str | None = None

    def __post_init__(self) -> None:
        """Checks everything that can be checked without a network."""
        wrong = self._wrong()
        if wrong is not None:
            raise ConditionError(f"road condition {self.id!r}: {wrong}")

    def _wrong(self) -> str | None:
        if not self.id:
            return "it needs an id"
        if self.kind not in KINDS:
            return f"unknown kind {self.kind!r}; there are {', '.join(KINDS)}"
        if self.direction not in get_args(Direction):
            return f"unknown direction {self.direction!r}; there are {', '.join(get_args(Direction))}"
        if self.profiles is not None and not self.profiles:
            return "it applies to no profile"
        if self.direction != "both" and isinstance(self.where, Around | Within | OnSegments):
            return "a direction can be given for ways and lines only; name directed segments instead"
        return _wrong_where(self.where) or _wrong_effect(self.effect) or self._wrong_time()

    def _wrong_time(self) -> str | None:
        for name, time in (("from_time", self.from_time), ("until", self.until)):
            if time is not None and time.utcoffset() is None:
                return f"{name} {time.isoformat()} has no time zone"
        if self.from_time is not None and self.until is not None and self.until <= self.from_time:
            return f"it ends ({self.until.isoformat()}) before it begins ({self.from_time.isoformat()})"
        if self.hours is not None and not opening_hours.validate(self.hours):
            return f"its hours {self.hours!r} are not in OSM's opening_hours syntax, for example 'Mo-Sa 22:00-05:00'"
        return None

    def holds_at(self, time: datetime, time_zone: str) -> bool:
        """Whether it holds at an aware time; `time_zone` is the region's, for `hours`."""
        if (self.from_time is not None and time < self.from_time) or (self.until is not None and time >= self.until):
            return False
        return self.hours is None or open_at(self.hours, time, time_zone)

    def next_change_after(self, time: datetime, time_zone: str) -> datetime | None:
        """The next time at which it may begin or cease to hold; None if there is none."""
        times = [moment for moment in (self.from_time, self.until) if moment is not None and moment > time]
        if self.hours is not None and (self.until is None or time < self.until):
            start = time if self.from_time is None else max(time, self.from_time)
            change = next_change(self.hours, start, time_zone)
            if change is not None and (self.until is None or change < self.until):
                times.append(change)
        return min(times, default=None)


def _wrong_where(where: object) -> str | None:
    match where:
        case OnSegments(segments):
            return _wrong_ids(segments, "segment")
        case OnWays(ways):
            return _wrong_ids(ways, "way")
        case Around(longitude, latitude, radius_m):
            for name, number in (("longitude", longitude), ("latitude", latitude), ("radius", radius_m)):
                if not _is_number(number):
                    return f"{name} {number!r} is no number"
            if not (abs(longitude) <= 180 and abs(latitude) <= 90):
                return f"longitude {longitude}, latitude {latitude} is no place on earth"
            return (
                None if 0 < radius_m <= MOST_REACH_M else f"radius {radius_m} m must be more than 0 and at most {MOST_REACH_M}"
            )
        case Along(line, buffer_m):
            return _wrong_reach("buffer", buffer_m) or _wrong_shape(line, ("LineString", "MultiLineString"))
        case Within(area):
            return _wrong_shape(area, ("Polygon", "MultiPolygon"))
        case _:
            return f"{where!r} says no place; name segments or ways, or give a circle, a line or an area"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _wrong_reach(what: str, metres: float) -> str | None:
    if not _is_number(metres):
        return f"{what} {metres!r} is no number"
    return None if 0 < metres <= MOST_REACH_M else f"{what} {metres} m must be more than 0 and at most {MOST_REACH_M:.0f}"


def _wrong_ids(ids: tuple[int, ...], what: str) -> str | None:
    if not isinstance(ids, tuple | list) or not ids:
        return f"it names no {what}"
    wrong = next((one for one in ids if not isinstance(one, int | np.integer) or not -(2**63) <= one < 2**63), None)
    return None if wrong is None else f"{wrong!r} is no {what}'s id"


def _wrong_shape(shape: object, kinds: tuple[str, ...]) -> str | None:
    if not isinstance(shape, BaseGeometry):
        return f"its geometry is {shape!r}, not a {' or '.join(kinds)}"
    if shape.geom_type not in kinds:
        return f"its geometry is a {shape.geom_type}, not a {' or '.join(kinds)}"
    if shape.is_empty:
        return "its geometry is empty"
    if not shape.is_valid:
        return f"its geometry is not valid: {shapely.is_valid_reason(shape)}"
    west, south, east, north = shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return "its geometry leaves the earth; coordinates are longitude, latitude in degrees"
    return None


def _wrong_effect(effect: object) -> str | None:
    match effect:
        case Slower(factor) if not _is_number(factor):
            return f"factor {factor!r} is no number"
        case TopSpeed(kph) if not _is_number(kph):
            return f"top speed {kph!r} is no number"
        case Slower(factor):
            return (
                None if 1 <= factor < math.inf else f"factor {factor} must be at least 1: driving takes that many times as long"
            )
        case TopSpeed(kph):
            return None if 0 < kph < math.inf else f"top speed {kph} km/h must be more than 0; to close a road, close it"
        case Closed():
            return None
        case _:
            return f"{effect!r} is no effect; close the road, make it slower, or set a top speed"


# -- hours ----------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _hours(text: str, time_zone: str) -> opening_hours.OpeningHours:
    return opening_hours.OpeningHours(text, timezone=ZoneInfo(time_zone))


def open_at(hours: str, time: datetime, time_zone: str) -> bool:
    """Whether opening_hours text says "open" at an aware time."""
    return bool(_hours(hours, time_zone).is_open(time.astimezone(ZoneInfo(time_zone))))


def clause_holds(clause: Clause, time: datetime, time_zone: str) -> bool:
    """Whether a conditional tag holds at an aware time; hours that say "unknown" shut no gate."""
    if clause.outside:
        return bool(_hours(clause.hours, time_zone).is_closed(time.astimezone(ZoneInfo(time_zone))))
    return open_at(clause.hours, time, time_zone)


def next_change(hours: str, time: datetime, time_zone: str) -> datetime | None:
    """When opening_hours text next changes its mind after an aware time; None if never."""
    change: datetime | None = _hours(hours, time_zone).next_change(time.astimezone(ZoneInfo(time_zone)))
    return change


# -- where ----------------------------------------------------------------------------------------------------------------


def segments_meant(index: SnapIndex, condition: RoadCondition, ways: WayIndex) -> NDArray[np.int64]:
    """The directed segments that a condition means, sorted; none if it lies where there are no roads.

    Raises:
        ConditionError: it names a segment or a way that the network doesn't have.
    """
    where = condition.where
    match where:
        case OnSegments(segments):
            found = np.unique(np.array(segments, np.int64))
            if found[0] < 0 or found[-1] >= 2 * index.network.links:
                raise ConditionError(
                    f"road condition {condition.id!r}: segment {found[0] if found[0] < 0 else found[-1]} doesn't exist; "
                    f"the network has segments 0 to {2 * index.network.links - 1}"
                )
            return found
        case OnWays(way_ids):
            if missing := ways.missing(way_ids):
                raise ConditionError(
                    f"road condition {condition.id!r}: {', '.join(map(str, missing))} "
                    f"{'is no road' if len(missing) == 1 else 'are no roads'} of this region; "
                    "give the OSM ids of ways that stand in it (ids change when mappers split a way)"
                )
            links = ways.links_of(way_ids)
            return _directed(links, np.ones(len(links), np.bool_), condition.direction)
        case Around(longitude, latitude, radius_m):
            links, shapes = _shapes_near(index, (longitude, latitude, longitude, latitude), radius_m)
            centre = shapely.Point(*_to_metres(np.array([[longitude, latitude]]), latitude)[0])
            return _directed(links[shapely.dwithin(shapes, centre, radius_m)])
        case Within(area):
            links, shapes = _shapes_near(index, area.bounds, 1.0)
            outline = _metric(area)
            shapely.prepare(outline)
            return _directed(links[shapely.intersects(outline, shapes)])
        case Along(line, buffer_m):
            links, shapes = _shapes_near(index, line.bounds, buffer_m)
            drawn = _metric(line)
            reach = shapely.buffer(drawn, buffer_m, cap_style="flat")
            overlap = shapely.length(shapely.intersection(shapes, reach))
            meant = (overlap > 0) & (overlap >= np.minimum(_ALONG_SHARE * buffer_m, shapely.length(shapes) / 2))
            links, shapes = links[meant], shapes[meant]
            return _directed(links, _runs_along(shapes, drawn, reach), condition.direction)


class WayIndex:
    """Finds the links of OSM ways."""

    def __init__(self, network: RoadNetwork) -> None:
        """Sorts the network's links by way."""
        self._order = np.argsort(network.link_way, kind="stable")
        self._sorted = network.link_way[self._order]

    def missing(self, ways: Iterable[int]) -> list[int]:
        """Those of some ways that are on no link, sorted."""
        wanted = np.array(sorted({int(way) for way in ways}), np.int64)
        absent = np.searchsorted(self._sorted, wanted, "left") == np.searchsorted(self._sorted, wanted, "right")
        return [int(way) for way in wanted[absent]]

    def links_of(self, ways: Iterable[int]) -> NDArray[np.int64]:
        """The links of some ways, sorted; ways that the network doesn't have give none."""
        wanted = np.fromiter(set(ways), np.int64)
        first = np.searchsorted(self._sorted, wanted, side="left")
        counts = np.searchsorted(self._sorted, wanted, side="right") - first
        links: NDArray[np.int64] = np.sort(self._order[ranges(first, counts)])
        return links


def ranges(first: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """`first[0], first[0] + 1, …` (`counts[0]` of them), then those of `first[1]`, and so on: int64[sum of counts]."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: NDArray[np.int64] = np.arange(total, dtype=np.int64) + np.repeat(
        np.asarray(first, np.int64) - (ends - counts), counts
    )
    return found


def _to_metres(degrees: NDArray[np.float64], latitude: float) -> NDArray[np.float64]:
    """Degrees to metres in a plane that is true around `latitude`."""
    metres: NDArray[np.float64] = degrees * [math.cos(math.radians(latitude)) * METRES_PER_DEGREE, METRES_PER_DEGREE]
    return metres


def _middle(bounds: tuple[float, float, float, float]) -> float:
    return (bounds[1] + bounds[3]) / 2


def _metric(shape: BaseGeometry) -> BaseGeometry:
    latitude = _middle(shape.bounds)
    return shapely.transform(shape, lambda degrees: _to_metres(degrees, latitude))


def _shapes_near(
    index: SnapIndex, bounds: tuple[float, float, float, float], margin_m: float
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Links near a box (degrees) and their shapes as lines in metres, true around the middle of the box."""
    latitude = _middle(bounds)
    margin_y = margin_m / METRES_PER_DEGREE
    margin_x = margin_y / max(0.01, math.cos(math.radians(latitude)))
    near = index.links_near(bounds[0] - margin_x, bounds[1] - margin_y, bounds[2] + margin_x, bounds[3] + margin_y)
    network, links = index.network, near.astype(np.int64)
    first = network.shape_first[links]
    counts = network.shape_first[links + 1] - first
    points = ranges(first, counts)
    degrees = np.column_stack((network.shape_longitude[points], network.shape_latitude[points]))
    if not len(links):
        return links, np.empty(0, np.object_)
    shapes = shapely.linestrings(_to_metres(degrees, latitude), indices=np.repeat(np.arange(len(links)), counts))
    return links, np.asarray(shapes, np.object_)


def _runs_along(shapes: NDArray[np.object_], drawn: BaseGeometry, reach: BaseGeometry) -> NDArray[np.bool_]:
    """Whether each link's own direction is that of the line, judged on the part of it that lies near the line."""
    parts = shapely.intersection(shapes, reach)
    forward = np.empty(len(shapes), np.bool_)
    for number, (shape, part) in enumerate(zip(shapes, parts, strict=True)):
        ends = shapely.points(shapely.get_coordinates(part)[[0, -1]])
        on_link, on_line = shapely.line_locate_point([[shape], [drawn]], ends)
        forward[number] = (on_line[1] >= on_line[0]) == (on_link[1] >= on_link[0])
    return forward


def _directed(
    links: NDArray[np.int64], forward: NDArray[np.bool_] | None = None, direction: Direction = "both"
) -> NDArray[np.int64]:
    """Segments of links: both of each, or the one that runs in a direction (`forward`: which way "along" is)."""
    if direction == "both" or forward is None:
        return np.sort(np.concatenate((2 * links, 2 * links + 1)))
    along = np.where(forward, 0, 1)
    return np.sort(2 * links + (along if direction == "along" else 1 - along))
