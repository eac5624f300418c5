"""What callers hand in, checked at the door: ids within range, whole weights within bounds, frozen arrays."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing._kernels.types import INFINITE, Int32, UInt32

Whole = TypeVar("Whole", np.int32, np.int64)
Scalar = TypeVar("Scalar", bound=np.generic)


def still(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """The same array, read-only from now on."""
    array.flags.writeable = False
    return array


def node_ids(nodes: ArrayLike) -> NDArray[np.int32]:
    """Node ids as int32, checked to be a one-dimensional sequence of whole numbers."""
    return frozen(np.atleast_1d(np.asarray(nodes)), np.int32, "node ids")


def frozen(values: ArrayLike, dtype: type[Whole], what: str) -> NDArray[Whole]:
    """A read-only one-dimensional array of this dtype; refuses to change any value on the way."""
    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"{what} must be one-dimensional, not of shape {given.shape}")
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"{what} must be whole numbers, not {given.dtype}")
    if given.dtype != dtype and given.size:
        limits = np.iinfo(dtype)
        low, high = int(given.min()), int(given.max())
        if low < limits.min or high > limits.max:
            raise IndexError(f"{what}: {low if low < limits.min else high} is out of range")
    array = np.ascontiguousarray(given, dtype=dtype)
    if array.flags.writeable:
        array = array.copy() if np.may_share_memory(array, given) else array
        array.flags.writeable = False
    return array


def check_ids(ids: Int32, count: int, what: str) -> None:
    if len(ids) and ids.view(np.uint32).max() >= count:  # below zero is above all that exist
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise IndexError(f"{what} {wrong} is out of range: the graph has {count} {what}s")


def known_ids(ids: ArrayLike, count: int, what: str = "node") -> Int32:
    known = node_ids(ids)
    check_ids(known, count, what)
    return known


def whole_weights(values: ArrayLike) -> UInt32:
    given = np.atleast_1d(np.asarray(values))
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise ValueError(f"weights must be one-dimensional and whole, not {given.dtype}{list(given.shape)}")
    if given.size and (given.min() < 0 or given.max() > int(INFINITE)):
        raise ValueError(f"weights must lie between 0 and {int(INFINITE)}, not {given.min()} … {given.max()}")
    return np.ascontiguousarray(given, dtype=np.uint32)


def rank_of(order: ArrayLike, nodes: int) -> Int32:
    sequence = known_ids(order, nodes)
    rank = np.full(nodes, -1, np.int32)
    rank[sequence] = np.arange(len(sequence), dtype=np.int32)
    if len(sequence) != nodes or (nodes and rank.min() < 0):
        raise ValueError(f"the order must name each of the {nodes} nodes once")
    return rank
