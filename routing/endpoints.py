"""Places where paths begin or end, each with one or more ways in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing._arguments import frozen, node_ids, still
from routing._kernels.types import INFINITE


@dataclass(frozen=True, slots=True, eq=False)
class Endpoints:
    """k ends of paths; end i may be entered (or left) at any of its nodes, each of which adds its own offset.

    Attributes:
        first: int64[k + 1]; the nodes of end i are `node[first[i] : first[i + 1]]`. It may have none: unreachable.
        node: int32[…], node ids of the hierarchy.
        offset: int64[…], added to the distance, in the unit of the weights; negative where part of an arc's weight is not
            driven. From 2**31 - 1 up the node can't be used.

    Raises:
        ValueError: wrong shapes or dtypes, `first` not ascending from 0 to the number of nodes, offsets below -(2**31 - 1).
    """

    first: NDArray[np.int64]
    node: NDArray[np.int32]
    offset: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the shapes and freeze the arrays."""
        for name, dtype in (("first", np.int64), ("node", np.int32), ("offset", np.int64)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype, f"endpoints' {name}"))
        first = self.first
        if len(first) == 0 or first[0] != 0 or first[-1] != len(self.node) or (len(first) > 1 and np.any(np.diff(first) < 0)):
            raise ValueError(f"endpoints' first must ascend from 0 to the number of nodes ({len(self.node)})")
        if len(self.offset) != len(self.node):
            raise ValueError(f"endpoints need one offset per node: {len(self.offset)} offsets, {len(self.node)} nodes")
        if len(self.offset) and self.offset.min() < -int(INFINITE):
            raise ValueError(f"an endpoint's offset is below -(2**31 - 1): {self.offset.min()}")

    @classmethod
    def trusted(cls, first: NDArray[np.int64], node: NDArray[np.int32], offset: NDArray[np.int64]) -> Self:
        """From arrays that are known to fit, unchecked and not copied; they are read-only from now on."""
        ends = object.__new__(cls)
        for name, array in (("first", first), ("node", node), ("offset", offset)):
            object.__setattr__(ends, name, still(array))
        return ends

    def __len__(self) -> int:
        """How many ends there are."""
        return len(self.first) - 1

    def some(self, wanted: NDArray[np.int64]) -> Self:
        """Some of the ends, by number, in this order."""
        counts = np.diff(self.first)[wanted]
        first = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        at = np.repeat(self.first[wanted] - first[:-1], counts) + np.arange(first[-1])
        return self.trusted(first, self.node[at], self.offset[at])

    @classmethod
    def at_nodes(cls, nodes: ArrayLike) -> Self:
        """Each node an end of its own, without offset.

        Raises:
            IndexError: a node id that no int32 holds.
            ValueError: not a one-dimensional sequence of whole numbers.
        """
        node = node_ids(nodes)
        return cls(np.arange(len(node) + 1, dtype=np.int64), node, np.zeros(len(node), np.int64))

    @classmethod
    def of(cls, ends: Iterable[tuple[ArrayLike, ArrayLike]]) -> Self:
        """From a (nodes, offsets) pair for each end."""
        pairs = [
            (node_ids(nodes), frozen(np.atleast_1d(np.asarray(offsets)), np.int64, "endpoints' offsets"))
            for nodes, offsets in ends
        ]
        first = np.zeros(len(pairs) + 1, np.int64)
        np.cumsum([len(nodes) for nodes, _ in pairs], out=first[1:])
        node = np.concatenate([nodes for nodes, _ in pairs]) if pairs else np.empty(0, np.int32)
        offset = np.concatenate([offsets for _, offsets in pairs]) if pairs else np.empty(0, np.int64)
        return cls(first, node, offset)
