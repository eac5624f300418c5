"""Preparation: from an extract to the files of a region's roads. Never imported while serving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from routing._masks import base_mask
from routing.build import BuildReport, build_with_report
from routing.cch import Hierarchy
from routing.costs import cost, turns_into
from routing.errors import ExtractError
from routing.network import DrivingSide, RoadNetwork
from routing.ordering import edge_expanded_order
from routing.osm import Extract
from routing.parts import PartsSummary, find_parts, summarise
from routing.profiles import load_profiles
from routing.roads import FOOT, profile_folder
from routing.snap_index import SnapIndex
from routing.snapping import standing_of
from routing.storage import save_arrays, save_network
from routing.walking import Footways

Progress = Callable[[str, float], None]
"""Told which stage is under way, and how much of it is done (0 to 1)."""


@dataclass(frozen=True, slots=True)
class RoadsReport:
    """What became of an extract's ways, and what each profile can reach of them."""

    build: BuildReport
    parts: dict[str, PartsSummary]


def order_states(network: RoadNetwork, progress: Callable[[float], None]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """A contraction order for the network's query graph."""
    segment = network.state_segment
    link, against = segment >> 1, (segment & 1).astype(bool)
    tail = np.where(against, network.link_head[link], network.link_tail[link])
    head = np.where(against, network.link_tail[link], network.link_head[link])
    return edge_expanded_order(tail, head, network.junction_longitude, network.junction_latitude, progress=progress)


def build_roads(
    folder: Path, extract: Extract, *, driving_side: DrivingSide | None = None, progress: Progress
) -> tuple[RoadNetwork, RoadsReport]:
    """Builds network, hierarchy and metrics of an extract and writes them into a folder.

    Raises:
        ExtractError: no motor vehicle can use any road of the extract.
    """
    progress("network", 0.0)
    profiles = load_profiles()
    network, report = build_with_report(extract.ways, profiles, driving_side=driving_side)
    if network.states == 0:
        raise ExtractError(f"{extract.source.description}: it has no road that a vehicle may use; give an extract with roads")
    save_network(folder / "network", network)
    index = SnapIndex.build(network)
    save_arrays(folder / "snapping", index.arrays())
    progress("network", 1.0)

    progress("order", 0.0)
    order = order_states(network, lambda done: progress("order", done))
    progress("hierarchy", 0.0)
    longitude, latitude = np.zeros(network.states), np.zeros(network.states)
    hierarchy = Hierarchy.build(
        network.turn_tail,
        network.turn_head,
        longitude,
        latitude,
        order=order,
        progress=lambda _, done: progress("hierarchy", done),
    )
    hierarchy.save(_made(folder / "hierarchy"))

    into = turns_into(network)
    save_arrays(folder / "into", {"first": into.first, "turn": into.turn})
    foot_ms = cost(network, profiles[FOOT]).segment_ms
    save_arrays(profile_folder(folder, FOOT), {"segment_ms": foot_ms})
    save_arrays(folder / "walking", Footways.build(network, foot_ms).arrays())

    parts: dict[str, PartsSummary] = {}
    motor = {name: profile for name, profile in profiles.items() if profile.motor}
    for number, (name, profile) in enumerate(motor.items()):
        progress("profiles", number / len(motor))
        costs = cost(network, profile)
        found = find_parts(network, costs)
        parts[name] = summarise(network, found)
        standing = standing_of(found.part, found.usable, found.main)
        kept = {key: getattr(costs, key) for key in ("segment_ms", "segment_restricted", "turn_ms")}
        kept["mask"] = base_mask(network, costs.segment_ms, standing, foot_ms)
        save_arrays(profile_folder(folder, name), kept)
        hierarchy.customize(costs.weights).save(_made(profile_folder(folder, name) / "metric"))
    progress("profiles", 1.0)
    return network, RoadsReport(report, parts)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
