"""OSRM's route service on a real server: parts sum up to the whole, lines decode to the same points, roads close."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.http.osrm_polyline import decode_polyline
from routing.conditions import Around, Closed, RoadCondition, Slower
from routing.earth import distance_m
from routing.profiles import MOTOR_PROFILES
from tests.api.http.osrm_service import Town, path_of, town_served

SEEDS = range(6)


@pytest.fixture(scope="module")
def town(data_folder: Path) -> Iterator[Town]:
    with town_served(data_folder) as ready:
        yield ready


@pytest.fixture(autouse=True)
def open_roads(town: Town) -> Iterator[None]:
    yield
    town.report()


def told(town: Town, seed: int, count: int = 3, profile: str = "driving", **options: object) -> Any:
    return town.get("route", profile, town.places(count, seed=seed), steps=True, **options)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_parts_sum_up_to_the_whole(town: Town, seed: int, profile: str) -> None:
    (route,) = told(town, seed, 4, profile)["routes"]
    assert len(route["legs"]) == 3
    for figure in ("distance", "duration", "weight"):
        assert route[figure] == pytest.approx(sum(leg[figure] for leg in route["legs"]), abs=1e-6)
        for leg in route["legs"]:
            assert leg[figure] == pytest.approx(sum(step[figure] for step in leg["steps"]), abs=1e-6)
            assert all(step[figure] >= 0 for step in leg["steps"])
    assert route["weight_name"] == "duration"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leg_begins_with_departing_and_ends_with_arriving(town: Town, seed: int) -> None:
    for leg in told(town, seed)["routes"][0]["legs"]:
        assert leg["steps"][0]["maneuver"]["type"] == "depart"
        last = leg["steps"][-1]
        assert (last["maneuver"]["type"], last["distance"], last["duration"]) == ("arrive", 0.0, 0.0)
        assert [step["maneuver"]["type"] for step in leg["steps"]].count("arrive") == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_are_the_same_in_each_form(town: Town, seed: int) -> None:
    exact = told(town, seed, overview="full", geometries="geojson")["routes"][0]
    for form, digits in (("polyline", 5), ("polyline6", 6)):
        encoded = told(town, seed, overview="full", geometries=form)["routes"][0]
        pairs = [(encoded["geometry"], exact["geometry"])]
        for leg, other in zip(encoded["legs"], exact["legs"], strict=True):
            pairs += [(one["geometry"], two["geometry"]) for one, two in zip(leg["steps"], other["steps"], strict=True)]
        for text, line in pairs:
            points = decode_polyline(text, digits)
            np.testing.assert_allclose(points, line["coordinates"], rtol=0, atol=0.51 * 10**-digits + 5e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_lie_end_to_end_along_the_line(town: Town, seed: int) -> None:
    (route,) = told(town, seed, overview="full", geometries="geojson")["routes"]
    line: list[list[float]] = []
    for leg in route["legs"]:
        for step in leg["steps"]:
            part = step["geometry"]["coordinates"]
            assert part[0] == step["maneuver"]["location"]
            line += part[1:] if line and line[-1] == part[0] else part
    whole = route["geometry"]["coordinates"]
    repeated = [at for at, (here, there) in enumerate(pairwise(line)) if here == there]
    assert [point for at, point in enumerate(line) if at not in repeated] == [
        point for at, point in enumerate(whole) if not at or point != whole[at - 1]
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_crossings_make_sense(town: Town, seed: int) -> None:
    for leg in told(town, seed)["routes"][0]["legs"]:
        for step in leg["steps"]:
            kind = step["maneuver"]["type"]
            crossings = step["intersections"]
            assert crossings[0]["location"] == step["maneuver"]["location"]
            for at, crossing in enumerate(crossings):
                bearings, entry = crossing["bearings"], crossing["entry"]
                assert len(bearings) == len(entry) >= 1
                assert bearings == sorted(bearings)
                assert all(0 <= bearing < 360 for bearing in bearings)
                assert ("in" in crossing) == (kind != "depart" or at > 0)
                assert ("out" in crossing) == (kind != "arrive")
                if "out" in crossing:
                    assert entry[crossing["out"]]
                if "in" in crossing:
                    assert 0 <= crossing["in"] < len(bearings)
            if "out" in crossings[0]:
                out = crossings[0]["bearings"][crossings[0]["out"]]
                assert abs((out - step["maneuver"]["bearing_after"] + 180) % 360 - 180) <= 30


@pytest.mark.parametrize("seed", SEEDS)
def test_an_overview_is_a_coarse_version_of_the_line(town: Town, seed: int) -> None:
    full = told(town, seed, overview="full", geometries="geojson")["routes"][0]["geometry"]["coordinates"]
    coarse = told(town, seed, geometries="geojson")["routes"][0]["geometry"]["coordinates"]
    assert len(coarse) < len(full)
    assert (coarse[0], coarse[-1]) == (full[0], full[-1])
    assert {tuple(point) for point in coarse} <= {tuple(point) for point in full}
    assert "geometry" not in told(town, seed, overview="false")["routes"][0]


@pytest.mark.parametrize("seed", SEEDS)
def test_annotations_speak_of_every_piece_of_the_line(town: Town, seed: int) -> None:
    (route,) = told(town, seed, 3, overview="full", geometries="geojson", annotations=True)["routes"]
    pieces = [leg["annotation"] for leg in route["legs"]]
    joints = sum(len(one["distance"]) for one in pieces)
    assert len(route["geometry"]["coordinates"]) == joints + 1
    at = 0
    for leg, one in zip(route["legs"], pieces, strict=True):
        assert len({len(one[name]) for name in ("distance", "duration", "speed", "weight", "datasources")}) == 1
        assert sum(one["distance"]) == pytest.approx(leg["distance"], abs=0.01 * len(one["distance"]) + 0.1)
        # Turns take time as well, which belongs to no piece.
        assert sum(one["duration"]) <= leg["duration"] + 0.01 * len(one["duration"])
        assert sum(one["duration"]) > 0.3 * leg["duration"]
        assert set(one["datasources"]) == {0}
        for metres, seconds, speed in zip(one["distance"], one["duration"], one["speed"], strict=True):
            here, there = route["geometry"]["coordinates"][at : at + 2]
            assert metres == pytest.approx(distance_m(*here, *there), abs=0.3)
            assert speed * seconds == pytest.approx(metres, abs=0.1 * seconds + 0.02)
            at += 1


def test_annotations_may_be_chosen(town: Town) -> None:
    leg = told(town, 1, 2, annotations="speed,duration")["routes"][0]["legs"][0]
    assert set(leg["annotation"]) == {"speed", "duration"}
    assert "annotation" not in told(town, 1, 2)["routes"][0]["legs"][0]


def test_what_is_slow_now_is_told_to_be(town: Town) -> None:
    before = told(town, 1, 2, annotations=True)
    middle = before["routes"][0]["legs"][0]["steps"][1]["maneuver"]["location"]
    town.report(RoadCondition("pasar", "market", Around(*middle, 2_000), Slower(3.0), "Budi"))
    after = told(town, 1, 2, annotations=True)
    leg = after["routes"][0]["legs"][0]
    assert 1 in leg["annotation"]["datasources"]
    assert leg["annotation"]["metadata"]["datasource_names"][1] == "road conditions"
    assert leg["duration"] > before["routes"][0]["legs"][0]["duration"]
    assert after["road_state"] == town.state.number > before["road_state"]


def test_a_closure_holds_from_the_next_question_on(town: Town) -> None:
    places = town.places(2, seed=1)
    before = town.get("route", "car", places, overview="full", geometries="geojson")
    line = before["routes"][0]["geometry"]["coordinates"]
    closed = line[len(line) // 2]
    town.report(RoadCondition("banjir", "flood", Around(*closed, 15), Closed(), "Sari", "banjir"))
    after = town.get("route", "car", places, overview="full", geometries="geojson")
    assert after["routes"][0]["duration"] > before["routes"][0]["duration"]
    assert after["routes"][0]["geometry"]["coordinates"] != line


def test_no_way_is_told_with_its_cause(town: Town) -> None:
    near, far = town.far_apart()
    town.surround(far)
    answer = town.ask(f"route/v1/car/{path_of([near, far])}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "NoRoute"
    assert "banjir" in answer.json()["message"]


@pytest.mark.parametrize("seed", SEEDS)
def test_waypoints_are_where_the_legs_begin_and_end(town: Town, seed: int) -> None:
    answer = told(town, seed, 4, geometries="geojson")
    legs = answer["routes"][0]["legs"]
    places = [waypoint["location"] for waypoint in answer["waypoints"]]
    for leg, (start, end) in zip(legs, pairwise(places), strict=True):
        assert leg["steps"][0]["maneuver"]["location"] == pytest.approx(start, abs=2e-6)
        assert leg["steps"][-1]["maneuver"]["location"] == pytest.approx(end, abs=2e-6)
    assert "waypoints" not in told(town, seed, skip_waypoints=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_going_straight_through_is_never_quicker_and_never_turns_round_at_a_stop(town: Town, seed: int) -> None:
    free = told(town, seed, 4, geometries="geojson")["routes"][0]
    straight = told(town, seed, 4, geometries="geojson", continue_straight=True)["routes"][0]
    assert straight["duration"] >= free["duration"]
    for here, there in pairwise(straight["legs"]):
        arriving, departing = here["steps"][-1]["maneuver"], there["steps"][0]["maneuver"]
        turned = abs((departing["bearing_after"] - arriving["bearing_before"] + 180) % 360 - 180)
        assert turned < 90


def test_the_summary_names_roads_of_the_leg(town: Town) -> None:
    leg = told(town, 1, 2)["routes"][0]["legs"][0]
    names = {step["name"] or step.get("ref") for step in leg["steps"]}
    roads = leg["summary"].split(", ")
    assert 1 <= len(roads) <= 2
    assert set(roads) <= names
    assert town.get("route", "car", town.places(2, seed=1))["routes"][0]["legs"][0]["summary"] == ""


def test_a_journey_to_where_one_is_takes_no_time(town: Town) -> None:
    (place,) = town.places(1)
    (route,) = town.get("route", "car", [place, place], steps=True, annotations=True)["routes"]
    assert (route["distance"], route["duration"]) == (0.0, 0.0)
    assert [step["maneuver"]["type"] for step in route["legs"][0]["steps"]] == ["depart", "arrive"]
    assert route["legs"][0]["annotation"]["distance"] == [0.0]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("match/v1/car/1,2;3,4", "InvalidService"),
        ("route/v2/car/1,2;3,4", "InvalidVersion"),
        ("route", "InvalidVersion"),
        ("route/v1/car", "InvalidUrl"),
        ("route/v1/bike/1,2;3,4", "InvalidUrl"),
        ("route/v1/car/1,2", "InvalidOptions"),
        ("route/v1/car/0,0;0,1", "NoSegment"),
        ("table/v1/car/0,0;0,1", "NoSegment"),
        ("nearest/v1/car/0,0", "NoSegment"),
    ],
)
def test_errors_have_osrms_form(town: Town, path: str, code: str) -> None:
    answer = town.ask(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"code", "message"}
    assert answer.json()["code"] == code


def test_another_region_is_refused(town: Town) -> None:
    answer = town.client.get(f"{town.base}-lain/route/v1/car/1,2;3,4")
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidUrl")
    assert "kota-lain" in answer.json()["message"]


def test_nothing_is_kept_on_the_way(town: Town) -> None:
    (place,) = town.places(1)
    assert town.ask(f"nearest/v1/car/{place[0]},{place[1]}").headers["cache-control"] == "no-store"


def test_openapi_tells_every_option(town: Town) -> None:
    paths = town.client.get(town.base.rsplit("/osrm/", 1)[0] + "/openapi.json").json()["paths"]
    assert set(paths) == {f"/osrm/{{region}}/{name}/v1/{{profile}}/{{coordinates}}" for name in ("route", "table", "nearest")}
    for path, one in paths.items():
        operation = one["get"]
        assert set(operation["responses"]) == {"200", "400"}
        named = [parameter["name"] for parameter in operation["parameters"]]
        assert len(named) == len(set(named))
        assert {"region", "profile", "coordinates", "radiuses"} <= set(named)
        assert ("steps" in named) == ("/route/" in path)
