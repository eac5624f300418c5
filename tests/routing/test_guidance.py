"""Manoeuvres on drawn worlds, small enough to check by eye. Traffic keeps left, as in Indonesia."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from routing.costs import cost
from routing.guidance import Step, describe, modifier_of
from routing.network import CLOSED, RoadNetwork
from routing.profiles import load_profiles
from tests.routing.journeys import prepare
from tests.world import Town, draw


@dataclass(frozen=True)
class Entry:
    segment: int


@dataclass(frozen=True)
class Journey:
    """A route made by hand: a second for ten metres, a second for each turn."""

    segments: NDArray[np.int32]
    start_fraction: float
    end_fraction: float
    segment_ms: NDArray[np.int64]
    turn_ms: NDArray[np.int64]
    duration_ms: int
    restricted: tuple[Entry, ...] = ()


def journey(network: RoadNetwork, segments: list[int], start: float = 0.0, end: float = 1.0, enters: int = -1) -> Journey:
    ms = np.rint(network.link_length_m[np.array(segments) >> 1] * 100).astype(np.int64)
    turn_ms = np.full(len(segments) - 1, 1000, np.int64)
    elapsed = round((1 - start) * int(ms[0])) - int(ms[-1]) + round(end * int(ms[-1])) + int(ms[1:].sum() + turn_ms.sum())
    entered = () if enters < 0 else (Entry(enters),)
    return Journey(np.array(segments, np.int32), start, end, ms, turn_ms, elapsed, entered)


def along(town: Town, names: str) -> list[int]:
    """The segments through nodes with a name of one letter, in this order."""
    segments: list[int] = []
    for start, end in pairwise(names):
        segment = town.segment(start, end)
        if not segments or segments[-1] != segment:
            segments.append(segment)
    return segments


def tell(town: Town, names: str, profile: str = "car", destination: tuple[float, float] | None = None) -> list[Step]:
    weights = cost(town.network, load_profiles()[profile]).weights
    return list(describe(town.network, journey(town.network, along(town, names)), weights=weights, destination=destination))


def said(town: Town, names: str, profile: str = "car") -> list[tuple[str, str | None, str]]:
    return [(step.type, step.modifier, step.name) for step in tell(town, names, profile)]


CROSSING = """
        A
        |
    B---C---D---E
        |
        F
"""
NAMES: Mapping[str, str] = {"B C D E": "name='Jalan Barat' highway=secondary", "A C F": "name='Jalan Utara'"}


def test_going_straight_on_needs_no_words() -> None:
    town = draw(CROSSING, streets=NAMES).build()
    assert said(town, "BCDE") == [("depart", None, "Jalan Barat"), ("arrive", None, "Jalan Barat")]


@pytest.mark.parametrize(
    ("route", "modifier"), [("BCF", "right"), ("BCA", "left"), ("ACB", "right"), ("FCB", "left"), ("FCD", "right")]
)
def test_a_turn_says_its_side_and_the_street(route: str, modifier: str) -> None:
    town = draw(CROSSING, streets=NAMES).build()
    kind, side, name = said(town, route)[1]
    assert (kind, side) == ("turn", modifier)
    assert name == ("Jalan Utara" if route[-1] in "AF" else "Jalan Barat")


def test_a_street_that_turns_a_corner_goes_on() -> None:
    town = draw("A---B---C\n    |    \n    D    ", streets={"A B": "name=Satu", "B D": "name=Satu", "B C": "name=Dua"}).build()
    assert said(town, "ABD")[1] == ("continue", "right", "Satu")


def test_a_new_name_on_a_straight_road_is_told_once() -> None:
    town = draw(
        "A---B---C---D\n    |   |\n    E   F",
        streets={"A B": "name='Jalan Lama'", "B C": "name='Jalan Baru'", "C D": "name='Jalan Baru'"},
    ).build()
    assert [step[0] for step in said(town, "ABCD")] == ["depart", "new name", "arrive"]


def test_a_gap_without_name_is_not_told() -> None:
    town = draw(
        "A---B---C---D\n    |   |\n    E   F",
        streets={"A B": "name='Jalan Lama'", "C D": "name='Jalan Lama'"},
    ).build()
    assert [step[0] for step in said(town, "ABCD")] == ["depart", "arrive"]


def test_a_new_name_round_a_corner_is_a_turn() -> None:
    town = draw("A---B\n    |\n    C", streets={"A B": "name=Satu", "B C": "name=Dua"}).build()
    assert said(town, "ABC")[1] == ("turn", "right", "Dua")


def test_a_bend_without_choice_needs_no_words() -> None:
    town = draw("A---+\n    |\n    B\n    |\n    C---D", points={"B": "highway=traffic_signals"}).build()
    assert [step[0] for step in said(town, "ABCD")] == ["depart", "arrive"]


def test_the_end_of_the_road() -> None:
    town = draw("  A\n  |\n  |\nB-C-D", streets={"B C D": "name=Palang"}).build()
    assert said(town, "ACB")[1] == ("end of road", "right", "Palang")
    assert said(town, "ACD")[1] == ("end of road", "left", "Palang")
    assert said(town, "BCA")[1][:2] == ("turn", "left")


FORK = """
          +---C
         /
    A---B
         \\
          +---D
"""


def test_a_fork_has_two_like_branches() -> None:
    fork = draw(
        FORK,
        streets={"B C": "name=Kiri", "B D": "name=Kanan"},
        metres=40,
    ).build()
    network = fork.network
    angles = {int(a) for a in network.turn_angle if 0 < abs(int(a)) < 90}
    assert angles == {45, -45}
    assert said(fork, "ABC")[1] == ("fork", "slight left", "Kiri")
    assert said(fork, "ABD")[1] == ("fork", "slight right", "Kanan")


def test_the_same_street_goes_on_beside_one_that_turns_off() -> None:
    town = draw(
        """
        A---B---C
             \\
              D
        """,
        streets={"A B C": "name=Lurus", "B D": "name=Lain"},
    ).build()
    assert [step[0] for step in said(town, "ABC")] == ["depart", "arrive"]
    assert said(town, "ABD")[1] == ("turn", "right", "Lain")


def test_a_driveway_beside_the_street_is_no_alternative() -> None:
    town = draw(
        "A---B---C\n     \\\n      D", streets={"A B C": "highway=primary", "B D": "highway=service service=driveway"}
    ).build()
    assert [step[0] for step in said(town, "ABC")] == ["depart", "arrive"]


def test_a_u_turn_keeps_the_street() -> None:
    town = draw(CROSSING, streets=NAMES).build()
    assert said(town, "BCB")[1] == ("continue", "uturn", "Jalan Barat")


ROUNDABOUT = """
        N
        |
        1
       / \\
    W-2   4-E
       \\ /
        3
        |
        S
"""
RING = {
    # Clockwise, as traffic that keeps left goes round: north, east, south, west.
    "1 4 3 2 1": "junction=roundabout oneway=yes",
    "N 1": "name=Utara",
    "4 E": "name=Timur",
    "3 S": "name=Selatan",
    "2 W": "name=Barat",
}


@pytest.mark.parametrize(
    ("route", "exits", "street", "across"),
    [
        ("S321W", 1, "Barat", "left"),
        ("S321N", 2, "Utara", "straight"),
        ("S3214E", 3, "Timur", "right"),
        ("S32143S", 4, "Selatan", "uturn"),
    ],
)
def test_exits_of_a_roundabout_are_counted(route: str, exits: int, street: str, across: str) -> None:
    town = draw(ROUNDABOUT, streets=RING).build()
    route = "S32W" if street == "Barat" else route
    steps = tell(town, route)
    assert [step.type for step in steps] == ["depart", "roundabout", "exit roundabout", "arrive"]
    assert steps[1].exit == exits
    assert steps[1].modifier == across
    assert steps[1].name == street
    assert steps[2].name == street


def test_the_way_across_a_roundabout_whose_ring_bends_between_its_junctions() -> None:
    town = draw(
        """
              N
              |
           +--1--+
           |     |
        W--2     4--E
           |     |
           +--3--+
              |
              S
        """,
        streets=RING,
    ).build()
    assert [tell(town, route)[1].modifier for route in ("S32W", "S321N", "S3214E")] == ["left", "straight", "right"]


def test_an_exit_that_the_vehicle_may_not_use_is_not_counted() -> None:
    town = draw(ROUNDABOUT, streets=RING | {"2 W": "name=Barat motor_vehicle=no"}).build()
    assert tell(town, "S321N")[1].exit == 1


def test_a_road_that_only_leads_into_the_roundabout_is_no_exit() -> None:
    town = draw(ROUNDABOUT.replace("W-2", "W>2"), streets={key: RING[key] for key in RING if key != "2 W"}).build()
    assert tell(town, "S321N")[1].exit == 1


def test_a_roundabout_with_a_name_of_its_own_is_a_rotary() -> None:
    town = draw(ROUNDABOUT, streets=RING | {"1 4 3 2 1": "junction=roundabout oneway=yes name='Bundaran Tugu'"}).build()
    steps = tell(town, "S321N")
    assert [step.type for step in steps] == ["depart", "rotary", "exit rotary", "arrive"]
    assert steps[1].rotary_name == "Bundaran Tugu"
    assert steps[1].name == "Utara"


def test_a_route_may_end_and_begin_in_a_roundabout() -> None:
    town = draw(ROUNDABOUT, streets=RING).build()
    inside = tell(town, "S321")
    assert [(step.type, step.exit) for step in inside] == [("depart", None), ("roundabout", None), ("arrive", None)]
    assert [step.type for step in tell(town, "321N")] == ["depart", "exit roundabout", "arrive"]


def test_a_roundabout_that_is_a_point() -> None:
    town = draw(CROSSING, streets=NAMES, points={"C": "highway=mini_roundabout"}).build()
    steps = {route: tell(town, route)[1] for route in ("BCA", "BCD", "BCF")}
    assert {step.type for step in steps.values()} == {"roundabout turn"}
    assert {route: step.exit for route, step in steps.items()} == {"BCA": 1, "BCD": 2, "BCF": 3}  # left comes first


def test_ramps_and_merging() -> None:
    town = draw(
        """
        A>>>B>>>>>>>>>>>C>>>D
             \\         /
              \\       /
               E-----F
               |     |
               G     H
        """,
        streets={
            "A B": "highway=motorway name='Tol Jagorawi'",
            "B C": "highway=motorway name='Tol Jagorawi'",
            "C D": "highway=motorway name='Tol Jagorawi'",
            "B E": "highway=motorway_link oneway=yes",
            "F C": "highway=motorway_link oneway=yes",
            "E F": "highway=secondary name='Jalan Raya'",
            "G E": "highway=secondary name='Jalan Lain'",
            "F H": "highway=secondary name='Jalan Lain'",
        },
    ).build()
    down = said(town, "ABEG")
    assert down[1][:2] == ("off ramp", "right")
    assert [step[0] for step in said(town, "ABCD")] == ["depart", "arrive"], "an exit that is passed is not told"
    up = said(town, "EFCD")
    assert [step[0] for step in up] == ["depart", "on ramp", "merge", "arrive"]
    assert up[2][2] == "Tol Jagorawi"


def test_a_ferry_is_announced_at_both_ends() -> None:
    town = draw(
        "A---B---C---D\n    |   |\n    E   F",
        streets={"B C": "route=ferry name='Feri Bahari' motor_vehicle=yes"}
        | dict.fromkeys(["A B", "C D", "B E", "C F"], "highway=residential"),
        default="",
    ).build()
    steps = tell(town, "ABCD")
    assert [(step.type, step.mode) for step in steps] == [
        ("depart", "driving"),
        ("notification", "ferry"),
        ("notification", "driving"),
        ("arrive", "driving"),
    ]


def test_turning_round_by_the_gap_in_a_median_is_one_u_turn() -> None:
    town = draw(
        """
        A<<<B<<<C
            |
        D>>>E>>>F
        """,
        streets={
            "C B": "oneway=yes name='Jalan Raya'",
            "B A": "oneway=yes name='Jalan Raya'",
            "D E": "oneway=yes name='Jalan Raya'",
            "E F": "oneway=yes name='Jalan Raya'",
        },
        metres=10,
    ).build()
    assert said(town, "DEBA") == [
        ("depart", None, "Jalan Raya"),
        ("continue", "uturn", "Jalan Raya"),
        ("arrive", None, "Jalan Raya"),
    ]


def test_the_side_of_the_destination() -> None:
    town = draw("A---------B").build()
    longitude, latitude = town.world.position("B")
    network = town.network
    route = journey(network, [town.segment("A", "B")], end=0.5)
    sides = {
        offset: describe(network, route, destination=(longitude, latitude + offset))[-1].modifier
        for offset in (2e-4, -2e-4, 1e-6)
    }
    assert sides == {2e-4: "left", -2e-4: "right", 1e-6: None}


def test_restricted_roads_are_marked_on_the_step_that_enters_them() -> None:
    town = draw(CROSSING, streets=NAMES | {"A C F": "name='Jalan Utara' access=private"}).build()
    segments = along(town, "BCF")
    steps = describe(town.network, journey(town.network, segments, enters=segments[1]))
    assert [step.restricted for step in steps] == [False, True, False]


def test_intersections_tell_every_road() -> None:
    town = draw(CROSSING.replace("C---D", "C<<<D"), streets={"A C F": NAMES["A C F"]}).build()
    step = tell(town, "BCF")[1]
    corner = step.intersections[0]
    assert len(corner.bearings) == len(corner.entry) >= 3
    assert list(corner.bearings) == sorted(corner.bearings)
    assert corner.incoming is not None
    assert corner.outgoing is not None
    assert corner.bearings[corner.incoming] == (step.bearing_before + 180) % 360
    assert corner.bearings[corner.outgoing] == step.bearing_after == 180
    assert corner.entry[corner.outgoing]


@pytest.mark.parametrize(
    ("angle", "word"),
    [
        (0, "straight"),
        (20, "straight"),
        (21, "slight right"),
        (-40, "slight left"),
        (90, "right"),
        (-120, "left"),
        (121, "sharp right"),
        (-179, "sharp left"),
        (180, "uturn"),
        (-180, "uturn"),
    ],
)
def test_words_for_angles(angle: int, word: str) -> None:
    assert modifier_of(angle) == word


GRID = """
    A---B---C---D
    |   |   |   |
    E---F---G---H
    |   |   |   |
    I---J---K---L
"""


@given(
    turns=st.lists(st.integers(0, 3), min_size=0, max_size=25),
    start=st.floats(0, 1),
    end=st.floats(0, 1),
    left=st.booleans(),
)
def test_steps_add_up_to_the_route(turns: list[int], start: float, end: float, left: bool) -> None:
    network = draw(GRID, streets={"E F G H": "name=Tengah"}).build(driving_side="left" if left else "right").network
    segments = [0]
    for choice in turns:
        state = int(network.segment_state[segments[-1]])
        heads = network.turn_head[int(network.turn_first[state]) : int(network.turn_first[state + 1])]
        segments.append(int(network.state_segment[heads[choice % len(heads)]]))
    if len(segments) == 1:
        start, end = min(start, end), max(start, end)
    route = journey(network, segments, start, end)
    steps = describe(network, route)
    lengths = network.link_length_m[np.array(segments) >> 1]
    total_m = lengths.sum() - start * lengths[0] - (1 - end) * lengths[-1]
    assert math.isclose(sum(step.distance_m for step in steps), total_m, abs_tol=1e-6)
    assert sum(step.duration_ms for step in steps) == route.duration_ms
    assert steps[0].type == "depart"
    assert steps[-1].type == "arrive"
    assert [step.type for step in steps[1:-1]].count("depart") == 0
    for step, following in pairwise(steps):
        assert step.geometry[-1] == pytest.approx(following.geometry[0])
        assert 0 <= step.bearing_before < 360
        assert 0 <= step.bearing_after < 360
        assert (step.longitude, step.latitude) == tuple(step.geometry[0])
    assert sum(len(step.intersections) for step in steps) == len(segments) + 1


def test_closed_turns_are_no_alternatives() -> None:
    town = draw(FORK, streets={"B C": "name=Kiri", "B D": "name=Kanan"}, metres=40).build()
    network = town.network
    weights = np.ones(len(network.turn_tail), np.uint32)
    route = journey(network, along(town, "ABC"))
    assert [step.type for step in describe(network, route, weights=weights)] == ["depart", "fork", "arrive"]
    weights[town.turn("A", "B", "D")] = CLOSED
    steps = describe(network, route, weights=weights)
    assert [step.type for step in steps] == ["depart", "turn", "arrive"]
    assert steps[1].intersections[0].entry.count(True) == 1 + 1  # onwards, and back


def test_the_routers_routes_are_told_with_their_restricted_roads() -> None:
    town = draw(CROSSING, streets=NAMES | {"A C F": "name='Jalan Utara' access=private"}).build()
    prepared = prepare(town.network, everywhere=True)
    router = prepared.router
    start, end = (router.snap(*town.world.position(name), "car") for name in ("B", "F"))
    route = router.route(start, end, "car")
    steps = describe(town.network, route, weights=router.state.roads["car"].metric.weights)
    assert sum(step.duration_ms for step in steps) == route.duration_ms
    assert sum(step.distance_m for step in steps) == pytest.approx(route.distance_m)
    assert [(step.type, step.name, step.restricted) for step in steps] == [
        ("depart", "Jalan Barat", False),
        ("turn", "Jalan Utara", True),
        ("arrive", "Jalan Utara", False),
    ]
    line = np.concatenate([step.geometry for step in steps])
    assert line[0] == pytest.approx(route.geometry[0])
    assert line[-1] == pytest.approx(route.geometry[-1])
