"""Kernel of the bounded search on foot: Dijkstra over junctions, in tables that only grow with what it touches."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[Any]

CLOSED = 2**31 - 1

FOUND, NOT_FOUND, TABLE_FULL = 0, 1, 2


@kernel
def _slot_of(keys: Integers, junction: int) -> int:
    """Where a junction is, or would be put, in an open-addressed table whose size is a power of two."""
    mask = len(keys) - 1
    slot = (junction * 0x9E3779B1 >> 7) & mask
    while keys[slot] >= 0 and keys[slot] != junction:
        slot = (slot + 1) & mask
    return slot


@kernel
def walk_to_street(
    start_link: int,
    start_fraction: float,
    bound_m: float,
    capacity: int,
    foot_ms: Integers,
    street: Integers,
    unwanted: int,
    link_tail: Integers,
    link_head: Integers,
    link_length_m: Floats,
    junction_first: Integers,
    junction_link: Integers,
    path: Integers,
) -> tuple[int, int, int, int, float, int]:
    """From a point on a link on foot to the first junction where a street of the mask can be boarded.

    The streets are those with `street[link] & 3`, without `unwanted` bits, that may be walked on too. Returns (outcome,
    street link, junction, milliseconds, metres, links in `path`); `path` gets the links walked, last one first.
    """
    keys = np.full(capacity, -1, np.int64)
    best_ms = np.empty(capacity, np.int64)
    best_m = np.empty(capacity, np.float64)
    by_link = np.empty(capacity, np.int32)
    came_from = np.empty(capacity, np.int64)
    settled = np.zeros(capacity, np.uint8)
    used = 0
    heap = [(0, 0) for _ in range(0)]
    for forward in range(2):
        share = 1.0 - start_fraction if forward else start_fraction
        whole_ms = foot_ms[2 * start_link + (0 if forward else 1)]
        metres = share * link_length_m[start_link]
        if whole_ms >= CLOSED or metres > bound_m:
            continue
        junction = int(link_head[start_link] if forward else link_tail[start_link])
        slot = _slot_of(keys, junction)
        spent = round(share * whole_ms)
        if keys[slot] < 0 or spent < best_ms[slot]:
            used += keys[slot] < 0
            keys[slot], best_ms[slot], best_m[slot], by_link[slot], came_from[slot] = junction, spent, metres, start_link, -1
            heapq.heappush(heap, (spent, int(slot)))
    while len(heap) > 0:
        spent, slot = heapq.heappop(heap)
        if settled[slot]:
            continue
        settled[slot] = 1
        junction = int(keys[slot])
        boarded, most = -1, 0
        for entry in range(junction_first[junction], junction_first[junction + 1]):
            link = junction_link[entry]
            ways = 0 if street[link] & unwanted else street[link] & 3
            if ways > most and min(foot_ms[2 * link], foot_ms[2 * link + 1]) < CLOSED:
                boarded, most = link, ways
        if boarded >= 0:
            steps = 0
            while slot >= 0 and steps < len(path):
                path[steps] = by_link[slot]
                slot = came_from[slot]
                steps += 1
            end = _slot_of(keys, junction)
            return FOUND, int(boarded), junction, spent, float(best_m[end]), steps
        for entry in range(junction_first[junction], junction_first[junction + 1]):
            link = junction_link[entry]
            forward = link_tail[link] == junction
            step_ms = foot_ms[2 * link + (0 if forward else 1)]
            metres = best_m[slot] + link_length_m[link]
            if step_ms >= CLOSED or metres > bound_m:
                continue
            other = link_head[link] if forward else link_tail[link]
            to = _slot_of(keys, other)
            arrival = spent + int(step_ms)
            if keys[to] >= 0 and arrival >= best_ms[to]:
                continue
            if keys[to] < 0:
                used += 1
                if 2 * used > capacity:
                    return TABLE_FULL, -1, -1, 0, 0.0, 0
            keys[to], best_ms[to], best_m[to], by_link[to], came_from[to] = other, arrival, metres, link, slot
            heapq.heappush(heap, (arrival, int(to)))
    return NOT_FOUND, -1, -1, 0, 0.0, 0
