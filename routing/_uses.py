"""What the tag sets of a region come to for all profiles together, at any time: what the topology must have room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from routing.osm import TagSet
from routing.profiles import Profile
from routing.tags import timed_clauses, with_conditions

MOST_CLAUSES_COMBINED = 6


@dataclass(frozen=True, slots=True)
class Uses:
    """By tag set, bool[t] each; conditional tags count as both holding and not holding.

    `anybody`: some profile may use such a way. `forward`, `backward`: some motor profile may, in that direction.
    `symmetric`: both directions mean the same to every profile. `felt`: a point with such tags costs some profile
    something, or closes the way to it.
    """

    anybody: NDArray[np.bool_]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    symmetric: NDArray[np.bool_]
    felt: NDArray[np.bool_]


def variants(tags: TagSet) -> Iterator[TagSet]:
    """The tags as they can stand at some time: as they are, and with every choice of their timed conditions holding."""
    yield tags
    clauses = timed_clauses(tags).timed
    sizes: Sequence[int] = range(1, len(clauses) + 1)
    if len(clauses) > MOST_CLAUSES_COMBINED:  # nobody tags that by hand; keep the work small
        sizes = (1, 2, len(clauses))
    for size in sizes:
        for active in combinations(clauses, size):
            yield with_conditions(tags, active)


def judge(
    tagsets: Sequence[TagSet], profiles: Mapping[str, Profile], of_ways: NDArray[np.int32], of_points: NDArray[np.int32]
) -> Uses:
    """Judge the tag sets that ways bear (`of_ways`) and those that points bear (`of_points`); the others stay False."""
    anybody, forward, backward, felt = (np.zeros(len(tagsets), np.bool_) for _ in range(4))
    symmetric = np.ones(len(tagsets), np.bool_)
    for index in np.unique(of_ways):
        for tags in variants(tagsets[index]):
            for profile in profiles.values():
                ahead, back = profile.way(tags)
                symmetric[index] &= ahead == back
                anybody[index] |= ahead.speed_kph > 0 or back.speed_kph > 0
                if profile.motor:
                    forward[index] |= ahead.speed_kph > 0
                    backward[index] |= back.speed_kph > 0
    for index in np.unique(of_points):
        for tags in variants(tagsets[index]):
            uses = [profile.point(tags) for profile in profiles.values()]
            felt[index] |= any(not use.open or use.restricted or max(use.seconds) > 0 for use in uses)
    return Uses(anybody, forward, backward, symmetric, felt)
