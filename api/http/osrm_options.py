"""What OSRM's HTTP interface takes, told once: for OpenAPI, and for tests that hold the reader to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from api.http.osrm_request import (
    MOST_DISTANCE_CELLS,
    MOST_NEAREST,
    MOST_ROUTE_COORDINATES,
    MOST_TABLE_CELLS,
    MOST_TABLE_COORDINATES,
    PROFILE_ALIASES,
)
from routing.profiles import MOTOR_PROFILES

Service = Literal["route", "table", "nearest"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the query string: its values, and what it does here."""

    name: str
    values: str
    meaning: str


_COMMON = (
    Option("radiuses", "metres;unlimited;…", "How far the street may be from each coordinate. 1,000 m unless given."),
    Option(
        "bearings",
        "degrees,range;…",
        "Only streets that may be driven in this direction, clockwise from north, ± range; among the 300 nearest.",
    ),
    Option("approaches", "unrestricted|curb;…", "`curb`: on a two-way street, only with the coordinate on the side driven on."),
    Option("hints", "hint;…", "Taken and not used: a hint would pin a street that may be closed by now."),
    Option("generate_hints", "true|false", "Taken; no hints are given."),
    Option("exclude", "class,…", "Refused: no class of roads can be left out; the profile says what a vehicle may use."),
    Option("snapping", "default", "`any` is refused: a place is only ever snapped to a street that the profile may use."),
    Option("format", "json", "`flatbuffers` is refused."),
)
_WAYPOINTS = Option("skip_waypoints", "true|false", "Leaves the waypoints out of the answer.")

OPTIONS: Mapping[Service, tuple[Option, ...]] = MappingProxyType(
    {
        "route": (
            *_COMMON,
            _WAYPOINTS,
            Option("alternatives", "true|false|number", "Taken; there is at most one route, as OSRM allows."),
            Option("steps", "true|false", "The manoeuvres of each leg."),
            Option("geometries", "polyline|polyline6|geojson", "The form of lines; `polyline` unless given."),
            Option("overview", "simplified|full|false", "The line of the whole route; `simplified` unless given."),
            Option(
                "annotations",
                "true|false|distance,duration,speed,weight,datasources",
                "Figures for each piece of a leg's line, delays of turns not counted. `datasources`: 1 where a speed comes "
                "from road conditions. `nodes` is refused: OSM's node ids are not kept.",
            ),
            Option(
                "continue_straight",
                "default|true|false",
                "`true`: nobody turns round at a coordinate on the way. Default is `false`: it is a stop.",
            ),
            Option("waypoints", "", "Refused: every coordinate is a waypoint."),
            Option("banner_instructions", "true|false", "Mapbox's banners; with `steps=true`."),
            Option("voice_instructions", "true|false", "Mapbox's spoken words; with `steps=true`."),
            Option("voice_units", "metric", "`imperial` is refused."),
            Option("roundabout_exits", "true", "`false` is refused: leaving a roundabout is always a step of its own."),
            Option("language", "id|en", "Of instructions; Indonesian unless given."),
        ),
        "table": (
            *_COMMON,
            _WAYPOINTS,
            Option("sources", "index;…|all", "The rows, as indices of coordinates."),
            Option("destinations", "index;…|all", "The columns."),
            Option("annotations", "duration,distance", f"Distances in tables of at most {MOST_DISTANCE_CELLS:,} cells."),
            Option("fallback_speed", "metres a second", "For pairs without a way: the straight line, at this speed."),
            Option("fallback_coordinate", "input|snapped", "Between which places that line is drawn."),
            Option("scale_factor", "number", "Every duration is multiplied by it."),
        ),
        "nearest": (
            *_COMMON,
            Option("number", "1, 2, …", f"How many streets, at most {MOST_NEAREST}."),
        ),
    }
)
"""Every option of each service. What stands in no list is an error (InvalidQuery)."""

DESCRIPTIONS: Mapping[Service, str] = MappingProxyType(
    {
        "route": "OSRM's route service: the quickest legal way through coordinates, on the roads as they are now. "
        f"At most {MOST_ROUTE_COORDINATES} coordinates.",
        "table": "OSRM's table service: times between coordinates, on the roads as they are now; null where no way leads. "
        f"At most {MOST_TABLE_COORDINATES} coordinates and {MOST_TABLE_CELLS:,} cells.",
        "nearest": "OSRM's nearest service: the streets nearest to a coordinate that the profile may use now.",
    }
)

_EXAMPLES: Mapping[Service, str] = MappingProxyType(
    {"route": "106.8562,-6.4785;106.8345,-6.4851", "table": "106.8562,-6.4785;106.8345,-6.4851", "nearest": "106.8562,-6.4785"}
)


def openapi_of(service: Service) -> dict[str, Any]:
    """The parameters of a service for OpenAPI."""
    path = [
        _parameter("path", "region", "Name of a region.", "cibinong"),
        _parameter("path", "profile", f"{', '.join(MOTOR_PROFILES)}, or {', '.join(PROFILE_ALIASES)}.", "driving"),
        _parameter("path", "coordinates", "`lon,lat;lon,lat`, `polyline(…)` or `polyline6(…)`.", _EXAMPLES[service]),
    ]
    query = [_parameter("query", one.name, f"{one.meaning} Values: `{one.values}`", None) for one in OPTIONS[service]]
    return {"parameters": path + query}


def _parameter(where: str, name: str, meaning: str, example: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "in": where,
        "name": name,
        "required": where == "path",
        "description": meaning,
        "schema": {"type": "string"},
    }
    if example is not None:
        told["example"] = example
    return told
