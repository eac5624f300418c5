"""OSRM's table and nearest services on a real server, against the route service and Siaga's own snapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from routing.conditions import Around, Closed, RoadCondition
from routing.earth import distance_m
from routing.profiles import MOTOR_PROFILES
from tests.api.http.osrm_service import Town, path_of, town_served


@pytest.fixture(scope="module")
def town(data_folder: Path) -> Iterator[Town]:
    with town_served(data_folder) as ready:
        yield ready


@pytest.fixture(autouse=True)
def open_roads(town: Town) -> Iterator[None]:
    yield
    town.report()


@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_a_table_has_the_times_and_lengths_of_the_routes(town: Town, profile: str) -> None:
    places = town.places(5, seed=3)
    table = town.get("table", profile, places, annotations="duration,distance")
    for i, start in enumerate(places):
        for j, end in enumerate(places):
            (route,) = town.get("route", profile, [start, end], overview="false")["routes"]
            assert table["durations"][i][j] == route["duration"]
            assert table["distances"][i][j] == route["distance"]


def test_rows_and_columns_may_be_chosen(town: Town) -> None:
    places = town.places(5, seed=3)
    whole = town.get("table", "car", places)
    some = town.get("table", "car", places, sources="4;0", destinations="1;2;3")
    assert some["durations"] == [whole["durations"][i][1:4] for i in (4, 0)]
    assert [one["location"] for one in some["sources"]] == [whole["sources"][i]["location"] for i in (4, 0)]
    assert some["destinations"] == whole["destinations"][1:4]
    assert "distances" not in whole
    only = town.get("table", "car", places, annotations="distance", skip_waypoints=True)
    assert "distances" in only
    assert {"durations", "sources", "destinations"}.isdisjoint(only)


def test_durations_may_be_scaled(town: Town) -> None:
    places = town.places(4, seed=5)
    plain = town.get("table", "car", places, annotations="duration,distance")
    scaled = town.get("table", "car", places, annotations="duration,distance", scale_factor=1.5)
    assert scaled["distances"] == plain["distances"]
    for row, other in zip(scaled["durations"], plain["durations"], strict=True):
        assert row == [pytest.approx(1.5 * seconds, abs=1e-3) for seconds in other]


def test_where_no_way_leads_there_is_null_or_the_asked_for_estimate(town: Town) -> None:
    near, far = town.far_apart()
    town.surround(far)
    table = town.get("table", "car", [near, far], annotations="duration,distance")
    assert table["durations"][0][1] is None
    assert table["distances"][0][1] is None
    estimated = town.get("table", "car", [near, far], annotations="duration,distance", fallback_speed=10)
    straight_m = distance_m(*near, *far)
    assert [0, 1] in estimated["fallback_speed_cells"]
    assert estimated["distances"][0][1] == pytest.approx(straight_m, abs=0.06)
    assert estimated["durations"][0][1] == pytest.approx(straight_m / 10, abs=0.001)
    between = town.get("table", "car", [near, far], fallback_speed=10, fallback_coordinate="snapped")
    stops = [one["location"] for one in between["sources"]]
    assert between["durations"][0][1] == pytest.approx(distance_m(*stops[0], *stops[1]) / 10, abs=0.05)


def test_nothing_is_estimated_where_ways_lead(town: Town) -> None:
    assert town.get("table", "car", town.places(3, seed=3), fallback_speed=10)["fallback_speed_cells"] == []


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_street_is_where_siaga_snaps_to(town: Town, seed: int) -> None:
    for place in town.places(4, seed=seed):
        found = town.get("nearest", "ambulance", [place])["waypoints"]
        snap = town.router.snap(*place, "ambulance", on_foot=False)
        assert found == [
            {
                "name": snap.street,
                "location": [round(snap.stop_longitude, 6), round(snap.stop_latitude, 6)],
                "distance": round(snap.gap_m, 2),
            }
        ]


def test_several_streets_come_by_distance_each_once(town: Town) -> None:
    (place,) = town.places(1, seed=4)
    found = town.get("nearest", "car", [place], number=20)["waypoints"]
    assert len(found) == 20
    distances = [one["distance"] for one in found]
    assert distances == sorted(distances)
    assert found[0] == town.get("nearest", "car", [place])["waypoints"][0]
    assert len({tuple(one["location"]) for one in found}) > 10


def test_streets_beyond_the_radius_are_left_out(town: Town) -> None:
    (place,) = town.places(1, seed=4)
    every = town.get("nearest", "car", [place], number=20)["waypoints"]
    reach = every[9]["distance"] + 0.01
    some = town.get("nearest", "car", [place], number=20, radiuses=reach)["waypoints"]
    assert some == [one for one in every if one["distance"] <= reach]
    answer = town.ask(f"nearest/v1/car/{path_of([place])}", radiuses=every[0]["distance"] / 2)
    assert answer.json()["code"] == "NoSegment"


def test_a_far_place_needs_an_unlimited_radius(town: Town) -> None:
    west, south, _, _ = town.region.about["bounds"]
    far = [(west - 0.05, south)]
    assert town.ask(f"nearest/v1/car/{path_of(far)}").json()["code"] == "NoSegment"
    assert town.get("nearest", "car", far, radiuses="unlimited")["waypoints"][0]["distance"] > 4_000


def test_a_closed_street_is_not_the_nearest(town: Town) -> None:
    (place,) = town.places(1, seed=4)
    before = town.get("nearest", "car", [place])["waypoints"][0]
    cut = RoadCondition("banjir", "flood", Around(*before["location"], 5), Closed(), "Sari")
    town.report(cut)
    assert town.get("nearest", "car", [place])["waypoints"][0]["location"] != before["location"]
