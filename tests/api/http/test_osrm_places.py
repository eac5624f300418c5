"""What the street of a coordinate has to be like, and stops on the way: on drawn worlds, where traffic keeps left."""

from __future__ import annotations

from typing import Any

import pytest

from api.http.osrm_errors import OsrmError
from api.http.osrm_places import bearing_at
from api.http.osrm_request import read_nearest, read_route, read_table
from api.http.osrm_routes import route_answer
from api.http.osrm_tables import nearest_answer, table_answer
from routing.conditions import Closed, OnSegments, RoadCondition
from routing.router import Router
from routing.snapping import Position
from tests.routing.journeys import NOON, prepare
from tests.world import Town, draw

CROSS = draw(
    """
            N
            |
    A---B---C---D---E
            |
            S
    """,
    streets={"A B C D E": "name='Jalan Timur'", "N C S": "name='Jalan Selatan'"},
)
SOUTH = -1e-4  # degrees of latitude: 11 m


class World:
    """A drawn world that answers as OSRM does."""

    def __init__(self, town: Town, *, everywhere: bool = True) -> None:
        self.town = town
        self.prepared = prepare(town.network, everywhere=everywhere)
        self.router: Router = self.prepared.router

    def report(self, condition: RoadCondition) -> None:
        """From now on this holds."""
        self.router = self.prepared.router.at(self.prepared.live.apply([condition], NOON))

    def near(self, start: str, end: str, share: float = 0.5, north: float = 0.0) -> str:
        """A coordinate between two nodes, so many degrees north of the line."""
        (x, y), (u, v) = self.town.world.position(start), self.town.world.position(end)
        return f"{x + share * (u - x):.7f},{y + share * (v - y) + north:.7f}"

    def route(self, *points: str, **options: str) -> Any:
        return route_answer(self.router, read_route("car", ";".join(points), list(options.items())))

    def way(self, *points: str, **options: str) -> list[tuple[str, int]]:
        """The legs' first streets and the directions in which they set out."""
        legs = self.route(*points, steps="true", **options)["routes"][0]["legs"]
        return [(leg["steps"][0]["name"], leg["steps"][0]["maneuver"]["bearing_after"]) for leg in legs]


@pytest.fixture(scope="module")
def cross() -> World:
    return World(CROSS.build())


@pytest.mark.parametrize(("start", "end", "bearing"), [("A", "B", 90), ("B", "A", 270), ("C", "N", 0), ("C", "S", 180)])
def test_directions(cross: World, start: str, end: str, bearing: int) -> None:
    segment = cross.town.segment(start, end)
    for share in (0.0, 0.5, 1.0):
        assert bearing_at(cross.town.network, Position(segment, share)) % 360 == pytest.approx(bearing % 360, abs=0.5)


def test_a_bearing_says_in_which_direction_one_sets_out(cross: World) -> None:
    start, end = cross.near("C", "D"), cross.near("B", "A")
    assert cross.way(start, end) == [("Jalan Timur", 270)]
    assert cross.way(start, end, bearings="90,20;") == [("Jalan Timur", 90)]
    assert cross.way(start, end, bearings="280,10;") == [("Jalan Timur", 270)]


def test_a_bearing_chooses_another_street_than_the_nearest(cross: World) -> None:
    near_corner = cross.near("C", "D", 0.2, SOUTH / 4)
    named = [
        nearest_answer(cross.router, read_nearest("car", near_corner, items))["waypoints"][0]["name"]
        for items in ([], [("bearings", "180,20")], [("bearings", "90,20")])
    ]
    assert named == ["Jalan Timur", "Jalan Selatan", "Jalan Timur"]


def test_a_bearing_that_no_street_has(cross: World) -> None:
    with pytest.raises(OsrmError, match="45 ± 5") as error:
        cross.route(cross.near("C", "D"), cross.near("B", "A"), bearings="45,5;")
    assert error.value.code == "NoSegment"


@pytest.mark.parametrize(("north", "arriving"), [(SOUTH, 270), (-SOUTH, 90)], ids=["south", "north"])
def test_the_curb_is_on_the_left(cross: World, north: float, arriving: int) -> None:
    start = cross.near("N", "C")
    for end in (cross.near("C", "D", 0.5, north), cross.near("B", "A", 0.5, north)):
        leg = cross.route(start, end, steps="true", approaches=";curb")["routes"][0]["legs"][0]
        last = leg["steps"][-1]["maneuver"]
        assert (last["bearing_before"], last["modifier"]) == (arriving, "left")


def test_on_a_one_way_street_either_side_will_do() -> None:
    world = World(draw("A>>>B>>>C", streets={"A B C": "oneway=yes"}).build())
    for north in (SOUTH, -SOUTH):
        end = world.near("B", "C", 0.5, north)
        assert world.route(world.near("A", "B"), end, approaches="curb;curb") == world.route(world.near("A", "B"), end)


def test_a_stop_may_be_left_in_either_direction_unless_one_goes_straight_on(cross: World) -> None:
    points = cross.near("B", "A"), cross.near("C", "D"), cross.near("C", "S")
    assert cross.way(*points) == [("Jalan Timur", 90), ("Jalan Timur", 270)]
    assert cross.way(*points, continue_straight="default") == cross.way(*points)
    assert cross.way(*points, continue_straight="true") == [("Jalan Timur", 90), ("Jalan Timur", 90)]


def test_the_direction_at_a_stop_is_chosen_for_the_whole_way() -> None:
    # The stop is nearer clockwise, but the next one lies back there: who doesn't turn round comes by the other way.
    world = World(draw("""
        A---B---C
        |       |
        |       |
        |       |
        D---E---F
    """).build())  # fmt: skip
    points = world.near("A", "B"), world.near("C", "F", 0.4), world.near("C", "F", 0.2)
    routes = {flag: world.route(*points, continue_straight=flag)["routes"][0] for flag in ("true", "false")}
    first, second = routes["true"]["legs"]
    assert first["distance"] > routes["false"]["legs"][0]["distance"]
    assert second["distance"] == pytest.approx(routes["false"]["legs"][1]["distance"], abs=0.2)
    turned = world.route(points[0], points[1])["routes"][0]["duration"]
    assert routes["true"]["duration"] >= turned


def test_where_only_turning_round_leads_on() -> None:
    world = World(draw("B---C---D", restrictions=["no: C B C"]).build())
    points = world.near("B", "C", 0.6), world.near("B", "C", 0.4), world.near("C", "D")
    world.route(*points)
    with pytest.raises(OsrmError, match="turning round") as error:
        world.route(*points, continue_straight="true")
    assert error.value.code == "NoRoute"


@pytest.mark.parametrize("straight", ["true", "false"])
def test_where_no_way_leads_the_cause_is_told(straight: str) -> None:
    world = World(draw("A---B---C---D").build())
    shut = tuple(world.town.segment(*ends) for ends in ("BC", "CB"))
    world.report(RoadCondition("longsor", "closure", OnSegments(shut), Closed(), "Sari", "tanah longsor"))
    with pytest.raises(OsrmError, match="tanah longsor") as error:
        world.route(world.near("A", "B"), world.near("C", "D"), continue_straight=straight)
    assert error.value.code == "NoRoute"


# -- islands --------------------------------------------------------------------------------------------------------------

ISLAND = draw(
    """
    A-----B-----C
    |     |     |
    |     |     |
    D-----E-----F

      Q-----R
      |     |
      S-----T

    """,
    metres=80,
)


@pytest.fixture(scope="module")
def island() -> World:
    return World(ISLAND.build(), everywhere=False)


def stops(answer: Any) -> list[list[float]]:
    return [waypoint["location"] for waypoint in answer["waypoints"]]


@pytest.mark.parametrize("straight", ["true", "false"])
def test_who_stays_on_an_island_is_taken_where_they_are(island: World, straight: str) -> None:
    q, s = island.town.world.position("Q"), island.town.world.position("S")
    answer = island.route(island.near("Q", "Q"), island.near("S", "S"), continue_straight=straight)
    assert stops(answer) == [pytest.approx(q, abs=1e-6), pytest.approx(s, abs=1e-6)]


@pytest.mark.parametrize("straight", ["true", "false"])
def test_who_leaves_an_island_is_taken_to_the_main_part_for_all_legs(island: World, straight: str) -> None:
    points = island.near("S", "S"), island.near("Q", "Q"), island.near("A", "B")
    answer = island.route(*points, continue_straight=straight, steps="true", geometries="geojson")
    south = island.town.world.position("D")[1]
    assert [place[1] >= south - 1e-6 for place in stops(answer)] == [True, True, True]
    assert answer["waypoints"][0]["distance"] > 100
    for leg, place in zip(answer["routes"][0]["legs"], stops(answer), strict=False):
        assert leg["steps"][0]["maneuver"]["location"] == pytest.approx(place, abs=2e-6)


def test_a_table_has_one_place_for_each_coordinate(island: World) -> None:
    points = [island.near("S", "S"), island.near("Q", "Q"), island.near("A", "B")]
    alone = table_answer(island.router, read_table("car", ";".join(points[:2]), []))
    assert [one["distance"] for one in alone["sources"]] == [0.0, 0.0]
    table = table_answer(island.router, read_table("car", ";".join(points), []))
    south = island.town.world.position("D")[1]
    assert all(one["location"][1] >= south - 1e-6 for one in table["sources"] + table["destinations"])
    for i, row in enumerate(table["durations"]):
        places = [",".join(map(str, one["location"])) for one in (table["sources"][i], *table["destinations"])]
        for seconds, end in zip(row, places[1:], strict=True):
            assert seconds == pytest.approx(island.route(places[0], end)["routes"][0]["duration"], abs=0.1)
