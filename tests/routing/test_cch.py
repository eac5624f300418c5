"""Distances and paths of the hierarchy against Dijkstra, networkx and RoutingKit."""

from __future__ import annotations

from pathlib import Path

import networkx
import numpy as np
import pytest
import routingkit_cch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing import network
from routing.build import build_network
from routing.cch import CLOSED, Hierarchy
from routing.costs import cost
from routing.prepare import order_states
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from tests.routing.graphs import Graph, assert_path, geometric_graph, graphs, random_graph


def test_closed_is_the_networks_closed() -> None:
    assert CLOSED == network.CLOSED


@given(graph=graphs(), data=st.data())
def test_distances_and_paths_equal_dijkstra_for_any_order(graph: Graph, data: st.DataObject) -> None:
    order = data.draw(st.one_of(st.none(), st.permutations(range(graph.nodes))))
    metric = graph.hierarchy(None if order is None else np.array(order)).customize(graph.weight)
    wanted = graph.distances()
    for source in range(graph.nodes):
        for target in range(graph.nodes):
            total = int(wanted[source, target])
            assert metric.distance(source, target) == total
            path = metric.path(source, target)
            if total == CLOSED:
                assert path is None
            else:
                assert path is not None
                assert_path(graph, graph.weight, source, target, path, total)


@pytest.mark.parametrize("seed", range(6))
def test_larger_random_graphs_equal_dijkstra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(20, 120))
    graph = random_graph(rng, nodes, int(rng.integers(nodes, 4 * nodes)))
    metric = graph.hierarchy(rng.permutation(nodes) if seed % 2 else None).customize(graph.weight)
    wanted = graph.distances()
    for source, target in rng.integers(0, nodes, (200, 2)).tolist():
        assert metric.distance(source, target) == wanted[source, target]
        path = metric.path(source, target)
        if path is not None:
            assert_path(graph, graph.weight, source, target, path, int(wanted[source, target]))


def test_networkx_agrees() -> None:
    graph = random_graph(np.random.default_rng(11), 60, 200)
    reference = networkx.MultiDiGraph()
    reference.add_nodes_from(range(graph.nodes))
    for a, b, w in zip(graph.tail.tolist(), graph.head.tolist(), graph.weight.tolist(), strict=True):
        if w < CLOSED:
            reference.add_edge(a, b, weight=w)
    metric = graph.hierarchy().customize(graph.weight)
    for source, distances in networkx.all_pairs_dijkstra_path_length(reference):
        for target in range(graph.nodes):
            assert metric.distance(source, target) == distances.get(target, CLOSED)


def test_routingkit_agrees_on_a_graph_like_roads() -> None:
    rng = np.random.default_rng(5)
    graph = geometric_graph(rng, 3000, 0.03)
    metric = graph.hierarchy().customize(graph.weight)
    tail, head = graph.tail.tolist(), graph.head.tolist()
    order = routingkit_cch.compute_order_inertial(graph.nodes, tail, head, graph.latitude.tolist(), graph.longitude.tolist())
    other = routingkit_cch.CCHMetric(routingkit_cch.CCH(order, tail, head, False), graph.weight.tolist())
    query = routingkit_cch.CCHQuery(other)
    for source, target in rng.integers(0, graph.nodes, (500, 2)).tolist():
        distance = query.run(source, target).distance
        assert metric.distance(source, target) == (CLOSED if distance is None else distance)
        path = metric.path(source, target)
        assert (path is None) == (distance is None)
        if path is not None:
            assert_path(graph, graph.weight, source, target, path, distance)


def test_many_to_many_equals_routingkit_one_by_one() -> None:
    rng = np.random.default_rng(6)
    graph = geometric_graph(rng, 2000, 0.035)
    metric = graph.hierarchy().customize(graph.weight)
    tail, head = graph.tail.tolist(), graph.head.tolist()
    order = routingkit_cch.compute_order_degree(graph.nodes, tail, head)
    other = routingkit_cch.CCHMetric(routingkit_cch.CCH(order, tail, head, False), graph.weight.tolist())
    sources, targets = rng.integers(0, graph.nodes, 70), rng.integers(0, graph.nodes, 90)
    lookup = routingkit_cch.CCHOneToMany(other, targets.tolist())
    wanted = [[CLOSED if d is None else d for d in lookup.distances_from(source)] for source in sources.tolist()]
    np.testing.assert_array_equal(metric.many_to_many(sources, targets), wanted)


def test_the_empty_graph() -> None:
    nothing = np.empty(0)
    hierarchy = Hierarchy.build([], [], nothing, nothing)
    metric = hierarchy.customize([])
    assert (hierarchy.nodes, hierarchy.arcs, hierarchy.upward_arcs) == (0, 0, 0)
    assert metric.many_to_many([], []).shape == (0, 0)
    with pytest.raises(IndexError, match="node 0 is out of range"):
        metric.distance(0, 0)


def test_a_single_node_with_a_loop() -> None:
    metric = Hierarchy.build([0], [0], [106.9], [-6.5]).customize([7])
    assert metric.distance(0, 0) == 0
    path = metric.path(0, 0)
    assert path is not None
    assert path.tolist() == []
    assert metric.many_to_many([0, 0], [0]).tolist() == [[0], [0]]
    assert metric.with_weights([0], [3]).weights.tolist() == [3]


def test_sums_that_reach_closed_are_closed() -> None:
    metric = Hierarchy.build([0, 1], [1, 2], [0.0, 1.0, 2.0], [0.0, 0.0, 0.0]).customize([2**30, 2**30 - 1])
    assert metric.distance(0, 2) == CLOSED
    assert metric.path(0, 2) is None
    assert metric.with_weights([1], [2**30 - 2]).distance(0, 2) == CLOSED - 1


def test_a_line_in_the_poorest_order_keeps_its_path() -> None:
    nodes = 2000
    steps = np.arange(nodes - 1)
    metric = Hierarchy.build(steps, steps + 1, np.zeros(nodes), np.zeros(nodes), order=np.arange(nodes)).customize(
        np.ones(nodes - 1, np.int64)
    )
    assert metric.distance(0, nodes - 1) == nodes - 1
    path = metric.path(0, nodes - 1)
    assert path is not None
    np.testing.assert_array_equal(path, steps)


@pytest.mark.parametrize("node", [-1, 5, 2**40])
def test_unknown_nodes_are_refused_by_name(node: int) -> None:
    metric = random_graph(np.random.default_rng(0), 5, 9).hierarchy().customize(np.ones(9, int))
    for ask in (
        lambda: metric.distance(node, 0),
        lambda: metric.distance(0, node),
        lambda: metric.path(0, node),
        lambda: metric.one_to_many(0, [1, node]),
        lambda: metric.one_to_many(node, [1]),
        lambda: metric.many_to_one([node], 1),
        lambda: metric.many_to_many([0], [node]),
        lambda: metric.route(([node], [0]), ([0], [0])),
    ):
        with pytest.raises(IndexError, match=str(node)):
            ask()


def test_unusable_arguments_are_refused() -> None:
    places = np.zeros(3)
    with pytest.raises(IndexError, match="node 3 is out of range"):
        Hierarchy.build([0], [3], places, places)
    with pytest.raises(ValueError, match="tail and head"):
        Hierarchy.build([0], [1, 2], places, places)
    with pytest.raises(ValueError, match="longitude and latitude"):
        Hierarchy.build([0], [1], places, places[:2])
    for order in ([0, 1], [0, 1, 1], [0, 1, 2, 2]):
        with pytest.raises(ValueError, match="each of the 3 nodes once"):
            Hierarchy.build([0], [1], places, places, order=order)
    hierarchy = Hierarchy.build([0, 1], [1, 2], places, places)
    for wrong in ([1], [1, 2, 3], [1, -1], [1, CLOSED + 1], [1.5, 2.0], [[1, 2]], ["a", "b"]):
        with pytest.raises(ValueError, match="weight"):
            hierarchy.customize(wrong)


def test_progress_names_both_stages_and_ends_at_one() -> None:
    told: list[tuple[str, float]] = []
    graph = geometric_graph(np.random.default_rng(1), 300, 0.1)
    Hierarchy.build(
        graph.tail, graph.head, graph.longitude, graph.latitude, progress=lambda stage, done: told.append((stage, done))
    )
    assert [stage for stage, done in told if done == 1.0][-1] == "contract"
    for stage in ("order", "contract"):
        shares = [done for name, done in told if name == stage]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)


@pytest.mark.shared
@pytest.mark.parametrize("profile", ["car", "ambulance_priority"])
def test_a_real_town_equals_scipys_dijkstra_before_and_after_closures(shared: Path, profile: str) -> None:
    extract = read_extract(shared / "osm" / "kota-sukabumi.osm.pbf")
    profiles = load_profiles()
    town = build_network(extract.ways, profiles)
    weight = cost(town, profiles[profile]).weights
    nowhere = np.zeros(town.states)
    order = order_states(town, lambda _: None)
    metric = Hierarchy.build(town.turn_tail, town.turn_head, nowhere, nowhere, order=order).customize(weight)
    rng = np.random.default_rng(1)
    sources = rng.integers(0, town.states, 20)
    for _ in range(3):
        table = metric.many_to_many(sources, np.arange(town.states))
        np.testing.assert_array_equal(table, scipy_distances(town.turn_tail, town.turn_head, metric.weights, sources))
        for source, target in zip(sources.tolist(), rng.integers(0, town.states, 20).tolist(), strict=True):
            assert metric.distance(source, target) == table[sources.tolist().index(source), target]
        metric = metric.with_weights(rng.integers(0, len(weight), 150), [CLOSED])


def scipy_distances(
    tail: NDArray[np.int32], head: NDArray[np.int32], weight: NDArray[np.uint32], sources: NDArray[np.int64]
) -> NDArray[np.int64]:
    """int64[sources, nodes] on a graph without parallel arcs; sums from CLOSED on are closed."""
    nodes = int(max(tail.max(), head.max())) + 1
    open_ = weight < CLOSED
    assert weight[open_].min() > 0  # scipy would take a zero for no arc
    matrix = csr_array((weight[open_].astype(float), (tail[open_], head[open_])), shape=(nodes, nodes))
    found = dijkstra(matrix, indices=sources)
    return np.where(found < CLOSED, found, CLOSED).astype(np.int64)
