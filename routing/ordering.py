"""Contraction orders: nested dissection by inertial flow.

Good orders contract cells before the separators that hold them together. What separates may be nodes, for any graph in
the plane, or, for an edge-expanded road network, roads: dissect the graph of junctions, and let the directed segments of
the roads that are cut be the separator of the expanded graph. That is quicker and gives smaller hierarchies (Buchhold,
Wagner, Zeitz, Zündorf 2020, "Customizable contraction hierarchies with turn costs").

The result depends on the graph alone, not on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing._kernels import dissection
from routing._kernels.types import Int32

Progress = Callable[[float], None]

ALONE_FROM = 1 << 14
"""Cells from this size (at least 2) on are cut with a thread for each line; smaller ones are dissected whole, a thread each."""


def nested_dissection(
    tail: ArrayLike, head: ArrayLike, longitude: ArrayLike, latitude: ArrayLike, *, progress: Progress | None = None
) -> NDArray[np.int32]:
    """An order for any graph in the plane, separated by nodes.

    Args:
        tail, head: int[arcs], nodes; direction, loops and repetitions don't matter.
        longitude, latitude: float64[nodes], degrees.
        progress: told how much is done, 0 … 1.

    Returns:
        int32[nodes], the nodes from the first contracted to the last.
    """
    node, _, _, _ = _dissect(tail, head, longitude, latitude, nodes_as_separator=True, progress=progress)
    return node


def edge_expanded_order(
    tail_junction: ArrayLike,
    head_junction: ArrayLike,
    longitude: ArrayLike,
    latitude: ArrayLike,
    *,
    progress: Progress | None = None,
) -> NDArray[np.int32]:
    """An order for an edge-expanded road network, separated by roads.

    Args:
        tail_junction, head_junction: int[states], the junctions where each node of the expanded graph (a directed segment;
            several states of one segment are welcome) begins and ends.
        longitude, latitude: float64[junctions], degrees.
        progress: told how much is done, 0 … 1.

    Returns:
        int32[states], the nodes of the expanded graph from the first contracted to the last.
    """
    tail, head = np.asarray(tail_junction, np.int64), np.asarray(head_junction, np.int64)
    node, pair_key, cut_lo, cut_hi = _dissect(tail, head, longitude, latitude, nodes_as_separator=False, progress=progress)
    position = np.empty(len(node), np.int64)
    position[node] = np.arange(len(node))
    # A road that is cut in the cell lo .. hi comes after all roads inside that cell: cells in postorder.
    lo = position[tail]
    hi = lo + 1  # a loop is never cut: it belongs to the cell of its junction alone
    across = tail != head
    pair = np.searchsorted(pair_key, _pair_key(tail[across], head[across], len(node)))
    lo[across], hi[across] = cut_lo[pair], cut_hi[pair]
    # Segments that cross the cut one way come first: no two of them are joined before those of the other way are contracted.
    backward = position[tail] > position[head]
    order: NDArray[np.int32] = np.lexsort((np.minimum(position[tail], position[head]), backward, -lo, hi)).astype(np.int32)
    return order


def _pair_key(a: NDArray[np.int64], b: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    return np.minimum(a, b) * nodes + np.maximum(a, b)


def _dissect(
    tail: ArrayLike,
    head: ArrayLike,
    longitude: ArrayLike,
    latitude: ArrayLike,
    *,
    nodes_as_separator: bool,
    progress: Progress | None,
) -> tuple[Int32, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The nodes in order; and for each joined pair (sorted keys) the cell lo, hi in which it was cut."""
    longitude, latitude = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    a, b = np.asarray(tail, np.int64), np.asarray(head, np.int64)
    nodes = len(longitude)
    plane, node, pair_key, arc_of_pair = _plane(a, b, longitude, latitude, nodes_as_separator)
    position = np.empty(nodes, np.int32)
    position[node] = np.arange(nodes, dtype=np.int32)
    cut_lo = np.full(len(plane.neighbour), -1, np.int32)
    cut_hi = np.full(len(plane.neighbour), -1, np.int32)
    done = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        large, small = [(0, nodes)], []
        while large:
            tries = [
                [threads.submit(dissection.try_lines_alone, lo, hi, line, plane, node, position) for line in range(4)]
                for lo, hi in large
                if hi - lo >= ALONE_FROM
            ]
            small += [cell for cell in large if cell[1] - cell[0] < ALONE_FROM]
            large = [cell for cell in large if cell[1] - cell[0] >= ALONE_FROM]
            below = []
            for (lo, hi), lines in zip(large, tries, strict=True):
                cuts = [line.result() for line in lines]
                side = min(cuts, key=lambda cut: (cut[0], -cut[1]))[2]
                middle, end = dissection.divide_cell(
                    lo, hi, plane, node, position, side, nodes_as_separator, cut_lo, cut_hi, np.empty(hi - lo, np.int32)
                )
                below += [(lo, middle), (middle, end)]
            large = below
        small.sort(key=lambda cell: cell[0] - cell[1])
        for (lo, hi), work in [
            (cell, threads.submit(dissection.dissect, *cell, plane, node, position, nodes_as_separator, cut_lo, cut_hi))
            for cell in small
        ]:
            work.result()
            done += hi - lo
            if progress is not None:
                progress(done / nodes if nodes else 1.0)
    return node, pair_key, cut_lo[arc_of_pair].astype(np.int64), cut_hi[arc_of_pair].astype(np.int64)


def _plane(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    nodes_as_separator: bool,
) -> tuple[dissection.Plane, Int32, NDArray[np.int64], NDArray[np.int64]]:
    """The undirected graph, its nodes in a sequence that keeps neighbours near, sorted pair keys, an arc of each pair."""
    nodes = len(longitude)
    different = a != b
    key, count = np.unique(_pair_key(a[different], b[different], nodes), return_counts=True)
    low, high = (key // nodes, key % nodes) if nodes else (key, key)
    begins, ends = np.concatenate((low, high)), np.concatenate((high, low))
    by_begin = np.argsort(begins, kind="stable")
    first = np.zeros(nodes + 1, np.int32)
    np.cumsum(np.bincount(begins, minlength=nodes), out=first[1:])
    capacity = np.ones(len(key), np.int32) if nodes_as_separator else count.astype(np.int32)
    place = np.empty(len(by_begin), np.int64)
    place[by_begin] = np.arange(len(by_begin))
    # A metre is a metre in both directions.
    narrowing = np.cos(np.radians(latitude.mean())) if nodes else 1.0
    x, y = ((longitude - longitude.mean()) * narrowing, latitude - latitude.mean()) if nodes else (longitude, latitude)
    plane = dissection.Plane(
        first,
        ends[by_begin].astype(np.int32),
        np.concatenate((capacity, capacity))[by_begin],
        x.astype(np.float32),
        y.astype(np.float32),
    )
    return plane, np.arange(nodes, dtype=np.int32), key, place[: len(key)]
