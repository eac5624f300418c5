"""Kernels that turn edges between OSM nodes into links between junctions.

A *half* is an edge seen from one end: half `2 * edge` leaves the edge's first node, half `2 * edge + 1` its second, and
`half ^ 1` is the same edge the other way round.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel


@kernel
def leaving_halves(
    first_node: NDArray[np.int32], second_node: NDArray[np.int32], nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Which halves leave each node: `half[first[n]:first[n + 1]]`, in rising order."""
    first = np.zeros(nodes + 1, np.int64)
    for edge in range(len(first_node)):
        first[first_node[edge] + 1] += 1
        first[second_node[edge] + 1] += 1
    for node in range(nodes):
        first[node + 1] += first[node]
    fill = first[:-1].copy()
    half = np.empty(2 * len(first_node), np.int32)
    for edge in range(len(first_node)):
        node = first_node[edge]
        half[fill[node]] = 2 * edge
        fill[node] += 1
        node = second_node[edge]
        half[fill[node]] = 2 * edge + 1
        fill[node] += 1
    return first, half


@kernel
def chains(
    first_node: NDArray[np.int32],
    second_node: NDArray[np.int32],
    first: NDArray[np.int64],
    half: NDArray[np.int32],
    through: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Join halves across the nodes marked `through` (degree 2, nothing happens there) into chains between the others.

    A ring without a junction gets one: `through` is cleared at the node where its lowest edge begins. Each chain runs the
    way its lowest edge was drawn. Returns `first` (int64[chains + 1]) and the halves of each chain in order (int32[edges]).
    """
    edges = len(first_node)
    taken = np.zeros(edges, np.bool_)
    chain_first = np.empty(edges + 1, np.int64)
    chain_half = np.empty(edges, np.int32)
    count = 0
    fill = 0
    chain_first[0] = 0
    for walk_rings in range(2):
        for start in range(2 * edges):
            if taken[start >> 1]:
                continue
            node = second_node[start >> 1] if start & 1 else first_node[start >> 1]
            if walk_rings:
                through[node] = False
            elif through[node]:
                continue
            begin = fill
            lowest = start
            step = start
            while True:
                chain_half[fill] = step
                fill += 1
                taken[step >> 1] = True
                if step >> 1 < lowest >> 1:
                    lowest = step
                end = first_node[step >> 1] if step & 1 else second_node[step >> 1]
                if not through[end]:
                    break
                place = first[end]
                step = half[place + 1] if half[place] == step ^ 1 else half[place]
            if lowest & 1:
                chain_half[begin:fill] = chain_half[begin:fill][::-1].copy() ^ 1
            count += 1
            chain_first[count] = fill
    return chain_first[: count + 1].copy(), chain_half


@kernel
def _bearing(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], begin: int, end: int, step: int, reach_m: float
) -> float:
    """The bearing (degrees, clockwise from north) from point `begin` to the point `reach_m` on towards `end`."""
    metres_per_degree = 111195.08
    shrink = math.cos(math.radians(latitude[begin]))
    east = 0.0
    north = 0.0
    left_m = reach_m
    point = begin
    while point != end and left_m > 0.0:
        following = point + step
        delta_east = (longitude[following] - longitude[point]) * shrink * metres_per_degree
        delta_north = (latitude[following] - latitude[point]) * metres_per_degree
        length = math.hypot(delta_east, delta_north)
        share = 1.0 if length <= left_m else left_m / length
        east += share * delta_east
        north += share * delta_north
        left_m -= length
        point = following
    if east == 0.0 and north == 0.0:
        return math.nan
    return math.degrees(math.atan2(east, north)) % 360.0


@kernel
def departure_bearings(
    shape_first: NDArray[np.int64], longitude: NDArray[np.float64], latitude: NDArray[np.float64], reach_m: float
) -> NDArray[np.float64]:
    """The bearing in which each segment leaves its tail, over its first `reach_m` metres: float64[2 * links], degrees.

    NaN where a shape has no extent.
    """
    links = len(shape_first) - 1
    bearing = np.empty(2 * links, np.float64)
    for link in range(links):
        begin = shape_first[link]
        last = shape_first[link + 1] - 1
        bearing[2 * link] = _bearing(longitude, latitude, begin, last, 1, reach_m)
        bearing[2 * link + 1] = _bearing(longitude, latitude, last, begin, -1, reach_m)
    return bearing
