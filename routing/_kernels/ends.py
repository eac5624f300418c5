"""Ends of journeys: positions on segments, and what a climb starts from: a few numbers, for which whole arrays are slow."""

from __future__ import annotations

import numpy as np

from routing._kernels.types import INFINITE, Float64, Int32, Int64, UInt8, UInt32, kernel


@kernel
def positions_on_links(link: Int32, fraction: Float64, directions: UInt8) -> tuple[Int64, Int64, Float64]:
    """Each place in each of its directions (bit 1: along the link, bit 2: against it): (owner, segment, fraction)."""
    count = 0
    for i in range(len(link)):
        count += (directions[i] & 1) + (directions[i] >> 1 & 1)
    owner, segment, share = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.float64)
    at = 0
    for i in range(len(link)):
        if directions[i] & 1:
            owner[at], segment[at], share[at] = i, 2 * np.int64(link[i]), fraction[i]
            at += 1
        if directions[i] & 2:
            owner[at], segment[at], share[at] = i, 2 * np.int64(link[i]) + 1, 1.0 - fraction[i]
            at += 1
    return owner, segment, share


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
def starts(first: Int64, node: Int32, offset: Int64, rank: Int32) -> tuple[Int32, UInt32, Int64]:
    """Ranks, offsets and bias of ends, as `_tables.Near` has them."""
    ranks, start = np.empty(len(node), np.int32), np.empty(len(node), np.uint32)
    bias = np.zeros(len(first) - 1, np.int64)
    for end in range(len(first) - 1):
        for i in range(first[end], first[end + 1]):
            bias[end] = max(bias[end], -offset[i])
        for i in range(first[end], first[end + 1]):
            ranks[i] = rank[node[i]]
            # What can't be used stays so, whatever the bias of its end.
            start[i] = INFINITE if offset[i] >= INFINITE else min(offset[i] + bias[end], np.int64(INFINITE))
    return ranks, start, bias


@kernel
def meetings(mine: Int64, segments: Int64, by_segment: Int64) -> tuple[Int64, Int64]:
    """Pairs (index in `mine`, entry of `by_segment`) of equal segments; `segments` ascend."""
    count = 0
    low = np.searchsorted(segments, mine)
    for i in range(len(mine)):
        j = low[i]
        while j < len(segments) and segments[j] == mine[i]:
            count += 1
            j += 1
    here, there = np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for i in range(len(mine)):
        j = low[i]
        while j < len(segments) and segments[j] == mine[i]:
            here[at], there[at] = i, by_segment[j]
            at += 1
            j += 1
    return here, there
