"""Masks of links: where a profile can be, and what closures shut, open and cut off."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing._kernels.cutoff import trapped_segments
from routing._kernels.streets import CUT_OFF, FENCED
from routing.conditions import ranges
from routing.costs import TurnsInto
from routing.network import CLOSED, RoadNetwork
from routing.road_state import Overlay
from routing.snapping import street_mask
from routing.tags import road_class


def base_mask(
    network: RoadNetwork, segment_ms: NDArray[np.uint32], standing: NDArray[np.uint8], foot_ms: NDArray[np.uint32]
) -> NDArray[np.uint8]:
    """Where a profile can be and be sent while no condition holds: `snapping.street_mask`, ferries aside."""
    return with_ferries(street_mask(segment_ms, standing, foot_ms), network)


def without(mask: NDArray[np.uint8], segments: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The mask with some segments shut."""
    new = mask.copy()
    for direction in (0, 1):
        new[segments[(segments & 1) == direction] >> 1] &= np.uint8(0xFF ^ (1 << direction))
    links = segments >> 1
    new[links] = np.where(new[links] & 3, new[links], 0)
    new.setflags(write=False)
    return new


def with_opened(mask: NDArray[np.uint8], segments: NDArray[np.int64], foot_ms: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The mask with some segments opened."""
    new = mask.copy()
    for direction in (0, 1):
        new[segments[(segments & 1) == direction] >> 1] |= np.uint8(1 << direction)
    links = segments >> 1
    fenced = np.minimum(foot_ms[2 * links], foot_ms[2 * links + 1]) >= CLOSED
    new[links[fenced]] |= FENCED
    new.setflags(write=False)
    return new


def with_ferries(mask: NDArray[np.uint8], network: RoadNetwork) -> NDArray[np.uint8]:
    """The mask in which nobody is sent to a place on a ferry, and only who is on it is taken to be there."""
    ferry = np.array([road_class(tags) == "ferry" for tags in network.tagsets], np.bool_)[network.link_tagset]
    new = mask.copy()
    new[ferry & (mask > 0)] |= CUT_OFF | FENCED
    new.setflags(write=False)
    return new


def with_cut_off(
    network: RoadNetwork,
    into: TurnsInto,
    mask: NDArray[np.uint8],
    weights: NDArray[np.uint32],
    times: Overlay,
    closed_turns: NDArray[np.int64],
    opened: NDArray[np.int64],
    enough_m: float,
) -> NDArray[np.uint8]:
    """The mask with the links marked CUT_OFF that closures leave on less than `enough_m` of road, or that open onto no more.

    A vehicle can be sent to a link if one of its directions can be reached from, and one leads to, the rest of the roads.

    Args:
        network, into: the network and the turns onto its segments.
        mask: uint8[l], where the vehicle can be.
        weights: uint32[m], of the turns now. times: along the segments now.
        closed_turns: the turns that were closed.
        opened: the segments that were opened; nothing open may lead to them.
        enough_m: road that is worth being sent to.
    """
    is_shut = times.values >= CLOSED
    shut = times.changed[is_shut]
    out_of_shut = network.segment_state[shut].astype(np.int64)
    out_of_shut = out_of_shut[out_of_shut >= 0]
    counts = network.turn_first[out_of_shut + 1] - network.turn_first[out_of_shut]
    leading_out = np.concatenate((closed_turns, ranges(network.turn_first[out_of_shut], counts)))
    lists: tuple[Any, ...] = (shut, times.changed[~is_shut])
    graph: tuple[Any, ...] = (
        weights, times.base, network.link_length_m, network.segment_state, network.state_segment,
        network.turn_first, network.turn_tail, network.turn_head, into.first, into.turn,
    )  # fmt: skip
    blocked = []
    for backward, states in ((False, network.turn_tail[closed_turns]), (True, network.turn_head[leading_out])):
        # The other direction of what is shut may have been good only together with it.
        starts = np.union1d(np.union1d(network.state_segment[states], shut ^ 1), opened).astype(np.int64)
        arguments: tuple[Any, ...] = (starts, *lists, backward, enough_m, *graph)
        blocked.append(trapped_segments(*arguments))
    if not (len(blocked[0]) or len(blocked[1])):
        return mask
    links = np.unique(np.concatenate(blocked) >> 1)
    usable = np.ones(len(links), np.bool_)
    for segments in blocked:
        open_here = [((mask[links] >> direction) & 1).astype(np.bool_) for direction in (0, 1)]
        free = [open_here[direction] & ~np.isin(2 * links + direction, segments) for direction in (0, 1)]
        usable &= free[0] | free[1]
    new = mask.copy()
    new[links[~usable]] |= np.where(new[links[~usable]] > 0, CUT_OFF, 0).astype(np.uint8)
    new.setflags(write=False)
    return new
