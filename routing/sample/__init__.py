"""An invented town: as hard as real ones, of any size, the same everywhere for the same seed.

For tests and benchmarks, and so that Siaga can be tried where there is neither an extract nor a network. It lies in the
Java Sea, where no street runs, and all its names are made up.
"""

from __future__ import annotations

import math

import numpy as np

from routing.osm import Extract, Feature, Source, Ways
from routing.sample.ground import Ground, lay_ground
from routing.sample.layout import DEGREE_M, Datum, Layout
from routing.sample.paving import pave
from routing.sample.streets import Streets, lay_streets
from routing.sample.works import (
    ban_corners,
    choose_bans,
    choose_roundabouts,
    lay_bus_lanes,
    lay_toll_roads,
    sail_ferries,
    stand_signals,
)

__all__ = ["invented_town"]


def invented_town(
    junctions: int = 3000, *, seed: int = 1, longitude: float = 107.3, latitude: float = -5.1
) -> Extract:
    """A town, or a region of towns, of about so many junctions.

    Args:
        junctions: 60 (a village) to some millions.
        seed: of everything in it.
        longitude, latitude: its lower left corner, degrees.

    Raises:
        ValueError: fewer than 60 junctions.
    """
    if junctions < 60:
        raise ValueError(f"an invented place needs 60 junctions at least, not {junctions}")
    metres = round(DEGREE_M * math.cos(math.radians(latitude)))
    datum = Datum(round(longitude * 1e7), round(latitude * 1e7), metres)
    ground, streets = _of_size(seed, junctions)
    ways = _drawn(ground, streets, junctions).finish(datum)
    source = Source("invented", None, None, True, "")
    features: tuple[Feature, ...] = ()
    return Extract(ways, features, source)


def _of_size(seed: int, junctions: int) -> tuple[Ground, Streets]:
    """Ground and streets that come to about so many junctions."""
    corners = junctions * 2.55
    for _ in range(5):
        columns = max(14, math.isqrt(int(corners * 1.15)))
        rows = max(12, int(corners / columns))
        ground = lay_ground(seed, columns, rows, junctions)
        streets = lay_streets(ground)
        degree = streets.degree(ground.corners)
        found = int(np.count_nonzero((degree != 2) & (degree > 0)) * 1.25)
        if abs(found - junctions) < 0.03 * junctions:
            break
        corners *= min(2.0, max(0.5, junctions / max(found, 1)))
    return ground, streets


def _drawn(ground: Ground, streets: Streets, junctions: int) -> Layout:
    layout = Layout()
    roundabouts = choose_roundabouts(ground, streets, junctions)
    bans = choose_bans(ground, streets, roundabouts, junctions)
    paved = pave(ground, streets, layout, roundabouts, ban_corners(ground, streets, bans))
    stand_signals(ground, streets, layout, roundabouts)
    lay_toll_roads(ground, streets, layout)
    lay_bus_lanes(ground, streets, layout)
    sail_ferries(ground, streets, layout)
    for ban in bans:
        via = [int(paved.way[edge]) for edge in ban.via] or [ban.corner]
        layout.ban(int(paved.way[ban.from_edge]), via, int(paved.way[ban.to_edge]), ban.tags, via_is_node=not ban.via)
    return layout
