"""Weights for the upward arcs: all of them (customization), or those that a few changed input arcs touch.

The weight of an upward arc is the least of its input arcs and of its lower triangles: paths of two arcs over a node that
ranks below both ends (Dibbelt, Strasser, Wagner 2016, "Customizable contraction hierarchies"). Arc layout as in
`elimination.split_directions` and `elimination.downward`.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.elimination import find
from routing._kernels.types import INFINITE, Int32, Int64, Topology, UInt8, UInt32, kernel


@kernel
def respect(arc_weight: UInt32, upward_arc: Int32, weight: UInt32) -> None:
    """Start every upward arc from the lightest input arc it stands for."""
    weight[:] = INFINITE
    for i in range(len(arc_weight)):
        arc = upward_arc[i]
        if arc >= 0 and arc_weight[i] < weight[arc]:
            weight[arc] = arc_weight[i]


@kernel
def divide(graph: Topology, shares: Int64) -> tuple[UInt8, Int32]:
    """Divide customization into stages of subtrees that different threads may work on.

    The work of a subtree is estimated from its nodes' arcs, squared. A node's stage is the first whose share (descending:
    64 means a 64th of the whole work) holds its whole subtree.

    Returns:
        The stage of each node; rows (stage, begin, end) of subtrees, contiguous ranks, in stage order and largest first.
    """
    parent, first = graph.parent, graph.first
    nodes = len(parent)
    work = np.zeros(nodes + 1, np.float64)
    size = np.ones(nodes + 1, np.int32)
    for x in range(nodes):
        work[x] += np.float64(first[x + 1] - first[x]) ** 2 + 1
        work[parent[x]] += work[x]
        size[parent[x]] += size[x]
    stage = np.empty(nodes + 1, np.uint8)
    stage[nodes] = len(shares)
    for x in range(nodes):
        s = 0
        while s < len(shares) - 1 and work[x] * shares[s] > work[nodes]:
            s += 1
        stage[x] = s
    roots = np.empty(1024, np.int32)
    count = 0
    for x in range(nodes):
        if stage[x] < stage[parent[x]]:
            if count == len(roots):
                roots = np.concatenate((roots, roots))
            roots[count] = x
            count += 1
    key = np.empty(count, np.float64)
    for i in range(count):
        key[i] = stage[roots[i]] - work[roots[i]] / (work[nodes] + 1)
    rows = np.empty((count, 3), np.int32)
    sequence = np.argsort(key)
    for i in range(count):
        x = roots[sequence[i]]
        rows[i, 0] = stage[x]
        rows[i, 1] = x - size[x] + 1
        rows[i, 2] = x + 1
    return stage[:nodes].copy(), rows


@kernel
def customize_range(
    begin: int,
    end: int,
    stage: UInt8,
    wanted: int,
    graph: Topology,
    cost: UInt32,
    weight: UInt32,
) -> None:
    """Relax all lower triangles of the arcs out of the nodes `begin .. end - 1` of this stage, in rank order.

    All nodes below them must be done; subtrees don't touch each other. `cost`: uint32[nodes], any content.
    """
    first, middle, head, tail = graph.first, graph.middle, graph.head, graph.tail
    down_first, down_middle, down_arc = graph.down_first, graph.down_middle, graph.down_arc
    for x in range(begin, end):
        if stage[x] != wanted:
            continue
        # x → y over v: x → v is a falling arc of v, v → y a rising one.
        for arc in range(first[x], middle[x]):
            cost[head[arc]] = weight[arc]
        for i in range(down_middle[x], down_first[x + 1]):
            half = weight[down_arc[i]]
            if half == INFINITE:
                continue
            v = tail[down_arc[i]]
            arc = middle[v] - 1
            while arc >= first[v] and head[arc] > x:
                through = half + weight[arc]
                cost[head[arc]] = min(cost[head[arc]], through)
                arc -= 1
        for arc in range(first[x], middle[x]):
            weight[arc] = cost[head[arc]]
        # y → x over v: v → x is a rising arc of v, y → v a falling one.
        for arc in range(middle[x], first[x + 1]):
            cost[head[arc]] = weight[arc]
        for i in range(down_first[x], down_middle[x]):
            half = weight[down_arc[i]]
            if half == INFINITE:
                continue
            v = tail[down_arc[i]]
            arc = first[v + 1] - 1
            while arc >= middle[v] and head[arc] > x:
                through = half + weight[arc]
                cost[head[arc]] = min(cost[head[arc]], through)
                arc -= 1
        for arc in range(middle[x], first[x + 1]):
            weight[arc] = cost[head[arc]]


@kernel
def push(heap: Int32, size: int, value: int) -> None:
    """Add to a binary min-heap of `size` entries with room for one more."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= value:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = value


@kernel
def pop(heap: Int32, size: int) -> int:
    """Take the least entry off a binary min-heap of `size` entries."""
    least: int = heap[0]
    size -= 1
    value = heap[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= value:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = value
    return least


@kernel
def lightest(
    arc: int,
    arc_weight: UInt32,
    graph: Topology,
    weight: UInt32,
) -> np.uint32:
    """The weight of one upward arc from its input arcs and lower triangles."""
    first, middle, head, tail = graph.first, graph.middle, graph.head, graph.tail
    down_first, down_middle, down_arc = graph.down_first, graph.down_middle, graph.down_arc
    upward_arc, grouped_first, grouped = graph.upward_arc, graph.grouped_first, graph.grouped
    x, y = tail[arc], head[arc]
    best = INFINITE
    for i in range(grouped_first[x], grouped_first[x + 1]):
        if upward_arc[grouped[i]] == arc:
            best = min(best, arc_weight[grouped[i]])
    rising = arc < middle[x]
    begin = down_middle[x] if rising else down_first[x]
    end = down_first[x + 1] if rising else down_middle[x]
    for i in range(begin, end):
        half = weight[down_arc[i]]
        if half >= best:
            continue
        v = tail[down_arc[i]]
        low = first[v] if rising else middle[v]
        high = middle[v] if rising else first[v + 1]
        other = find(head, low, high, y)
        if other < high and head[other] == y:
            best = min(best, half + weight[other])
    return best


@kernel
def recustomize(
    changed: Int32,
    arc_weight: UInt32,
    graph: Topology,
    weight: UInt32,
    queued: UInt8,
    limit: int,
) -> tuple[Int32, bool]:
    """Bring the upward weights up to date after the input arcs `changed` got their new weights.

    Works upward in arc order, so that every arc is settled before the triangles it is a lower part of. `queued`: uint8 for
    every upward arc, all zero, and so again afterwards.

    Returns:
        The upward arcs that changed; whether it is complete (false: gave up after settling `limit` arcs, weights unusable).
    """
    first, middle, head, tail, upward_arc = graph.first, graph.middle, graph.head, graph.tail, graph.upward_arc
    heap = np.empty(1024, np.int32)
    size = int(np.int64(0))  # not a literal, which would compile `push` and `pop` once more
    written = np.empty(1024, np.int32)
    count = 0
    settled = 0
    for i in range(len(changed)):
        arc = upward_arc[changed[i]]
        if arc >= 0 and not queued[arc]:
            queued[arc] = 1
            if size == len(heap):
                heap = np.concatenate((heap, heap))
            push(heap, size, arc)
            size += 1
    while size > 0:
        arc = pop(heap, size)
        size -= 1
        queued[arc] = 0
        settled += 1
        if settled > limit:
            for i in range(size):
                queued[heap[i]] = 0
            return written[:count].copy(), False
        new = lightest(arc, arc_weight, graph, weight)
        old = weight[arc]
        if new == old:
            continue
        weight[arc] = new
        if count == len(written):
            written = np.concatenate((written, written))
        written[count] = arc
        count += 1
        # A rising arc x → y makes triangles with the falling arcs z → x: z → y. A falling one, y → x, with x → z: y → z.
        x, y = tail[arc], head[arc]
        rising = arc < middle[x]
        for other in range(middle[x] if rising else first[x], first[x + 1] if rising else middle[x]):
            z = head[other]
            if z == y:
                continue
            # The third side starts at the lower of y and z; it rises if it leads away from there.
            low, high = (y, z) if y < z else (z, y)
            if (low == z) == rising:
                third = find(head, first[low], middle[low], high)
            else:
                third = find(head, middle[low], first[low + 1], high)
            was, now = old + weight[other], new + weight[other]
            if (now < weight[third] or (was <= weight[third] and was < INFINITE)) and not queued[third]:
                queued[third] = 1
                if size == len(heap):
                    heap = np.concatenate((heap, heap))
                push(heap, size, third)
                size += 1
    return written[:count].copy(), True
