"""Distances from one end to many nodes: a climb from the one, then downward over the ancestors of the many.

After Delling, Goldberg, Nowatzyk, Werneck 2011 (PHAST) and Strasser, Zeitz 2021 (lazy RPHAST): the distance to a node is
the least over its upward neighbours, whose distances come first. `reverse` swaps the two ends: distances to one node
from many.

A table of ends, here as in `cch.Endpoints`: end i may be entered at `node[first[i] : first[i + 1]]`, which costs `offset`
more; offsets from INFINITE up can't be used.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.lanes import lower_row
from routing._kernels.types import INFINITE, UNSEEN, Int32, Int64, Restriction, Topology, UInt8, UInt32, kernel


@kernel
def climb(nodes: Int32, offsets: UInt32, graph: Topology, weight: UInt32, reverse: bool, distance: UInt32) -> None:
    """Distances up from some starting nodes to all their ancestors; the rest of `distance` stays INFINITE."""
    parent, first, middle, head = graph.parent, graph.first, graph.middle, graph.head
    top = len(parent)
    for i in range(len(nodes)):
        distance[nodes[i]] = min(distance[nodes[i]], offsets[i])
    if len(nodes) == 0:
        return
    walkers = nodes.copy()
    while True:
        x = walkers[0]
        for i in range(1, len(walkers)):
            x = min(x, walkers[i])
        if x == top:
            return
        base = distance[x]
        if base < INFINITE:
            for arc in range(middle[x] if reverse else first[x], first[x + 1] if reverse else middle[x]):
                y = head[arc]
                distance[y] = min(distance[y], base + weight[arc])
        for i in range(len(walkers)):
            if walkers[i] == x:
                walkers[i] = parent[x]


@kernel
def clear(nodes: Int32, parent: Int32, distance: UInt32) -> None:
    """Undo what a climb from these nodes wrote."""
    top = len(parent)
    for x in nodes:
        y = x
        while y < top:
            distance[y] = INFINITE
            y = parent[y]


@kernel
def sweep_lazily(
    nodes: Int32,
    offsets: UInt32,
    targets: Int32,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    out: UInt32,
    memo: UInt32,
    stack: Int32,
    distance: UInt32,
) -> None:
    """Distances from one end to each target node, looking only at ancestors of the targets, each once.

    `out` is INFINITE, `memo` UNSEEN before and after; `stack`: int32, as long as the tree is high.
    """
    parent, first, middle, head = graph.parent, graph.first, graph.middle, graph.head
    top = len(parent)
    climb(nodes, offsets, graph, weight, reverse, out)
    for i in range(len(targets)):
        x = targets[i]
        size = 0
        while x < top and memo[x] == UNSEEN:
            stack[size] = x
            size += 1
            x = parent[x]
        while size > 0:
            size -= 1
            x = stack[size]
            best = out[x]
            for arc in range(first[x] if reverse else middle[x], middle[x] if reverse else first[x + 1]):
                best = min(best, memo[np.uint32(head[arc])] + weight[arc])
            memo[x] = best
        distance[i] = memo[targets[i]]
    for x in targets:
        y = x
        while y < top and memo[y] != UNSEEN:
            memo[y] = UNSEEN
            y = parent[y]
    clear(nodes, parent, out)


@kernel
def restrict(
    targets: Int32, graph: Topology, weight: UInt32, reverse: bool, slot: Int32, stack: Int32
) -> tuple[Int32, Int32, Int32, UInt32]:
    """The part of the downward graph that leads to the targets, copied in sweep order: (node, first, head, weight).

    Heads are rows of this part, and come before the rows that use them. `slot`: int32[nodes], -1 before; afterwards the
    row of each node that has one. `stack`: as in `sweep_lazily`.
    """
    parent, first, middle, head = graph.parent, graph.first, graph.middle, graph.head
    top = len(parent)
    node = np.empty(max(1024, 4 * len(targets)), np.int32)
    rows = 0
    arcs = 0
    for target in targets:
        x = target
        size = 0
        while x < top and slot[x] < 0:
            stack[size] = x
            size += 1
            x = parent[x]
        while rows + size > len(node):
            node = np.concatenate((node, node))
        while size > 0:
            size -= 1
            x = stack[size]
            node[rows] = x
            slot[x] = rows
            rows += 1
            arcs += middle[x] - first[x] if reverse else first[x + 1] - middle[x]
    row_first = np.empty(rows + 1, np.int32)
    row_head = np.empty(arcs, np.int32)
    row_weight = np.empty(arcs, np.uint32)
    at = 0
    for row in range(rows):
        row_first[row] = at
        x = node[row]
        for arc in range(first[x] if reverse else middle[x], middle[x] if reverse else first[x + 1]):
            row_head[at] = slot[head[arc]]
            row_weight[at] = weight[arc]
            at += 1
    row_first[rows] = at
    return node[:rows].copy(), row_first, row_head, row_weight


@kernel
def release(node: Int32, slot: Int32) -> None:
    """Undo what `restrict` wrote into `slot`."""
    for x in node:
        slot[x] = -1


@kernel
def sweep_lanes(
    begin: int,
    end: int,
    end_first: Int64,
    end_node: Int32,
    end_offset: UInt32,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    part: Restriction,
    out: UInt32,
    distance: UInt32,
    marked: UInt8,
) -> None:
    """Distances from the ends `begin .. end - 1` (at most LANES) to every row, in one sweep: `distance` uint32[rows, LANES].

    `out` is INFINITE, `marked` (uint8[rows]) zero before and after.
    """
    parent = graph.parent
    slot = part.slot
    top = len(parent)
    for lane in range(end - begin):
        nodes = end_node[end_first[begin + lane] : end_first[begin + lane + 1]]
        climb(nodes, end_offset[end_first[begin + lane] : end_first[begin + lane + 1]], graph, weight, reverse, out)
        for start in nodes:
            x = start
            while x < top:
                row = slot[x]
                if row >= 0:
                    if not marked[row]:
                        marked[row] = 1
                        distance[row, :] = INFINITE
                    distance[row, lane] = min(distance[row, lane], out[x])
                out[x] = INFINITE
                x = parent[x]
    first, head, down = part.first, part.head, part.weight
    for row in range(len(first) - 1):
        if marked[row]:
            marked[row] = 0
        else:
            distance[row, :] = INFINITE
        lower_row(distance, row, head, down, first[row], first[row + 1])


@kernel
def gather(
    begin: int,
    lanes: int,
    bias: Int64,
    far_first: Int64,
    far_row: Int32,
    far_offset: Int64,
    distance: UInt32,
    table: UInt32,
) -> None:
    """Read the rows of the far ends into `table[begin : begin + lanes, far]`.

    `bias`: what was added to the starts of each near end so that they are not negative; taken off again.
    """
    for far in range(len(far_first) - 1):
        for lane in range(lanes):
            best = np.int64(INFINITE)
            for i in range(far_first[far], far_first[far + 1]):
                d = distance[far_row[i], lane]
                if d < INFINITE and far_offset[i] < INFINITE:
                    best = min(best, np.int64(d) + far_offset[i] - bias[begin + lane])
            table[begin + lane, far] = np.uint32(max(best, np.int64(0)))
