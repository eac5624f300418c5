"""Distance tables: which end is climbed from, which is swept to, how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from routing._kernels import ends as kernels
from routing._kernels import labels, sweeps
from routing._kernels.types import LANES, Int32, Int64, Labels, Restriction, Topology, UInt32
from routing._parallel import run_all
from routing._workspaces import Work, Workspaces
from routing.endpoints import Endpoints

LANES_FROM = 2
"""From so many near ends on, one copy of the downward part and sweeps in lanes beat a sweep for each end."""

PARALLEL_FROM = 500_000
"""From so many lane steps on (rows' arcs × batches), other threads help."""


class Near(NamedTuple):
    """Ends to climb from: ranks, and offsets made non-negative by what `bias` says per end."""

    first: Int64
    node: Int32
    offset: UInt32
    bias: Int64


class Far(NamedTuple):
    """Ends to sweep to: ranks and offsets."""

    first: Int64
    node: Int32
    offset: Int64


class Part(NamedTuple):
    """The downward part to the far ends, in rows, and where in it the far ends lie."""

    restriction: Restriction
    row: Int32


def near_ends(ends: Endpoints, rank: Int32) -> Near:
    """Ends as a climb wants them."""
    count = len(ends.node)
    near = Near(
        ends.first.copy(), np.empty(count, np.int32), np.empty(count, np.uint32), np.empty(len(ends.first) - 1, np.int64)
    )
    kernels.starts(ends.first, ends.node, ends.offset, rank, near.node, near.offset, near.bias)
    return near


def far_ends(ends: Endpoints, rank: Int32) -> Far:
    """Ends as a sweep wants them."""
    return Far(ends.first.copy(), rank[ends.node], ends.offset.copy())


def label(ends: Endpoints, rank: Int32, graph: Topology, weight: UInt32, reverse: bool, spaces: Workspaces) -> Labels:
    """The hubs of ends that are to be met by climbs with this `reverse`."""
    # Ends with neighbouring ranks share most of their ancestors: so they climb together.
    lowest = np.full(len(ends), -1, np.int32)
    some = ends.first[:-1] < ends.first[1:]
    lowest[some] = rank[ends.node[ends.first[:-1][some]]]
    order = np.argsort(lowest, kind="stable")
    far = near_ends(ends.some(order), rank)
    work = spaces.take()
    first, hub, distance = labels.hubs(far.first, far.node, far.offset, graph, weight, reverse, work.slot, work.stack)
    spaces.give(work)
    return Labels(order, first, hub, distance, far.bias)


def part_of(far: Far, graph: Topology, weight: UInt32, reverse: bool, slot: Int32, stack: Int32) -> tuple[Part, Int32]:
    """The downward part that leads to the far ends, and its nodes; writes their rows into `slot`."""
    nodes, first, head, down = sweeps.restrict(far.node, graph, weight, reverse, slot, stack)
    return Part(Restriction(slot, first, head, down), slot[far.node]), nodes


def sweep_each(near: Near, far: Far, graph: Topology, weight: UInt32, reverse: bool, spaces: Workspaces) -> UInt32:
    """uint32[near, far], a lazy sweep for each near end."""
    table = np.empty((len(near.bias), len(far.first) - 1), np.uint32)
    work = spaces.take()
    distance = np.empty(len(far.node), np.uint32)
    rows = np.arange(len(far.node), dtype=np.int32)
    for i in range(len(near.bias)):
        mine = slice(int(near.first[i]), int(near.first[i + 1]))
        sweeps.sweep_lazily(
            near.node[mine],
            near.offset[mine],
            far.node,
            graph,
            weight,
            reverse,
            work.query.out,
            work.memo,
            work.stack,
            distance,
        )
        sweeps.gather(i, 1, near.bias, far.first, rows, far.offset, distance.reshape(-1, 1), table)
    spaces.give(work)
    return table


def _by_batches(some: Callable[[int, int, Work], None], count: int, steps: int, spaces: Workspaces, helpers: Executor) -> None:
    """Have near ends done, so many of `count`, which takes so many `steps` for LANES of them; by all threads if it is much."""
    together = steps * -(-count // LANES) >= PARALLEL_FROM
    size = LANES if together else max(1, count)

    def with_work(begin: int) -> None:
        work = spaces.take()
        some(begin, min(count, begin + size), work)
        spaces.give(work)

    run_all(with_work, range(0, count, size), helpers if together else None)


def meet(
    near: Near, far: Labels, graph: Topology, weight: UInt32, reverse: bool, spaces: Workspaces, helpers: Executor
) -> UInt32:
    """uint32[near, far] where the far ends have labels."""
    table = np.empty((len(near.bias), len(far.bias)), np.uint32)

    def some(begin: int, end: int, work: Work) -> None:
        labels.meet(begin, end, *near, far, graph, weight, reverse, work.slot, work.stack, table)

    _by_batches(some, len(near.bias), len(far.hub), spaces, helpers)
    return table


def sweep_part(
    near: Near, far: Far, part: Part, graph: Topology, weight: UInt32, reverse: bool, spaces: Workspaces, helpers: Executor
) -> UInt32:
    """uint32[near, far] by sweeps in lanes over a part that was cut out before."""
    rows = len(part.restriction.first) - 1
    table = np.empty((len(near.bias), len(far.first) - 1), np.uint32)

    def some(begin: int, end: int, work: Work) -> None:
        sweeps.sweep_batches(
            begin, end, *near, far.first, part.row, far.offset, graph, weight, reverse, part.restriction, work.slot,
            work.stack, *work.lanes(rows), table,
        )  # fmt: skip

    _by_batches(some, len(near.bias), len(part.restriction.head), spaces, helpers)
    return table


def table(
    near: Near, far: Far, graph: Topology, weight: UInt32, reverse: bool, spaces: Workspaces, helpers: Executor
) -> UInt32:
    """uint32[near, far]."""
    if len(near.bias) < LANES_FROM:
        return sweep_each(near, far, graph, weight, reverse, spaces)
    work = spaces.take()
    part, nodes = part_of(far, graph, weight, reverse, work.slot, work.stack)
    result = sweep_part(near, far, part, graph, weight, reverse, spaces, helpers)
    sweeps.release(nodes, work.slot)
    spaces.give(work)
    return result
