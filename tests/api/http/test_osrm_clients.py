"""OSRM's interface as other people's programs use it: routingpy, osrm-text-instructions, leaflet-routing-machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from routingpy.exceptions import RouterApiError
from routingpy.routers import OSRM

from tests.api.http.osrm_clients import CLIENTS, run_client
from tests.api.http.osrm_service import Point, Town, town_served


@pytest.fixture(scope="module")
def town(data_folder: Path) -> Iterator[Town]:
    with town_served(data_folder) as ready:
        yield ready


@pytest.fixture(scope="module")
def points(town: Town) -> list[Point]:
    return town.places(3, seed=11)


# -- routingpy ------------------------------------------------------------------------------------------------------------


def test_routingpy_gets_directions_in_each_form(town: Town, points: list[Point]) -> None:
    client = OSRM(base_url=town.base)
    expected = town.get("route", "car", points, overview="full", geometries="geojson")["routes"][0]
    for form, digits in (("polyline", 5), ("polyline6", 6), ("geojson", 6)):
        found = client.directions(
            points, profile="ambulance" if form == "geojson" else "driving", geometries=form, overview="full", steps=True,
            annotations=True, continue_straight=False, alternatives=False, radiuses=[500, 500, 500],
        )  # fmt: skip
        if form == "geojson":
            assert found.raw["routes"][0]["legs"][1]["annotation"]["speed"]
            continue
        assert (found.duration, found.distance) == (int(expected["duration"]), int(expected["distance"]))
        line = expected["geometry"]["coordinates"]
        assert len(found.geometry) == len(line)
        for here, there in zip(found.geometry, line, strict=True):
            assert here == pytest.approx(there, abs=0.6 * 10**-digits)


def test_routingpy_gets_alternatives_that_are_one_route(town: Town, points: list[Point]) -> None:
    found = OSRM(base_url=town.base).directions(points, profile="driving", alternatives=True)
    assert len(found) == 1


def test_routingpy_gets_a_matrix_of_times_and_distances(town: Town, points: list[Point]) -> None:
    client = OSRM(base_url=town.base)
    found = client.matrix(points, profile="motorcycle", sources=[0, 2], destinations=[1])
    for row, source in enumerate((0, 2)):
        route = town.get("route", "motorcycle", [points[source], points[1]], overview="false")["routes"][0]
        assert found.durations[row] == [route["duration"]]
        assert found.distances[row] == [route["distance"]]


def test_routingpy_hears_what_is_wrong(town: Town, points: list[Point]) -> None:
    with pytest.raises(RouterApiError, match="NoSegment"):
        OSRM(base_url=town.base).directions([points[0], (0.0, 0.0)], profile="driving")


# -- osrm-text-instructions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["id", "en"])
def test_osrm_text_instructions_has_words_for_every_step(town: Town, points: list[Point], language: str) -> None:
    answer = town.get("route", "driving", points, steps=True)
    words = run_client("osrm_text_instructions.cjs", language, given=json.dumps(answer))
    legs = answer["routes"][0]["legs"]
    assert [len(leg) for leg in words] == [len(leg["steps"]) for leg in legs]
    for leg, said in zip(legs, words, strict=True):
        assert all(one.strip() and "undefined" not in one and "{" not in one for one in said)
        for step, one in zip(leg["steps"][:-1], said, strict=False):
            if step["name"] and step["maneuver"]["type"] in ("depart", "turn", "end of road", "new name"):
                assert step["name"] in one


def test_osrm_text_instructions_names_sides_as_siaga_does(town: Town) -> None:
    sides = {"left": "kiri", "right": "kanan"}
    heard = 0
    for seed in range(3):
        answer = town.get("route", "driving", town.places(2, seed=seed), steps=True)
        (words,) = run_client("osrm_text_instructions.cjs", "id", given=json.dumps(answer))
        for step, one in zip(answer["routes"][0]["legs"][0]["steps"], words, strict=True):
            manoeuvre = step["maneuver"]
            if manoeuvre["type"] in ("turn", "end of road") and manoeuvre.get("modifier") in sides:
                assert sides[manoeuvre["modifier"]] in one
                assert sides[manoeuvre["modifier"]] in manoeuvre["instruction"]
                heard += 1
    assert heard


# -- leaflet-routing-machine ----------------------------------------------------------------------------------------------


def test_leaflet_routing_machine_reads_a_route(town: Town, points: list[Point]) -> None:
    places = json.dumps([[latitude, longitude] for longitude, latitude in points])
    told = run_client("leaflet_routing_machine.cjs", f"{town.base}/route/v1", "driving", "id", places)
    (route,) = told["routes"]
    expected = town.get("route", "driving", points, steps=True, overview="full", geometries="geojson")
    whole = expected["routes"][0]
    assert route["summary"] == {"totalDistance": whole["distance"], "totalTime": whole["duration"]}
    assert len(route["instructions"]) >= sum(len(leg["steps"]) for leg in whole["legs"]) - len(whole["legs"])
    assert route["instructions"][-1]["type"] == "DestinationReached"
    assert all(one["text"] and 0 <= one["index"] < len(route["coordinates"]) for one in route["instructions"])
    distances = sum(one["distance"] for one in route["instructions"])
    assert distances == pytest.approx(whole["distance"], abs=0.1)
    for place, waypoint in zip(route["waypoints"], expected["waypoints"], strict=True):
        assert place[::-1] == pytest.approx(waypoint["location"], abs=1e-5)
    assert [route["coordinates"][at][::-1] for at in route["waypointIndices"]] == [
        pytest.approx(waypoint["location"], abs=2e-5) for waypoint in expected["waypoints"]
    ]


def test_leaflet_routing_machine_hears_that_there_is_no_street(town: Town) -> None:
    told = run_client("leaflet_routing_machine.cjs", f"{town.base}/route/v1", "driving", "id", "[[0, 0], [0, 1]]")
    assert told["error"]


# -- their lock -----------------------------------------------------------------------------------------------------------


def test_the_lock_pins_every_package_and_names_no_registry() -> None:
    lock = json.loads((CLIENTS / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert "resolved" not in one, name
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/=]+", one["integrity"]), name
