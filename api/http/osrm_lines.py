"""Lines and what is told along them, in OSRM's forms: geometries, overviews, annotations."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from api.http.osrm_polyline import encode_polyline
from api.http.osrm_request import Geometries, RouteAnnotation
from routing import RoadNetwork
from routing.earth import great_circle_m
from routing.road_state import RoadState
from routing.routes import Route

Line = NDArray[np.float64]

DECIMALS = 6
"""Of degrees in answers, 11 cm, as OSRM gives them."""

DATASOURCES = ("profile", "road conditions")
"""Where a speed comes from: the profile's rules for the street's tags, or what is reported or timed there now."""

_SCREEN_PX = 1_000  # an overview is drawn on a screen; what is finer than its pixels is left out


def location(longitude: float, latitude: float) -> list[float]:
    """A place as OSRM writes it; rounded as lines are, so that both tell the same place."""
    return [round(degrees * 10**DECIMALS) / 10**DECIMALS for degrees in (longitude, latitude)]


def geometry_of(line: Line, geometries: Geometries) -> Any:
    """A line (float64[n, 2], longitude and latitude in degrees) in the form that is asked for."""
    if geometries == "geojson":
        return {"type": "LineString", "coordinates": line.round(DECIMALS).tolist()}
    return encode_polyline(line, 6 if geometries == "polyline6" else 5)


def joined(lines: Sequence[Line]) -> Line:
    """Lines that follow each other as one; where one ends and the next begins, the point stands once."""
    parts = [lines[0]]
    for line in lines[1:]:
        same = np.array_equal(line[0].round(DECIMALS), parts[-1][-1].round(DECIMALS))
        parts.append(line[1:] if same else line)
    return np.concatenate(parts)


def simplified(line: Line, extent: Line) -> Line:
    """A line without what is too fine to see where all of `extent` fills a screen (Douglas and Peucker 1973)."""
    scale = np.array((math.cos(math.radians(float(extent[:, 1].mean()))), 1.0))
    flat = line * scale
    tolerance = float(np.ptp(extent * scale, axis=0).max()) / _SCREEN_PX
    if not tolerance:
        return line[[0, -1]]
    kept = shapely.get_coordinates(shapely.simplify(shapely.LineString(flat), tolerance, preserve_topology=False))
    points = enumerate(flat.tolist())
    return line[[next(at for at, point in points if point == wanted) for wanted in kept.tolist()]]


def annotation_of(
    network: RoadNetwork, state: RoadState, route: Route, asked: Collection[RouteAnnotation]
) -> dict[str, list[float]]:
    """What is known of each piece between two points of a leg's geometry.

    `distance` in metres; `duration` in seconds and `weight`, which is the same, without the delays of turns, as OSRM's;
    `speed` in metres a second; `datasources`, indices into `DATASOURCES`.
    """
    line = route.geometry
    metres = great_circle_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    lengths = network.link_length_m[route.segments >> 1]
    before = np.concatenate(([0.0], np.cumsum(lengths))) - lengths[0] * route.start_fraction
    middle = np.cumsum(metres) - metres / 2
    piece = np.clip(np.searchsorted(before, middle) - 1, 0, len(lengths) - 1)  # the segment that each one lies on
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(route.segment_ms[piece] > 0, lengths[piece] * 1_000 / route.segment_ms[piece], 0.0)
        seconds = np.where(speed > 0, metres / speed, 0.0)
    changed = np.isin(route.segments, state.roads[route.profile].segment_ms.changed)[piece]
    known: dict[RouteAnnotation, list[float]] = {
        "distance": metres.round(2).tolist(),
        "duration": seconds.round(3).tolist(),
        "weight": seconds.round(3).tolist(),
        "speed": speed.round(1).tolist(),
        "datasources": changed.astype(np.int64).tolist(),
    }
    return {name: known[name] for name in sorted(asked)}
