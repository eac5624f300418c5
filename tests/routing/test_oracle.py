"""The whole chain (ways → network → costs) against plain Dijkstra on the raw ways, on random small towns."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.costs import ProfileCosts, cost
from routing.network import CLOSED, RESTRICTED_ENTRY_MS
from routing.profiles import load_profiles
from tests.oracle import Oracle, Piece
from tests.world import Town, World, draw

STREETS = ["-", "-", "-", "-", ">", "<", "#", " "]
STREET_TAGS = [
    "",
    "",
    "",
    "highway=primary",
    "access=destination",
    "motor_vehicle=private",
    "highway=footway",
    "service=alley highway=service",
    "name=Mawar",
    "maxspeed:forward=30 maxspeed:backward=10",
    "highway=busway",
    "oneway=-1",
]
POINT_TAGS = [
    "highway=traffic_signals",
    "highway=stop direction=backward",
    "barrier=gate access=private",
    "barrier=bollard",
    "barrier=gate",
    "barrier=lift_gate",
]
EXTRAS = ["", "", "", " | except=motorcycle", " | except=emergency", " | except=psv"]
PROFILES = ["car", "ambulance", "ambulance_priority", "motorcycle"]


@st.composite
def towns(draw_from: st.DrawFn) -> World:
    """A grid of streets, some missing, one-way or shut, some joined into one way, with turn restrictions on the rest."""
    rows, columns = draw_from(st.integers(2, 3)), draw_from(st.integers(2, 4))
    letter = np.array(list("ABCDEFGHIJKL"[: rows * columns])).reshape(rows, columns)
    sheet = np.full((4 * rows - 3, 4 * columns - 3), " ")
    sheet[::4, ::4] = letter
    around: dict[str, set[str]] = {name: set() for name in letter.ravel()}
    streets: dict[str, str] = {}
    plain: set[tuple[str, str]] = set()
    for r, c, down in [(r, c, down) for r in range(rows) for c in range(columns) for down in (False, True)]:
        if (r + down, c + (not down)) not in np.ndindex(letter.shape):
            continue
        sign = draw_from(st.sampled_from(STREETS))
        if sign == " ":
            continue
        line = {"-": "|", ">": "v", "<": "^"}.get(sign, sign) if down else sign
        part = sheet[4 * r + 1 : 4 * r + 4, 4 * c] if down else sheet[4 * r, 4 * c + 1 : 4 * c + 4]
        part[:] = "|" if down else "-"
        part[1] = line
        one, other = letter[r, c], letter[r + down, c + (not down)]
        around[one].add(other)
        around[other].add(one)
        tags = draw_from(st.sampled_from(STREET_TAGS))
        if tags and sign in "-#":
            streets[f"{one} {other}"] = tags
        if not tags and sign == "-":
            plain.add((one, other))
    for a, b, c in [tuple(line[i : i + 3]) for line in (*letter, *letter.T) for i in range(len(line) - 2)]:
        if {(a, b), (b, c)} <= plain and draw_from(st.booleans()):
            streets[f"{a} {b} {c}"] = ""  # one way that runs on through b; restrictions on it would be ambiguous
            plain -= {(a, b), (b, c)}
            for one, other in ((a, b), (b, c)):
                around[one].discard(other)
                around[other].discard(one)
    paths = [[a, b, c] for b in around for a in around[b] for c in around[b]]
    restrictions = draw_from(st.lists(_restrictions(paths, around), max_size=4)) if paths else []
    plan = "\n".join("".join(line) for line in sheet)
    points = draw_from(st.dictionaries(st.sampled_from(sorted(around)), st.sampled_from(POINT_TAGS), max_size=2))
    return draw(plan, streets=streets, points=points, restrictions=restrictions)


@st.composite
def _restrictions(draw_from: st.DrawFn, paths: list[list[str]], around: dict[str, set[str]]) -> str:
    path = list(draw_from(st.sampled_from(sorted(paths))))
    for _ in range(draw_from(st.sampled_from([0, 1, 1, 2]))):
        onward = sorted(around[path[-1]] - set(path[1:]))
        if path[0] != path[2] and onward:
            path.append(draw_from(st.sampled_from(onward)))
    verb = draw_from(st.sampled_from(["no", "no", "only"]))
    return f"{verb}: {path[0]} {'..'.join(path[1:-1])} {path[-1]}{draw_from(st.sampled_from(EXTRAS))}"


def last_piece(town: Town, segment: int) -> Piece:
    """The raw piece on which a segment ends."""
    ways = town.world.ways
    ends = [tuple(point) for point in town.network.segment_shape(segment)[-2:].tolist()]
    node = {(float(x), float(y)): i for i, (x, y) in enumerate(zip(ways.node_longitude, ways.node_latitude, strict=True))}
    start, end = (node[point] for point in ends)
    for row in range(len(ways.way_id)):
        line = ways.way_node[ways.way_first[row] : ways.way_first[row + 1]].tolist()
        for pair in pairwise(line):
            if {start, end} == set(pair):
                return Piece(start, end, row, pair != (start, end))
    raise AssertionError("a segment ends on no way")


def network_distances(town: Town, costs: ProfileCosts, segment: int) -> dict[int, int]:
    """By segment: the weight of the best path from the end of a segment to its end, by networkx."""
    network = town.network
    graph = nx.DiGraph()
    graph.add_nodes_from(range(network.states))
    for tail, head, weight in zip(network.turn_tail.tolist(), network.turn_head.tolist(), costs.weights.tolist(), strict=True):
        if weight < CLOSED:
            graph.add_edge(tail, head, weight=weight)
    found = nx.single_source_dijkstra_path_length(graph, int(network.segment_state[segment]))
    best: dict[int, int] = {}
    for state, distance in found.items():
        onto = int(network.state_segment[state])
        best[onto] = min(best.get(onto, distance), distance)
    return best


@settings(max_examples=100)
@given(towns(), st.sampled_from(PROFILES), st.data())
@pytest.mark.slow
def test_network_agrees_with_raw_ways(world: World, name: str, data: st.DataObject) -> None:
    agree(world, name, data)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
@settings(max_examples=1_000)
@given(towns(), st.sampled_from(PROFILES), st.data())
def test_network_agrees_with_raw_ways_on_many_towns(world: World, name: str, data: st.DataObject) -> None:
    agree(world, name, data)


def agree(world: World, name: str, data: st.DataObject) -> None:
    """From one segment to all others, the network costs what the raw ways say."""
    profiles = load_profiles()
    if not len(world.ways.way_id):
        return
    town = world.build()
    network = town.network
    assert {item.reason for item in town.report.unplaced} <= {"not_drivable", "way_not_usable"}
    profile = profiles[name]
    costs = cost(network, profile)
    usable = [segment for segment in range(2 * network.links) if costs.segment_ms[segment] < CLOSED]
    if not usable:
        return
    rings = network.junction_osm_id[network.link_tail[network.link_tail == network.link_head]] - 1
    oracle = Oracle(world.ways, profile, list(profiles.values()), "left", on_rings=rings.tolist())
    pieces = {segment: last_piece(town, segment) for segment in usable}
    for source in data.draw(st.lists(st.sampled_from(usable), min_size=1, max_size=4, unique=True)):
        expected = oracle.best(pieces[source])
        found = network_distances(town, costs, source)
        assert {target for target in usable if target in found} == {target for target in usable if pieces[target] in expected}
        for target in found:
            entries, ms = expected[pieces[target]]
            assert found[target] // RESTRICTED_ENTRY_MS == entries
            assert abs(found[target] % RESTRICTED_ENTRY_MS - ms) < 100
