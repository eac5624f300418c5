"""Ends of journeys: positions on segments, and what a climb starts from: a few numbers, for which whole arrays are slow.

Where it is known how long a result is, or can be, the caller hands in the array: one made here takes microseconds to hand out.
"""

from __future__ import annotations

import numpy as np

from routing._kernels.types import INFINITE, Float64, Int32, Int64, UInt8, UInt32, kernel


@kernel
def positions_on_links(link: Int32, fraction: Float64, directions: UInt8, owner: Int64, segment: Int64, share: Float64) -> int:
    """Write each place in each of its directions (bit 1: along the link, bit 2: against it); how many these are."""
    at = 0
    for i in range(len(link)):
        if directions[i] & 1:
            owner[at], segment[at], share[at] = i, 2 * np.int64(link[i]), fraction[i]
            at += 1
        if directions[i] & 2:
            owner[at], segment[at], share[at] = i, 2 * np.int64(link[i]) + 1, 1.0 - fraction[i]
            at += 1
    return at


@kernel
def open_times(segment: Int64, base: UInt32, changed: Int64, values: UInt32, state: Int32) -> UInt32:
    """Times along segments, INFINITE where one is closed or no state stands for it; `changed` as in `road_state.Overlay`."""
    ms = np.empty(len(segment), np.uint32)
    for i in range(len(segment)):
        one = segment[i]
        ms[i] = base[one]
        if len(changed):
            place = np.searchsorted(changed, one)
            if place < len(changed) and changed[place] == one:
                ms[i] = values[place]
        if state[one] < 0:
            ms[i] = INFINITE
    return ms


@kernel
def without_any(owner: Int64, places: int) -> Int64:
    """The places, of so many, that own nothing; owners rise."""
    none = np.empty(places, np.int64)
    count, at = 0, 0
    for place in range(places):
        if at < len(owner) and owner[at] == place:
            while at < len(owner) and owner[at] == place:
                at += 1
        else:
            none[count] = place
            count += 1
    return none[:count].copy()


@kernel
def firsts(owner: Int64, which: Int64, places: int) -> Int64:
    """int64[places + 1], where the nodes of each place begin; node k belongs to `owner[which[k]]`, which rises."""
    first = np.zeros(places + 1, np.int64)
    for i in range(len(which)):
        first[owner[which[i]] + 1] += 1
    for place in range(places):
        first[place + 1] += first[place]
    return first


@kernel
def starts(first: Int64, node: Int32, offset: Int64, rank: Int32, ranks: Int32, start: UInt32, bias: Int64) -> None:
    """Write ranks, offsets and bias of ends, as `_tables.Near` has them."""
    for end in range(len(first) - 1):
        bias[end] = 0
        for i in range(first[end], first[end + 1]):
            bias[end] = max(bias[end], -offset[i])
        for i in range(first[end], first[end + 1]):
            ranks[i] = rank[node[i]]
            # What can't be used stays so, whatever the bias of its end.
            start[i] = INFINITE if offset[i] >= INFINITE else min(offset[i] + bias[end], np.int64(INFINITE))


@kernel
def count_meetings(mine: Int64, segments: Int64) -> int:
    """How many pairs of equal ones there are; `segments` ascend."""
    count = 0
    for one in mine:
        j = np.searchsorted(segments, one)
        while j < len(segments) and segments[j] == one:
            count += 1
            j += 1
    return count


@kernel
def meetings(mine: Int64, segments: Int64, by_segment: Int64, here: Int64, there: Int64) -> None:
    """Write the pairs (index in `mine`, entry of `by_segment`) of equal segments, as many as `count_meetings` has found."""
    at = 0
    for i in range(len(mine)):
        j = np.searchsorted(segments, mine[i])
        while j < len(segments) and segments[j] == mine[i]:
            here[at], there[at] = i, by_segment[j]
            at += 1
            j += 1
