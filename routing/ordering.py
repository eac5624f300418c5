"""Contraction orders: nested dissection by inertial flow.

Good orders contract cells before the separators that hold them together. What separates may be nodes, for any graph in
the plane, or, for an edge-expanded road network, roads: dissect the graph of junctions, and let the directed segments of
the roads that are cut be the separator of the expanded graph. That is quicker and gives smaller hierarchies (Buchhold,
Wagner, Zeitz, Zündorf 2020, "Customizable contraction hierarchies with turn costs").

The result depends on the graph alone, not on the number of threads.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing._arguments import known_ids
from routing._kernels import dissection
from routing._kernels.types import Int32

Progress = Callable[[float], None]

ALONE_FROM = 1 << 14
"""Cells from this size (at least 2) on are cut with a thread for each line; smaller ones are dissected whole, a thread each."""


Span = tuple[int, int]


class _Work(NamedTuple):
    """What all threads work on; each moves only what lies in its own cells. Names as in `dissection.dissect`."""

    plane: dissection.Plane
    node: Int32
    position: Int32
    nodes_as_separator: bool
    cut_lo: Int32
    cut_hi: Int32


def nested_dissection(
    tail: ArrayLike, head: ArrayLike, longitude: ArrayLike, latitude: ArrayLike, *, progress: Progress | None = None
) -> NDArray[np.int32]:
    """An order for any graph in the plane, separated by nodes.

    Args:
        tail, head: int[arcs], nodes; direction, loops and repetitions don't matter.
        longitude, latitude: float64[nodes], degrees.
        progress: told how much is done, 0 … 1.

    Raises:
        IndexError: an arc names a node that does not exist.

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

    Raises:
        IndexError: a state names a junction that does not exist.

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
    nodes = len(longitude)
    a, b = known_ids(tail, nodes).astype(np.int64), known_ids(head, nodes).astype(np.int64)
    plane, node, pair_key, arc_of_pair = _plane(a, b, longitude, latitude, nodes_as_separator)
    work = _Work(
        plane,
        node,
        np.argsort(node).astype(np.int32),
        nodes_as_separator,
        np.full(len(plane.neighbour), -1, np.int32),
        np.full(len(plane.neighbour), -1, np.int32),
    )
    # The effort grows like n log n; a large cell costs one level of it.
    done, whole = 0.0, nodes * math.log2(nodes + 2)
    report = progress or _silent
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        small: list[Span] = []
        level: list[Span] = [(0, nodes)]
        while level:
            small += [(lo, hi) for lo, hi in level if hi - lo < ALONE_FROM]
            large = [(lo, hi) for lo, hi in level if hi - lo >= ALONE_FROM]
            level = _divide_large(large, work, threads)
            done += sum(hi - lo for lo, hi in large)
            report(done / whole if whole else 1.0)
        small.sort(key=lambda span: span[0] - span[1])
        for (lo, hi), job in [(span, threads.submit(_dissect_whole, span, work)) for span in small]:
            job.result()
            done += (hi - lo) * math.log2(hi - lo + 1)
            report(min(1.0, done / whole) if whole else 1.0)
    report(1.0)
    return node, pair_key, work.cut_lo[arc_of_pair].astype(np.int64), work.cut_hi[arc_of_pair].astype(np.int64)


def _dissect_whole(cell: Span, work: _Work) -> None:
    dissection.dissect(*cell, work.plane, work.node, work.position, work.nodes_as_separator, work.cut_lo, work.cut_hi)


def _divide_large(cells: list[Span], work: _Work, threads: ThreadPoolExecutor) -> list[Span]:
    """Divide each cell once, all lines of all cells at once; the cells that come of it."""
    tries = [
        [threads.submit(dissection.try_line_alone, lo, hi, line, work.plane, work.node, work.position) for line in range(4)]
        for lo, hi in cells
    ]
    parts: list[Span] = []
    for (lo, hi), lines in zip(cells, tries, strict=True):
        side = min((line.result() for line in lines), key=lambda cut: (cut[0], -cut[1]))[2]
        middle, end = dissection.divide_cell(
            lo, hi, work.plane, work.node, work.position, side, work.nodes_as_separator, work.cut_lo, work.cut_hi,
            np.empty(hi - lo, np.int32),
        )  # fmt: skip
        parts += [(lo, middle), (middle, end)]
    return parts


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


def _silent(_done: float) -> None:
    """No one listens."""
