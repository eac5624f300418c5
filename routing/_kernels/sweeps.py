"""Distances from one end to many nodes: a climb from the one, then downward over the ancestors of the many.

After Delling, Goldberg, Nowatzyk, Werneck 2011 (PHAST) and Strasser, Zeitz 2021 (lazy RPHAST): the distance to a node is
the least over its upward neighbours, whose distances come first. `reverse` swaps the two ends: distances to one node
from many.

A table of ends, here as in `cch.Endpoints`: end i may be entered at `node[first[i] : first[i + 1]]`, which costs `offset`
more; offsets from INFINITE up can't be used.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.lanes import lower_others, lower_row
from routing._kernels.types import INFINITE, LANES, UNSEEN, Int32, Int64, Restriction, Topology, UInt8, UInt32, kernel


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
def ancestors(starts: Int32, parent: Int32, slot: Int32, stack: Int32) -> Int32:
    """All ancestors of some nodes and these themselves, every node behind its own ancestors.

    `slot`: int32[nodes], -1 before; afterwards where each of them stands. `stack`: as in `sweep_lazily`.
    """
    top = len(parent)
    node = np.empty(max(1024, 8 * len(starts)), np.int32)
    count = 0
    for start in starts:
        x = start
        size = 0
        while x < top and slot[x] < 0:
            stack[size] = x
            size += 1
            x = parent[x]
        while count + size > len(node):
            node = np.concatenate((node, node))
        while size > 0:
            size -= 1
            node[count] = stack[size]
            slot[stack[size]] = count
            count += 1
    return node[:count].copy()


@kernel
def restrict(
    targets: Int32, graph: Topology, weight: UInt32, reverse: bool, slot: Int32, stack: Int32
) -> tuple[Int32, Int32, Int32, UInt32]:
    """The part of the downward graph that leads to the targets, copied in sweep order: (node, first, head, weight).

    Heads are rows of this part, and come before the rows that use them. `slot`: int32[nodes], -1 before; afterwards the
    row of each node that has one. `stack`: as in `sweep_lazily`.
    """
    first, middle, head = graph.first, graph.middle, graph.head
    node = ancestors(targets, graph.parent, slot, stack)
    rows = len(node)
    arcs = 0
    for x in node:
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
    return node, row_first, row_head, row_weight


@kernel
def release(node: Int32, slot: Int32) -> None:
    """Undo what `ancestors` wrote into `slot`."""
    for x in node:
        slot[x] = -1


@kernel
def climb_lanes(
    begin: int,
    end: int,
    end_first: Int64,
    end_node: Int32,
    end_offset: UInt32,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    slot: Int32,
    stack: Int32,
) -> tuple[Int32, UInt32]:
    """`climb` from the ends `begin .. end - 1` (at most LANES) at once: their ancestors, and uint32[ancestors + 1, LANES].

    The last row is INFINITE. `slot`: int32[nodes], -1 before; afterwards the row of each ancestor, until `release`. `stack`: as
    in `sweep_lazily`.
    """
    first, middle = graph.first, graph.middle
    node = ancestors(end_node[end_first[begin] : end_first[end]], graph.parent, slot, stack)
    up = np.full((len(node) + 1, LANES), INFINITE, np.uint32)
    for lane in range(end - begin):
        for i in range(end_first[begin + lane], end_first[begin + lane + 1]):
            row = slot[end_node[i]]
            up[row, lane] = min(up[row, lane], end_offset[i])
    for row in range(len(node) - 1, -1, -1):
        x = node[row]
        rising, until = (middle[x], first[x + 1]) if reverse else (first[x], middle[x])
        lower_others(up, row, slot, graph.head, weight, rising, until)
    return node, up


@kernel
def sweep_lanes(node: Int32, up: UInt32, part: Restriction, distance: UInt32, marked: UInt8) -> None:
    """Distances from the ends of one `climb_lanes` to every row, in one sweep: `distance` uint32[rows, LANES].

    `marked` (uint8[rows]) is zero before and after.
    """
    for i in range(len(node)):
        row = part.slot[node[i]]
        if row >= 0:
            marked[row] = 1
            distance[row, :] = up[i, :]
    first, head, down = part.first, part.head, part.weight
    for row in range(len(first) - 1):
        lower_row(distance, row, marked[row] > 0, head, down, first[row], first[row + 1])
        marked[row] = 0


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


@kernel
def sweep_batches(
    begin: int,
    end: int,
    near_first: Int64,
    near_node: Int32,
    near_offset: UInt32,
    bias: Int64,
    far_first: Int64,
    far_row: Int32,
    far_offset: Int64,
    graph: Topology,
    weight: UInt32,
    reverse: bool,
    part: Restriction,
    slot: Int32,
    stack: Int32,
    distance: UInt32,
    marked: UInt8,
    table: UInt32,
) -> None:
    """The rows `begin .. end - 1` of a table, in sweeps of up to LANES near ends: one call, the lock released throughout."""
    for low in range(begin, end, LANES):
        high = min(end, low + LANES)
        node, up = climb_lanes(low, high, near_first, near_node, near_offset, graph, weight, reverse, slot, stack)
        release(node, slot)
        sweep_lanes(node, up, part, distance, marked)
        gather(low, high - low, bias, far_first, far_row, far_offset, distance, table)
