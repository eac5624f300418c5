"""The search on foot, checked against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.network import CLOSED
from routing.walking import Footways, after
from tests.routing.shapes import METRE, network_of


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_walks_are_shortest(seed: int, fraction: float) -> None:
    random = np.random.default_rng(seed)
    places = random.integers(0, 40, (12, 2)) * 10.0
    ends = [(int(a), int(b)) for a, b in random.integers(0, 12, (20, 2)) if a != b and (places[a] != places[b]).any()]
    network = network_of([[tuple(places[a]), tuple(places[b])] for a, b in ends])
    foot_ms = random.integers(1_000, 90_000, 2 * network.links).astype(np.uint32)
    foot_ms[random.random(2 * network.links) < 0.15] = CLOSED
    streets = (random.random(network.links) < 0.2).astype(np.uint8) * 3
    start = int(random.integers(network.links))
    walk = Footways.build(network, foot_ms).walk(start, fraction, streets, bound_m=1e9)

    graph = nx.MultiDiGraph()
    for link in range(network.links):
        for segment in (2 * link, 2 * link + 1):
            if foot_ms[segment] < CLOSED:
                graph.add_edge(network.segment_tail(segment), network.segment_head(segment), ms=int(foot_ms[segment]))
    for segment, share in ((2 * start, 1 - fraction), (2 * start + 1, fraction)):
        if foot_ms[segment] < CLOSED:
            graph.add_edge("start", network.segment_head(segment), ms=round(share * float(foot_ms[segment])))
    boards = {
        junction
        for link in np.flatnonzero(streets).tolist()
        if foot_ms[2 * link : 2 * link + 2].min() < CLOSED
        for junction in (int(network.link_tail[link]), int(network.link_head[link]))
    }
    reached = nx.single_source_dijkstra_path_length(graph, "start", weight="ms") if "start" in graph else {}
    times = [reached[junction] for junction in boards if junction in reached]
    if not times:
        assert walk is None
        return
    assert walk is not None
    assert walk.ms == min(times)
    end = network.link_tail[walk.street_link] if walk.at_tail else network.link_head[walk.street_link]
    assert walk.path[-1] == pytest.approx([network.junction_longitude[end], network.junction_latitude[end]])
    shape = network.segment_shape(2 * start)
    assert walk.path[0] == pytest.approx(shape[0] + fraction * (shape[-1] - shape[0]), abs=1e-9)
    steps = np.hypot(*np.diff(walk.path / METRE, axis=0).T).sum()
    assert steps == pytest.approx(walk.metres, rel=1e-3, abs=0.01)


def test_the_bound_holds() -> None:
    network = network_of([[(0, 0), (300, 0)], [(300, 0), (600, 0)], [(600, 0), (900, 0)]])
    footways = Footways.build(network, np.full(6, 300_000, np.uint32))
    street = np.array([0, 0, 3], np.uint8)
    assert footways.walk(0, 0.5, street, bound_m=449) is None
    assert footways.walk(0, 0.5, street, bound_m=451) is not None


def test_a_large_search_grows_its_tables() -> None:
    size = 60
    lines = [[(x * 10.0, y * 10.0), (x * 10.0 + 10, y * 10.0)] for x in range(size) for y in range(size)]
    lines += [[(x * 10.0, y * 10.0), (x * 10.0, y * 10.0 + 10)] for x in range(size) for y in range(size)]
    network = network_of(lines)
    streets = np.zeros(network.links, np.uint8)
    streets[size * size - 1] = 3
    walk = Footways.build(network, np.full(2 * network.links, 7_000, np.uint32)).walk(0, 0.0, streets, bound_m=2_000)
    assert walk is not None
    assert walk.ms == 7_000 * 2 * (size - 1)


def test_footways_come_back_from_their_arrays() -> None:
    network = network_of([[(0, 0), (100, 0)], [(100, 0), (200, 0)]])
    foot_ms = np.full(4, 90_000, np.uint32)
    footways = Footways.build(network, foot_ms)
    again = Footways.from_arrays(network, footways.arrays())
    street = np.array([0, 3], np.uint8)
    one, other = footways.walk(0, 0.3, street), again.walk(0, 0.3, street)
    assert one is not None
    assert other is not None
    assert (one.ms, one.metres, one.path.tolist()) == (other.ms, other.metres, other.path.tolist())


def test_the_rest_of_a_line() -> None:
    line = np.array([[0.0, 0.0], [3.0, 0.0], [4.0, 0.0]])
    assert after(line, 0.5).tolist() == [[2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]
    assert after(line, 1.0).tolist() == [[4.0, 0.0]]
