"""The two long steps on bare arrays: contract a topology, customize its weights."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import numpy as np

from routing._kernels import customization, elimination
from routing._kernels.types import Int32, Topology, UInt32
from routing._parallel import run_all

SHARES: Final = (64, 16, 4, 1)
"""Stages of customization: subtrees with a 64th of the work each in any sequence, then those with a 16th, and so on."""

PARALLEL_FROM: Final = 50_000
"""From so many upward arcs on, other threads help to customize."""

FULL_FROM_SHARE = 0.02
FULL_FROM_LEAST = 1000
"""From so many weights on (a share of all, plus a few), changing them one by one takes longer than a full customization.

Measured on Porto and on sixteen Portos: 1.2 µs a weight one by one, 25 to 35 ns a weight together on two cores.
"""


def contract(rank: Int32, tail: Int32, head: Int32, report: Callable[[float], None]) -> tuple[Int32, Topology, int]:
    """The final rank of each node, the hierarchy's topology, the height of its elimination tree.

    Args:
        rank: int32[nodes], when a node is contracted; the final rank is equivalent, with every subtree contiguous.
        tail, head: int32[arcs], nodes.
        report: told how much is done, 0 … 1.

    Raises:
        OverflowError: more arcs than int32 can count.
    """
    report(0.0)
    nodes = len(rank)
    first, neighbour = elimination.neighbours(nodes, rank[tail], rank[head])
    rank = elimination.postorder(elimination.elimination_tree(first, neighbour))[rank]
    tail, head = rank[tail], rank[head]
    first, neighbour = elimination.neighbours(nodes, tail, head)
    parent = elimination.elimination_tree(first, neighbour)
    report(0.2)
    edge_first, edge_head = elimination.fill_in(first, neighbour, parent)
    report(0.4)
    edge_tail = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(edge_first))
    way = elimination.directions(edge_first, edge_head, edge_tail, tail, head)
    report(0.8)
    up_first, middle, up_head, up_tail = elimination.split_directions(edge_first, edge_head, way)
    if len(up_head) + len(tail) >= 2**31:  # both lie in one weight array, indexed by int32
        raise OverflowError("the graph is too large or its order too poor: over 2**31 arcs")
    down = elimination.downward(up_first, middle, up_head)
    placed = elimination.place_arcs(tail, head, up_first, middle, up_head)
    topology = Topology(parent, up_first, middle, up_head, up_tail, *down, *placed)
    report(1.0)
    return rank, topology, elimination.depths(parent)


def customize(graph: Topology, arc_weight: UInt32, weight: UInt32, helpers: Executor) -> None:
    """Fill `weight` (uint32[upward arcs]) from the weights of the input arcs."""
    customization.respect(arc_weight, graph.upward_arc, weight)
    stage, subtrees = customization.divide(graph, np.array(SHARES))
    idle: list[UInt32] = []  # work arrays that no thread uses at the moment

    def one(i: int) -> None:
        try:
            cost = idle.pop()
        except IndexError:
            cost = np.empty(len(graph.parent), np.uint32)
        of_stage, begin, end = subtrees[i].tolist()
        customization.customize_range(begin, end, stage, of_stage, graph, cost, weight)
        idle.append(cost)

    for wanted in range(len(SHARES)):
        run_all(one, np.flatnonzero(subtrees[:, 0] == wanted), helpers if len(weight) >= PARALLEL_FROM else None)


def full_from(count: int) -> int:
    """From how many of so many weights on it is faster to customize them all."""
    return int(count * FULL_FROM_SHARE) + FULL_FROM_LEAST
