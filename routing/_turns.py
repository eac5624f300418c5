"""States and turns of the query graph, before any restriction is placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._links import Links

STRAIGHT = 0
U_TURN = 180
SHARPEST = 179
"""The angle of a hairpin into another link; 180 says: back where one came from."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The plain query graph: a state per segment that some motor profile may use, a turn per pair that meets.

    `state_segment`: int32[n]; `segment_state`: int32[2 l], -1 where there is none; `first`: int64[n + 1], `tail`, `head`:
    int32[m], states; `angle`: int16[m], degrees as in `RoadNetwork`.
    """

    state_segment: NDArray[np.int32]
    segment_state: NDArray[np.int32]
    first: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    angle: NDArray[np.int16]

    def heads(self, state: int) -> NDArray[np.int32]:
        """The states that a plain state's turns lead to."""
        return self.head[self.first[state] : self.first[state + 1]]


def turns_of(links: Links, usable: NDArray[np.bool_]) -> Turns:
    """Every turn between usable segments (bool[2 l]), U-turns included."""
    state_segment = np.flatnonzero(usable).astype(np.int32)
    states = len(state_segment)
    segment_state = np.full(len(usable), -1, np.int32)
    segment_state[state_segment] = np.arange(states, dtype=np.int32)
    ends = np.column_stack((links.tail, links.head)).ravel()  # by segment: where it begins
    begins_at, ends_at = ends[state_segment], ends[state_segment ^ 1]

    junctions = len(links.junction_node)
    leaving = np.argsort(begins_at, kind="stable").astype(np.int32)
    leaving_first = np.zeros(junctions + 1, np.int64)
    np.cumsum(np.bincount(begins_at, minlength=junctions), out=leaving_first[1:])

    count = np.diff(leaving_first)[ends_at]
    first = np.zeros(states + 1, np.int64)
    np.cumsum(count, out=first[1:])
    tail = np.repeat(np.arange(states, dtype=np.int32), count)
    head = leaving[np.arange(len(tail)) - first[tail] + leaving_first[ends_at][tail]]
    return Turns(
        state_segment, segment_state, first, tail, head, angles(links.bearing, state_segment[tail], state_segment[head])
    )


def angles(bearing: NDArray[np.float64], before: NDArray[np.int32], after: NDArray[np.int32]) -> NDArray[np.int16]:
    """The angle turned from one segment into the next, degrees, positive to the right (int16).

    Args:
        bearing: float64[2 l], in which each segment leaves its tail; NaN where unknown, which counts as straight on.
        before, after: int32[…], segments.
    """
    turned = bearing[after] - bearing[before ^ 1] - 180.0
    degrees = np.rint((np.nan_to_num(turned, nan=STRAIGHT) + 180.0) % 360.0 - 180.0)
    degrees = np.clip(degrees, -SHARPEST, SHARPEST)
    whole: NDArray[np.int16] = np.where(after == before ^ 1, U_TURN, degrees).astype(np.int16)
    return whole
