"""Coordinates of a question: `lon,lat;lon,lat` or a polyline, and what the street of each has to be like."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from api.http.osrm_errors import OsrmError
from api.http.osrm_polyline import decode_polyline
from api.http.osrm_query import INDEX, NUMBER, Options

Approach = Literal["unrestricted", "curb"]

_PAIR = re.compile(r"(-?\d+(?:\.\d*)?),(-?\d+(?:\.\d*)?)", re.ASCII)
_POLYLINE = re.compile(r"polyline(6?)\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bearing:
    """A direction of travel, degrees clockwise from north, and how far a street may differ from it to either side."""

    degrees: int
    range: int


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A coordinate and what its street has to be like.

    Attributes:
        longitude, latitude: degrees.
        radius_m: how far the street may be; None: as far as Siaga snaps anything, `routing.snapping.MAX_GAP_M`.
        bearing: in which direction it may be driven; None: any.
        approach: `curb`: on a two-way street, only with the coordinate on the side that traffic keeps to.
    """

    longitude: float
    latitude: float
    radius_m: float | None = None
    bearing: Bearing | None = None
    approach: Approach = "unrestricted"


def read_coordinates(text: str, options: Options, *, most: int) -> tuple[Coordinate, ...]:
    """Coordinates with the options that speak of each.

    Args:
        text: of the path, decoded; `.json` may follow it.
        options: of the query string.
        most: how many there may be.

    Raises:
        OsrmError: they can't be used.
    """
    pairs = _pairs(text.removesuffix(".json"))
    if len(pairs) > most:
        raise OsrmError("TooBig", f"at most {most} coordinates, and {len(pairs)} were given")
    for longitude, latitude in pairs:
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            raise OsrmError("InvalidValue", f"{longitude},{latitude} is no place on earth; coordinates are longitude,latitude")
    radiuses = options.each("radiuses", len(pairs), _radius, None)
    bearings = options.each("bearings", len(pairs), _bearing, None)
    anywhere: Approach = "unrestricted"
    approaches = options.each("approaches", len(pairs), _approach, anywhere)
    rows = zip(pairs, radiuses, bearings, approaches, strict=True)
    return tuple(Coordinate(*pair, radius, bearing, approach) for pair, radius, bearing, approach in rows)


def _pairs(text: str) -> list[tuple[float, float]]:
    encoded = _POLYLINE.fullmatch(text)
    if encoded:
        try:
            points = decode_polyline(encoded[2], 6 if encoded[1] else 5)
        except ValueError as error:
            raise OsrmError("InvalidUrl", f"{error}; was it percent-encoded?") from error
        if not points:
            raise OsrmError("InvalidUrl", "the polyline is empty")
        return points
    pairs = []
    for number, pair in enumerate(text.split(";")):
        numbers = _PAIR.fullmatch(pair)
        if numbers is None:
            raise OsrmError("InvalidUrl", f"coordinate {number} is {pair[:40]!r}; give lon,lat;lon,lat or polyline(…)")
        pairs.append((float(numbers[1]), float(numbers[2])))
    return pairs


def _radius(name: str, element: str) -> float:
    if element == "unlimited":
        return math.inf
    if not NUMBER.fullmatch(element):
        raise OsrmError("InvalidQuery", f"{name}: {element!r} is no radius; give metres, unlimited, or nothing")
    return float(element)


def _bearing(name: str, element: str) -> Bearing:
    parts = element.split(",")
    if len(parts) != 2 or not all(INDEX.fullmatch(part) for part in parts):
        raise OsrmError("InvalidQuery", f"{name}: {element!r} is no bearing; give degrees,range, as in 90,20")
    degrees, room = map(int, parts)
    if degrees > 360 or room > 180:
        raise OsrmError("InvalidValue", f"{name}: {element!r}: a bearing goes from 0 to 360, its range from 0 to 180")
    return Bearing(degrees, room)


def _approach(name: str, element: str) -> Approach:
    if element not in get_args(Approach):
        raise OsrmError("InvalidQuery", f"{name}: {element!r}: give unrestricted, curb, or nothing")
    return cast(Approach, element)
