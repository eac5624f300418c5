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
from routing.snapping import Snaps

MOST_MOVES = 3


@dataclass(frozen=True, slots=True)
class Site:
    """Where a vehicle may be posted: at a base, with its name, or in a cell of demand, with none; degrees."""

    name: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Posts:
    """Where vehicles may be posted on one state of the roads, and what they would cover there.

    Attributes:
        times, within_ms: on which roads, and how long they may drive.
        sites: where.
        snaps: where they stop for each.
        covers: bool[s, c], the cells that are reached from each.
    """

    times: RegionTimes
    within_ms: float
    sites: tuple[Site, ...]
    snaps: Snaps
    covers: NDArray[np.bool_]


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
        posts: what was worked out of these, once it was needed.
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
    posts: Posts | None = None


def cover_now(
    region: Region, fleet: Sequence[Vehicle], now: datetime, settings: DecisionSettings, known: Posts | None = None
) -> Cover | None:
    """What a fleet covers; None where nobody knows where help may be needed.

    Args:
        region: prepared, on the state of the roads that is to be used.
        fleet: every vehicle, free or not.
        now: with a time zone.
        settings: the region's.
        known: of an answer before, used again if roads, bases and settings are still the same.
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
    sites = tuple(_sites(fleet, demand))
    moves: list[Move] = []
    posts = known if known is not None and known.times is times else None  # or it would hold roads that are over
    if thin and candidates:
        posts = _posts(times, sites, settings, posts)
        moves = _moves(posts, candidates, covers, settings)
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
        sites=sites,
        posts=posts,
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


def _posts(times: RegionTimes, sites: tuple[Site, ...], settings: DecisionSettings, known: Posts | None) -> Posts:
    """From every site to every cell: most of the work, and the same until a road or a base changes.

    Args:
        times, sites, settings: of now.
        known: on the same roads.
    """
    within_ms = settings.standard_ms - settings.turnout_ms
    if known is not None and known.within_ms == within_ms and known.sites == sites:
        return known
    longitude, latitude = (np.array([getattr(one, at) for one in sites], np.float64) for at in ("longitude", "latitude"))
    snaps = all_without_leaps(times.router.snap_many(longitude, latitude, COVER_PROFILE, sent_to=True))
    from_sites = times.to_cells(times.router.origins(snaps, COVER_PROFILE), COVER_PROFILE)
    return Posts(times, within_ms, sites, snaps, covered(from_sites, within_ms))


def _moves(posts: Posts, candidates: Sequence[Candidate], covers: NDArray[np.bool_], settings: DecisionSettings) -> list[Move]:
    times, demand = posts.times, posts.times.demand
    assert demand is not None
    standing = stand(times, candidates, COVER_PROFILE, settings)
    table = times.router.eta_table(standing.ends, posts.snaps, COVER_PROFILE)
    drive = milliseconds(table.ms) + standing.to_street_ms[:, None]
    limits = Limits(MOST_MOVES, settings.advise_gain, settings.advise_as_good, settings.advise_drive_ms)
    is_base = np.array([bool(one.name) for one in posts.sites], np.bool_)
    return advised(covers, posts.covers, drive, demand.weight, settings.busy_share, limits, is_base)
