"""Shortest paths by a customizable contraction hierarchy, on bare arrays.

Three things, each built on the one before (Dibbelt, Strasser, Wagner 2016, "Customizable contraction hierarchies"):

- a **hierarchy**, once per topology: nodes ranked by nested dissection, the upward arcs that contraction in that order
  adds, the elimination tree;
- a **metric**, once per weighting: a weight for every upward arc. It is immutable; `Metric.with_weights` gives a new one
  and leaves the old one valid;
- **queries** on a metric, from any number of threads at once.

Weights are uint32; CLOSED (2**31 - 1) can't be passed. Sums that reach CLOSED count as closed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing import _tables, ordering
from routing._arguments import check_ids, known_ids, rank_of, still, whole_weights
from routing._contraction import contract, customize, full_from
from routing._kernels import customization, queries
from routing._kernels.types import Labels, Topology, UInt32
from routing._parallel import HELPERS
from routing._weight_store import WeightStore
from routing._workspaces import Workspaces
from routing.endpoints import Endpoints

__all__ = ["CLOSED", "Endpoints", "Hierarchy", "Metric", "Pinned"]

CLOSED: Final = 2**31 - 1
"""The weight of what can't be passed, and the distance where there is no path."""

Progress = Callable[[str, float], None]
"""Told the stage of long work and how much of it is done (0 … 1)."""

_NO_OFFSET = np.zeros(1, np.uint32)


class Hierarchy:
    """The topology of a customizable contraction hierarchy; frozen, may be memory-mapped."""

    def __init__(self, rank: NDArray[np.int32], topology: Topology, height: int) -> None:
        """Use `build` or `load`. `rank`: int32[nodes]; `height`: of the elimination tree, in nodes."""
        # Nothing writes these arrays; numpy is not told so, as numba takes a microsecond longer to call for each
        # array that is marked read-only.
        self._rank = rank
        self._topology = topology
        self._height = height
        self._numbers = itertools.count(1)
        self._spaces = Workspaces(len(rank), height)
        self._helpers = ThreadPoolExecutor(HELPERS, thread_name_prefix="hierarchy")

    @classmethod
    def build(
        cls,
        tail: ArrayLike,
        head: ArrayLike,
        longitude: ArrayLike,
        latitude: ArrayLike,
        *,
        order: ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Rank and contract a directed graph; loops and parallel arcs are welcome.

        Args:
            tail, head: the nodes that each arc joins.
            longitude, latitude: float64[nodes], where the nodes lie; only used for the order.
            order: the nodes from the first contracted to the last; without it `ordering.nested_dissection` finds one.
                For an edge-expanded graph `ordering.edge_expanded_order` finds a better one.
            progress: told about the stages "order" and "contract".

        Raises:
            IndexError: an arc names a node that does not exist.
            OverflowError: the order is so poor that contraction adds over 2**31 arcs.
            ValueError: arrays of different lengths, or `order` is not a permutation of the nodes.
        """
        longitude, latitude = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
        nodes = len(longitude)
        if latitude.shape != longitude.shape or longitude.ndim != 1:
            raise ValueError(f"longitude and latitude differ in shape: {longitude.shape}, {latitude.shape}")
        tails, heads = known_ids(tail, nodes), known_ids(head, nodes)
        if len(tails) != len(heads):
            raise ValueError(f"tail and head differ in length: {len(tails)}, {len(heads)}")
        report = progress or _silent
        report("order", 0.0)
        if order is None:
            order = ordering.nested_dissection(tails, heads, longitude, latitude, progress=lambda done: report("order", done))
        rank = rank_of(order, nodes)
        report("order", 1.0)
        return cls(*contract(rank, tails, heads, lambda done: report("contract", done)))

    @property
    def nodes(self) -> int:
        """How many nodes the graph has."""
        return len(self._rank)

    @property
    def arcs(self) -> int:
        """How many input arcs the graph has."""
        return len(self._topology.upward_arc)

    @property
    def upward_arcs(self) -> int:
        """How many upward arcs contraction left, each direction that can be finite counted."""
        return len(self._topology.head)

    def save(self, folder: Path) -> None:
        """Write the arrays into an existing folder, one .npy file each.

        Raises:
            OSError: the folder can't be written.
        """
        for name, array in self._topology._asdict().items():
            np.save(folder / f"{name}.npy", array)
        np.save(folder / "rank.npy", self._rank)
        np.save(folder / "height.npy", np.array([self._height], np.int64))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map the arrays that `save` wrote; they are read from disk when used.

        Raises:
            OSError: a file is missing or can't be read.
            ValueError: a file is not what `save` writes. (Content is not checked: a region's checksums do that.)
        """
        arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c")) for name in (*Topology._fields, "rank")}
        for name, array in arrays.items():
            if array.dtype != np.int32 or array.ndim != 1:
                raise ValueError(f"{folder / name}.npy: expected int32[…], found {array.dtype}{list(array.shape)}")
        height = int(np.load(folder / "height.npy")[0])
        return cls(arrays.pop("rank"), Topology(**arrays), height)

    def customize(self, weights: ArrayLike) -> Metric:
        """A metric with these weights.

        Args:
            weights: for each input arc, whole numbers 0 … CLOSED.

        Raises:
            ValueError: not one weight for each arc, not whole, negative, or above CLOSED.
        """
        arc_weight = whole_weights(weights)
        if len(arc_weight) != self.arcs:
            raise ValueError(f"one weight for each of the {self.arcs} arcs is needed, not {len(arc_weight)}")
        store = WeightStore.create(self.arcs + self.upward_arcs)
        store.array[: self.arcs] = arc_weight
        customize(self._topology, store.array[: self.arcs], store.array[self.arcs :], self._helpers)
        return Metric(self, store, store.array, np.empty(0, np.int32))


class Metric:
    """A weighted hierarchy: immutable, numbered, safe to query from many threads at once."""

    def __init__(self, hierarchy: Hierarchy, store: WeightStore, values: UInt32, changed: NDArray[np.int32]) -> None:
        """Use `Hierarchy.customize`, `with_weights` or `load`. `changed`: where `values` differ from the store."""
        self._hierarchy = hierarchy
        self._graph = hierarchy._topology
        self._rank = hierarchy._rank
        self._spaces = hierarchy._spaces
        self._store = store
        self._values = values
        self._changed = changed
        self._arc_weight = values[: hierarchy.arcs]
        self._weight = values[hierarchy.arcs :]
        self._public_weights = still(self._arc_weight.view())
        self._number = next(hierarchy._numbers)

    @property
    def hierarchy(self) -> Hierarchy:
        """What this metric weighs."""
        return self._hierarchy

    @property
    def number(self) -> int:
        """Higher than that of every metric made before on the same hierarchy object."""
        return self._number

    @property
    def weights(self) -> NDArray[np.uint32]:
        """uint32[arcs], read-only: the weights of the input arcs."""
        return self._public_weights

    def save(self, folder: Path) -> None:
        """Write the weights into an existing folder (weights.npy).

        Raises:
            OSError: the folder can't be written.
        """
        np.save(folder / "weights.npy", self._values)

    @classmethod
    def load(cls, hierarchy: Hierarchy, folder: Path) -> Self:
        """Map the weights that `save` wrote for the same hierarchy; it gets a new number.

        Raises:
            OSError: the file is missing or can't be read.
            ValueError: the file does not fit the hierarchy.
        """
        store = WeightStore.open(folder / "weights.npy", hierarchy.arcs + hierarchy.upward_arcs)
        return cls(hierarchy, store, store.array, np.empty(0, np.int32))

    def with_weights(self, arcs: ArrayLike, weights: ArrayLike) -> Metric:
        """A metric that differs in some arcs; this one stays as it is.

        Only what the changes touch is worked out anew, unless that is so much that a full customization is faster.

        Args:
            arcs: input arcs; where one is named twice its last weight counts.
            weights: their new weights, whole numbers 0 … CLOSED, or one for all.

        Raises:
            IndexError: no such arc.
            ValueError: not one weight for each arc, not whole, negative, or above CLOSED.
        """
        hierarchy = self._hierarchy
        ids, new = known_ids(arcs, hierarchy.arcs, "arc"), whole_weights(weights)
        if len(new) not in (1, len(ids)):
            raise ValueError(f"{len(ids)} arcs need {len(ids)} weights or one for all, not {len(new)}")
        if len(ids) > full_from(hierarchy.arcs):
            return self._customized_anew(ids, new)
        values = self._store.branch()
        values[self._changed] = self._values[self._changed]
        arc_weight, weight = values[: hierarchy.arcs], values[hierarchy.arcs :]
        arc_weight[ids] = new
        work = self._spaces.take()
        touched, complete = customization.recustomize(
            ids, arc_weight, self._graph, weight, work.queued(len(weight)), full_from(len(weight))
        )
        self._spaces.give(work)
        if not complete:
            return self._customized_anew(ids, new)
        changed = np.union1d(self._changed, np.concatenate((ids, touched + np.int32(hierarchy.arcs)))).astype(np.int32)
        if len(changed) > full_from(len(values)):
            store = WeightStore.create(len(values))
            store.array[:] = values
            return Metric(hierarchy, store, store.array, np.empty(0, np.int32))
        return Metric(hierarchy, self._store, values, changed)

    def _customized_anew(self, arcs: NDArray[np.int32], weights: UInt32) -> Metric:
        everything = self._arc_weight.copy()
        everything[arcs] = weights
        return self._hierarchy.customize(everything)

    def distance(self, source: int, target: int) -> int:
        """The least sum of weights from one node to another, CLOSED if there is no path.

        Raises:
            IndexError: no such node.
        """
        work = self._spaces.take()
        best = queries.distance(
            self._one(source), _NO_OFFSET, self._one(target), _NO_OFFSET, self._graph, self._weight, work.query
        )
        self._spaces.give(work)
        return int(best)

    def path(self, source: int, target: int) -> NDArray[np.int32] | None:
        """The input arcs of a shortest path in sequence (none if source is target), or None if there is no path.

        Raises:
            IndexError: no such node.
        """
        found = self.route(([source], [0]), ([target], [0]))
        return None if found is None else found[3]

    def route(
        self, origin: tuple[Sequence[int], Sequence[int]], destination: tuple[Sequence[int], Sequence[int]]
    ) -> tuple[int, int, int, NDArray[np.int32]] | None:
        """The best path between two ends, each given as (nodes, offsets) as in `Endpoints`, in plain numbers.

        Returns:
            (total with offsets, index of the origin's node, index of the destination's node, arcs), or None without path.
            A total below zero (a destination behind the origin on the same arc) is given as zero.

        Raises:
            IndexError: no such node.
            ValueError: nodes and offsets don't fit together.
        """
        nodes, offsets = (*origin[0], *destination[0]), (*origin[1], *destination[1])
        if len(origin[0]) != len(origin[1]) or len(nodes) != len(offsets) or min(offsets, default=0) < -CLOSED:
            raise ValueError(f"an end needs one offset, at least -(2**31 - 1), for each node: {offsets} for {nodes}")
        for node in nodes:
            self._check(node)
        if not origin[0] or not destination[0]:
            return None
        ends = np.array((nodes, offsets), np.int64)
        work = self._spaces.take()
        total, i, j, arcs = queries.best_path(
            ends, len(origin[0]), self._rank, self._graph, self._weight, work.query, self._arc_weight, self._hierarchy._height
        )
        self._spaces.give(work)
        return None if i < 0 else (int(total), i, j, arcs)

    def one_to_many(self, source: int, targets: ArrayLike) -> NDArray[np.uint32]:
        """uint32[targets]: distances from one node, CLOSED where there is no path.

        Raises:
            IndexError: no such node.
            ValueError: targets are not whole numbers.
        """
        distances: NDArray[np.uint32] = self.table(Endpoints.at_nodes([source]), Endpoints.at_nodes(targets))[0]
        return distances

    def many_to_one(self, sources: ArrayLike, target: int) -> NDArray[np.uint32]:
        """uint32[sources]: distances to one node, CLOSED where there is no path. Raises as `one_to_many`."""
        distances: NDArray[np.uint32] = self.table(Endpoints.at_nodes(sources), Endpoints.at_nodes([target]))[:, 0]
        return distances

    def many_to_many(self, sources: ArrayLike, targets: ArrayLike) -> NDArray[np.uint32]:
        """uint32[sources, targets]: distances, CLOSED where there is no path. Raises as `one_to_many`."""
        return self.table(Endpoints.at_nodes(sources), Endpoints.at_nodes(targets))

    def table(self, origins: Endpoints, destinations: Endpoints) -> NDArray[np.uint32]:
        """uint32[origins, destinations]: the least origin offset + distance + destination offset over all pairs of nodes.

        CLOSED where no pair has a path, or only paths whose weights sum up to CLOSED or more. A total below zero (a
        destination behind the origin on the same arc, which the caller must treat) is given as zero.

        Raises:
            IndexError: no such node.
        """
        self._ends(origins)
        self._ends(destinations)
        reverse = len(origins) > len(destinations)
        near, far = (destinations, origins) if reverse else (origins, destinations)
        found = _tables.table(
            _tables.near_ends(near, self._rank),
            _tables.far_ends(far, self._rank),
            self._graph,
            self._weight,
            reverse,
            self._spaces,
            self._hierarchy._helpers,
        )
        return np.ascontiguousarray(found.T) if reverse else found

    def pin(self, targets: Endpoints, *, reverse: bool = False) -> Pinned:
        """Prepare for many tables to the same targets (or, reversed, from the same sources).

        Raises:
            IndexError: no such node.
        """
        labels = _tables.label(self._ends(targets), self._rank, self._graph, self._weight, reverse, self._spaces)
        return Pinned(self, labels, reverse)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What questions read, the hierarchy included: for whoever wants it read ahead."""
        return (*self._graph, self._rank, self._values)

    def _check(self, node: int) -> None:
        if not 0 <= node < len(self._rank):
            raise IndexError(f"node {node} is out of range: the graph has {len(self._rank)} nodes")

    def _one(self, node: int) -> NDArray[np.int32]:
        self._check(node)
        return self._rank[node : node + 1]

    def _ends(self, ends: Endpoints) -> Endpoints:
        check_ids(ends.node, len(self._rank), "node")
        return ends


@dataclass(frozen=True, slots=True, eq=False)
class Pinned:
    """Targets (or sources) of one metric, prepared by `Metric.pin`; safe to use from many threads at once."""

    metric: Metric
    _labels: Labels
    _reverse: bool

    def table(self, ends: Endpoints) -> NDArray[np.uint32]:
        """uint32[ends, pinned]: from these ends to the pinned targets; reversed, from the pinned sources to these ends.

        Totals as in `Metric.table`.

        Raises:
            IndexError: no such node.
        """
        metric = self.metric
        near = _tables.near_ends(metric._ends(ends), metric._rank)
        spaces, helpers = metric._spaces, metric._hierarchy._helpers
        return _tables.meet(near, self._labels, metric._graph, metric._weight, self._reverse, spaces, helpers)


def _silent(_stage: str, _done: float) -> None:
    """No one listens."""
