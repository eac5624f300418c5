"""Contraction without weights: elimination tree, fill-in, the directions that can ever be finite.

Nodes are named by rank. Eliminating a node joins its higher neighbours; the graph with all joins is chordal, and each
node's higher neighbours are its ancestors in the elimination tree (Liu 1990, "The role of elimination trees in sparse
factorization"). In a directed graph many of these pairs can be finite one way only: an upward arc is kept just for the
directions that some weighting could use (Buchhold, Wagner, Zeitz, Zündorf 2020, "Customizable contraction hierarchies
with turn costs").
"""

from __future__ import annotations

import numpy as np

from routing._kernels.types import Int32, Int64, UInt8, kernel

FORWARD = 1  # the arc may lead from its lower to its higher end
BACKWARD = 2  # the arc may lead from its higher to its lower end


@kernel
def group_by(groups: int, key: Int32, value: Int32) -> tuple[Int32, Int32]:
    """The values grouped by key (counting sort, stable): (first int32[groups + 1], values)."""
    first = np.zeros(groups + 1, np.int32)
    for k in key:
        first[k + 1] += 1
    for i in range(groups):
        first[i + 1] += first[i]
    place = first[:-1].copy()
    grouped = np.empty(len(key), np.int32)
    for i in range(len(key)):
        k = key[i]
        grouped[place[k]] = value[i]
        place[k] += 1
    return first, grouped


@kernel
def neighbours(nodes: int, tail: Int32, head: Int32) -> tuple[Int64, Int32]:
    """Undirected adjacency (first int64[nodes + 1], neighbour): both ways, loops left out, repetitions kept."""
    first = np.zeros(nodes + 1, np.int64)
    for i in range(len(tail)):
        if tail[i] != head[i]:
            first[tail[i] + 1] += 1
            first[head[i] + 1] += 1
    for i in range(nodes):
        first[i + 1] += first[i]
    place = first[:-1].copy()
    neighbour = np.empty(first[nodes], np.int32)
    for i in range(len(tail)):
        a, b = tail[i], head[i]
        if a != b:
            neighbour[place[a]] = b
            neighbour[place[b]] = a
            place[a] += 1
            place[b] += 1
    return first, neighbour


@kernel
def elimination_tree(first: Int64, neighbour: Int32) -> Int32:
    """The parent of each node, `nodes` for a root: its lowest higher neighbour once all below it are eliminated."""
    nodes = len(first) - 1
    parent = np.full(nodes, nodes, np.int32)
    ancestor = np.full(nodes, -1, np.int32)  # shortcuts to the root found so far (path compression)
    for x in range(nodes):
        for i in range(first[x], first[x + 1]):
            y = neighbour[i]
            while y != -1 and y < x:
                above = ancestor[y]
                ancestor[y] = x
                if above == -1:
                    parent[y] = x
                y = above
    return parent


@kernel
def postorder(parent: Int32) -> Int32:
    """A new rank for each node that makes every subtree contiguous; the fill-in stays the same.

    Siblings keep their sequence. int32[nodes].
    """
    nodes = len(parent)
    size = np.ones(nodes + 1, np.int32)
    for x in range(nodes):
        size[parent[x]] += size[x]
    # A subtree's root takes its last rank; its children, met from the last to the first, share the ranks before that.
    end = np.empty(nodes + 1, np.int32)
    end[nodes] = nodes
    rank = np.empty(nodes, np.int32)
    for x in range(nodes - 1, -1, -1):
        p = parent[x]
        rank[x] = end[p] - 1
        end[x] = end[p] - 1
        end[p] -= size[x]
    return rank


@kernel
def depths(parent: Int32) -> int:
    """The height of the elimination tree in nodes."""
    nodes = len(parent)
    depth = np.zeros(nodes + 1, np.int32)
    height = 0
    for x in range(nodes - 1, -1, -1):
        depth[x] = depth[parent[x]] + 1
        height = max(height, depth[x])
    return height


@kernel
def fill_in(first: Int64, neighbour: Int32, parent: Int32) -> tuple[Int32, Int32]:
    """The chordal graph as upward adjacency (first int32[nodes + 1], head), heads ascending.

    The lower neighbours of x after elimination are the tree paths from its lower neighbours up to x.
    """
    nodes = len(parent)
    mark = np.full(nodes, -1, np.int32)
    count = np.zeros(nodes + 1, np.int64)
    for x in range(nodes):
        mark[x] = x
        for i in range(first[x], first[x + 1]):
            y = neighbour[i]
            if y < x:
                while mark[y] != x:
                    mark[y] = x
                    count[y + 1] += 1
                    y = parent[y]
    for x in range(nodes):
        count[x + 1] += count[x]
    if count[nodes] >= 2**31:
        raise OverflowError("the order is too poor: over 2**31 upward arcs")
    head = np.empty(count[nodes], np.int32)
    place = count[:-1].copy()
    mark[:] = -1
    for x in range(nodes):
        mark[x] = x
        for i in range(first[x], first[x + 1]):
            y = neighbour[i]
            if y < x:
                while mark[y] != x:
                    mark[y] = x
                    head[place[y]] = x
                    place[y] += 1
                    y = parent[y]
    return count.astype(np.int32), head


@kernel
def find(head: Int32, begin: int, end: int, wanted: int) -> int:
    """Where `wanted` stands in the ascending `head[begin:end]`, or where it would stand."""
    while begin < end:
        middle = (begin + end) >> 1
        if head[middle] < wanted:
            begin = middle + 1
        else:
            end = middle
    return begin


@kernel
def directions(first: Int32, head: Int32, tail: Int32, arc_tail: Int32, arc_head: Int32) -> UInt8:
    """For each edge of the chordal graph the directions (FORWARD | BACKWARD) that some weighting makes finite.

    A customization with truth values: the input arcs, then lower triangles. `tail` is the lower end of each edge.
    """
    nodes = len(first) - 1
    way = np.zeros(len(head), np.uint8)
    for i in range(len(arc_tail)):
        a, b = arc_tail[i], arc_head[i]
        if a < b:
            way[find(head, first[a], first[a + 1], b)] |= FORWARD
        elif b < a:
            way[find(head, first[b], first[b + 1], a)] |= BACKWARD
    down_first, down = group_by(nodes, head, np.arange(len(head)).astype(np.int32))
    at = np.zeros(nodes, np.int32)
    for x in range(nodes):
        for edge in range(first[x], first[x + 1]):
            at[head[edge]] = edge
        for i in range(down_first[x], down_first[x + 1]):
            lower = down[i]
            through = way[lower]
            if through == 0:
                continue
            swapped = ((through & 1) << 1) | (through >> 1)
            for edge in range(lower + 1, first[tail[lower] + 1]):
                both = swapped & way[edge]
                if both:
                    way[at[head[edge]]] |= both
    return way


@kernel
def split_directions(first: Int32, head: Int32, way: UInt8) -> tuple[Int32, Int32, Int32, Int32]:
    """The upward arcs, one per direction kept: (first int32[nodes + 1], middle int32[nodes], head, tail).

    Of node x, arcs `first[x] .. middle[x] - 1` lead up from x, arcs `middle[x] .. first[x + 1] - 1` lead down to x from
    their head; heads ascend in both parts.
    """
    nodes = len(first) - 1
    total = 0
    for value in way:
        total += (value & 1) + (value >> 1)
    if total >= 2**31:
        raise OverflowError("the order is too poor: over 2**31 upward arcs")
    new_first = np.zeros(nodes + 1, np.int32)
    middle = np.empty(nodes, np.int32)
    new_head = np.empty(total, np.int32)
    new_tail = np.empty(total, np.int32)
    at = 0
    for x in range(nodes):
        for direction in (FORWARD, BACKWARD):
            for edge in range(first[x], first[x + 1]):
                if way[edge] & direction:
                    new_head[at] = head[edge]
                    new_tail[at] = x
                    at += 1
            if direction == FORWARD:
                middle[x] = at
        new_first[x + 1] = at
    return new_first, middle, new_head, new_tail


@kernel
def downward(first: Int32, middle: Int32, head: Int32) -> tuple[Int32, Int32, Int32]:
    """The upward arcs grouped by their higher end: (down_first int32[nodes + 1], down_middle int32[nodes], down_arc).

    Of node y, `down_first[y] .. down_middle[y] - 1` are arcs that lead up into y, the rest lead down from y; lower ends
    ascend in both parts.
    """
    nodes = len(middle)
    rising = np.zeros(nodes + 1, np.int32)
    down_first = np.zeros(nodes + 1, np.int32)
    for x in range(nodes):
        for arc in range(first[x], first[x + 1]):
            down_first[head[arc] + 1] += 1
            if arc < middle[x]:
                rising[head[arc]] += 1
    for x in range(nodes):
        down_first[x + 1] += down_first[x]
    down_middle = np.empty(nodes, np.int32)
    for x in range(nodes):
        down_middle[x] = down_first[x] + rising[x]
    up_place = down_first[:-1].copy()
    down_place = down_middle.copy()
    down_arc = np.empty(len(head), np.int32)
    for x in range(nodes):
        for arc in range(first[x], first[x + 1]):
            y = head[arc]
            if arc < middle[x]:
                down_arc[up_place[y]] = arc
                up_place[y] += 1
            else:
                down_arc[down_place[y]] = arc
                down_place[y] += 1
    return down_first, down_middle, down_arc


@kernel
def place_arcs(arc_tail: Int32, arc_head: Int32, first: Int32, middle: Int32, head: Int32) -> tuple[Int32, Int32, Int32]:
    """Where the input arcs lie: (upward arc of each or -1 for a loop, grouped_first int32[nodes + 1], grouped arcs).

    The input arcs are grouped by their lower end, to be found again from an upward arc; loops are in no group.
    """
    nodes = len(middle)
    upward = np.empty(len(arc_tail), np.int32)
    lower = np.empty(len(arc_tail), np.int32)
    for i in range(len(arc_tail)):
        a, b = arc_tail[i], arc_head[i]
        if a == b:
            upward[i] = -1
            lower[i] = nodes
        elif a < b:
            upward[i] = find(head, first[a], middle[a], b)
            lower[i] = a
        else:
            upward[i] = find(head, middle[b], first[b + 1], a)
            lower[i] = b
    grouped_first, grouped = group_by(nodes + 1, lower, np.arange(len(arc_tail)).astype(np.int32))
    return upward, grouped_first[: nodes + 1].copy(), grouped[: grouped_first[nodes]].copy()
