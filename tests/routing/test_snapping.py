"""Snapping: the nearest usable link, checked against shapely; what counts as usable; the part on foot."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import PlaceError
from routing.network import CLOSED, RoadNetwork
from routing.snap_index import Reach, SnapIndex
from routing.snapping import (
    FENCED_REACH_M,
    FENCED_REACH_ON_FOOT_M,
    FRAGMENT,
    ISLAND,
    MAIN,
    Position,
    snap,
    snap_many,
    street_mask,
)
from routing.walking import Footways
from tests.routing.journeys import prepare
from tests.routing.shapes import METRE, network_of
from tests.world import draw

WALK_MS_PER_M = 900


def on_foot(network: RoadNetwork, *, closed: tuple[int, ...] = ()) -> Footways:
    foot_ms = np.repeat(np.rint(network.link_length_m * WALK_MS_PER_M), 2).astype(np.uint32)
    for link in closed:
        foot_ms[2 * link : 2 * link + 2] = CLOSED
    return Footways.build(network, foot_ms)


def streets(network: RoadNetwork, *links: int, oneway: tuple[int, ...] = ()) -> np.ndarray:
    segment_ms = np.full(2 * network.links, CLOSED, np.uint32)
    for link in links:
        segment_ms[2 * link] = 1_000
        segment_ms[2 * link + 1] = CLOSED if link in oneway else 1_000
    return street_mask(segment_ms, np.full(2 * network.links, MAIN, np.uint8), None)


coordinate = st.integers(-300, 300).map(float)
point = st.tuples(coordinate, coordinate)
line = st.lists(point, min_size=2, max_size=5)


@given(
    st.lists(line, min_size=1, max_size=12),
    st.lists(point, min_size=1, max_size=8),
    st.integers(0, 2**12 - 1),
    st.integers(0, 2**12 - 1),
    st.sampled_from([50.0, 200.0, 10_000.0]),
)
def test_the_nearest_link_is_the_one_that_shapely_finds(
    lines: list[list[tuple[float, float]]], points: list[tuple[float, float]], chosen: int, on_foot: int, max_m: float
) -> None:
    network = network_of(lines)
    index = SnapIndex.build(network)
    mask, walkable = (np.array([bits >> link & 1 for link in range(network.links)], np.uint8) for bits in (chosen, on_foot))
    asked = np.array(points)
    link, fraction, metres = index.nearest(asked[:, 0] * METRE, asked[:, 1] * METRE, mask, Reach(max_m))
    shapes = shapely.linestrings(
        np.concatenate([np.array(one) for one in lines]), indices=np.repeat(np.arange(len(lines)), [len(one) for one in lines])
    )
    for number, where in enumerate(points):
        distances = shapely.distance(shapes, shapely.Point(where))
        least = distances[mask > 0].min(initial=np.inf)
        one = index.stop_near(where[0] * METRE, where[1] * METRE, mask, Reach(max_m), walkable)
        assert one[:3] == (link[number], fraction[number], metres[number])
        if link[number] < 0:
            assert least > max_m - 0.01
            assert (one.metres, one.foot_link) == (np.inf, -1)
            continue
        assert mask[one.link]
        assert one.metres == pytest.approx(least, abs=0.01)
        assert index.point_at(one.link, one.fraction) == (one.longitude, one.latitude)
        assert np.hypot(one.longitude / METRE - where[0], one.latitude / METRE - where[1]) == pytest.approx(least, abs=0.01)
        least_on_foot = distances[walkable > 0].min(initial=np.inf)
        if one.foot_link < 0:
            assert least_on_foot > least - 0.01
        else:
            assert walkable[one.foot_link]
            assert one.foot_m == pytest.approx(least_on_foot, abs=0.01)


def test_points_far_outside_the_grid_find_the_nearest_link_still() -> None:
    network = network_of([[(0, 0), (100, 0)], [(0, 5_000), (100, 5_000)]])
    index = SnapIndex.build(network)
    x, y = np.array([-40_000.0, 50.0]) * METRE, np.array([4_000.0, 90_000.0]) * METRE
    link, _, metres = index.nearest(x, y, np.ones(2, np.uint8), Reach(1e6))
    assert link.tolist() == [1, 1]
    assert metres == pytest.approx([np.hypot(40_000, 1_000), 85_000], rel=1e-4)


def test_a_network_without_links_refuses_every_point() -> None:
    network = network_of([])
    index = SnapIndex.build(network)
    with pytest.raises(PlaceError, match="no road that car may use"):
        snap(index, np.zeros(0, np.uint8), None, "car", 0.0, 0.0)
    assert snap_many(index, np.zeros(0, np.uint8), "car", [0.0], [0.0]).link.tolist() == [-1]


def test_the_index_comes_back_from_its_arrays() -> None:
    network = network_of([[(0, 0), (100, 0)], [(100, 0), (100, 90)]])
    index = SnapIndex.build(network)
    again = SnapIndex.from_arrays(network, index.arrays())
    asked = np.array([90 * METRE]), np.array([50 * METRE])
    assert (
        again.nearest(*asked, np.ones(2, np.uint8), Reach(1e3))[0]
        == index.nearest(*asked, np.ones(2, np.uint8), Reach(1e3))[0]
        == [1]
    )


def test_a_two_way_street_gives_a_position_in_each_direction() -> None:
    network = network_of([[(0, 0), (100, 0)]], names=["Jalan Mawar"])
    found = snap(SnapIndex.build(network), streets(network, 0), None, "car", 25 * METRE, 30 * METRE)
    assert [position.segment for position in found.positions] == [0, 1]
    assert [position.fraction for position in found.positions] == pytest.approx([0.25, 0.75])
    assert found.street == "Jalan Mawar"
    assert found.gap_m == pytest.approx(30, abs=0.01)
    assert (found.carry.kind, found.carry.metres) == ("street", pytest.approx(30, abs=0.01))


def test_a_one_way_street_gives_one_position() -> None:
    network = network_of([[(0, 0), (50, 0), (100, 0)]])
    found = snap(SnapIndex.build(network), streets(network, 0, oneway=(0,)), None, "car", 75 * METRE, 0.0)
    assert found.positions == (Position(0, pytest.approx(0.75)),)


def test_closed_and_unreachable_links_are_passed_over() -> None:
    network = network_of([[(0, 0), (100, 0)], [(0, 50), (100, 50)], [(0, 90), (100, 90)]])
    segment_ms = np.array([CLOSED, CLOSED, 1_000, 1_000, 1_000, 1_000], np.uint32)
    standing = np.array([MAIN, MAIN, FRAGMENT, FRAGMENT, MAIN, MAIN], np.uint8)
    found = snap(SnapIndex.build(network), street_mask(segment_ms, standing, None), None, "car", 50 * METRE, 0.0)
    assert found.positions[0].segment >> 1 == 2


def test_too_far_from_any_street_is_refused_with_the_distance() -> None:
    network = network_of([[(0, 0), (100, 0)]])
    index = SnapIndex.build(network)
    with pytest.raises(PlaceError, match=r"2\.5 km away, more than 1,000 m"):
        snap(index, streets(network, 0), None, "ambulance", 50 * METRE, 2_500 * METRE)
    assert snap(index, streets(network, 0), None, "ambulance", 50 * METRE, 2_500 * METRE, max_gap_m=3_000).gap_m > 2_000


@pytest.mark.parametrize("where", [(200.0, 0.0), (0.0, 95.0), (float("nan"), 0.0)])
def test_what_is_no_place_on_earth_is_refused(where: tuple[float, float]) -> None:
    network = network_of([[(0, 0), (100, 0)]])
    with pytest.raises(PlaceError, match="no place on earth"):
        snap(SnapIndex.build(network), streets(network, 0), None, "car", *where)


def test_many_points_equal_single_ones() -> None:
    network = network_of([[(0, 0), (100, 0)], [(100, 0), (100, 200)]])
    index, mask = SnapIndex.build(network), streets(network, 0, 1, oneway=(1,))
    x, y = np.array([20.0, 120.0, 5_000.0]) * METRE, np.array([10.0, 90.0, 0.0]) * METRE
    found = snap_many(index, mask, "car", x, y)
    assert len(found) == 3
    assert found.link.tolist() == [0, 1, -1]
    assert found.directions.tolist() == [3, 1, 0]
    for number in range(2):
        single = snap(index, mask, None, "car", x[number], y[number])
        assert single.positions[0].fraction == found.fraction[number]
        assert single.gap_m == pytest.approx(found.gap_m[number], rel=1e-6)


def test_a_toll_road_is_taken_only_for_points_on_it() -> None:
    toll, street = 0, 1
    network = network_of([[(0, 0), (400, 0)], [(0, 60), (400, 60)]])
    index, footways = SnapIndex.build(network), on_foot(network, closed=(toll,))
    segment_ms = np.full(4, 1_000, np.uint32)
    mask = street_mask(segment_ms, np.full(4, MAIN, np.uint8), footways.foot_ms)
    behind_the_fence = snap(index, mask, footways, "ambulance", 200 * METRE, (FENCED_REACH_M + 2) * METRE)
    on_the_carriageway = snap(index, mask, footways, "ambulance", 200 * METRE, (FENCED_REACH_ON_FOOT_M - 1) * METRE)
    assert behind_the_fence.positions[0].segment >> 1 == street
    assert on_the_carriageway.positions[0].segment >> 1 == toll


def test_people_beside_a_toll_road_are_in_the_street_behind_it_if_there_is_one() -> None:
    toll, street = 0, 1
    for street_y, beside in ((40, street), (80, toll)):
        network = network_of([[(0, 0), (400, 0)], [(0, street_y), (400, street_y)]])
        index, footways = SnapIndex.build(network), on_foot(network, closed=(toll,))
        mask = street_mask(np.full(4, 1_000, np.uint32), np.full(4, MAIN, np.uint8), footways.foot_ms)
        x, y = 200 * METRE, np.array([FENCED_REACH_ON_FOOT_M - 1, 17.0]) * METRE
        people = [snap(index, mask, footways, "ambulance", x, at).positions[0].segment >> 1 for at in y.tolist()]
        assert people == [toll, beside]
        assert snap_many(index, mask, "ambulance", [x, x], y, sent_to=True).link.tolist() == [toll, beside]
        assert snap_many(index, mask, "ambulance", [x, x], y).link.tolist() == [toll, toll]
        assert snap(index, mask, None, "ambulance", x, 17 * METRE).positions[0].segment >> 1 == toll


def test_from_a_footpath_the_walk_decides_which_street_it_is() -> None:
    """
    A patient beside an alley: the street behind the river is nearer as the crow flies, the alley leads to the other.

        street 0  ------------------ (y = 0)
                                       river
        alley 2         +----x----------+   (y = 60)
                                        |
        street 1  ----------------------+--- (y = 200)
    """
    network = network_of(
        [[(0, 0), (400, 0)], [(0, 200), (300, 200)], [(100, 60), (300, 60), (300, 200)], [(300, 200), (400, 200)]]
    )
    index, footways = SnapIndex.build(network), on_foot(network)
    found = snap(index, streets(network, 0, 1, 3), footways, "ambulance", 200 * METRE, 62 * METRE)
    assert found.positions[0].segment >> 1 in (1, 3)
    assert (found.stop_longitude, found.stop_latitude) == (pytest.approx(300 * METRE), pytest.approx(200 * METRE))
    assert found.carry.kind == "footways"
    assert found.carry.metres == pytest.approx(2 + 100 + 140, abs=0.1)
    assert found.carry.seconds == pytest.approx(240 * WALK_MS_PER_M / 1_000 + 2 * 0.9, abs=0.2)
    assert found.carry.path / METRE == pytest.approx(np.array([[200, 62], [200, 60], [300, 60], [300, 200]]), abs=0.1)
    assert found.gap_m == pytest.approx(np.hypot(100, 138), abs=0.1)


def test_where_no_footway_leads_to_a_street_the_straight_line_is_labelled() -> None:
    network = network_of([[(0, 0), (400, 0)], [(0, 60), (400, 60)]])
    found = snap(SnapIndex.build(network), streets(network, 0), on_foot(network), "ambulance", 200 * METRE, 60 * METRE)
    assert found.positions[0].segment >> 1 == 0
    assert (found.carry.kind, found.carry.metres) == ("straight", pytest.approx(60, abs=0.01))


def test_a_pavement_beside_its_street_is_no_reason_to_walk() -> None:
    network = network_of([[(0, 0), (400, 0)], [(0, 6), (400, 6)], [(400, 0), (400, 6)]])
    found = snap(SnapIndex.build(network), streets(network, 0), on_foot(network), "ambulance", 200 * METRE, 9 * METRE)
    assert (found.carry.kind, found.carry.metres) == ("street", pytest.approx(9, abs=0.01))


def test_beside_a_place_on_an_island_the_nearest_on_the_main_part_is_given() -> None:
    network = network_of([[(0, 0), (400, 0)], [(0, 60), (400, 60)]])
    standing = np.array([MAIN, MAIN, ISLAND, ISLAND], np.uint8)
    index, mask = SnapIndex.build(network), street_mask(np.full(4, 1_000, np.uint32), standing, None)
    found = snap(index, mask, on_foot(network), "car", 100 * METRE, 55 * METRE)
    assert found.positions[0].segment >> 1 == 1
    assert found.instead is not None
    assert found.instead.positions[0].segment >> 1 == 0
    assert (found.instead.carry.kind, found.instead.carry.metres) == ("straight", pytest.approx(55, abs=0.01))
    assert found.instead.instead is None
    assert snap(index, mask, on_foot(network), "car", 100 * METRE, 5 * METRE).instead is None
    many = snap_many(index, mask, "car", [100 * METRE] * 3, [5 * METRE, 55 * METRE, 1.0])
    assert many.link.tolist() == [0, 1, -1]
    assert many.instead is not None
    assert many.instead.link.tolist() == [-1, 0, -1]
    assert snap_many(index, mask, "car", [0.0], [0.0]).instead is None


def test_a_patient_on_the_bank_does_not_start_along_the_ferry() -> None:
    """The boat for people on foot is the nearest line of all, and its landing on the other bank is beside a street."""
    town = draw(
        """
        A-----B-----C
        |     |     |
        |     F     |
        |     |     |
        D-----E-----H
        """,
        streets={
            "A B C": "highway=footway",
            "A D": "highway=footway",
            "C H": "highway=footway",
            "B F E": "route=ferry",
            "D E H": "highway=residential",
        },
        default="",
        metres=50,
    ).build()
    router = prepare(town.network, everywhere=True).router
    x, y = town.world.position("B")
    carry = router.snap(x, y - 20 * METRE, "ambulance").carry
    assert (carry.kind, carry.metres) == ("straight", pytest.approx(180, abs=1))
    links = router.index.nearest(np.array([x]), np.array([y - 20 * METRE]), router.footways.walkable, Reach(100.0))[0]
    assert links[0] in {town.segment(*pair) >> 1 for pair in ("AB", "BC")}


def test_nobody_is_sent_to_a_place_on_a_ferry() -> None:
    """On the bank the ferry's line is nearer than the landing; a vehicle that is on board is on board."""
    town = draw(
        """
        A-----B-----C
        |     |     |
        |     |     |
        |     F     |
        |     |     |
        |     |     |
        |     G     |
        |     |     |
        D-----E-----H
        """,
        streets={
            "F G": "route=ferry motor_vehicle=yes",
            **dict.fromkeys(("A B", "B C", "A D", "C H", "D E", "E H", "B F", "G E"), "highway=residential"),
        },
        default="",
        metres=60,
    ).build()
    router = prepare(town.network, everywhere=True).router
    x, y = town.world.position("F")
    bank = router.snap(x + 60 * METRE, y - 40 * METRE, "ambulance")
    assert bank.positions[0].segment >> 1 != town.segment("F", "G") >> 1
    many = router.snap_many([x, x], [y - 90 * METRE, y - 90 * METRE], "ambulance", sent_to=True)
    assert town.segment("F", "G") >> 1 not in many.link
    on_board = router.snap(x, y - 90 * METRE, "ambulance", on_foot=False)
    assert on_board.positions[0].segment >> 1 == town.segment("F", "G") >> 1
    assert router.route(on_board, Position(town.segment("D", "E"), 0.5), "ambulance").duration_ms > 0
