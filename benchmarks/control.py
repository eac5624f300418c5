"""A control: Siaga with OSRM's speeds and signals, its own rules of the road unchanged.

Siaga's speeds are those of Indonesian traffic. Where both drive at the same speeds, what is left of the differences comes from
rules: if those were wrong, it would show here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from routing.costs import combine, cost
from routing.network import CLOSED
from routing.osm import TagSet
from routing.profiles import load_profiles
from routing.road_state import Overlay, ProfileRoads, RoadState
from routing.roads import Roads
from routing.router import Router

CLASS_KPH: Mapping[str, float] = MappingProxyType(
    {
        "motorway": 90, "motorway_link": 45, "trunk": 85, "trunk_link": 40, "primary": 65, "primary_link": 30,
        "secondary": 55, "secondary_link": 25, "tertiary": 40, "tertiary_link": 20, "unclassified": 25, "residential": 25,
        "living_street": 10, "service": 15,
    }
)  # fmt: skip
"""As in OSRM's car profile of release 26.10; on other classes (track, road) Siaga keeps its own."""

SHARE_OF_LIMIT = 0.8  # there, a speed limit takes the place of the class's speed
SIGNAL_S = 2.0


def router_at_osrm_speeds(roads: Roads, profile: str) -> Router:
    """A router that drives where Siaga does, at OSRM's speeds."""
    own = load_profiles()[profile]
    seconds = {**own.tables.point_seconds, "traffic_signals": SIGNAL_S, "crossing_signals": 0.0, "toll_booth": 0.0}
    costs = cost(roads.network, replace(own, tables=replace(own.tables, point_seconds=seconds)))
    kph = np.repeat(np.array([_kph(tags) for tags in roads.network.tagsets])[roads.network.link_tagset], 2)
    metres = np.repeat(roads.network.link_length_m, 2)
    theirs = np.maximum(1, np.rint(metres * 3600 / np.where(kph > 0, kph, 1.0))).astype(np.uint32)
    segment_ms = np.where((costs.segment_ms < CLOSED) & (kph > 0), theirs, costs.segment_ms)
    weights = combine(costs.turn_ms, segment_ms[roads.network.state_segment][roads.network.turn_head])
    base = roads.live.base.roads
    metric = base[profile].metric.hierarchy.customize(weights)
    changed = ProfileRoads(metric, Overlay.of(segment_ms), costs.segment_restricted, base[profile].mask)
    return roads.router.at(RoadState(1, (), frozenset(), MappingProxyType({**base, profile: changed})))


def _kph(tags: TagSet) -> float:
    kph = CLASS_KPH.get(tags.get("highway", ""), 0.0)
    limit = tags.get("maxspeed", "")
    return float(limit) * SHARE_OF_LIMIT if kph and limit.isdigit() and int(limit) else kph
