"""Point-to-point queries: two climbs in the elimination tree, and the unpacking of upward arcs into input arcs.

All that a search can reach upward from a node are its ancestors, so a climb visits them in rank order without a queue
(Dibbelt, Strasser, Wagner 2016, "elimination tree query"). Distances in the work arrays are INFINITE between queries.
Both ends may be several nodes, each with what it costs to start or end there.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.elimination import find
from routing._kernels.ends import starts as begin_ends
from routing._kernels.types import INFINITE, Int32, Int64, Topology, UInt32, Workspace, kernel


@kernel
def relax(begin: int, end: int, base: np.uint32, head: Int32, weight: UInt32, distance: UInt32, via: Int32) -> None:
    """Carry the distance `base` along the upward arcs `begin .. end - 1`."""
    for arc in range(begin, end):
        through = base + weight[arc]
        y = head[arc]
        if through < distance[y]:
            distance[y] = through
            via[y] = arc


@kernel
def seed(nodes: Int32, offsets: UInt32, distance: UInt32, via: Int32) -> None:
    """Start a climb: `via` of a start is -1 - its index."""
    for i in range(len(nodes)):
        if offsets[i] < distance[nodes[i]]:
            distance[nodes[i]] = offsets[i]
            via[nodes[i]] = -1 - i


@kernel
def search(
    sources: Int32,
    source_offsets: UInt32,
    targets: Int32,
    target_offsets: UInt32,
    graph: Topology,
    weight: UInt32,
    work: Workspace,
) -> tuple[np.uint32, int]:
    """The least distance and the highest node of a path that has it (-1 if none); `out_via`, `back_via` lead from there.

    Every labelled node is an ancestor of a start, so each distance is wiped when its node has been visited.
    """
    parent, first, middle, head = graph.parent, graph.first, graph.middle, graph.head
    out, back, out_via, back_via = work.out, work.back, work.out_via, work.back_via
    top = len(parent)
    seed(sources, source_offsets, out, out_via)
    seed(targets, target_offsets, back, back_via)
    starts = len(sources)
    walkers = np.empty(starts + len(targets), np.int32)
    walkers[:starts] = sources
    walkers[starts:] = targets
    best = INFINITE
    meeting = -1
    # The walkers climb, the lowest first, until all stand on one node.
    while True:
        x = walkers[0]
        highest = x
        for i in range(1, len(walkers)):
            x = min(x, walkers[i])
            highest = max(highest, walkers[i])
        if x == highest:
            break
        base, rest = out[x], back[x]
        if base < INFINITE:
            relax(first[x], middle[x], base, head, weight, out, out_via)
        if rest < INFINITE:
            relax(middle[x], first[x + 1], rest, head, weight, back, back_via)
        if base + rest < best:
            best = base + rest
            meeting = x
        out[x], back[x] = INFINITE, INFINITE
        above = parent[x]
        for i in range(len(walkers)):
            if walkers[i] == x:
                walkers[i] = above
    while x < top:
        base, rest = out[x], back[x]
        if base + rest < best:
            best = base + rest
            meeting = x
        if base < best:
            relax(first[x], middle[x], base, head, weight, out, out_via)
        if rest < best:
            relax(middle[x], first[x + 1], rest, head, weight, back, back_via)
        out[x], back[x] = INFINITE, INFINITE
        x = parent[x]
    return best, meeting


@kernel
def distance(
    sources: Int32,
    source_offsets: UInt32,
    targets: Int32,
    target_offsets: UInt32,
    graph: Topology,
    weight: UInt32,
    work: Workspace,
) -> np.uint32:
    """The least distance."""
    return search(sources, source_offsets, targets, target_offsets, graph, weight, work)[0]


@kernel
def unpack(
    arc: int,
    path: Int32,
    length: int,
    stack: Int32,
    arc_weight: UInt32,
    graph: Topology,
    weight: UInt32,
) -> tuple[Int32, int]:
    """Append the input arcs that an upward arc stands for, in driving order: (path, perhaps moved, its new length)."""
    first, middle, head, tail = graph.first, graph.middle, graph.head, graph.tail
    down_first, down_middle, down_arc = graph.down_first, graph.down_middle, graph.down_arc
    upward_arc, grouped_first, grouped = graph.upward_arc, graph.grouped_first, graph.grouped
    stack[0] = arc
    size = 1
    while size > 0:
        size -= 1
        arc = stack[size]
        x, y = tail[arc], head[arc]
        wanted = weight[arc]
        found = -1
        for i in range(grouped_first[x], grouped_first[x + 1]):
            if upward_arc[grouped[i]] == arc and arc_weight[grouped[i]] == wanted:
                found = grouped[i]
                break
        if found >= 0:
            if length == len(path):
                path = np.concatenate((path, path))
            path[length] = found
            length += 1
            continue
        rising = arc < middle[x]
        begin = down_middle[x] if rising else down_first[x]
        end = down_first[x + 1] if rising else down_middle[x]
        for i in range(end - 1, begin - 1, -1):  # the highest node between x and y is soonest found from above
            near = down_arc[i]
            if weight[near] > wanted:
                continue
            v = tail[near]
            low = first[v] if rising else middle[v]
            high = middle[v] if rising else first[v + 1]
            far = find(head, low, high, y)
            if far < high and head[far] == y and weight[near] + weight[far] == wanted:
                # Driven x → v → y if the arc rises, y → v → x if it falls; the stack gives back the last first.
                stack[size] = far if rising else near
                stack[size + 1] = near if rising else far
                size += 2
                break
    return path, length


@kernel
def shortest_path(
    sources: Int32,
    source_offsets: UInt32,
    targets: Int32,
    target_offsets: UInt32,
    graph: Topology,
    weight: UInt32,
    work: Workspace,
    arc_weight: UInt32,
    height: int,
) -> tuple[np.uint32, int, int, Int32]:
    """(distance, index of the source, index of the target, input arcs).

    `height`: nodes on the longest way from a leaf to the root of the elimination tree.
    """
    tail = graph.tail
    out_via, back_via = work.out_via, work.back_via
    best, meeting = search(sources, source_offsets, targets, target_offsets, graph, weight, work)
    path = np.empty(256, np.int32)
    length = int(np.int64(0))  # not a literal, which would compile `unpack` once more
    source, target = -1, -1
    if meeting >= 0:
        stack = np.empty(height + 2, np.int32)
        climb = np.empty(height + 1, np.int32)
        steps = 0
        x = meeting
        while out_via[x] >= 0:
            climb[steps] = out_via[x]
            x = tail[out_via[x]]
            steps += 1
        source = -1 - out_via[x]
        for i in range(steps - 1, -1, -1):
            path, length = unpack(climb[i], path, length, stack, arc_weight, graph, weight)
        x = meeting
        while back_via[x] >= 0:
            path, length = unpack(back_via[x], path, length, stack, arc_weight, graph, weight)
            x = tail[back_via[x]]
        target = -1 - back_via[x]
    return best, source, target, path[:length].copy()


@kernel
def best_path(
    ends: Int64,
    starts: int,
    rank: Int32,
    graph: Topology,
    weight: UInt32,
    work: Workspace,
    arc_weight: UInt32,
    height: int,
) -> tuple[np.int64, int, int, Int32]:
    """As `shortest_path`, between two ends in the terms of callers.

    Args:
        ends: int64[2, n], nodes (not ranks) and offsets, which may be negative: the origin's `starts` first.

    Returns:
        (total with offsets, at least 0; index of the origin's node, of the destination's, -1 without path; input arcs).
    """
    count = ends.shape[1]
    node, offset, bias = np.empty(count, np.int32), np.empty(count, np.uint32), np.empty(2, np.int64)
    begin_ends(np.array([0, starts, count]), ends[0], ends[1], rank, node, offset, bias)
    best, i, j, path = shortest_path(
        node[:starts], offset[:starts], node[starts:], offset[starts:], graph, weight, work, arc_weight, height
    )
    return max(np.int64(0), np.int64(best) - bias[0] - bias[1]), i, j, path
