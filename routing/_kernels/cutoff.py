"""Kernel that finds the roads which closures cut off: from where one gets nowhere, or where one can't get to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel

CLOSED = 2**31 - 1

Floats = NDArray[np.float64]
Integers = NDArray[Any]

_UNKNOWN, _FREE, _TRAPPED, _SHUT = 0, 1, 2, 3


@kernel
def _neighbours(
    segment: int,
    backward: bool,
    weights: Integers,
    segment_state: Integers,
    state_segment: Integers,
    turn_first: Integers,
    turn_tail: Integers,
    turn_head: Integers,
    into_first: Integers,
    into_turn: Integers,
) -> Integers:
    """The segments that open turns lead to from a segment or, backward, from where they lead onto it."""
    state = segment_state[segment]
    if backward:
        first, last = into_first[segment], into_first[segment + 1]
    elif state >= 0:
        first, last = turn_first[state], turn_first[state + 1]
    else:
        first, last = 0, 0
    found = np.empty(last - first, np.int64)
    count = 0
    for entry in range(first, last):
        turn = into_turn[entry] if backward else entry
        if weights[turn] < CLOSED:
            found[count] = state_segment[turn_tail[turn] if backward else turn_head[turn]]
            count += 1
    return found[:count]


@kernel
def trapped_segments(
    starts: Integers,
    shut: Integers,
    opened: Integers,
    backward: bool,
    enough_m: float,
    weights: Integers,
    segment_ms: Integers,
    link_length_m: Floats,
    segment_state: Integers,
    state_segment: Integers,
    turn_first: Integers,
    turn_tail: Integers,
    turn_head: Integers,
    into_first: Integers,
    into_turn: Integers,
) -> Integers:
    """Segments from which (or, backward, to which) less than `enough_m` of road leads: int64, unsorted.

    Looks at `starts`, the segments next to what was closed; where one is trapped, at its neighbours as well. A search ends
    as soon as it has seen enough road, so the work depends on what was closed only. `shut` segments can't be driven, nor
    those that `segment_ms` says are closed unless they are `opened`. A segment is taken to have all the ways on that its
    plain state has.
    """
    verdict = np.zeros(len(segment_state), np.uint8)
    now_open = np.zeros(len(segment_state), np.uint8)
    for segment in opened:
        now_open[segment] = 1
    seen = np.zeros(len(segment_state), np.uint8)
    for segment in shut:
        verdict[segment] = _SHUT
    queue = [int(segment) for segment in starts]
    trapped = [0 for _ in range(0)]
    at = 0
    while at < len(queue):
        start = queue[at]
        at += 1
        if verdict[start] != _UNKNOWN or (segment_ms[start] >= CLOSED and not now_open[start]):
            continue
        reached = [start]
        seen[start] = 1
        metres, free, step = link_length_m[start >> 1], False, 0
        while step < len(reached) and metres < enough_m and not free:
            for other in _neighbours(
                reached[step], backward, weights, segment_state, state_segment, turn_first, turn_tail, turn_head,
                into_first, into_turn,
            ):  # fmt: skip
                if seen[other] or verdict[other] == _SHUT or (segment_ms[other] >= CLOSED and not now_open[other]):
                    continue
                free |= verdict[other] == _FREE
                if not seen[other ^ 1]:
                    metres += link_length_m[other >> 1]
                seen[other] = 1
                reached.append(int(other))
            step += 1
        for segment in reached:
            seen[segment] = 0
        if free or metres >= enough_m:
            verdict[start] = _FREE
            continue
        for segment in reached:
            if verdict[segment] == _UNKNOWN:
                verdict[segment] = _TRAPPED
                trapped.append(segment)
                queue.extend(
                    _neighbours(
                        segment, not backward, weights, segment_state, state_segment, turn_first, turn_tail, turn_head,
                        into_first, into_turn,
                    )
                )  # fmt: skip
    result = np.empty(len(trapped), np.int64)
    for number in range(len(trapped)):
        result[number] = trapped[number]
    return result
