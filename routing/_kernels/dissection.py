"""Nested dissection by inertial flow (Schild, Sommer 2015, "On balanced separators in road networks").

A cell's nodes are projected on a line; the first and the last quarter are held together as source and sink; the least
cut between them (Dinic 1970) divides the cell. Of four lines the one with the least cut counts. All decisions depend on
the cell alone, so threads may take any cells in any sequence.

A cell is a range `lo .. hi - 1` of positions; `node[position]` and `position[node]` are each other's inverse, and only the
thread that has the cell moves its nodes. Work arrays are local: nodes 0 .. k - 1 of the cell, arcs of the cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routing._kernels.types import Float32, Int32, UInt8, kernel


class Plane(NamedTuple):
    """An undirected graph in the plane: each edge as two arcs, one in the list of either end."""

    first: Int32  # [nodes + 1]
    neighbour: Int32
    capacity: Int32  # how much it costs to cut the edge
    x: Float32
    y: Float32


class Cell(NamedTuple):
    """The graph inside one cell, by local numbers, and what the flow is worked out in."""

    first: Int32  # [k + 1]
    neighbour: Int32
    opposite: Int32  # the same edge's arc in the other list
    capacity: Int32
    residual: Int32
    fixed: UInt8  # [k] 1 source, 2 sink, 0 free
    level: Int32  # [k] arcs from the source, -1 not reached
    cursor: Int32  # [k]
    queue: Int32  # [k]
    stack: Int32  # [k]
    key: Float32  # [k]
    scratch: Float32  # [k]
    side: UInt8  # [k] 1 source side of the best cut, 0 sink side
    trial: UInt8  # [k]


@kernel
def make_cell(lo: int, hi: int, plane: Plane, node: Int32) -> Cell:
    """Work arrays that are large enough for these nodes and all cells inside."""
    k = hi - lo
    arcs = 0
    for p in range(lo, hi):
        arcs += plane.first[node[p] + 1] - plane.first[node[p]]
    return Cell(
        np.empty(k + 1, np.int32),
        np.empty(arcs, np.int32),
        np.empty(arcs, np.int32),
        np.empty(arcs, np.int32),
        np.empty(arcs, np.int32),
        np.empty(k, np.uint8),
        np.empty(k, np.int32),
        np.empty(k, np.int32),
        np.empty(k, np.int32),
        np.empty(k, np.int32),
        np.empty(k, np.float32),
        np.empty(k, np.float32),
        np.empty(k, np.uint8),
        np.empty(k, np.uint8),
    )


@kernel
def enter(lo: int, hi: int, plane: Plane, node: Int32, position: Int32, cell: Cell) -> None:
    """Copy the graph inside a cell."""
    first, neighbour, opposite, capacity, cursor = cell.first, cell.neighbour, cell.opposite, cell.capacity, cell.cursor
    arcs = 0
    for i in range(hi - lo):
        first[i] = arcs
        cursor[i] = arcs
        x = node[lo + i]
        for q in range(plane.first[x], plane.first[x + 1]):
            p = position[plane.neighbour[q]]
            if lo <= p < hi:
                # Insert in ascending sequence of local numbers; lists are short.
                at = arcs
                while at > first[i] and neighbour[at - 1] > p - lo:
                    neighbour[at] = neighbour[at - 1]
                    capacity[at] = capacity[at - 1]
                    at -= 1
                neighbour[at] = p - lo
                capacity[at] = plane.capacity[q]
                arcs += 1
    first[hi - lo] = arcs
    for i in range(hi - lo):
        for arc in range(first[i], first[i + 1]):
            # Lists ascend, so i is the next one that its neighbour's list has not met yet.
            opposite[arc] = cursor[neighbour[arc]]
            cursor[neighbour[arc]] += 1


@kernel
def kth_least(values: Float32, k: int, count: int) -> np.float32:
    """The value that would stand at index k if the first `count` were sorted; rearranges them (quickselect)."""
    lo, hi = 0, count - 1
    while lo < hi:
        pivot = values[(lo + hi) >> 1]
        i, j = lo, hi
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            hi = j
        elif k >= i:
            lo = i
        else:
            break
    kth: np.float32 = values[k]
    return kth


@kernel
def fix_ends(k: int, held: int, cell: Cell) -> None:
    """Hold the `held` nodes with the least keys as source, those with the greatest as sink; ties by local number."""
    key, fixed, scratch = cell.key, cell.fixed, cell.scratch
    for i in range(k):
        scratch[i] = key[i]
    low = kth_least(scratch, held - 1, k)
    high = kth_least(scratch, k - held, k)
    sources, sinks = 0, 0
    for i in range(k):
        fixed[i] = 0
        if key[i] < low:
            fixed[i] = 1
            sources += 1
        elif key[i] > high:
            fixed[i] = 2
            sinks += 1
    for i in range(k):
        if fixed[i] == 0 and key[i] == low and sources < held:
            fixed[i] = 1
            sources += 1
    for i in range(k - 1, -1, -1):
        if fixed[i] == 0 and key[i] == high and sinks < held:
            fixed[i] = 2
            sinks += 1


@kernel
def spread(k: int, cell: Cell) -> bool:
    """Breadth-first levels from the source in the residual graph; whether they reach the sink."""
    first, neighbour, residual = cell.first, cell.neighbour, cell.residual
    fixed, level, queue = cell.fixed, cell.level, cell.queue
    filled = 0
    for i in range(k):
        level[i] = -1
        if fixed[i] == 1:
            level[i] = 0
            queue[filled] = i
            filled += 1
    taken = 0
    reached = False
    while taken < filled:
        u = queue[taken]
        taken += 1
        if fixed[u] == 2:
            continue
        for arc in range(first[u], first[u + 1]):
            v = neighbour[arc]
            if level[v] < 0 and residual[arc] > 0:
                level[v] = level[u] + 1
                queue[filled] = v
                filled += 1
                if fixed[v] == 2:
                    reached = True
    return reached


@kernel
def least_cut(k: int, cell: Cell, bound: int) -> int:
    """Capacity of the least cut between source and sink, or any number ≥ bound; `level` tells the source's side."""
    first, neighbour, opposite, residual = cell.first, cell.neighbour, cell.opposite, cell.residual
    fixed, level, cursor, stack = cell.fixed, cell.level, cell.cursor, cell.stack
    for arc in range(first[k]):
        residual[arc] = cell.capacity[arc]
    flow = 0
    while spread(k, cell):
        for i in range(k):
            cursor[i] = first[i]
        for source in range(k):
            if fixed[source] != 1:
                continue
            depth = 0
            u = source
            while True:
                if fixed[u] == 2:  # found a way: send one unit and start again
                    for i in range(depth):
                        residual[stack[i]] -= 1
                        residual[opposite[stack[i]]] += 1
                    flow += 1
                    if flow >= bound:
                        return flow
                    depth = 0
                    u = source
                    continue
                advanced = False
                while cursor[u] < first[u + 1]:
                    arc = cursor[u]
                    v = neighbour[arc]
                    if residual[arc] > 0 and level[v] == level[u] + 1:
                        stack[depth] = arc
                        depth += 1
                        u = v
                        advanced = True
                        break
                    cursor[u] += 1
                if not advanced:
                    if depth == 0:
                        break
                    depth -= 1
                    u = neighbour[opposite[stack[depth]]]
                    cursor[u] += 1
    return flow


@kernel
def choose_side(k: int, cell: Cell) -> int:
    """Of the cuts nearest to the source and nearest to the sink take the more even one into `trial`; its smaller part."""
    first, neighbour, opposite, residual = cell.first, cell.neighbour, cell.opposite, cell.residual
    fixed, level, queue, trial = cell.fixed, cell.level, cell.queue, cell.trial
    near = 0
    for i in range(k):
        near += level[i] >= 0
        trial[i] = level[i] >= 0
    filled = 0
    for i in range(k):
        if fixed[i] == 2:
            level[i] = -2
            queue[filled] = i
            filled += 1
    taken = 0
    while taken < filled:
        u = queue[taken]
        taken += 1
        for arc in range(first[u], first[u + 1]):
            v = neighbour[arc]
            if level[v] != -2 and residual[opposite[arc]] > 0:
                level[v] = -2
                queue[filled] = v
                filled += 1
    if min(filled, k - filled) > min(near, k - near):
        for i in range(k):
            trial[i] = level[i] != -2
        return min(filled, k - filled)
    return min(near, k - near)


@kernel
def try_line(k: int, line: int, lo: int, plane: Plane, node: Int32, cell: Cell, bound: int) -> tuple[int, int]:
    """Cut along one of four lines, into `trial`: (cut, size of the smaller part). A cut ≥ bound leaves `trial` undefined."""
    key = cell.key
    for i in range(k):
        x, y = plane.x[node[lo + i]], plane.y[node[lo + i]]
        key[i] = x if line == 0 else y if line == 1 else x + y if line == 2 else x - y
    fix_ends(k, max(1, k // 4), cell)
    cut = least_cut(k, cell, bound)
    if cut >= bound:
        return cut, 0
    return cut, choose_side(k, cell)


@kernel
def divide_cell(
    lo: int, hi: int, plane: Plane, node: Int32, position: Int32, side: UInt8, nodes_as_separator: bool,
    cut_lo: Int32, cut_hi: Int32, queue: Int32,
) -> tuple[int, int]:  # fmt: skip
    """Put the source side first, then the sink side, then (if nodes separate) the separator: (end of first, of second).

    Otherwise arcs separate, and `cut_lo`, `cut_hi` of each cut arc (by its index in `plane`) tell this cell.
    """
    k = hi - lo
    borders0, borders1 = 0, 0
    for i in range(k):
        x = node[lo + i]
        border = False
        for q in range(plane.first[x], plane.first[x + 1]):
            p = position[plane.neighbour[q]]
            if lo <= p < hi and (side[p - lo] & 1) != (side[i] & 1):
                border = True
                if not nodes_as_separator:
                    cut_lo[q] = lo
                    cut_hi[q] = hi
        if border:
            side[i] |= 2
            if side[i] & 1:
                borders1 += 1
            else:
                borders0 += 1
    separating = -1
    if nodes_as_separator:
        separating = 3 if borders1 <= borders0 else 2
    filled = 0
    for wanted in (1, 0):
        for i in range(k):
            if (side[i] & 1) == wanted and side[i] != separating:
                queue[filled] = node[lo + i]
                filled += 1
        if wanted == 1:
            middle = lo + filled
    end = lo + filled
    for i in range(k):
        if side[i] == separating:
            queue[filled] = node[lo + i]
            filled += 1
    for i in range(k):
        node[lo + i] = queue[i]
        position[queue[i]] = lo + i
    return middle, end


@kernel
def dissect(
    lo: int, hi: int, plane: Plane, node: Int32, position: Int32, nodes_as_separator: bool, cut_lo: Int32, cut_hi: Int32
) -> None:  # fmt: skip
    """Divide a cell down to single nodes."""
    cell = make_cell(lo, hi, plane, node)
    todo = np.empty((256, 2), np.int64)
    todo[0, 0], todo[0, 1] = lo, hi
    count = 1
    while count > 0:
        count -= 1
        lo, hi = todo[count, 0], todo[count, 1]
        k = hi - lo
        if k < 2:
            continue
        enter(lo, hi, plane, node, position, cell)
        best, even = 2**31 - 1, -1
        for line in range(4 if k > 2 else 1):
            cut, smaller = try_line(k, line, lo, plane, node, cell, best + 1)
            if cut < best or (cut == best and smaller > even):
                best, even = cut, smaller
                for i in range(k):
                    cell.side[i] = cell.trial[i]
        middle, end = divide_cell(lo, hi, plane, node, position, cell.side, nodes_as_separator, cut_lo, cut_hi, cell.queue)
        if count + 2 > len(todo):
            todo = np.concatenate((todo, todo))
        todo[count, 0], todo[count, 1] = lo, middle
        todo[count + 1, 0], todo[count + 1, 1] = middle, end
        count += 2


@kernel
def try_line_alone(lo: int, hi: int, line: int, plane: Plane, node: Int32, position: Int32) -> tuple[int, int, UInt8]:
    """One line for one large cell, with work arrays of its own: (cut, size of the smaller part, side of each node)."""
    cell = make_cell(lo, hi, plane, node)
    enter(lo, hi, plane, node, position, cell)
    cut, smaller = try_line(hi - lo, line, lo, plane, node, cell, int(np.int64(2**31 - 1)))
    return cut, smaller, cell.trial
