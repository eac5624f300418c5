"""Reads what OSRM's HTTP interface is asked: `{profile}/{coordinates}?option=value&…`, checked, with its defaults.

An option that is not known here, or that can't be done, is an error and never passed over in silence; what that means for
each one, `OPTIONS` in `api.http.osrm_options` tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from api.http.osrm_coordinates import Coordinate, read_coordinates
from api.http.osrm_errors import OsrmError
from api.http.osrm_query import INDEX, Options
from routing import LANGUAGES, Language
from routing.profiles import MOTOR_PROFILES

Geometries = Literal["polyline", "polyline6", "geojson"]
Overview = Literal["simplified", "full", "false"]
RouteAnnotation = Literal["distance", "duration", "speed", "weight", "datasources"]
TableAnnotation = Literal["duration", "distance"]

MOST_ROUTE_COORDINATES = 100
MOST_TABLE_COORDINATES = 200
MOST_TABLE_CELLS = 10_000
"""Sources times destinations of a table of durations."""
MOST_DISTANCE_CELLS = 2_500
"""The same where distances are asked for: each is a route of its own."""
MOST_NEAREST = 100

PROFILE_ALIASES = {"driving": "car", "driving-traffic": "car", "auto": "car", "motorbike": "motorcycle"}
"""What clients call profiles by themselves, and what Siaga calls them; its own names are taken as they are."""


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """A question to the route service; fields as OSRM's and Mapbox's options of the same names."""

    profile: str
    coordinates: tuple[Coordinate, ...]
    steps: bool
    geometries: Geometries
    overview: Overview
    annotations: frozenset[RouteAnnotation]
    continue_straight: bool
    skip_waypoints: bool
    banner_instructions: bool
    voice_instructions: bool
    language: Language


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question to the table service; `sources` and `destinations` are indices into the coordinates."""

    profile: str
    coordinates: tuple[Coordinate, ...]
    sources: tuple[int, ...]
    destinations: tuple[int, ...]
    annotations: frozenset[TableAnnotation]
    fallback_speed: float | None
    fallback_snapped: bool
    scale_factor: float
    skip_waypoints: bool


@dataclass(frozen=True, slots=True)
class NearestQuestion:
    """A question to the nearest service."""

    profile: str
    coordinate: Coordinate
    number: int


def read_route(profile: str, coordinates: str, items: Sequence[tuple[str, str]]) -> RouteQuestion:
    """A question to the route service.

    Args:
        profile, coordinates: of the path, decoded.
        items: of the query string, decoded, in order.

    Raises:
        OsrmError: something in it can't be used.
    """
    options = Options(items)
    points = read_coordinates(coordinates, options, most=MOST_ROUTE_COORDINATES)
    if len(points) < 2:
        raise OsrmError("InvalidOptions", "a route needs at least two coordinates, lon,lat;lon,lat")
    _alternatives(options)
    _common(options, len(points))
    banners, voices = (options.flag(f"{kind}_instructions", default=False) for kind in ("banner", "voice"))
    _units(options)
    _roundabout_exits(options)
    question = RouteQuestion(
        profile=_profile(profile),
        coordinates=points,
        steps=options.flag("steps", default=False),
        geometries=cast(Geometries, options.choice("geometries", get_args(Geometries), "polyline")),
        overview=cast(Overview, options.choice("overview", get_args(Overview), "simplified")),
        annotations=cast("frozenset[RouteAnnotation]", _annotations(options)),
        continue_straight=options.choice("continue_straight", ("default", "true", "false"), "default") == "true",
        skip_waypoints=options.flag("skip_waypoints", default=False),
        banner_instructions=banners,
        voice_instructions=voices,
        language=_language(options),
    )
    _refused(options, "waypoints", "every coordinate is a waypoint here; leave the option out")
    options.finish()
    if (banners or voices) and not question.steps:
        raise OsrmError("InvalidOptions", "banner_instructions and voice_instructions belong to steps: add steps=true")
    return question


def read_table(profile: str, coordinates: str, items: Sequence[tuple[str, str]]) -> TableQuestion:
    """A question to the table service, as `read_route`."""
    options = Options(items)
    points = read_coordinates(coordinates, options, most=MOST_TABLE_COORDINATES)
    _common(options, len(points))
    chosen = options.words("annotations") or ("duration",)
    _known_words("annotations", chosen, get_args(TableAnnotation))
    question = TableQuestion(
        profile=_profile(profile),
        coordinates=points,
        sources=_indices(options, "sources", len(points)),
        destinations=_indices(options, "destinations", len(points)),
        annotations=cast("frozenset[TableAnnotation]", frozenset(chosen)),
        fallback_speed=options.number("fallback_speed", None),
        fallback_snapped=options.choice("fallback_coordinate", ("input", "snapped"), "input") == "snapped",
        scale_factor=options.number("scale_factor", 1.0) or 1.0,
        skip_waypoints=options.flag("skip_waypoints", default=False),
    )
    options.finish()
    most = MOST_DISTANCE_CELLS if "distance" in question.annotations else MOST_TABLE_CELLS
    cells = len(question.sources) * len(question.destinations)
    if cells > most:
        kind = "distances" if "distance" in question.annotations else "durations"
        raise OsrmError("TooBig", f"a table of {kind} has at most {most:,} cells, and this one has {cells:,}; ask for parts")
    return question


def read_nearest(profile: str, coordinates: str, items: Sequence[tuple[str, str]]) -> NearestQuestion:
    """A question to the nearest service, as `read_route`."""
    options = Options(items)
    points = read_coordinates(coordinates, options, most=MOST_ROUTE_COORDINATES)
    if len(points) != 1:
        raise OsrmError("InvalidOptions", f"nearest takes one coordinate, lon,lat, and {len(points)} were given")
    _common(options, 1)
    text = options.text("number") or "1"
    if not INDEX.fullmatch(text):
        raise OsrmError("InvalidQuery", f"number={text!r}: give a whole number")
    number = int(text)
    if number < 1:
        raise OsrmError("InvalidOptions", "number: give at least 1")
    if number > MOST_NEAREST:
        raise OsrmError("TooBig", f"number: at most {MOST_NEAREST}, and {number} were asked for")
    question = NearestQuestion(_profile(profile), points[0], number)
    options.finish()
    return question


def _profile(name: str) -> str:
    known = PROFILE_ALIASES.get(name, name)
    if known not in MOTOR_PROFILES:
        raise OsrmError("InvalidUrl", f"no profile {name!r}; there are {', '.join((*MOTOR_PROFILES, *PROFILE_ALIASES))}")
    return known


def _common(options: Options, count: int) -> None:
    """What every service takes, beside where the coordinates may be."""
    options.each("hints", count, lambda _, element: element, "")  # they would pin a street that may be closed by now
    options.flag("generate_hints", default=False)
    if options.text("exclude") is not None:
        raise OsrmError("InvalidValue", "exclude: no class of roads can be left out; choose another profile")
    if options.choice("snapping", ("default", "any"), "default") == "any":
        raise OsrmError("InvalidOptions", "snapping=any: a place is only ever snapped to a street that the profile may use")
    if options.choice("format", ("json", "flatbuffers"), "json") != "json":
        raise OsrmError("InvalidOptions", "format: answers are given as json only")


def _alternatives(options: Options) -> None:
    """Checked, and no more: OSRM promises no alternative even where one is asked for, and there never is one here."""
    value = options.text("alternatives") or "false"
    if value not in ("true", "false") and not INDEX.fullmatch(value):
        raise OsrmError("InvalidQuery", f"alternatives={value!r}: give true, false or a number")


def _units(options: Options) -> None:
    if options.choice("voice_units", ("metric", "imperial"), "metric") == "imperial":
        raise OsrmError("InvalidOptions", "voice_units=imperial: distances are told in metres and kilometres only")


def _roundabout_exits(options: Options) -> None:
    if not options.flag("roundabout_exits", default=True):
        raise OsrmError("InvalidOptions", "roundabout_exits=false: leaving a roundabout is always a step of its own")


def _refused(options: Options, name: str, why: str) -> None:
    if options.text(name) is not None:
        raise OsrmError("InvalidOptions", f"{name}: {why}")


def _annotations(options: Options) -> frozenset[str]:
    """`true` is all that can be told truthfully; the network keeps no ids of the nodes between junctions."""
    known = get_args(RouteAnnotation)
    chosen = options.words("annotations") or ("false",)
    if chosen in (("true",), ("false",)):
        return frozenset(known if chosen == ("true",) else ())
    if "nodes" in chosen:
        raise OsrmError("InvalidOptions", f"annotations=nodes: OSM's node ids are not kept; there are {', '.join(known)}")
    _known_words("annotations", chosen, known)
    return frozenset(chosen)


def _known_words(name: str, words: Sequence[str], known: Sequence[str]) -> None:
    for word in words:
        if word not in known:
            raise OsrmError("InvalidQuery", f"{name}={word!r}: give some of {', '.join(known)}, with commas between them")


def _language(options: Options) -> Language:
    wanted = options.text("language") or "id"
    for language in LANGUAGES:
        if re.split("[-_]", wanted.lower())[0] == language:
            return language
    raise OsrmError("InvalidValue", f"language={wanted!r}: there are {', '.join(LANGUAGES)}")


def _indices(options: Options, name: str, count: int) -> tuple[int, ...]:
    value = options.text(name) or "all"
    if value == "all":
        return tuple(range(count))
    chosen = []
    for element in value.split(";"):
        if not INDEX.fullmatch(element):
            raise OsrmError("InvalidQuery", f"{name}={value[:40]!r}: give indices with semicolons between them, or all")
        if int(element) >= count:
            raise OsrmError("InvalidValue", f"{name}: there is no coordinate {element}; they go from 0 to {count - 1}")
        chosen.append(int(element))
    return tuple(chosen)
