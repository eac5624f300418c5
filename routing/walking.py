"""The last metres on foot: from where a patient is to the street that a vehicle can use.

A bounded search over the links that people on foot may use, not a route planner: no hierarchy, no turns, at most a few
hundred metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing._kernels import footways as kernels
from routing.network import CLOSED, RoadNetwork
from routing.snap_index import still
from routing.tags import road_class

WALK_BOUND_M = 500.0
"""A carry longer than this is not searched for: the nearest street is then named with the straight line to it."""

_FIRST_CAPACITY = 1 << 10
_LONGEST_PATH = 4_096


@dataclass(frozen=True, slots=True)
class Walk:
    """A way on foot from a point on a link to a junction where a street can be boarded.

    Attributes:
        street_link: the link of the street.
        at_tail: whether the junction is the link's tail (else its head).
        metres, ms: of the walk, from the point on the start link.
        path: float64[n, 2], longitude and latitude in degrees, from the start to the junction.
    """

    street_link: int
    at_tail: bool
    metres: float
    ms: int
    path: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Footways:
    """The links as people on foot see them.

    Attributes:
        network: the road network.
        foot_ms: uint32[2 l], time on foot along each segment, `CLOSED` where nobody may walk, and on ferries: nobody waits for
            a boat on the last metres, and from a bank one is not on the water.
        walkable: uint8[l], 1 where people may walk in one direction at least.
        junction_first: int64[j + 1]; the links that meet at junction `i` are
            `junction_link[junction_first[i]:junction_first[i + 1]]`.
        junction_link: int32[2 l].
    """

    network: RoadNetwork
    foot_ms: NDArray[np.uint32]
    walkable: NDArray[np.uint8]
    junction_first: NDArray[np.int64]
    junction_link: NDArray[np.int32]

    @staticmethod
    def build(network: RoadNetwork, foot_ms: NDArray[np.uint32]) -> Footways:
        """Finds which links meet at each junction; `foot_ms` is the foot profile's `segment_ms`."""
        ends = np.concatenate((network.link_tail, network.link_head))
        order = np.argsort(ends, kind="stable")
        first = np.zeros(network.junctions + 1, np.int64)
        np.cumsum(np.bincount(ends, minlength=network.junctions), out=first[1:])
        link = (order % max(1, network.links)).astype(np.int32)
        ferry = np.array([road_class(tags) == "ferry" for tags in network.tagsets], np.bool_)[network.link_tagset]
        if ferry.any():
            foot_ms = np.where(np.repeat(ferry, 2), np.uint32(CLOSED), foot_ms).astype(np.uint32)
        return Footways(network, still(foot_ms), still(_walkable(foot_ms)), still(first), still(link))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be kept in files, beside the network."""
        return {name: getattr(self, name) for name in ("foot_ms", "walkable", "junction_first", "junction_link")}

    @staticmethod
    def from_arrays(network: RoadNetwork, arrays: Mapping[str, NDArray[Any]]) -> Footways:
        """The counterpart of `arrays`."""
        return Footways(network, **arrays)

    def walk(
        self, link: int, fraction: float, streets: NDArray[np.uint8], *, unwanted: int = 0, bound_m: float = WALK_BOUND_M
    ) -> Walk | None:
        """The quickest way on foot from a point on a link to a street, or None within `bound_m`.

        Args:
            link: where to start; people must be allowed to walk there.
            fraction: share of the link's length before the start.
            streets: uint8[l], bits 1 and 2 set where the vehicle may drive along and against a link.
            unwanted: bits of `streets` that exclude a link.
            bound_m: the longest way.
        """
        network = self.network
        path_links = np.empty(_LONGEST_PATH, np.int32)
        capacity = _FIRST_CAPACITY
        outcome = kernels.TABLE_FULL
        while outcome == kernels.TABLE_FULL:
            outcome, street, junction, ms, metres, steps = kernels.walk_to_street(
                int(link), float(fraction), float(bound_m), capacity, self.foot_ms, still(streets), unwanted, network.link_tail,
                network.link_head, network.link_length_m, self.junction_first, self.junction_link, path_links,
            )  # fmt: skip
            capacity *= 4
        if outcome != kernels.FOUND:
            return None
        path = self._path(fraction, path_links[:steps][::-1], int(junction))
        return Walk(int(street), int(network.link_tail[street]) == junction, float(metres), int(ms), path)

    def _path(self, fraction: float, links: NDArray[np.int32], end: int) -> NDArray[np.float64]:
        """The shape of the walk: the rest of the first link, then whole links, ending in a junction."""
        network = self.network
        pieces: list[NDArray[np.float64]] = []
        for link in links[:0:-1].tolist():
            towards_head = int(network.link_head[link]) == end
            pieces.append(network.segment_shape(2 * link + (0 if towards_head else 1)))
            end = int(network.link_tail[link] if towards_head else network.link_head[link])
        link = int(links[0])
        towards_head = int(network.link_head[link]) == end
        shape = network.segment_shape(2 * link + (0 if towards_head else 1))
        pieces.append(after(shape, fraction if towards_head else 1.0 - fraction))
        return np.concatenate(pieces[::-1])


def _walkable(foot_ms: NDArray[np.uint32]) -> NDArray[np.uint8]:
    walkable: NDArray[np.uint8] = (foot_ms.reshape(-1, 2).min(axis=1) < CLOSED).astype(np.uint8)
    return walkable


def after(shape: NDArray[np.float64], fraction: float) -> NDArray[np.float64]:
    """The part of a line (float64[n, 2], degrees) after a share of its length."""
    longitude, latitude = shape[:, 0], shape[:, 1]
    metres = np.hypot(np.diff(longitude) * np.cos(np.radians(latitude.mean())), np.diff(latitude))
    along = np.concatenate(([0.0], np.cumsum(metres)))
    start = fraction * along[-1]
    begin = [np.interp(start, along, longitude), np.interp(start, along, latitude)]
    return np.concatenate(([begin], shape[along > start]))
