"""Contraction orders: valid, the same on any number of threads, and good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from routing import ordering
from routing.cch import Hierarchy
from tests.routing.graphs import Graph, geometric_graph, graphs


def grid(side: int) -> Graph:
    """A square of crossings with streets both ways; many coordinates tie."""
    at = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        (np.stack((at[:, :-1], at[:, 1:])).reshape(2, -1), np.stack((at[:-1], at[1:])).reshape(2, -1)), axis=1
    )
    tail, head = np.concatenate((pairs, pairs[::-1]), axis=1).astype(np.int32)
    y, x = np.divmod(np.arange(side * side), side)
    return Graph(side * side, tail, head, np.ones(len(tail), np.uint32), x.astype(float), y.astype(float))


def expand(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """The turns between the arcs of a graph, U-turns left out."""
    turns = [
        (a, b)
        for a in range(len(graph.tail))
        for b in np.flatnonzero(graph.tail == graph.head[a])
        if graph.head[b] != graph.tail[a]
    ]
    tail, head = np.array(turns).T
    return tail, head


@given(graph=graphs(least_nodes=0))
def test_both_orders_are_permutations(graph: Graph) -> None:
    order = ordering.nested_dissection(graph.tail, graph.head, graph.longitude, graph.latitude)
    assert sorted(order.tolist()) == list(range(graph.nodes))
    order = ordering.edge_expanded_order(graph.tail, graph.head, graph.longitude, graph.latitude)
    assert sorted(order.tolist()) == list(range(len(graph.tail)))


@pytest.mark.parametrize("large_from", [2, 300, 10**9])
def test_the_order_does_not_depend_on_how_the_work_is_shared(large_from: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = geometric_graph(np.random.default_rng(3), 1500, 0.045)
    given_ = (graph.tail, graph.head, graph.longitude, graph.latitude)
    nodes, roads = ordering.nested_dissection(*given_), ordering.edge_expanded_order(*given_)
    monkeypatch.setattr("routing.ordering.ALONE_FROM", large_from)
    np.testing.assert_array_equal(ordering.nested_dissection(*given_), nodes)
    np.testing.assert_array_equal(ordering.edge_expanded_order(*given_), roads)


def test_a_grid_gets_separators_of_its_side() -> None:
    graph = grid(40)
    hierarchy = graph.hierarchy()
    # A perfect dissection of a grid has some 7.75 n log2 n fill (George 1973), each edge in both directions here.
    assert hierarchy.upward_arcs < 2 * 7.75 * graph.nodes * np.log2(graph.nodes)
    assert hierarchy.upward_arcs < 0.2 * graph.hierarchy(np.random.default_rng(0).permutation(graph.nodes)).upward_arcs


def test_separating_by_roads_beats_separating_by_nodes_on_an_expanded_graph() -> None:
    graph = grid(16)
    tail, head = expand(graph)
    longitude, latitude = graph.longitude[graph.head], graph.latitude[graph.head]
    roads = ordering.edge_expanded_order(graph.tail, graph.head, graph.longitude, graph.latitude)
    by_roads = Hierarchy.build(tail, head, longitude, latitude, order=roads)
    by_nodes = Hierarchy.build(tail, head, longitude, latitude)
    assert by_roads.upward_arcs < by_nodes.upward_arcs


def test_parts_without_connection_are_ordered_too() -> None:
    graph = geometric_graph(np.random.default_rng(4), 800, 0.02)  # far below the threshold of one large part
    order = ordering.nested_dissection(graph.tail, graph.head, graph.longitude, graph.latitude)
    assert sorted(order.tolist()) == list(range(800))


def test_all_nodes_at_one_place_are_ordered() -> None:
    graph = grid(12)
    nowhere = np.zeros(graph.nodes)
    order = ordering.nested_dissection(graph.tail, graph.head, nowhere, nowhere)
    assert sorted(order.tolist()) == list(range(graph.nodes))


def test_progress_rises_to_one() -> None:
    graph = geometric_graph(np.random.default_rng(3), 400, 0.08)
    told: list[float] = []
    ordering.nested_dissection(graph.tail, graph.head, graph.longitude, graph.latitude, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_nodes_that_do_not_exist_are_refused() -> None:
    for make in (ordering.nested_dissection, ordering.edge_expanded_order):
        with pytest.raises(IndexError, match="node 2 is out of range"):
            make([0, 2], [1, 1], [0.0, 1.0], [0.0, 1.0])
