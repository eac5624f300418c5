"""Kernels on the turns of a network."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def turns_by_segment(
    state_segment: NDArray[np.int32], turn_head: NDArray[np.int32], segments: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The turns that lead onto each segment, whichever copy of its state: `turn[first[s]:first[s + 1]]`, rising."""
    first = np.zeros(segments + 1, np.int64)
    for head in turn_head:
        first[state_segment[head] + 1] += 1
    for segment in range(segments):
        first[segment + 1] += first[segment]
    fill = first[:-1].copy()
    turn = np.empty(len(turn_head), np.int32)
    for index in range(len(turn_head)):
        segment = state_segment[turn_head[index]]
        turn[fill[segment]] = index
        fill[segment] += 1
    return first, turn
