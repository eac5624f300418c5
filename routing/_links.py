"""From the table of ways to junctions and links: which nodes are junctions, and the chains between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._kernels.links import chains, departure_bearings, leaving_halves
from routing.earth import great_circle_m
from routing.osm import Ways

BEARING_REACH_M = 15.0
"""A turn's angle is taken over this much of the road before and after it: the first metres of a drawn line often kink."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The pieces between consecutive nodes of the ways that somebody may use.

    `first_node`, `second_node`: int32[e], indices into the nodes of `Ways`, never equal. `row`: int32[e], the row of the
    way. The edges of row `i` are `row_first[i] .. row_first[i + 1] - 1`, in the way's order (none for dropped ways).
    """

    first_node: NDArray[np.int32]
    second_node: NDArray[np.int32]
    row: NDArray[np.int32]
    row_first: NDArray[np.int64]

    def start(self, half: int) -> int:
        """The node that a half leaves."""
        return int(self.second_node[half >> 1] if half & 1 else self.first_node[half >> 1])

    def end(self, half: int) -> int:
        """The node that a half leads to."""
        return self.start(half ^ 1)


@dataclass(frozen=True, slots=True)
class Links:
    """Junctions and the links between them, both sorted along a space-filling curve.

    `junction_node`: int32[j], indices into the nodes of `Ways`. `tail`, `head`: int32[l], junctions. `row`: int32[l],
    (first) row of the way: a link is of one OSM way, which may stand in several rows. `shape_first`: int64[l + 1] and
    `shape_node`: int32[…], the nodes of each link. `length_m`: float64[l]. `half_segment`: int32[2 e], the segment that
    each half of an edge is part of. `bearing`: float64[2 l], see `departure_bearings`.
    """

    junction_node: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    row: NDArray[np.int32]
    shape_first: NDArray[np.int64]
    shape_node: NDArray[np.int32]
    length_m: NDArray[np.float64]
    half_segment: NDArray[np.int32]
    bearing: NDArray[np.float64]


def edges_of(ways: Ways, usable: NDArray[np.bool_]) -> Edges:
    """The edges of the ways marked usable (bool[w]); repeated nodes are skipped."""
    if not len(ways.way_node):
        nothing = np.empty(0, np.int32)
        return Edges(nothing, nothing, nothing, np.zeros(len(ways.way_id) + 1, np.int64))
    row = np.repeat(np.arange(len(ways.way_id), dtype=np.int32), np.diff(ways.way_first))
    inside = row[1:] == row[:-1]
    kept = inside & usable[row[:-1]] & (ways.way_node[1:] != ways.way_node[:-1])
    row_first = np.zeros(len(ways.way_id) + 1, np.int64)
    np.cumsum(np.bincount(row[:-1][kept], minlength=len(ways.way_id)), out=row_first[1:])
    return Edges(
        first_node=np.ascontiguousarray(ways.way_node[:-1][kept], np.int32),
        second_node=np.ascontiguousarray(ways.way_node[1:][kept], np.int32),
        row=row[:-1][kept],
        row_first=row_first,
    )


def links_of(ways: Ways, edges: Edges, forced: NDArray[np.bool_], symmetric: NDArray[np.bool_]) -> Links:
    """Contract the edges into links.

    Args:
        ways, edges: what to contract.
        forced: bool[nodes], nodes that must become junctions whatever their degree.
        symmetric: bool[tagsets], tag sets that mean the same in both directions, so that a chain may go on through a
            way drawn the other way round.
    """
    nodes = len(ways.node_id)
    first, half = leaving_halves(edges.first_node, edges.second_node, nodes)
    through = _pass_through(ways, edges, first, half, forced, symmetric)
    chain_first, chain_half = chains(edges.first_node, edges.second_node, first, half, through)

    junction_node, node_junction = _sorted_junctions(ways, np.flatnonzero((np.diff(first) > 0) & ~through))
    start, end = _half_ends(edges, chain_half)
    tail = node_junction[start[chain_first[:-1]]]
    head = node_junction[end[chain_first[1:] - 1]]
    order = np.lexsort((chain_half[chain_first[:-1]], np.maximum(tail, head), np.minimum(tail, head)))

    count = np.diff(chain_first)[order]
    sorted_first = np.zeros(len(order) + 1, np.int64)
    np.cumsum(count, out=sorted_first[1:])
    link = np.repeat(np.arange(len(order), dtype=np.int32), count)
    place = np.arange(len(link)) - sorted_first[link] + chain_first[:-1][order][link]
    link_half = chain_half[place]
    half_segment = np.empty(2 * len(link_half), np.int32)
    half_segment[link_half] = 2 * link
    half_segment[link_half ^ 1] = 2 * link + 1

    start, end = start[place], end[place]
    shape_first = sorted_first + np.arange(len(order) + 1)
    shape_node = np.empty(shape_first[-1], np.int32)
    shape_node[np.arange(len(link)) + link] = start
    shape_node[shape_first[1:] - 1] = end[sorted_first[1:] - 1]
    longitude, latitude = ways.node_longitude, ways.node_latitude
    piece_m = great_circle_m(longitude[start], latitude[start], longitude[end], latitude[end])
    return Links(
        junction_node=junction_node,
        tail=tail[order],
        head=head[order],
        row=edges.row[link_half[sorted_first[:-1]] >> 1],
        shape_first=shape_first,
        shape_node=shape_node,
        length_m=np.add.reduceat(piece_m, sorted_first[:-1]),
        half_segment=half_segment,
        bearing=departure_bearings(
            shape_first,
            np.ascontiguousarray(longitude[shape_node], np.float64),
            np.ascontiguousarray(latitude[shape_node], np.float64),
            BEARING_REACH_M,
        ),
    )


def breaks_of(links: Links, ways: Ways, longest_m: float) -> NDArray[np.int32]:
    """The nodes at which to break links of more than `longest_m` into about equal parts, as far as they have nodes there."""
    link = np.repeat(np.arange(len(links.tail)), np.diff(links.shape_first))
    node = links.shape_node
    longitude, latitude = ways.node_longitude[node], ways.node_latitude[node]
    step_m = np.zeros(len(node))
    step_m[1:] = great_circle_m(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    step_m[links.shape_first[:-1]] = 0.0
    along_m = np.cumsum(step_m)
    along_m -= along_m[links.shape_first[:-1]][link]
    parts = np.ceil(links.length_m / longest_m)
    part = np.floor(along_m * (parts / np.maximum(links.length_m, 1e-9))[link])
    inner = np.ones(len(node), np.bool_)
    inner[links.shape_first[:-1]] = inner[links.shape_first[1:] - 1] = False
    new = np.zeros(len(node), np.bool_)
    new[1:] = part[1:] > part[:-1]
    return node[new & inner]


def hilbert_index(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place of each point on a Hilbert curve over their bounding box (65,536 by 65,536 cells).

    The iteration is the textbook one: see "Hilbert curve", section "Applications and mapping algorithms", Wikipedia.
    """
    cells = 1 << 16
    extent = max(float(np.ptp(longitude)), float(np.ptp(latitude)), 1e-9)
    x = ((longitude - longitude.min()) / extent * (cells - 1)).astype(np.int64)
    y = ((latitude - latitude.min()) / extent * (cells - 1)).astype(np.int64)
    index = np.zeros(len(x), np.int64)
    side = cells >> 1
    while side:
        right, upper = (x & side) > 0, (y & side) > 0
        index += side * side * ((3 * right) ^ upper)
        mirror = ~upper & right
        x, y = np.where(mirror, cells - 1 - x, x), np.where(mirror, cells - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
        side >>= 1
    return index


def _half_ends(edges: Edges, half: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    first, second = edges.first_node[half >> 1], edges.second_node[half >> 1]
    backward = (half & 1).astype(bool)
    return np.where(backward, second, first), np.where(backward, first, second)


def _pass_through(
    ways: Ways,
    edges: Edges,
    first: NDArray[np.int64],
    half: NDArray[np.int32],
    forced: NDArray[np.bool_],
    symmetric: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which nodes are nothing but points on the way: two edges meet there that mean the same (bool[nodes])."""
    through = np.zeros(len(first) - 1, np.bool_)
    pairs = np.flatnonzero((np.diff(first) == 2) & ~forced)
    a, b = half[first[pairs]], half[first[pairs] + 1]
    row_a, row_b = edges.row[a >> 1], edges.row[b >> 1]
    tagset = ways.way_tagset[row_a]
    through[pairs] = (
        (ways.way_id[row_a] == ways.way_id[row_b])  # so that a way can be closed by its id
        & (tagset == ways.way_tagset[row_b])
        & (ways.way_name[row_a] == ways.way_name[row_b])
        & (ways.way_ref[row_a] == ways.way_ref[row_b])
        & (((a ^ b) & 1).astype(bool) | symmetric[tagset])
    )
    return through


def _sorted_junctions(ways: Ways, node: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The junctions' nodes along the curve, and each node's junction or -1."""
    curve = hilbert_index(ways.node_longitude[node], ways.node_latitude[node])
    junction_node = node[np.lexsort((ways.node_id[node], curve))].astype(np.int32)
    node_junction = np.full(len(ways.node_id), -1, np.int32)
    node_junction[junction_node] = np.arange(len(junction_node), dtype=np.int32)
    return junction_node, node_junction
