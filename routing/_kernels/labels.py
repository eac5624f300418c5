"""Hub labels of ends that are asked for again and again: what a climb from each of them is worth, without the rest.

After Abraham, Delling, Goldberg, Werneck 2012 ("Hierarchical hub labelings for shortest paths"): of all ancestors an end keeps
those from which no way over a still higher one is as short. The distance from any other end is then the least sum of its
climb's distance to a hub and the hub's own; there is nothing left to sweep. Tables of ends are as in `sweeps`.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.lanes import least_sum
from routing._kernels.sweeps import climb_lanes, release
from routing._kernels.types import INFINITE, LANES, Int32, Int64, Labels, Topology, UInt32, kernel


@kernel
def hubs(
    end_first: Int64,
    end_node: Int32,
    end_offset: UInt32,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    slot: Int32,
    stack: Int32,
) -> tuple[Int64, Int32, UInt32]:
    """`first`, `hub` and `distance` of the `Labels` that climbs with this `reverse` are asked with.

    `slot`: int32[nodes], -1 before and after. `stack`: as in `sweeps.sweep_lazily`.
    """
    ends = len(end_first) - 1
    label_first = np.zeros(ends + 1, np.int64)
    hub, distance = np.empty(64 * (ends + 1), np.int32), np.empty(64 * (ends + 1), np.uint32)
    count = 0
    for low in range(0, ends, LANES):
        lanes = min(ends - low, LANES)
        node, up = climb_lanes(low, low + lanes, end_first, end_node, end_offset, graph, weight, not reverse, slot, stack)
        over = np.empty_like(up)  # the least way from each row to the ends over a higher row, then the least of all
        for row in range(len(node)):
            x = node[row]
            begin, end = (graph.middle[x], graph.first[x + 1]) if reverse else (graph.first[x], graph.middle[x])
            least_sum(over, row, over, slot, graph.head, weight, begin, end)
            for lane in range(LANES):
                if up[row, lane] < over[row, lane]:
                    over[row, lane] = up[row, lane]
                else:
                    up[row, lane] = INFINITE
        release(node, slot)
        for lane in range(lanes):
            if count + len(node) > len(hub):
                more = max(len(hub), len(node))
                hub = np.concatenate((hub, np.empty(more, np.int32)))
                distance = np.concatenate((distance, np.empty(more, np.uint32)))
            for row in range(len(node)):
                if up[row, lane] < INFINITE:
                    hub[count], distance[count] = node[row], up[row, lane]
                    count += 1
            label_first[low + lane + 1] = count
    return label_first, hub[:count].copy(), distance[:count].copy()


@kernel
def meet(
    begin: int,
    end: int,
    near_first: Int64,
    near_node: Int32,
    near_offset: UInt32,
    bias: Int64,
    far: Labels,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    slot: Int32,
    stack: Int32,
    table: UInt32,
) -> None:
    """The rows `begin .. end - 1` of a table from near ends to labelled ones, LANES climbs at a time."""
    least = np.empty((1, LANES), np.uint32)
    for low in range(begin, end, LANES):
        lanes = min(end - low, LANES)
        node, up = climb_lanes(low, low + lanes, near_first, near_node, near_offset, graph, weight, reverse, slot, stack)
        for j in range(len(far.bias)):
            least_sum(least, 0, up, slot, far.hub, far.distance, far.first[j], far.first[j + 1])
            for lane in range(lanes):
                total = np.int64(least[0, lane])
                if total < INFINITE:
                    total = max(total - bias[low + lane] - far.bias[j], np.int64(0))
                table[low + lane, far.end[j]] = min(total, np.int64(INFINITE))
        release(node, slot)
