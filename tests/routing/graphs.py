"""Small directed graphs with every odd case, and plain Dijkstra to compare with."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from routing.cch import CLOSED, Hierarchy


@dataclass(frozen=True)
class Graph:
    """A directed graph in the plane with weights."""

    nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.uint32]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]

    def hierarchy(self, order: NDArray[np.int32] | None = None) -> Hierarchy:
        return Hierarchy.build(self.tail, self.head, self.longitude, self.latitude, order=order)

    def distances(self, weight: NDArray[np.uint32] | None = None) -> NDArray[np.int64]:
        """int64[nodes, nodes] by Dijkstra."""
        weight = self.weight if weight is None else weight
        leaving: list[list[tuple[int, int]]] = [[] for _ in range(self.nodes)]
        for a, b, w in zip(self.tail.tolist(), self.head.tolist(), weight.tolist(), strict=True):
            if w < CLOSED:
                leaving[a].append((b, w))
        table = np.full((self.nodes, self.nodes), CLOSED, np.int64)
        for source in range(self.nodes):
            queue = [(0, source)]
            while queue:
                distance, node = heapq.heappop(queue)
                if distance < table[source, node]:
                    table[source, node] = distance
                    for other, w in leaving[node]:
                        heapq.heappush(queue, (distance + w, other))
        return table


def random_graph(rng: np.random.Generator, nodes: int, arcs: int, heaviest: int = 50) -> Graph:
    """Arcs anywhere: parallels, loops, parts without connection, weights from zero on, some arcs closed."""
    weight = rng.integers(0, heaviest, arcs).astype(np.uint32)
    weight[rng.random(arcs) < 0.1] = CLOSED
    ends = rng.integers(0, nodes, (2, arcs)).astype(np.int32)
    return Graph(nodes, ends[0], ends[1], weight, rng.random(nodes), rng.random(nodes))


def geometric_graph(rng: np.random.Generator, nodes: int, reach: float) -> Graph:
    """Points in a square, joined where they are near, most of them both ways: like roads."""
    from scipy.spatial import cKDTree

    points = rng.random((nodes, 2))
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    both = rng.random(len(pairs)) < 0.8
    tail = np.concatenate((pairs[:, 0], pairs[both, 1])).astype(np.int32)
    head = np.concatenate((pairs[:, 1], pairs[both, 0])).astype(np.int32)
    length = np.hypot(*(points[tail] - points[head]).T)
    weight = (length * 1e6 * rng.uniform(1, 3, len(tail))).astype(np.uint32)
    return Graph(nodes, tail, head, weight, points[:, 0].copy(), points[:, 1].copy())


def assert_path(
    graph: Graph, weight: NDArray[np.uint32], source: int, target: int, arcs: NDArray[np.int32], total: int
) -> None:
    """The arcs lead from source to target without a gap, and their weights sum up to the total."""
    at = source
    for arc in arcs.tolist():
        assert graph.tail[arc] == at
        at = int(graph.head[arc])
    assert at == target
    assert int(weight[arcs].sum(dtype=np.int64)) == total


weights = st.one_of(st.integers(0, 5), st.integers(0, 1000), st.sampled_from([0, CLOSED - 1, CLOSED, 2**30]))


@st.composite
def graphs(draw: st.DrawFn, least_nodes: int = 1) -> Graph:
    """Any small graph, extreme weights among them."""
    nodes = draw(st.integers(least_nodes, 9))
    node = st.integers(0, max(0, nodes - 1))
    arcs = draw(st.lists(st.tuples(node, node, weights), max_size=24 if nodes else 0))
    places = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=nodes, max_size=nodes))
    tail, head, weight = (np.array(column) for column in zip(*arcs, strict=True)) if arcs else ([], [], [])
    return Graph(
        nodes,
        np.asarray(tail, np.int32),
        np.asarray(head, np.int32),
        np.asarray(weight, np.uint32),
        np.array([x for x, _ in places], float),
        np.array([y for _, y in places], float),
    )
