"""What OSRM's interface reads and what it refuses; every option that is documented is read, and no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.osrm_coordinates import Bearing, Coordinate
from api.http.osrm_errors import OsrmError
from api.http.osrm_options import OPTIONS, Service
from api.http.osrm_request import read_nearest, read_route, read_table
from routing import SiagaError

READERS: dict[Service, Callable[..., Any]] = {"route": read_route, "table": read_table, "nearest": read_nearest}
TWO = "106.85,-6.48;106.86,-6.49"
ONE = "106.85,-6.48"


def read(service: Service, query: str = "", points: str | None = None, profile: str = "driving") -> Any:
    items = [tuple(part.split("=", 1)) for part in query.split("&") if part]
    return READERS[service](profile, points or (ONE if service == "nearest" else TWO), items)


def refused(service: Service, query: str = "", points: str | None = None, profile: str = "driving") -> tuple[str, str]:
    with pytest.raises(OsrmError) as error:
        read(service, query, points, profile)
    assert isinstance(error.value, SiagaError)
    assert error.value.as_dict() == {"code": error.value.code, "message": str(error.value)}
    return error.value.code, str(error.value)


def test_what_nobody_says_is_as_in_osrm() -> None:
    question = read("route")
    assert (question.profile, question.geometries, question.overview) == ("car", "polyline", "simplified")
    assert not any((question.steps, question.annotations, question.continue_straight, question.banner_instructions))
    assert question.coordinates == (Coordinate(106.85, -6.48), Coordinate(106.86, -6.49))
    table = read("table")
    assert (table.sources, table.destinations, table.annotations) == ((0, 1), (0, 1), {"duration"})
    assert read("nearest").number == 1


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("driving", "car"), ("car", "car"), ("driving-traffic", "car"), ("ambulance", "ambulance"),
        ("ambulance_priority", "ambulance_priority"), ("motorcycle", "motorcycle"), ("motorbike", "motorcycle"),
    ],
)  # fmt: skip
def test_profiles_and_their_aliases(name: str, profile: str) -> None:
    assert read("route", profile=name).profile == profile


@pytest.mark.parametrize(
    "text", ["polyline(_p~iF~ps|U_ulLnnqC)", "polyline6(_izlhA~rlgdF_{geC~ywl@)", "-120.2,38.5;-120.95,40.7"]
)
@pytest.mark.parametrize("ending", ["", ".json"])
def test_coordinates_in_each_form(text: str, ending: str) -> None:
    points = [(one.longitude, one.latitude) for one in read("route", points=text + ending).coordinates]
    assert points == [pytest.approx((-120.2, 38.5)), pytest.approx((-120.95, 40.7))]


def test_what_is_said_of_each_coordinate() -> None:
    question = read("route", "radiuses=50;unlimited&bearings=;90,20&approaches=curb;&hints=abc;&generate_hints=false")
    first, second = question.coordinates
    assert (first.radius_m, first.bearing, first.approach) == (50.0, None, "curb")
    assert (second.radius_m, second.bearing, second.approach) == (math.inf, Bearing(90, 20), "unrestricted")


@pytest.mark.parametrize("service", ["route", "table", "nearest"])
def test_empty_lists_are_defaults(service: Service) -> None:
    assert read(service, "hints=&radiuses=&bearings=&approaches=") == read(service)
    assert read("route", "hints=;&radiuses=;") == read("route")


@pytest.mark.parametrize("value", ["true", "false", "0", "3"])
def test_alternatives_may_be_asked_for(value: str) -> None:
    assert read("route", f"alternatives={value}") == read("route")


def test_annotations() -> None:
    assert read("route", "annotations=true").annotations == {"distance", "duration", "speed", "weight", "datasources"}
    assert read("route", "annotations=duration,speed").annotations == {"duration", "speed"}
    assert read("table", "annotations=distance,duration").annotations == {"distance", "duration"}


@pytest.mark.parametrize(("tag", "language"), [("id", "id"), ("id-ID", "id"), ("en", "en"), ("en_US", "en"), ("EN-gb", "en")])
def test_languages(tag: str, language: str) -> None:
    assert read("route", f"language={tag}").language == language


@pytest.mark.parametrize(
    ("service", "query", "points", "code", "said"),
    [
        ("route", "", "106.85", "InvalidUrl", "lon,lat"),
        ("route", "", "106.85,-6.48;a,b", "InvalidUrl", "coordinate 1"),
        ("route", "", "106.85,-6.48;", "InvalidUrl", "coordinate 1"),
        ("route", "", "nan,nan;1,1", "InvalidUrl", "coordinate 0"),
        ("route", "", "1e2,1;1,1", "InvalidUrl", "coordinate 0"),
        ("route", "", "polyline(_p~iF)", "InvalidUrl", "polyline"),
        ("route", "", "polyline()", "InvalidUrl", "empty"),
        ("route", "", "-6.48,106.85;-6.49,106.86", "InvalidValue", "longitude,latitude"),
        ("route", "", "9" * 400 + ",0;0,0", "InvalidValue", "no place"),
        ("route", "", ONE, "InvalidOptions", "two coordinates"),
        ("route", "", ";".join([ONE] * 101), "TooBig", "at most 100"),
        ("table", "", ";".join([ONE] * 201), "TooBig", "at most 200"),
        ("table", "", ";".join([ONE] * 101), "TooBig", "10,000 cells"),
        ("table", "annotations=distance", ";".join([ONE] * 51), "TooBig", "2,500 cells"),
        ("nearest", "", TWO, "InvalidOptions", "one coordinate"),
        ("nearest", "number=0", None, "InvalidOptions", "at least 1"),
        ("nearest", "number=101", None, "TooBig", "at most 100"),
        ("nearest", "number=many", None, "InvalidQuery", "whole number"),
        ("route", "radiuses=50", None, "InvalidOptions", "1 elements for 2"),
        ("route", "bearings=90,20", None, "InvalidOptions", "1 elements for 2"),
        ("route", "hints=a;b;c", None, "InvalidOptions", "3 elements for 2"),
        ("route", "radiuses=-1;5", None, "InvalidQuery", "radius"),
        ("route", "bearings=90;", None, "InvalidQuery", "90,20"),
        ("route", "bearings=361,20;", None, "InvalidValue", "360"),
        ("route", "bearings=90,181;", None, "InvalidValue", "180"),
        ("route", "approaches=left;", None, "InvalidQuery", "curb"),
        ("route", "exclude=toll", None, "InvalidValue", "exclude"),
        ("route", "snapping=any", None, "InvalidOptions", "snapping"),
        ("route", "format=flatbuffers", None, "InvalidOptions", "json"),
        ("route", "alternatives=some", None, "InvalidQuery", "alternatives"),
        ("route", "steps=yes", None, "InvalidQuery", "steps"),
        ("route", "geometries=wkt", None, "InvalidQuery", "polyline6"),
        ("route", "overview=true", None, "InvalidQuery", "simplified"),
        ("route", "annotations=nodes", None, "InvalidOptions", "node ids"),
        ("route", "annotations=true,speed", None, "InvalidQuery", "annotations"),
        ("route", "continue_straight=maybe", None, "InvalidQuery", "continue_straight"),
        ("route", "waypoints=0;1", None, "InvalidOptions", "waypoint"),
        ("route", "banner_instructions=true", None, "InvalidOptions", "steps=true"),
        ("route", "voice_instructions=true", None, "InvalidOptions", "steps=true"),
        ("route", "voice_units=imperial", None, "InvalidOptions", "metres"),
        ("route", "roundabout_exits=false", None, "InvalidOptions", "roundabout"),
        ("route", "language=jv", None, "InvalidValue", "id, en"),
        ("route", "steps=true&steps=false", None, "InvalidQuery", "twice"),
        ("route", "colour=red", None, "InvalidQuery", "colour"),
        ("route", "number=1", None, "InvalidQuery", "number"),
        ("table", "steps=true", None, "InvalidQuery", "steps"),
        ("table", "sources=2", None, "InvalidValue", "0 to 1"),
        ("table", "sources=-1", None, "InvalidQuery", "indices"),
        ("table", "destinations=0;", None, "InvalidQuery", "indices"),
        ("table", "annotations=speed", None, "InvalidQuery", "annotations"),
        ("table", "scale_factor=0", None, "InvalidValue", "scale_factor"),
        ("table", "scale_factor=1e3", None, "InvalidQuery", "scale_factor"),
        ("table", "fallback_speed=-3", None, "InvalidQuery", "fallback_speed"),
        ("table", "fallback_coordinate=near", None, "InvalidQuery", "snapped"),
    ],
)
def test_what_is_refused(service: Service, query: str, points: str | None, code: str, said: str) -> None:
    found, message = refused(service, query, points)
    assert found == code
    assert said in message


def test_a_profile_that_nobody_knows() -> None:
    code, message = refused("route", profile="bike")
    assert code == "InvalidUrl"
    assert "motorcycle" in message


# Values that each option takes, the defaults of OSRM among them; None: it is refused whatever it says.
VALUES: dict[str, str | None] = {
    "radiuses": "", "bearings": "", "approaches": "", "hints": "", "generate_hints": "true", "exclude": None,
    "snapping": "default", "format": "json", "skip_waypoints": "true", "alternatives": "false", "steps": "true",
    "geometries": "geojson", "overview": "full", "annotations": "duration", "continue_straight": "default", "waypoints": None,
    "banner_instructions": "false", "voice_instructions": "false", "voice_units": "metric", "roundabout_exits": "true",
    "language": "id", "sources": "all", "destinations": "all", "fallback_speed": "5.5", "fallback_coordinate": "input",
    "scale_factor": "1.5", "number": "2",
}  # fmt: skip


@pytest.mark.parametrize("service", list(OPTIONS))
def test_what_is_documented_is_read_and_nothing_else(service: Service) -> None:
    documented = {option.name for option in OPTIONS[service]}
    for name, value in VALUES.items():
        if name not in documented:
            assert refused(service, f"{name}={value or 'x'}")[0] == "InvalidQuery"
        elif value is None:
            assert name in refused(service, f"{name}=x")[1]
        else:
            read(service, f"{name}={value}")
    assert documented <= set(VALUES)


@given(
    st.sampled_from(list(OPTIONS)),
    st.text(max_size=20),
    st.text(max_size=30) | st.sampled_from([ONE, TWO]),
    st.lists(
        st.tuples(st.sampled_from(list(VALUES)) | st.text(max_size=5), st.text(alphabet="0123456789.,;-true", max_size=9))
    ),
)
def test_whatever_is_asked_is_read_or_refused(
    service: Service, profile: str, points: str, items: list[tuple[str, str]]
) -> None:
    for name in (profile, "car"):
        answer = asked(service, name, points, items)
        assert answer.profile if not isinstance(answer, OsrmError) else str(answer)


def asked(service: Service, profile: str, points: str, items: list[tuple[str, str]]) -> Any:
    """The question, or the error."""
    try:
        return READERS[service](profile, points, items)
    except OsrmError as error:
        return error
