"""What the free vehicles of a region cover now, where cover is thinnest, and which of them to post elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage import Floats, coverage_loss, covered, uncovered
from dispatch.facts import COVER_PROFILE, Region
from dispatch.fleet import FREE, Vehicle
from dispatch.move_up import Limits, Move, advised, expected_share, reached_share
from dispatch.reasons import Reason
from dispatch.screening import Candidate, locate
from dispatch.settings import DecisionSettings
from dispatch.standing import covering_vehicles, stand
from dispatch.times import Demand, RegionTimes, all_without_leaps, milliseconds

MOST_MOVES = 3


@dataclass(frozen=True, slots=True)
class Site:
    """Where a vehicle may be posted: at a base, with its name, or in a cell of demand, with none; degrees."""

    name: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Cover:
    """What is covered, and what to do about it.

    Attributes:
        made_at: when this was worked out; on which state of the roads, `road_state` says.
        demand: cells with weights.
        vehicles: the free vehicles that count, where they are taken to be.
        unknown: free vehicles that don't count, since nobody knows where they are, and why.
        reached: int64[c], how many of them reach each cell within the standard time.
        alone, loss: float64[v], the weight that only each of them covers, and the expected share that goes with it.
        reached_share, expected_share: of all demand, 0 … 1; 0 where there is none.
        thin: less is reached than the region wants.
        moves: advice, the best first; none unless it is thin.
        sites: what `moves` count in.
    """

    made_at: datetime
    road_state: int
    demand: Demand
    vehicles: tuple[Candidate, ...]
    unknown: tuple[tuple[Vehicle, Reason], ...]
    reached: NDArray[np.int64]
    alone: Floats
    loss: Floats
    reached_share: float
    expected_share: float
    thin: bool
    moves: tuple[Move, ...]
    sites: tuple[Site, ...]


def cover_now(region: Region, fleet: Sequence[Vehicle], now: datetime, settings: DecisionSettings) -> Cover | None:
    """What a fleet covers; None where nobody knows where help may be needed.

    Args:
        region: prepared, on the state of the roads that is to be used.
        fleet: every vehicle, free or not.
        now: with a time zone.
        settings: the region's.
    """
    times, demand = region.times, region.times.demand
    if demand is None or not demand.total > 0:
        return None
    candidates = covering_vehicles(fleet, (), now, settings)
    unknown = [(one, why) for one in fleet if one.status in FREE and isinstance(why := locate(one, now, settings), Reason)]
    standing = stand(times, candidates, COVER_PROFILE, settings)
    before = np.array([one.turnout_ms + one.doubt_ms for one in candidates], np.float64) + standing.to_street_ms
    covers = covered(times.to_cells(standing.ends, COVER_PROFILE), (settings.standard_ms - before)[:, None])
    reached = reached_share(covers, demand.weight)
    thin = reached < settings.advise_below
    sites = _sites(fleet, demand)
    moves: list[Move] = []
    if thin and candidates:
        moves = _moves(times, candidates, covers, sites, settings)
    return Cover(
        made_at=now,
        road_state=times.router.state.number,
        demand=demand,
        vehicles=tuple(candidates),
        unknown=tuple(unknown),
        reached=covers.sum(axis=0),
        alone=uncovered(covers, demand.weight),
        loss=coverage_loss(covers, demand.weight, settings.busy_share),
        reached_share=reached,
        expected_share=expected_share(covers, demand.weight, settings.busy_share),
        thin=thin,
        moves=tuple(moves),
        sites=tuple(sites),
    )


def _sites(fleet: Sequence[Vehicle], demand: Demand) -> list[Site]:
    """Every base of the fleet once, then the cells, the heaviest first."""
    bases: dict[tuple[float, float], Site] = {}
    for one in fleet:
        if one.base_longitude is not None and one.base_latitude is not None:
            place = one.base_longitude, one.base_latitude
            bases.setdefault(place, Site(one.base or one.name, *place))
    order = np.argsort(-demand.weight, kind="stable").tolist()
    return [*bases.values(), *(Site("", float(demand.longitude[c]), float(demand.latitude[c])) for c in order)]


def _moves(
    times: RegionTimes,
    candidates: Sequence[Candidate],
    covers: NDArray[np.bool_],
    sites: Sequence[Site],
    settings: DecisionSettings,
) -> list[Move]:
    demand, router = times.demand, times.router
    assert demand is not None
    longitude, latitude = (np.array([getattr(one, at) for one in sites], np.float64) for at in ("longitude", "latitude"))
    snaps = all_without_leaps(router.snap_many(longitude, latitude, COVER_PROFILE, sent_to=True))
    from_sites = times.to_cells(router.origins(snaps, COVER_PROFILE), COVER_PROFILE)
    site_covers = covered(from_sites, settings.standard_ms - settings.turnout_ms)
    standing = stand(times, candidates, COVER_PROFILE, settings)
    drive = milliseconds(router.eta_table(standing.ends, snaps, COVER_PROFILE).ms) + standing.to_street_ms[:, None]
    limits = Limits(MOST_MOVES, settings.advise_gain, settings.advise_as_good, settings.advise_drive_ms)
    is_base = np.array([bool(one.name) for one in sites], np.bool_)
    return advised(covers, site_covers, drive, demand.weight, settings.busy_share, limits, is_base)
