"""Journeys against plain Dijkstra on random towns; the odd cases by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.conditions import Closed, OnSegments, RoadCondition, Slower
from routing.errors import DataError, PlaceError
from routing.network import CLOSED, RESTRICTED_ENTRY_MS
from routing.profiles import MOTOR_PROFILES
from routing.router import Router
from routing.routes import Route
from routing.snapping import Position, Snap
from tests.routing.journeys import Prepared, prepare, random_positions, segment_times, totals_by_networkx
from tests.world import Town, World, draw

NOON = datetime(2026, 5, 4, 5, tzinfo=UTC)
NAMES = "ABCDEFGHIJKLMNOP"


def random_world(random: np.random.Generator) -> World:
    """A town of four by four junctions: one-ways, private roads, gates, blocks, turn bans over nodes and ways."""
    across = random.choice(
        ["-----", ">>>>>", "<<<<<", "--#--", "--g--", "     "], (4, 3), p=[0.5, 0.12, 0.12, 0.03, 0.05, 0.18]
    )
    down = random.choice(["|", "v", "^", " "], (3, 4), p=[0.6, 0.12, 0.12, 0.16])
    lines = []
    for row in range(4):
        pieces = [NAMES[4 * row]]
        for column in range(3):
            pieces += [str(across[row, column]), NAMES[4 * row + column + 1]]
        lines.append("".join(pieces))
        if row < 3:
            lines += ["     ".join(str(sign) for sign in down[row])] * 2
    streets: dict[str, str] = {}
    ways: dict[str, list[str]] = {name: [] for name in NAMES}
    for number, name in enumerate(NAMES):
        row, column = divmod(number, 4)
        for sign, other in (
            (across[row, column] if column < 3 else " ", number + 1),
            (down[row, column] if row < 3 else " ", number + 4),
        ):
            if not str(sign).strip():
                continue
            there = NAMES[other]
            if "<" not in sign and "^" not in sign:
                ways[name].append(there)
            if ">" not in sign and "v" not in sign:
                ways[there].append(name)
            backward = "<" in sign or "^" in sign
            if random.random() < 0.3:
                tags = random.choice(
                    ["access=private", "access=destination", "maxspeed=50", "highway=service", "highway=tertiary"]
                )
                streets[f"{there} {name}" if backward else f"{name} {there}"] = str(tags)
    restrictions = []
    for _ in range(int(random.integers(0, 5))):
        chain = [str(random.choice(list(NAMES)))]
        while len(chain) < random.integers(3, 5) and ways[chain[-1]]:
            chain.append(str(random.choice(ways[chain[-1]])))
        if len(set(chain)) == len(chain) and len(chain) >= 3:
            restrictions.append(f"{random.choice(['no', 'only'])}: {chain[0]} {'..'.join(chain[1:-1])} {chain[-1]}")
    plan = "\n".join(lines)
    return draw(plan, streets=streets, restrictions=restrictions, points={"g": "barrier=gate"} if "g" in plan else {})


def check_route(prepared: Prepared, router: Router, route: Route, origin: Position, target: Position, total: int) -> None:
    """A route hangs together, and its parts add up to what Dijkstra says."""
    network, roads = prepared.network, router.state.roads[route.profile]
    assert route.segments[0] == origin.segment
    assert route.segments[-1] == target.segment
    assert (route.start_fraction, route.end_fraction) == (origin.fraction, target.fraction)
    ends = [network.segment_head(segment) for segment in route.segments[:-1].tolist()]
    assert ends == [network.segment_tail(segment) for segment in route.segments[1:].tolist()]
    times = segment_times(router.state, route.profile, route.segments)
    assert route.segment_ms.tolist() == times.tolist()
    elapsed = int(np.rint(origin.fraction * times[0])), int(np.rint(target.fraction * times[-1]))
    whole = int(times[:-1].sum()) + int(route.turn_ms.sum()) - elapsed[0] + elapsed[1]
    assert route.duration_ms == whole == total % RESTRICTED_ENTRY_MS
    assert len(route.restricted) == total // RESTRICTED_ENTRY_MS
    metres = network.link_length_m[route.segments >> 1].copy()
    expected_m = metres.sum() - origin.fraction * metres[0] - (1 - target.fraction) * metres[-1]
    assert route.distance_m == pytest.approx(expected_m, abs=1e-6)
    drawn_m = np.hypot(*(np.diff(route.geometry, axis=0) * [np.cos(np.radians(6.48)), 1] * 111_195).T).sum()
    assert drawn_m == pytest.approx(route.distance_m, rel=0.002, abs=0.1)
    assert roads.metric.weights is not None


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_journeys_in_random_towns_equal_dijkstra(seed: int) -> None:
    random = np.random.default_rng(seed)
    prepared = prepare(random_world(random).build().network, everywhere=True)
    network = prepared.network
    if not network.states:
        return
    segments = random.choice(2 * network.links, 6).tolist()
    conditions = [
        RoadCondition("flood", "flood", OnSegments(tuple(segments[:4])), Closed(), "test"),
        RoadCondition(
            "market", "market", OnSegments(tuple(segments[3:])), Slower(2.5), "test", profiles=frozenset({"car", "ambulance"})
        ),
    ]
    profile = str(random.choice(MOTOR_PROFILES))
    for state in (prepared.live.base, prepared.live.apply(conditions, NOON)):
        router = prepared.router.at(state)
        weights = state.roads[profile].metric.weights
        times = segment_times(state, profile, np.arange(2 * network.links))
        if (times >= CLOSED).all():
            continue
        origins, targets = random_positions(random, times, 4), random_positions(random, times, 5)
        targets[0] = Position(origins[0].segment, origins[0].fraction / 2)  # behind it
        targets[1] = Position(origins[1].segment, (1 + origins[1].fraction) / 2)  # ahead of it
        targets[2] = origins[2]
        table = router.eta_table(origins, targets, profile)
        pinned = router.eta_table(origins, router.destinations(targets, profile, pinned=True), profile)
        assert table.ms.tolist() == pinned.ms.tolist()
        for row, origin in enumerate(origins):
            expected = totals_by_networkx(network, weights, times, origin, targets)
            for column, (target, total) in enumerate(zip(targets, expected, strict=True)):
                if total >= CLOSED:
                    assert table.ms[row, column] == CLOSED
                    with pytest.raises(PlaceError):
                        router.route(origin, target, profile)
                    continue
                assert table.ms[row, column] == total % RESTRICTED_ENTRY_MS
                assert table.restricted[row, column] == total // RESTRICTED_ENTRY_MS
                check_route(prepared, router, router.route(origin, target, profile), origin, target, total)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_places_with_two_directions_take_the_better_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    town = random_world(random).build()
    prepared = prepare(town.network, everywhere=True)
    router, network = prepared.router, prepared.network
    spread = random.uniform(-0.0003, 0.0003, (6, 2))
    points = np.column_stack((network.junction_longitude, network.junction_latitude))
    if not len(points) or not network.states:
        return
    asked = points[random.integers(0, len(points), 6)] + spread
    found = router.snap_many(asked[:, 0], asked[:, 1], "car")
    snaps = [
        router.snap(float(x), float(y), "car", on_foot=False)
        for (x, y), link in zip(asked, found.link, strict=True)
        if link >= 0
    ]
    if not snaps:
        return
    table = router.eta_table(snaps, snaps, "car")
    kept = found.link >= 0
    assert router.eta_table(found, found, "car").ms[np.ix_(kept, kept)].tolist() == table.ms.tolist()
    for row, origin in enumerate(snaps):
        for column, target in enumerate(snaps):
            pairs = [router.eta_table([a], [b], "car") for a in origin.positions for b in target.positions]
            best = min((int(pair.restricted[0, 0]) if pair.ms[0, 0] < CLOSED else 99, int(pair.ms[0, 0])) for pair in pairs)
            assert table.ms[row, column] == best[1]
            if best[1] < CLOSED:
                assert router.route(origin, target, "car").duration_ms == best[1]


@pytest.fixture(scope="module")
def ring() -> tuple[Town, Prepared]:
    """A one-way ring with a two-way street to a house."""
    town = draw(
        """
        K
        |
        A>>>>>>B------H
        ^      v
        D<<<<<<C------J
        """,
        streets={"C D A": ""},
    ).build()
    return town, prepare(town.network, everywhere=True)


def test_behind_on_a_one_way_street_is_a_trip_round_the_ring(ring: tuple[Town, Prepared]) -> None:
    town, prepared = ring
    first = town.segment("A", "B")
    ahead = prepared.router.route(Position(first, 0.2), Position(first, 0.7), "car")
    assert ahead.segments.tolist() == [first]
    assert ahead.distance_m == pytest.approx(0.5 * 7 * 25, rel=1e-3)
    behind = prepared.router.route(Position(first, 0.7), Position(first, 0.2), "car")
    assert behind.segments.tolist() == [first, town.segment("B", "C"), town.segment("C", "A"), first]
    assert behind.distance_m == pytest.approx((18 * 25) - 0.5 * 7 * 25, rel=1e-3)
    assert behind.geometry[0] != pytest.approx(behind.geometry[-1])


def test_behind_on_a_street_that_ends_where_it_begins_is_once_round() -> None:
    town = draw(
        """
        A>>>>>>B------H
        ^      v
        D<<<<<<C
        """,
        streets={"B C D A B": ""},
    ).build()
    (around,) = town.segments("B", "C")[:1]
    route = prepare(town.network, everywhere=True).router.route(Position(around, 0.7), Position(around, 0.2), "car")
    assert route.segments.tolist() == [around, around]
    assert route.distance_m == pytest.approx(0.5 * 18 * 25, rel=1e-3)


def test_staying_where_one_is_takes_no_time(ring: tuple[Town, Prepared]) -> None:
    town, prepared = ring
    here = Position(town.segment("A", "B"), 1 / 3)
    route = prepared.router.route(here, here, "ambulance")
    assert (route.duration_ms, route.distance_m, route.segments.tolist()) == (0, pytest.approx(0, abs=1e-6), [here.segment])
    assert route.geometry.shape == (2, 2)
    assert prepared.router.eta_table([here], [here], "ambulance").ms.tolist() == [[0]]


def test_what_lies_behind_on_a_two_way_street_is_reached_by_its_other_direction(ring: tuple[Town, Prepared]) -> None:
    town, prepared = ring
    x, y = town.world.position("B")
    beyond = town.world.position("H")
    near = prepared.router.snap(x + 0.8 * (beyond[0] - x), y, "car")
    far = prepared.router.snap(x + 0.2 * (beyond[0] - x), y, "car")
    route = prepared.router.route(near, far, "car")
    assert route.segments.tolist() == [town.segment("H", "B")]
    assert route.origin_carry is near.carry


@pytest.fixture(scope="module")
def gated() -> tuple[Town, Prepared]:
    town = draw(
        """
        A-----B-----C
        |     |     |
        |     |     |
        D-----E-----F




        Q-----R
        """,
        streets={"B C": "access=private name='Jalan Kompleks'", "C F": "access=private", "A B": "name='Jalan Raya'"},
    ).build()
    return town, prepare(town.network, everywhere=True)


HOSPITAL = """
+-A---B---C
|     |
|     F
|     |
|     G---R-------+
|                 |
+-----------------E
"""
"""The front: a driveway with a piece of public road between; the back, far round: a service road."""


def test_an_ambulance_drives_up_to_the_front_door_and_not_round_the_back() -> None:
    drive = "highway=service service=driveway"
    streets = {"B F": drive, "F G": "highway=service", "G R": drive, "R E": "highway=service"}
    town = draw(HOSPITAL, streets=streets, metres=100).build()
    router = prepare(town.network, everywhere=True).router
    origin, door = Position(town.segment("C", "B"), 0.5), Position(town.segment("G", "R"), 0.5)
    for vehicle in ("ambulance", "ambulance_priority"):
        route = router.route(origin, door, vehicle)
        assert town.segment("B", "F") in route.segments.tolist()
        assert not len(route.restricted)


def test_a_private_road_is_entered_where_it_must_be_and_named(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    route = prepared.router.route(Position(town.segment("A", "B"), 0.5), Position(town.segment("B", "C"), 0.5), "ambulance")
    assert [entry.street for entry in route.restricted] == ["Jalan Kompleks"]
    assert route.duration_ms < 120_000
    table = prepared.router.eta_table(
        [Position(town.segment("A", "B"), 0.5)],
        [Position(town.segment("B", "C"), 0.5), Position(town.segment("E", "F"), 0.9)],
        "ambulance",
    )
    assert table.restricted.tolist() == [[1, 0]]
    assert table.ms.tolist()[0][0] == route.duration_ms


def test_no_way_says_whether_closures_cut_it_or_there_never_was_one(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    here, there = Position(town.segment("D", "E"), 0.5), Position(town.segment("A", "B"), 0.5)
    elsewhere = Position(town.segment("Q", "R"), 0.5)
    with pytest.raises(PlaceError, match="parts of the network that no road"):
        prepared.router.route(here, elsewhere, "car")
    shut = [
        *town.segments("D", "A"),
        *town.segments("E", "B"),
        *town.segments("F", "B"),
        *town.segments("F", "C"),
        town.segment("B", "C"),
    ]
    flood = RoadCondition("f1", "flood", OnSegments(tuple(shut)), Closed(), "BPBD", reason="Banjir Kali Baru")
    router = prepared.router.at(prepared.live.apply([flood], NOON))
    with pytest.raises(PlaceError, match=r"closures cut it \(Banjir Kali Baru\)"):
        router.route(here, there, "car")
    assert router.eta_table([here], [there], "car").ms.tolist() == [[CLOSED]]


def test_places_on_a_street_that_is_closed_now_are_snapped_again(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    (x, y), (x2, _) = town.world.position("D"), town.world.position("E")
    house = prepared.router.snap((x + x2) / 2, y, "car")
    street = house.positions[0].segment
    works = RoadCondition("works", "roadworks", OnSegments((street, street ^ 1)), Closed(), "DPUPR")
    router = prepared.router.at(prepared.live.apply([works], NOON))
    far = Position(town.segment("B", "E"), 0.5)
    assert router.eta_table([far], [house], "car").ms[0, 0] < CLOSED
    route = router.route(far, house, "car")
    assert route.segments[-1] >> 1 != street >> 1
    assert route.destination_carry is not None
    assert route.destination_carry.metres > 10
    many = prepared.router.snap_many([house.longitude], [house.latitude], "car")
    assert router.eta_table([far], many, "car").ms[0, 0] < CLOSED
    with pytest.raises(PlaceError, match="is closed to car"):
        router.route(far, house.positions[0], "car")
    assert router.eta_table([far], [house.positions[0]], "car").ms[0, 0] == CLOSED


def test_ends_prepared_for_something_else_are_refused(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    here = [Position(town.segment("A", "B"), 0.5)]
    ends = prepared.router.destinations(here, "car")
    with pytest.raises(ValueError, match="prepare them again"):
        prepared.router.eta_table(here, ends, "ambulance")
    router = prepared.router.at(prepared.live.apply([], NOON))
    with pytest.raises(ValueError, match="prepare them again"):
        router.eta_table(here, ends, "car")
    with pytest.raises(DataError, match="no motor profile 'hovercraft'"):
        router.eta_table(here, here, "hovercraft")


def test_places_without_a_street_have_no_way(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    x, y = town.world.position("A")
    places = prepared.router.snap_many([x, x + 1.0], [y, y], "car")
    table = prepared.router.eta_table(places, [Position(town.segment("D", "E"), 0.5)], "car")
    assert table.ms[0, 0] < CLOSED
    assert table.ms[1, 0] == CLOSED
    empty = prepared.router.eta_table([], places, "car")
    assert empty.ms.shape == (0, 2)


def test_an_estimate_beyond_the_network_is_lengthened_and_slow(gated: tuple[Town, Prepared]) -> None:
    _, prepared = gated
    estimate = prepared.router.estimate((106.8, -6.5), (106.8, -6.4), "ambulance")
    assert estimate.straight_m == pytest.approx(11_119.5, rel=1e-3)
    assert estimate.duration_ms == pytest.approx(estimate.straight_m * estimate.detour_factor * 3_600 / estimate.kph, abs=1)
    with pytest.raises(DataError, match=r"kph\.foot"):
        prepared.router.estimate((106.8, -6.5), (106.8, -6.4), "foot")


def test_many_threads_get_the_same_answers(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    router = prepared.router
    here, there = Position(town.segment("A", "B"), 0.25), Position(town.segment("E", "F"), 0.5)

    def ask(_: int) -> tuple[int, list[list[int]]]:
        return router.route(here, there, "car").duration_ms, router.eta_table([here, there], [there, here], "car").ms.tolist()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(200)))
    assert all(answer == answers[0] for answer in answers)


def test_snaps_know_their_profile(gated: tuple[Town, Prepared]) -> None:
    town, prepared = gated
    x, y = town.world.position("A")
    found = prepared.router.snap(x, y, "motorcycle")
    assert isinstance(found, Snap)
    assert found.profile == "motorcycle"


def test_where_an_island_has_no_way_the_place_on_the_main_part_is_taken() -> None:
    town = draw(
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
    ).build()
    prepared = prepare(town.network)
    router = prepared.router
    x, y = town.world.position("Q")
    patient = router.snap(x, y, "ambulance")
    assert patient.instead is not None
    assert patient.instead.carry.kind == "straight"
    station, x_of_s = Position(town.segment("A", "B"), 0.5), town.world.position("S")
    route = router.route(station, patient, "ambulance")
    assert route.destination_carry is patient.instead.carry
    assert router.route(patient, station, "ambulance").origin_carry is patient.instead.carry
    neighbour = router.snap(*x_of_s, "ambulance")
    assert router.route(neighbour, patient, "ambulance").destination_carry is patient.carry
    places = [patient, neighbour]
    table = router.eta_table([station, *places], [station, *places], "ambulance")
    assert table.instead.tolist() == [[0, 2, 2], [1, 0, 0], [1, 0, 0]]
    assert table.ms[0, 1] == route.duration_ms
    assert (table.ms < CLOSED).all()
    many = router.snap_many([x, x_of_s[0]], [y, x_of_s[1]], "ambulance")
    pinned = router.eta_table([station], router.destinations(many, "ambulance", pinned=True), "ambulance")
    assert pinned.instead.tolist() == [[2, 2]]
    assert (pinned.ms < CLOSED).all()
    shut = tuple({position.segment for place in places for position in place.positions})
    closed = router.at(prepared.live.apply([RoadCondition("c", "closure", OnSegments(shut), Closed(), "test")], NOON))
    assert (closed.eta_table([station], many, "ambulance").ms < CLOSED).all()
