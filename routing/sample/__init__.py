"""An invented town: as hard as real ones, of any size, the same everywhere for the same seed.

For tests and benchmarks, and so that Siaga can be tried where there is neither an extract nor a network. It lies in the
Java Sea, where no street runs, and all its names are made up.
"""

from __future__ import annotations

import math

import numpy as np

from routing.osm import Extract, Source
from routing.sample.care import build_facilities, invented_register
from routing.sample.districts import divide
from routing.sample.edges import Streets
from routing.sample.ground import Ground, lay_ground
from routing.sample.landmarks import build_landmarks, draw_districts, fill_water, name_quarters, number_houses
from routing.sample.layout import DEGREE_M, Datum, Layout
from routing.sample.paving import Paved, pave
from routing.sample.scenery import draw_scenery
from routing.sample.spellings import TOWN
from routing.sample.streets import lay_streets
from routing.sample.survey import Survey
from routing.sample.works import (
    ban_corners,
    choose_bans,
    choose_roundabouts,
    lay_bus_lanes,
    lay_toll_roads,
    sail_ferries,
    stand_signals,
)

__all__ = ["invented_register", "invented_town"]

ATTRIBUTION = "Invented by Siaga; no real place"

JUNCTIONS_PER_FORK = 1.25
"""Junctions of the built network, gates and changes of name included, for each corner where streets fork or end (measured)."""


def invented_town(junctions: int = 3000, *, seed: int = 1, longitude: float = 107.3, latitude: float = -5.1) -> Extract:
    """A town, or a region of towns, of about so many junctions.

    Args:
        junctions: 60 (a village) to some millions; those where only the OSM way changes come on top (about a third).
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
    layout, paved = _drawn(ground, streets, junctions)
    ways = layout.finish(datum)
    survey = Survey(ground, datum)
    districts = divide(ground, junctions)
    draw_districts(ground, streets, districts, survey)
    name_quarters(ground, survey)
    build_facilities(ground, streets, districts, junctions, survey)
    build_landmarks(ground, streets, districts, junctions, survey)
    number_houses(ground, streets, districts, layout, paved, junctions, survey)
    fill_water(ground, survey)
    features = survey.features(len(ways.node_id), len(ways.way_id), len(ways.restrictions))
    description = f"kota rekaan {TOWN} (invented town; seed {seed}, about {junctions} junctions)"
    source = Source(description, None, None, True, ATTRIBUTION)
    return Extract(ways, features, source, backdrop=draw_scenery(ground, datum, features))


def _of_size(seed: int, junctions: int) -> tuple[Ground, Streets]:
    """Ground and streets that come to about so many junctions."""
    corners = junctions * (2.6 if junctions < 25_000 else 2.9)
    best: tuple[float, Ground, Streets] | None = None
    for attempt in range(8):
        columns = max(12, math.isqrt(int(corners * (1.15, 1.3, 1.0)[attempt % 3])))
        rows = max(10, round(corners / columns))
        ground = lay_ground(seed, columns, rows, junctions)
        streets = lay_streets(ground)
        degree = streets.degree(ground.corners)
        found = int(np.count_nonzero((degree != 2) & (degree > 0)) * JUNCTIONS_PER_FORK)
        off = abs(found - junctions) / junctions
        if best is None or off < best[0]:
            best = off, ground, streets
        if off < 0.04:
            break
        corners *= min(1.6, max(0.6, (junctions / max(found, 1)) ** 0.8))
    assert best is not None
    return best[1], best[2]


def _drawn(ground: Ground, streets: Streets, junctions: int) -> tuple[Layout, Paved]:
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
    return layout, paved
