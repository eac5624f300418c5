"""Kernels on the turns of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel


@kernel
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


@kernel
def turn_delays(
    turns: NDArray[np.int64],
    turn_tail: NDArray[np.int32],
    turn_head: NDArray[np.int32],
    turn_angle: NDArray[np.int16],
    turn_rules: NDArray[np.int32],
    state_segment: NDArray[np.int32],
    link_tail: NDArray[np.int32],
    link_head: NDArray[np.int32],
    link_length_m: NDArray[np.float64],
    link_tagset: NDArray[np.int32],
    junction_tagset: NDArray[np.int32],
    restricted: NDArray[np.bool_],
    way_ferry: NDArray[np.bool_],
    point_open: NDArray[np.bool_],
    point_restricted: NDArray[np.bool_],
    point_ms: NDArray[np.int64],
    signal_ms: NDArray[np.int64],
    one_junction_m: float,
    angle_ms: NDArray[np.int64],
    fork: NDArray[np.bool_],
    banned: NDArray[np.bool_],
    u_turn_ms: int,
    ferry_wait_ms: int,
    entry_ms: int,
    closed: int,
) -> NDArray[np.uint32]:
    """The delay of some turns (uint32, `closed` at most); the tables are those of `routing.costs.Meaning`."""
    delay = np.empty(len(turns), np.uint32)
    for place in range(len(turns)):
        turn = turns[place]
        before = state_segment[turn_tail[turn]]
        after = state_segment[turn_head[turn]]
        junction = link_head[after >> 1] if after & 1 else link_tail[after >> 1]
        point = junction_tagset[junction]
        back = after == before ^ 1
        if banned[turn_rules[turn]] or (not point_open[point] and not back):
            delay[place] = closed
            continue
        ms = u_turn_ms
        if not back:
            against = before & 1
            ms = point_ms[point, against]
            if signal_ms[point, against] > 0 and link_length_m[before >> 1] <= one_junction_m:
                earlier = junction_tagset[link_head[before >> 1] if against else link_tail[before >> 1]]
                ms -= min(signal_ms[point, against], signal_ms[earlier, against])
            if fork[junction]:
                ms += angle_ms[turn_angle[turn] + 180]
        if way_ferry[link_tagset[after >> 1], after & 1] and not way_ferry[link_tagset[before >> 1], before & 1]:
            ms += ferry_wait_ms
        if not restricted[before] and (restricted[after] or (point_restricted[point] and not back)):
            ms += entry_ms
        delay[place] = min(ms, closed)
    return delay
