"""One state of the roads: for each profile a metric, the times along segments, and where vehicles can be and be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch import Metric
from routing.conditions import RoadCondition


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """An array with some entries replaced, the array itself shared.

    Attributes:
        base: uint32[n]. changed: int64[c], sorted, unique indices. values: uint32[c].
    """

    base: NDArray[np.uint32]
    changed: NDArray[np.int64]
    values: NDArray[np.uint32]

    @staticmethod
    def of(base: NDArray[np.uint32]) -> Overlay:
        """Nothing replaced."""
        return Overlay(base, np.empty(0, np.int64), np.empty(0, np.uint32))

    def at(self, indices: NDArray[np.integer]) -> NDArray[np.uint32]:
        """The entries at some indices: uint32, a copy."""
        found: NDArray[np.uint32] = np.asarray(self.base[indices])
        if len(self.changed):
            place = np.minimum(np.searchsorted(self.changed, indices), len(self.changed) - 1)
            found = np.where(self.changed[place] == indices, self.values[place], found)
        return found

    def one(self, index: int) -> int:
        """The entry at an index."""
        if len(self.changed):
            place = int(np.searchsorted(self.changed, index))
            if place < len(self.changed) and self.changed[place] == index:
                return int(self.values[place])
        return int(self.base[index])

    def replaced(self, indices: NDArray[np.int64], values: NDArray[np.uint32]) -> Overlay:
        """With entries at sorted, unique indices replaced; this one stays as it is."""
        kept = ~np.isin(self.changed, indices)
        changed = np.concatenate((self.changed[kept], indices))
        order = np.argsort(changed)
        return Overlay(self.base, changed[order], np.concatenate((self.values[kept], values))[order])


@dataclass(frozen=True, slots=True, eq=False)
class ProfileRoads:
    """The roads of one profile in one state.

    Attributes:
        metric: shortest paths; its `weights` are those of the turns.
        segment_ms: times along the segments (uint32[2 l]).
        restricted: bool[2 l], segments that are for reaching what lies on them.
        mask: uint8[l], where the profile can be and be sent, see `routing.snapping.street_mask`.
    """

    metric: Metric
    segment_ms: Overlay
    restricted: NDArray[np.bool_]
    mask: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class RoadState:
    """The roads at one time, for all motor profiles together; never changes.

    Attributes:
        number: unique and rising within one `LiveRoads`; 0 is the state without any condition.
        conditions: those that hold, in the order in which they were given.
        hours: the conditional tags' hours that hold.
        roads: by profile.
    """

    number: int
    conditions: tuple[RoadCondition, ...]
    hours: frozenset[str]
    roads: Mapping[str, ProfileRoads]
