"""Road conditions: what they mean on a map, when they hold, what they do to the roads, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from routing._kernels.streets import CUT_OFF
from routing.conditions import (
    Along,
    Around,
    Closed,
    OnSegments,
    OnWays,
    RoadCondition,
    Slower,
    TopSpeed,
    WayIndex,
    Where,
    Within,
    segments_meant,
)
from routing.costs import ProfileCosts, combine, cost
from routing.errors import ConditionError, PlaceError
from routing.live import reweighted
from routing.network import CLOSED, RoadNetwork
from routing.profiles import MOTOR_PROFILES, load_profiles
from routing.snap_index import SnapIndex
from routing.snapping import Position
from routing.tags import timed_clauses, with_conditions
from tests.routing.journeys import TIME_ZONE, Prepared, prepare
from tests.routing.shapes import METRE, network_of
from tests.routing.test_router import random_world
from tests.world import Town, draw

NOON = datetime(2026, 5, 4, 5, tzinfo=UTC)  # a Monday, twelve o'clock in Jakarta


def condition(where: Where, **more: Any) -> RoadCondition:
    values: dict[str, Any] = {"id": "c1", "kind": "closure", "effect": Closed(), "author": "test"} | more
    return RoadCondition(where=where, **values)


def links_meant(network: RoadNetwork, where: Where, **more: Any) -> list[int]:
    found = segments_meant(SnapIndex.build(network), condition(where, **more), WayIndex(network))
    assert found.tolist() == sorted(set(found.tolist()))
    return found.tolist()


def both(*links: int) -> list[int]:
    return [segment for link in links for segment in (2 * link, 2 * link + 1)]


def area(*corners: tuple[float, float]) -> Polygon:
    return Polygon([(x * METRE, y * METRE) for x, y in corners])


# -- where ----------------------------------------------------------------------------------------------------------------

CROSSING = [
    [(0.0, 0.0), (100.0, 0.0)],
    [(100.0, 0.0), (200.0, 0.0)],
    [(100.0, 0.0), (100.0, 90.0)],
    [(100.0, -90.0), (100.0, 0.0)],
]


def test_a_circle_means_every_link_that_it_touches() -> None:
    network = network_of(CROSSING)
    assert links_meant(network, Around(50 * METRE, 30 * METRE, 29.0)) == []
    assert links_meant(network, Around(50 * METRE, 30 * METRE, 31.0)) == both(0)
    assert links_meant(network, Around(100 * METRE, 0.0, 1.0)) == both(0, 1, 2, 3)


def test_an_area_means_every_link_that_it_touches() -> None:
    network = network_of(CROSSING)
    assert links_meant(network, Within(area((20, -10), (40, -10), (40, 10), (20, 10)))) == both(0)
    beside = MultiPolygon([area((20, -10), (40, -10), (40, 10)), area((150, 20), (250, 20), (250, -20), (150, -20))])
    assert links_meant(network, Within(beside)) == both(0, 1)
    assert links_meant(network, Within(area((500, 500), (600, 500), (600, 600)))) == []


def test_a_line_means_the_street_that_it_runs_along_but_not_its_side_streets() -> None:
    network = network_of(CROSSING)
    drawn = LineString([(2 * METRE, 3 * METRE), (198 * METRE, -3 * METRE)])
    assert links_meant(network, Along(drawn)) == both(0, 1)
    assert links_meant(network, Along(drawn), direction="along") == [0, 2]
    assert links_meant(network, Along(shapely.reverse(drawn)), direction="along") == [1, 3]
    assert links_meant(network, Along(drawn), direction="against") == [1, 3]


def test_a_line_across_a_street_between_junctions_means_that_street() -> None:
    network = network_of(CROSSING)
    assert links_meant(network, Along(LineString([(50 * METRE, -30 * METRE), (50 * METRE, 30 * METRE)]))) == both(0)


def test_ways_and_segments_are_meant_by_their_ids() -> None:
    network = network_of(CROSSING)
    assert links_meant(network, OnWays((3, 1))) == both(1, 3)
    assert links_meant(network, OnWays((3,)), direction="against") == [7]
    assert links_meant(network, OnSegments((5, 2, 5))) == [2, 5]
    with pytest.raises(ConditionError, match="'c1': 77 is no road of this region"):
        links_meant(network, OnWays((77,)))
    with pytest.raises(ConditionError, match="77, 78 are no roads of this region"):
        links_meant(network, OnWays((78, 3, 77)))
    with pytest.raises(ConditionError, match="segment 8 doesn't exist; the network has segments 0 to 7"):
        links_meant(network, OnSegments((8,)))


point = st.tuples(st.integers(-200, 200).map(float), st.integers(-200, 200).map(float))


@given(
    st.lists(st.lists(point, min_size=2, max_size=4), min_size=1, max_size=10),
    point,
    st.integers(1, 150),
    st.lists(point, min_size=3, max_size=5),
)
def test_circles_and_areas_mean_what_shapely_says(
    lines: list[list[tuple[float, float]]], centre: tuple[float, float], radius: int, corners: list[tuple[float, float]]
) -> None:
    network = network_of(lines)
    shapes = [LineString(line) for line in lines]
    distances = [shape.distance(Point(centre)) for shape in shapes]
    found = set(links_meant(network, Around(centre[0] * METRE, centre[1] * METRE, float(radius))))
    for link, distance in enumerate(distances):
        if abs(distance - radius) > 0.01:
            assert (2 * link in found) == (distance < radius)
    outline = MultiPolygon([corner for corner in [Polygon(corners).convex_hull] if corner.geom_type == "Polygon"])
    if not outline.is_empty:
        degrees = shapely.transform(outline, lambda metres: metres * METRE)
        found = set(links_meant(network, Within(degrees)))
        for link, shape in enumerate(shapes):
            if shape.distance(outline.boundary) > 0.01:
                assert (2 * link in found) == outline.intersects(shape)


# -- when -----------------------------------------------------------------------------------------------------------------


def test_a_time_window_includes_its_beginning_and_not_its_end() -> None:
    window = condition(Around(0, 0, 5), from_time=NOON, until=NOON + timedelta(hours=2))
    holds = [window.holds_at(NOON + timedelta(minutes=minutes), TIME_ZONE) for minutes in (-1, 0, 119, 120)]
    assert holds == [False, True, True, False]
    assert window.next_change_after(NOON - timedelta(days=3), TIME_ZONE) == NOON
    assert window.next_change_after(NOON, TIME_ZONE) == NOON + timedelta(hours=2)
    assert window.next_change_after(NOON + timedelta(hours=2), TIME_ZONE) is None


def test_a_night_gate_follows_the_regions_clock() -> None:
    gate = condition(Around(0, 0, 5), kind="gate", hours="22:00-05:00")
    nine, eleven, four, five = (datetime(2026, 5, 4, hour, tzinfo=UTC) for hour in (14, 16, 21, 22))  # 21, 23, 4, 5 in Jakarta
    assert [gate.holds_at(time, TIME_ZONE) for time in (nine, eleven, four, five)] == [False, True, True, False]
    assert gate.next_change_after(nine, TIME_ZONE) == datetime(2026, 5, 4, 15, tzinfo=UTC)
    assert gate.next_change_after(eleven, TIME_ZONE) == five
    until = condition(Around(0, 0, 5), hours="22:00-05:00", until=four)
    assert until.next_change_after(eleven, TIME_ZONE) == four
    later = condition(Around(0, 0, 5), hours="22:00-05:00", from_time=five + timedelta(days=9))
    assert later.next_change_after(nine, TIME_ZONE) == five + timedelta(days=9)


# -- what is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: condition(Around(0, 0, 5), effect=Slower(0.5)), "factor 0.5 must be at least 1"),
        (lambda: condition(Around(0, 0, 5), effect=Slower(float("nan"))), "must be at least 1"),
        (lambda: condition(Around(0, 0, 5), effect=TopSpeed(0)), "to close a road, close it"),
        (lambda: condition(Around(0, 0, 0)), "radius 0 m must be more than 0"),
        (lambda: condition(Around(0, 95, 5)), "no place on earth"),
        (lambda: condition(OnSegments(())), "it names no segment"),
        (lambda: condition(OnWays(())), "it names no way"),
        (lambda: condition(OnWays((2**70,))), f"{2**70} is no way's id"),
        (lambda: condition(OnSegments(("A",))), "'A' is no segment's id"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, 1e300)), "at most 1000000"),
        (lambda: condition(Within(Polygon())), "geometry is empty"),
        (lambda: condition(Along(LineString())), "geometry is empty"),
        (lambda: condition(Along(LineString([(0, 0), (1, 1)]), buffer_m=-1)), "buffer -1 m"),
        (lambda: condition(Within(area((0, 0), (10, 10), (10, 0), (0, 10)))), "not valid: Self-intersection"),
        (lambda: condition(Within(Polygon([(0, 0), (200, 0), (200, 10)]))), "leaves the earth"),
        (lambda: condition(Within(Point(0, 0))), "is a Point, not a Polygon"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, 5), from_time=NOON.replace(tzinfo=None)), "from_time .* has no time zone"),
        (lambda: condition(Around(0, 0, 5), from_time=NOON, until=NOON), "it ends .* before it begins"),
        (lambda: condition(Around(0, 0, 5), hours="malam"), "not in OSM's opening_hours syntax"),
        (lambda: condition(Around(0, 0, 5), profiles=frozenset()), "it applies to no profile"),
        (lambda: condition(Around(0, 0, 5), kind="rainbow"), "unknown kind 'rainbow'"),
        (lambda: condition(Around(0, 0, 5), direction="along"), "for ways and lines only"),
        (lambda: condition(Around(0, 0, 5), direction="up"), "unknown direction 'up'"),
        (lambda: condition(Around(0, 0, 5), id=""), "it needs an id"),
        (lambda: condition(Within(None)), "its geometry is None, not a Polygon"),  # type: ignore[arg-type]
        (lambda: condition(Along(None)), "its geometry is None, not a LineString"),  # type: ignore[arg-type]
        (lambda: condition(None), "None says no place"),  # type: ignore[arg-type]
        (lambda: condition(OnWays(None)), "it names no way"),  # type: ignore[arg-type]
        (lambda: condition(Around(None, 0, 5)), "longitude None is no number"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, "5")), "radius '5' is no number"),  # type: ignore[arg-type]
        (lambda: condition(Along(LineString([(0, 0), (1, 1)]), "12")), "buffer '12' is no number"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, 5), effect=Slower("2")), "factor '2' is no number"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, 5), effect=TopSpeed("20")), "top speed '20' is no number"),  # type: ignore[arg-type]
        (lambda: condition(Around(0, 0, 5), effect=None), "None is no effect"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], RoadCondition], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        make()


def test_what_a_network_cannot_take_is_refused(square: tuple[Town, Prepared]) -> None:
    live = square[1].live
    with pytest.raises(ConditionError, match="'c1' is given twice"):
        live.apply([condition(Around(0, 0, 5)), condition(OnSegments((0,)))], NOON)
    with pytest.raises(ConditionError, match="unknown profile boat; there are car, ambulance"):
        live.apply([condition(Around(0, 0, 5), profiles=frozenset({"boat"}))], NOON)
    with pytest.raises(ConditionError, match="has no time zone"):
        live.apply([], NOON.replace(tzinfo=None))
    with pytest.raises(ConditionError, match="has no time zone"):
        live.next_change_after(NOON.replace(tzinfo=None))


# -- what they do -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def square() -> tuple[Town, Prepared]:
    town = draw(
        """
        A------B------C
        |      |      |
        |      |      |
        |      |      |
        D------E------F
        |             |
        G             H
        """
    ).build()
    return town, prepare(town.network, everywhere=True)


def test_states_are_numbered_and_earlier_ones_stay(square: tuple[Town, Prepared]) -> None:
    town, prepared = square
    here, there = Position(town.segment("D", "E"), 0.5), Position(town.segment("B", "C"), 0.1)
    before = prepared.router.route(here, there, "car").duration_ms
    shut = prepared.live.apply([condition(OnSegments(tuple(both(town.segment("B", "E") >> 1))))], NOON)
    later = prepared.live.apply([], NOON)
    assert 0 == prepared.live.base.number < shut.number < later.number
    assert [one.id for one in shut.conditions] == ["c1"]
    assert prepared.router.at(shut).route(here, there, "car").duration_ms > before
    assert prepared.router.at(later).route(here, there, "car").duration_ms == before
    assert prepared.router.route(here, there, "car").duration_ms == before


def test_a_condition_holds_for_its_profiles_and_at_its_time_only(square: tuple[Town, Prepared]) -> None:
    town, prepared = square
    street = town.segment("D", "E")
    flood = condition(OnSegments((street, street ^ 1)), kind="flood", profiles=frozenset({"motorcycle"}), from_time=NOON)
    state = prepared.live.apply([flood], NOON)
    shut = {name: int(state.roads[name].segment_ms.at(np.array([street]))[0]) >= CLOSED for name in MOTOR_PROFILES}
    assert shut == {"car": False, "ambulance": False, "ambulance_priority": False, "motorcycle": True}
    assert prepared.live.apply([flood], NOON - timedelta(minutes=1)).conditions == ()
    assert prepared.live.next_change_after(NOON - timedelta(hours=5), [flood]) == NOON


def test_of_several_conditions_on_a_street_the_slowest_counts(square: tuple[Town, Prepared]) -> None:
    town, prepared = square
    street = town.segment("D", "E")
    now = int(prepared.costs["car"].segment_ms[street])

    def time_with(*effects: Any) -> int:
        conditions = [condition(OnSegments((street,)), id=str(number), effect=effect) for number, effect in enumerate(effects)]
        return int(prepared.live.apply(conditions, NOON).roads["car"].segment_ms.at(np.array([street]))[0])

    assert time_with(Slower(2)) == 2 * now
    assert time_with(Slower(2), Slower(3), Slower(1)) == 3 * now
    metres = float(prepared.network.link_length_m[street >> 1])
    assert time_with(TopSpeed(3.6)) == int(np.ceil(metres * 1_000))
    assert time_with(TopSpeed(500)) == now
    assert time_with(Slower(2), Closed()) == CLOSED
    assert time_with(Slower(1e12)) == time_with(TopSpeed(1e-9)) == int(np.ceil(metres * 3_600))  # 1 km/h


def test_slowness_is_never_taken_for_restricted_roads_entered() -> None:
    """Weights hold both in one number."""
    town = draw("A--B--C--D--E--F\n   |  |  |  |   \n   1  2  3  4   ").build()
    prepared = prepare(town.network, everywhere=True)
    mud = condition(Around(*town.world.position("C"), 5_000.0), kind="flood", effect=TopSpeed(1e-6))
    router = prepared.router.at(prepared.live.apply([mud], NOON))
    here, there = Position(town.segment("A", "B"), 0.5), Position(town.segment("E", "F"), 0.5)
    table = router.eta_table([here], [there], "ambulance")
    assert table.restricted.tolist() == [[0]]
    assert table.ms[0, 0] == router.route(here, there, "ambulance").duration_ms > 300 * 3_600


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_states_have_the_weights_of_a_network_costed_anew(seed: int) -> None:
    random = np.random.default_rng(seed)
    prepared = prepare(random_world(random).build().network, everywhere=True)
    network = prepared.network
    if not network.states:
        return
    shut, slow = random.choice(2 * network.links, 3), random.choice(2 * network.links, 3)
    conditions = [
        condition(OnSegments(tuple(shut.tolist())), id="1"),
        condition(OnSegments(tuple(slow.tolist())), id="2", effect=Slower(3.0)),
    ]
    state = prepared.live.apply(conditions, NOON)
    for name in MOTOR_PROFILES:
        segment_ms = prepared.costs[name].segment_ms.copy()
        is_open = segment_ms[slow] < CLOSED
        segment_ms[slow[is_open]] = 3 * prepared.costs[name].segment_ms[slow[is_open]]
        segment_ms[shut] = CLOSED
        weights = combine(prepared.costs[name].turn_ms, segment_ms[network.state_segment[network.turn_head]])
        assert state.roads[name].metric.weights.tolist() == weights.tolist()
        assert state.roads[name].segment_ms.at(np.arange(2 * network.links)).tolist() == segment_ms.tolist()
        open_links = (segment_ms < CLOSED).reshape(-1, 2) @ [1, 2]
        assert (state.roads[name].mask & 3).tolist() == open_links.tolist()


# -- what closures cut off ----------------------------------------------------------------------------------------------------


def enough_road(network: RoadNetwork, weights: np.ndarray, segment_ms: np.ndarray, start: int, *, backward: bool) -> float:
    """Metres of road that can be driven to from a segment (or, backward, from which it can be driven to)."""
    if segment_ms[start] >= CLOSED:
        return 0.0
    seen, queue = {start}, [start]
    before, after = network.state_segment[network.turn_tail], network.state_segment[network.turn_head]
    plain = network.turn_tail < network.plain_states
    while queue:
        segment = queue.pop()
        mine = (after == segment) if backward else (before == segment) & plain
        for other in (before if backward else after)[mine & (weights < CLOSED)].tolist():
            if other not in seen and segment_ms[other] < CLOSED:
                seen.add(other)
                queue.append(other)
    return float(network.link_length_m[sorted({segment >> 1 for segment in seen})].sum())


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_roads_that_closures_cut_off_are_no_place_to_be_sent_to(seed: int) -> None:
    random = np.random.default_rng(seed)
    prepared = prepare(random_world(random).build().network, everywhere=True)
    network = prepared.network
    if not network.states:
        return
    shut = random.choice(2 * network.links, min(2 * network.links, 6), replace=False)
    base, state = (
        one.roads["car"]
        for one in (prepared.live.base, prepared.live.apply([condition(OnSegments(tuple(shut.tolist())))], NOON))
    )
    enough_m = min(1_000.0, float(network.link_length_m[base.mask > 0].sum()) / 2)

    def good(costs: ProfileCosts | None, segment: int) -> tuple[bool, bool]:
        roads = base if costs is not None else state
        segment_ms = roads.segment_ms.at(np.arange(2 * network.links))
        reach = [enough_road(network, roads.metric.weights, segment_ms, segment, backward=way) for way in (False, True)]
        return reach[0] >= enough_m, reach[1] >= enough_m

    for link in range(network.links):
        before = [good(prepared.costs["car"], segment) for segment in (2 * link, 2 * link + 1)]
        now = [good(None, segment) for segment in (2 * link, 2 * link + 1)]
        was_good = any(leads for leads, _ in before) and any(reached for _, reached in before)
        is_good = any(leads for leads, _ in now) and any(reached for _, reached in now)
        if was_good:
            assert (state.mask[link] & CUT_OFF == 0 < state.mask[link]) == is_good, link


def test_a_patient_behind_a_flood_is_carried_to_the_next_street(square: tuple[Town, Prepared]) -> None:
    town, prepared = square
    stub = town.segment("D", "G")
    x, y = town.world.position("G")
    at_home = prepared.router.snap(x, y, "ambulance")
    assert at_home.positions[0].segment >> 1 == stub >> 1
    around = both(*(town.segment(*pair) >> 1 for pair in ("DE", "DA")))
    router = prepared.router.at(prepared.live.apply([condition(OnSegments(tuple(around)), kind="flood")], NOON))
    carried = router.snap(x, y, "ambulance")
    assert carried.positions[0].segment >> 1 not in {segment >> 1 for segment in [*around, stub]}
    assert carried.carry.kind == "footways"
    assert carried.carry.metres > 100
    vehicle = router.snap(x, y, "ambulance", on_foot=False)
    assert vehicle.positions[0].segment >> 1 == stub >> 1
    with pytest.raises(PlaceError, match="closures cut it"):
        router.route(vehicle, Position(town.segment("E", "F"), 0.5), "ambulance")


# -- the data's own hours -----------------------------------------------------------------------------------------------------

TIMED = """
    A--g---B------C
    |             |
    |             |
    D------E------F
"""


@pytest.fixture(scope="module")
def timed() -> tuple[Town, Prepared]:
    """A gate that is shut at night, a bus road in the rush hour, a turn ban by day."""
    town = draw(
        TIMED,
        points={"g": "barrier=gate opening_hours=05:00-22:00"},
        streets={
            "D E": "motor_vehicle:conditional='no @ (Mo-Fr 06:00-09:00,23:15-24:00)'",
            "E F": "access:conditional='destination @ (Sa-Su)'",
        },
        restrictions=["no: C F E | restriction:conditional='no_right_turn @ (10:00-16:00)' restriction=none"],
    ).build()
    return town, prepare(town.network, everywhere=True)


def jakarta(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def test_tags_with_hours_hold_at_these_hours(timed: tuple[Town, Prepared]) -> None:
    town, prepared = timed
    west, east = Position(town.segment("D", "A"), 0.5), Position(town.segment("B", "C"), 0.5)
    through_gate = prepared.router.at(prepared.live.apply([], jakarta(4, 12))).route(west, east, "car")
    night = prepared.live.apply([], jakarta(4, 23))
    around = prepared.router.at(night).route(west, east, "car")
    assert around.duration_ms > through_gate.duration_ms
    assert "not (05:00-22:00)" in night.hours
    both_shut = prepared.router.at(prepared.live.apply([], jakarta(4, 23, 30)))
    with pytest.raises(PlaceError, match="a gate or street is closed at this hour"):
        both_shut.route(west, east, "car")


@pytest.mark.parametrize(
    ("hours", "open_at"),
    [
        # Monday the 4th, Sunday the 10th of May; over midnight the gate is shut from one day to the next.
        ("05:00-22:00", [(4, 12), (10, 12)]),
        ("18:00-06:00", [(4, 3), (4, 23), (10, 3), (10, 23)]),
        ("05:00-01:00", [(4, 12), (4, 23), (10, 12), (10, 23)]),
        ("06:00-18:00, Su 19:00-24:00", [(4, 12), (10, 12), (10, 23)]),
        ("Mo-Sa 06:00-18:00; Su off", [(4, 12)]),
        ("06:00-24:00; Su 08:00-10:00", [(4, 12), (4, 23)]),
        ('06:00-18:00 "lapor satpam"', [(4, 12), (10, 12)]),
        ("06:00-18:00 unknown", [(4, 12), (10, 12)]),
        ("closed", []),
        ("22:00-05:00 closed", [(4, 3), (4, 12), (4, 23), (10, 3), (10, 12), (10, 23)]),  # says nothing: reported, not applied
    ],
)
def test_a_gate_is_shut_whenever_its_hours_do_not_say_open(hours: str, open_at: list[tuple[int, int]]) -> None:
    gate = {"barrier": "gate", "opening_hours": hours}
    town = draw("A--B--g--C--D\n   |     |   \n   E-----F   ", points={"g": gate}).build()
    prepared = prepare(town.network, everywhere=True)
    passable = []
    for day, hour in [(4, 3), (4, 12), (4, 23), (10, 3), (10, 12), (10, 23)]:
        router = prepared.router.at(prepared.live.apply([], jakarta(day, hour)))
        route = router.route(Position(town.segment("A", "B"), 0.5), Position(town.segment("C", "D"), 0.5), "ambulance")
        if town.segment("B", "E") not in route.segments:
            passable.append((day, hour))
    assert passable == open_at


def test_what_opens_for_a_while_is_no_place_to_be_sent_to_unless_a_road_leads_there() -> None:
    """A market street in a footway zone, open for deliveries in the morning: no vehicle gets as far as that."""
    town = draw(
        """
        A----B----C
        |    |    |
        |    E    |
        |    |    |
        |    F    |
        |         |
        G---------H
        """,
        streets={"B E": "highway=footway", "E F": "highway=pedestrian motor_vehicle:conditional='yes @ (06:00-10:00)'"},
        metres=50,
    ).build()
    prepared = prepare(town.network, everywhere=True)
    router = prepared.router.at(prepared.live.apply([], jakarta(4, 8)))
    stop = router.snap(*town.world.position("F"), "ambulance")
    assert stop.carry.kind == "footways"
    assert router.route(Position(town.segment("A", "B"), 0.5), stop, "ambulance").duration_ms < 200_000


def test_a_landslide_on_a_long_road_leaves_the_rest_of_it_to_those_who_come_from_the_other_side() -> None:
    town = draw(
        """
        A----1----2----3----4----5----B
        |                             |
        C-----------------------------D
        """,
        streets={"A 1 2 3 4 5 B": "name='Jalan Desa'"},
        metres=100,
    ).build()
    prepared = prepare(town.network)
    slide = condition(Around(*town.world.position("1"), 50.0), kind="landslide")
    router = prepared.router.at(prepared.live.apply([slide], jakarta(4, 12)))
    patient = router.snap(*town.world.position("5"), "ambulance")
    assert (patient.street, patient.carry.kind, round(patient.carry.metres)) == ("Jalan Desa", "street", 0)
    way = router.route(Position(town.segment("C", "A"), 0.5), patient, "ambulance")
    assert town.segment("C", "D") in way.segments
    stuck = router.snap(*town.world.position("4"), "ambulance", on_foot=False)
    assert router.route(stuck, patient, "ambulance").distance_m == pytest.approx(500, rel=0.01)


def test_what_is_reported_where_there_are_no_roads_changes_nothing(timed: tuple[Town, Prepared]) -> None:
    live = timed[1].live
    for where in (Around(0.0, 0.0, 50.0), Within(area((0, 0), (9, 0), (9, 9)))):
        state = live.apply([condition(where)], jakarta(4, 12))
        assert state.roads["car"].metric.weights.tolist() == live.apply([], jakarta(4, 12)).roads["car"].metric.weights.tolist()


def test_states_by_hours_have_the_costs_of_the_tags_as_they_stand(timed: tuple[Town, Prepared]) -> None:
    network, prepared = timed[0].network, timed[1]
    every = prepared.live.apply([], jakarta(4, 12)).hours | prepared.live.apply([], jakarta(4, 7)).hours
    every |= prepared.live.apply([], jakarta(9, 23)).hours
    assert every == prepared.live._clauses.times.keys()
    assert len(every) == 4
    roads = prepared.live._timed_roads(every)
    (restriction,) = network.restrictions
    standing = replace(
        network,
        tagsets=tuple(with_conditions(tags, timed_clauses(tags).timed) for tags in network.tagsets),
        restrictions=(replace(restriction, tags={"restriction": "no_right_turn"}),),
    )
    for name, profile in load_profiles().items():
        if not profile.motor:
            continue
        costs = cost(standing, profile)
        assert (costs.weights != prepared.costs[name].weights).any()
        assert roads[name].metric.weights.tolist() == costs.weights.tolist()
        assert roads[name].segment_ms.at(np.arange(2 * network.links)).tolist() == costs.segment_ms.tolist()
        assert roads[name].restricted.tolist() == costs.segment_restricted.tolist()
        assert (roads[name].mask & 3).tolist() == ((costs.segment_ms < CLOSED).reshape(-1, 2) @ [1, 2]).tolist()


def test_many_other_weights_come_to_the_same_as_few(timed: tuple[Town, Prepared]) -> None:
    network, metric = timed[0].network, timed[1].live.base.roads["car"].metric
    turns = np.arange(0, len(network.turn_head), 3)
    weights = np.full(len(turns), 12_345, np.uint32)
    derived, rooted = (reweighted(metric, turns, weights, few=few) for few in (len(turns), 0))
    every = np.arange(network.states)
    assert derived.weights.tolist() == rooted.weights.tolist() != metric.weights.tolist()
    assert derived.many_to_many(every, every).tolist() == rooted.many_to_many(every, every).tolist()
    assert reweighted(metric, turns[:0], weights[:0]) is metric


def test_the_next_change_is_known_beforehand(timed: tuple[Town, Prepared]) -> None:
    _, prepared = timed
    assert prepared.live.next_change_after(jakarta(4, 4)) == jakarta(4, 5)
    assert prepared.live.next_change_after(jakarta(4, 5)) == jakarta(4, 6)
    assert prepared.live.next_change_after(jakarta(4, 17)) == jakarta(4, 22)
    soon = condition(Around(0, 0, 5), from_time=jakarta(4, 17, 30))
    assert prepared.live.next_change_after(jakarta(4, 17), [soon]) == jakarta(4, 17, 30)


def test_a_closure_on_top_of_the_hours_keeps_both(timed: tuple[Town, Prepared]) -> None:
    town, prepared = timed
    street = town.segment("B", "C")
    state = prepared.live.apply([condition(OnSegments((street,)))], jakarta(4, 23))
    roads, night = state.roads["car"], prepared.live.apply([], jakarta(4, 23)).roads["car"]
    assert roads.segment_ms.at(np.array([street]))[0] == CLOSED
    changed = np.flatnonzero(roads.metric.weights != night.metric.weights)
    assert set(town.network.state_segment[town.network.turn_head[changed]].tolist()) == {street}
