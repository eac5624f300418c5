"""The roads of a built region, opened for questions: everything is mapped from files, nothing is computed that can be kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from routing.cch import Hierarchy, Metric
from routing.costs import ProfileCosts, TurnsInto
from routing.live import LiveRoads
from routing.network import RoadNetwork
from routing.profiles import load_profiles
from routing.router import Router
from routing.snap_index import SnapIndex
from routing.storage import load_arrays, load_network, read_ahead
from routing.walking import Footways

FOOT = "foot"
"""The profile that walks; it has no hierarchy."""


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """The roads of a region.

    Attributes:
        network: the road network.
        live: makes states of the roads from conditions.
        router: answers questions on the state without conditions; `router.at(state)` on another.
    """

    network: RoadNetwork
    live: LiveRoads
    router: Router

    def read_ahead(self) -> None:
        """Makes everything that questions touch ready, so that the first ones are as quick as the later ones.

        For whoever answers many: a single question needs little of it. Takes a moment if the files are in memory already, else
        as long as reading them.
        """
        router = self.router
        arrays = [value for field in fields(RoadNetwork) if isinstance(value := getattr(self.network, field.name), np.ndarray)]
        arrays += [*router.index.arrays().values(), *router.footways.arrays().values()]
        for roads in router.state.roads.values():
            arrays += [*roads.metric.arrays(), roads.segment_ms.base, roads.restricted, roads.mask]
        read_ahead(arrays)


def profile_folder(folder: Path, profile: str) -> Path:
    """Where a profile's costs, the standing of its segments and its metric lie."""
    return folder / "profiles" / profile


def open_roads(folder: Path, time_zone: str) -> Roads:
    """Opens what `prepare.build_roads` wrote.

    Args:
        folder: of the roads inside a checked bundle.
        time_zone: of the region, as in "Asia/Jakarta".
    """
    network = load_network(folder / "network")
    hierarchy = Hierarchy.load(folder / "hierarchy")
    index = SnapIndex.from_arrays(network, load_arrays(folder / "snapping"))
    profiles = {name: profile for name, profile in load_profiles().items() if profile.motor}
    costs, metrics, masks = {}, {}, {}
    for name in profiles:
        arrays = load_arrays(profile_folder(folder, name))
        metrics[name] = Metric.load(hierarchy, profile_folder(folder, name) / "metric")
        masks[name] = arrays.pop("mask")
        costs[name] = ProfileCosts(**arrays, weights=metrics[name].weights)
    foot_ms = load_arrays(profile_folder(folder, FOOT))["segment_ms"]
    footways = Footways.from_arrays(network, load_arrays(folder / "walking"))
    into = TurnsInto(**load_arrays(folder / "into"))
    live = LiveRoads(network, index, profiles, costs, metrics, masks, foot_ms, into, time_zone)
    return Roads(network, live, Router.build(network, index, footways, live.base))
