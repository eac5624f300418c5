"""Tables between many ends, with positions inside arcs as offsets, pinned or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import CLOSED, Endpoints
from tests.routing.graphs import Graph, assert_path, geometric_graph, graphs, random_graph

Ends = list[tuple[list[int], list[int]]]


def ends_of(nodes: int, most: int, lowest: int) -> st.SearchStrategy[Ends]:
    """Ends with no node, one or several; some offsets not usable."""
    offsets = st.one_of(st.integers(lowest, 40), st.sampled_from([CLOSED, CLOSED + 5, 2**40]))
    entry = st.tuples(st.integers(0, nodes - 1), offsets)
    one = st.lists(entry, max_size=4).map(lambda e: ([node for node, _ in e], [offset for _, offset in e]))
    return st.lists(one, max_size=most)


def brute_force(distances: np.ndarray, origins: Ends, destinations: Ends) -> np.ndarray:
    """uint32[origins, destinations] over all pairs of nodes."""
    table = np.full((len(origins), len(destinations)), CLOSED, np.int64)
    for i, (sources, starts) in enumerate(origins):
        for j, (targets, finishes) in enumerate(destinations):
            for a, start in zip(sources, starts, strict=True):
                for b, finish in zip(targets, finishes, strict=True):
                    if start < CLOSED and finish < CLOSED and distances[a, b] < CLOSED:
                        table[i, j] = min(table[i, j], start + int(distances[a, b]) + finish)
    return np.clip(table, 0, CLOSED)


@given(graph=graphs(), data=st.data())
def test_tables_with_offsets_equal_all_pairs_of_nodes(graph: Graph, data: st.DataObject) -> None:
    # Weights near 2**31 aside: a sum may pass CLOSED before a negative offset is added.
    weight = np.where(graph.weight > 2**20, CLOSED, graph.weight).astype(np.uint32)
    origins = data.draw(ends_of(graph.nodes, 20, -10))
    destinations = data.draw(ends_of(graph.nodes, 4, -30))
    metric = graph.hierarchy().customize(weight)
    wanted = brute_force(graph.distances(weight), origins, destinations)
    near, far = Endpoints.of(origins), Endpoints.of(destinations)
    np.testing.assert_array_equal(metric.table(near, far), wanted)
    np.testing.assert_array_equal(metric.pin(far).table(near), wanted)
    np.testing.assert_array_equal(metric.pin(near, reverse=True).table(far).T, wanted)
    backward = brute_force(graph.distances(weight), destinations, origins)
    np.testing.assert_array_equal(metric.table(far, near), backward)


@given(graph=graphs(), data=st.data())
def test_routes_between_ends_equal_the_table(graph: Graph, data: st.DataObject) -> None:
    weight = np.where(graph.weight > 2**20, CLOSED, graph.weight).astype(np.uint32)
    metric = graph.hierarchy().customize(weight)
    for origin in data.draw(ends_of(graph.nodes, 3, -10)):
        for destination in data.draw(ends_of(graph.nodes, 3, -30)):
            total = int(metric.table(Endpoints.of([origin]), Endpoints.of([destination]))[0, 0])
            found = metric.route(origin, destination)
            if found is None:
                assert total == CLOSED
                continue
            length, i, j, arcs = found
            assert length == total
            own = int(weight[arcs].sum(dtype=np.int64))
            assert_path(graph, weight, origin[0][i], destination[0][j], arcs, own)
            assert max(0, origin[1][i] + own + destination[1][j]) == total


@pytest.mark.parametrize(
    ("sources", "targets"), [(0, 5), (1, 1), (1, 300), (300, 1), (2, 40), (16, 16), (17, 50), (50, 17), (130, 90)]
)
def test_every_shape_of_table_equals_single_queries(sources: int, targets: int) -> None:
    rng = np.random.default_rng(sources * 1000 + targets)
    graph = geometric_graph(rng, 900, 0.05)
    metric = graph.hierarchy().customize(graph.weight)
    a, b = rng.integers(0, graph.nodes, sources), rng.integers(0, graph.nodes, targets)
    table = metric.many_to_many(a, b)
    assert table.shape == (sources, targets)
    assert table.dtype == np.uint32
    np.testing.assert_array_equal(metric.pin(Endpoints.at_nodes(b)).table(Endpoints.at_nodes(a)), table)
    np.testing.assert_array_equal(metric.pin(Endpoints.at_nodes(a), reverse=True).table(Endpoints.at_nodes(b)), table.T)
    for i, j in zip(rng.integers(0, max(1, sources), 60), rng.integers(0, targets, 60), strict=True):
        if sources:
            assert table[i, j] == metric.distance(int(a[i]), int(b[j]))
    if sources:
        np.testing.assert_array_equal(metric.one_to_many(int(a[0]), b), table[0])
        np.testing.assert_array_equal(metric.many_to_one(a, int(b[0])), table[:, 0])


def test_a_large_table_shared_between_threads_equals_the_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing._tables.PARALLEL_FROM", 0)
    rng = np.random.default_rng(2)
    graph = geometric_graph(rng, 1500, 0.04)
    metric = graph.hierarchy().customize(graph.weight)
    everywhere = np.arange(0, graph.nodes, 3)
    whole = metric.many_to_many(everywhere, everywhere)
    for i in range(0, len(everywhere), 50):
        np.testing.assert_array_equal(metric.one_to_many(int(everywhere[i]), everywhere), whole[i])
    ends = Endpoints.at_nodes(everywhere)
    np.testing.assert_array_equal(metric.pin(ends).table(ends), whole)


def test_a_label_holds_exact_distances_and_no_hub_that_another_one_makes_needless() -> None:
    graph = geometric_graph(np.random.default_rng(4), 300, 0.09)
    hierarchy = graph.hierarchy()
    metric = hierarchy.customize(graph.weight)
    pinned = metric.pin(Endpoints.at_nodes(np.arange(graph.nodes)))
    ends, first, hub, distance, _ = pinned._labels
    rank = hierarchy._rank
    node = np.argsort(rank)[hub]
    wanted = graph.distances(graph.weight)
    np.testing.assert_array_equal(np.sort(ends), np.arange(graph.nodes))
    end = np.repeat(ends, np.diff(first))
    np.testing.assert_array_equal(distance, wanted[node, end])
    for place, target in enumerate(ends.tolist()):
        mine = slice(first[place], first[place + 1])
        for x, length in zip(node[mine].tolist(), distance[mine].tolist(), strict=True):
            over = [y for y in node[mine].tolist() if rank[y] > rank[x]]
            assert all(int(wanted[x, y]) + int(wanted[y, target]) > length for y in over)


def test_distances_leave_no_trace_for_the_next_query() -> None:
    rng = np.random.default_rng(8)
    graph = random_graph(rng, 80, 240)
    metric = graph.hierarchy().customize(graph.weight)
    wanted = graph.distances()
    for source, target, other in rng.integers(0, 80, (150, 3)).tolist():
        metric.one_to_many(source, [target, other])
        metric.many_to_many([source, other, target], [target])
        metric.pin(Endpoints.at_nodes([other])).table(Endpoints.at_nodes([source]))
        metric.path(other, source)
        assert metric.distance(source, target) == wanted[source, target]


def test_a_pin_keeps_the_weights_it_was_made_with() -> None:
    graph = random_graph(np.random.default_rng(3), 30, 90)
    metric = graph.hierarchy().customize(graph.weight)
    everywhere = Endpoints.at_nodes(np.arange(30))
    pinned = metric.pin(everywhere)
    before = pinned.table(everywhere)
    metric.with_weights(np.arange(90), [CLOSED])
    np.testing.assert_array_equal(pinned.table(everywhere), before)
    with pytest.raises(IndexError, match="node 30"):
        pinned.table(Endpoints.at_nodes([30]))


def test_a_destination_behind_the_origin_is_reported_as_zero_not_as_a_huge_number() -> None:
    graph = random_graph(np.random.default_rng(3), 4, 10)
    metric = graph.hierarchy().customize(graph.weight)
    found = metric.route(([2], [5]), ([2], [-20]))
    assert found is not None
    assert (found[0], found[3].tolist()) == (0, [])
    assert metric.table(Endpoints.of([([2], [5])]), Endpoints.of([([2], [-20])])).tolist() == [[0]]


def test_endpoints_are_checked_and_frozen() -> None:
    first, node, offset = np.array([0, 2]), np.array([3, 1], np.int32), np.array([0, -4])
    ends = Endpoints(first, node, offset)
    node[0] = 9
    assert ends.node.tolist() == [3, 1]
    assert len(ends) == 1
    assert not any(array.flags.writeable for array in (ends.first, ends.node, ends.offset))
    for wrong in (
        (np.array([0, 3]), node, offset),
        (np.array([1, 2]), node, offset),
        (np.array([0, 2, 1, 2]), node, offset),
        (np.array([], np.int64), node, offset),
        (first, node, offset[:1]),
        (first, node, np.array([0.5, 1.0])),
        (first, node.reshape(1, 2), offset),
        (first, node, np.array([0, -(2**31)])),
    ):
        with pytest.raises(ValueError, match="endpoint"):
            Endpoints(*wrong)
