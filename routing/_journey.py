"""One journey between two places, in plain numbers: a place has one or two positions, for which arrays are slow.

What holds for many places at once stands in `routing.ends`, the arithmetic in its first lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.endpoints import Endpoints
from routing.ends import NO_PLACES, Ends, Positions, StatesOf, after_first_turn
from routing.network import CLOSED, RoadNetwork
from routing.road_state import Overlay, ProfileRoads
from routing.snapping import Carry, Position


class Stand(NamedTuple):
    """Open positions of a place, and the part on foot.

    `elapsed_ms` are the times from the beginning of each one's segment, `left_ms` those to its end.
    """

    segment: list[int]
    fraction: list[float]
    elapsed_ms: list[int]
    left_ms: list[int]
    carry: Carry | None


class Found(NamedTuple):
    """The best journey: total, the origin's and the destination's position (as indices), and the turns on the way."""

    total: int
    here: int
    there: int
    turns: NDArray[np.int32]


def stand(positions: Sequence[Position], carry: Carry | None, times: Overlay, states: StatesOf) -> Stand:
    """The positions that are open."""
    found = Stand([], [], [], [], carry)
    for position in positions:
        segment, fraction = int(position.segment), float(position.fraction)
        ms = times.one(segment)
        if ms >= CLOSED or states.plain_one(segment) < 0:
            continue
        elapsed_ms = round(fraction * ms)
        found.segment.append(segment)
        found.fraction.append(fraction)
        found.elapsed_ms.append(elapsed_ms)
        found.left_ms.append(ms - elapsed_ms)
    return found


def as_origin(profile: str, state: int, found: Stand, states: StatesOf) -> Ends:
    """A single place to start from, as `routing.ends.as_origins` makes it of many."""
    nodes = _nodes_of_origin(states, found)
    return _as_ends(profile, state, found, nodes, list(range(len(nodes))), found.left_ms)


def as_destination(profile: str, state: int, found: Stand, states: StatesOf) -> Ends:
    """A single place to go to, as `routing.ends.as_destinations` makes it of many."""
    nodes, position, offsets = _nodes_of_destination(states, found)
    return _as_ends(profile, state, found, nodes, position, offsets)


def _as_ends(profile: str, state: int, found: Stand, nodes: list[int], position: list[int], offsets: list[int]) -> Ends:
    segments = np.array(found.segment, np.int64)
    positions = Positions(1, np.zeros(len(segments), np.int64), segments, np.array(found.fraction, np.float64))
    first = np.array([0, len(nodes)], np.int64)
    endpoints = Endpoints.trusted(first, np.array(nodes, np.int32), np.array(offsets, np.int64))
    order = np.array(sorted(range(len(segments)), key=found.segment.__getitem__), np.int64)
    elapsed, of_node = np.array(found.elapsed_ms, np.int64), np.array(position, np.int64)
    return Ends(profile, state, positions, elapsed, endpoints, of_node, order, segments[order], NO_PLACES)


def best(network: RoadNetwork, roads: ProfileRoads, states: StatesOf, start: Stand, finish: Stand) -> Found | None:
    """The best journey between two places, None if there is no way."""
    ahead, behind = _on_one_segment(start, finish)
    nodes, position, offsets_there = _nodes_of_destination(states, finish)
    target = nodes, offsets_there
    sources = _nodes_of_origin(states, start)
    if not behind:
        found = roads.metric.route((sources, start.left_ms), target)
        return None if found is None else Found(found[0], found[1], position[found[2]], found[3])
    # A way round to what lies behind leaves the segment, so that it has a turn at least.
    offsets = np.array(start.left_ms, np.int64)
    heads, offsets, first_turn, origin = after_first_turn(network, roads, np.array(sources, np.int64), offsets)
    found = roads.metric.route((heads.tolist(), offsets.tolist()), target)
    if found is None or (ahead is not None and ahead.total <= found[0]):
        return ahead
    total, here, there, turns = found
    whole = np.concatenate((first_turn[here : here + 1], turns), dtype=np.int32)
    return Found(total, int(origin[here]), position[there], whole)


def _on_one_segment(start: Stand, finish: Stand) -> tuple[Found | None, bool]:
    """The shortest way straight ahead along one segment, and whether a destination lies behind an origin."""
    ahead: Found | None = None
    behind = False
    for here, segment in enumerate(start.segment):
        for there, other in enumerate(finish.segment):
            if segment != other:
                continue
            ms = finish.elapsed_ms[there] - start.elapsed_ms[here]
            behind |= ms < 0
            if ms >= 0 and (ahead is None or ms < ahead.total):
                ahead = Found(ms, here, there, np.empty(0, np.int32))
    return ahead, behind


def _nodes_of_origin(states: StatesOf, start: Stand) -> list[int]:
    """The node where a journey from each position begins: a fresh start remembers nothing."""
    return [states.plain_one(segment) for segment in start.segment]


def _nodes_of_destination(states: StatesOf, finish: Stand) -> tuple[list[int], list[int], list[int]]:
    """The nodes where a destination may be reached, whatever one remembers on arrival, the position and the offset of each."""
    nodes: list[int] = []
    position: list[int] = []
    for there, segment in enumerate(finish.segment):
        every = states.every_one(segment)
        nodes += every
        position += [there] * len(every)
    return nodes, position, [-finish.left_ms[there] for there in position]
