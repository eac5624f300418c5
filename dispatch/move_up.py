"""Move-up: which free vehicle to post somewhere else while cover is thin. Advice only; a person decides.

The measure is the expected coverage of Daskin (1983), "A maximum expected covering location model: formulation, properties and
heuristic solution", Transportation Science 17, 48-70: of a cell that k vehicles reach in time, each busy with chance q, the
share 1 - q^k can be expected to be served. Moves are found one after the other, each the best while those before it stand
(Church and ReVelle 1974, "The maximal covering location problem", Papers of the Regional Science Association 32, 101-118, call
that greedy adding with substitution): few moves, since every one takes a crew from where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage import Floats

Covers = NDArray[np.bool_]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """Which moves are worth a word.

    Attributes:
        most: so many at the most.
        least_gain: a move gains at least this share of all demand.
        as_good: moves that gain less by no more than this share are as good; among them a base is chosen, then the shortest
            drive.
        longest_ms: no drive is longer.
    """

    most: int
    least_gain: float
    as_good: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Move:
    """One vehicle posted elsewhere.

    Attributes:
        vehicle, site: their places in the arrays.
        drive_ms: the drive there.
        expected_now, expected_then: expected coverage before and after it, as a share of all demand.
        reached_now, reached_then: the share that at least one free vehicle reaches in time, before and after it.
    """

    vehicle: int
    site: int
    drive_ms: float
    expected_now: float
    expected_then: float
    reached_now: float
    reached_then: float


def expected_share(covers: Covers, weights: Floats, busy_share: float) -> float:
    """Expected coverage as a share of all demand, 0 … 1.

    Args:
        covers: bool[v, c], which vehicle reaches which cell in time.
        weights: float64[c], their sum above 0.
        busy_share: q, 0 ≤ q < 1.
    """
    return float((1.0 - busy_share ** covers.sum(axis=0)) @ weights / weights.sum())


def reached_share(covers: Covers, weights: Floats) -> float:
    """The share of all demand that at least one vehicle reaches in time, 0 … 1."""
    return float(weights[covers.any(axis=0)].sum() / weights.sum())


def advised(
    covers: Covers,
    site_covers: Covers,
    drive_ms: Floats,
    weights: Floats,
    busy_share: float,
    limits: Limits,
    is_base: NDArray[np.bool_],
) -> list[Move]:
    """The moves to advise, the one that gains most first. No vehicle moves twice, no site is taken twice, and none lowers what
    is reached at all.

    Args:
        covers: bool[v, c], which free vehicle reaches which cell in time from where it is.
        site_covers: bool[s, c], which cells a vehicle that stands by at a site reaches in time.
        drive_ms: float64[v, s], inf where there is no way.
        weights: float64[c], their sum above 0.
        busy_share: q, 0 ≤ q < 1.
        limits: see there.
        is_base: bool[s], sites with a base.
    """
    covers = covers.copy()
    free, open_sites = np.ones(len(covers), np.bool_), np.ones(len(site_covers), np.bool_)
    found: list[Move] = []
    while len(found) < limits.most and free.any():
        gain, reach_gain = gains(covers, site_covers, weights, busy_share)
        allowed = free[:, None] & open_sites[None, :] & (drive_ms <= limits.longest_ms)
        allowed &= (gain >= max(limits.least_gain, _ROUNDING)) & (reach_gain >= -_ROUNDING)
        if not allowed.any():
            break
        best = gain[allowed].max()
        v, s = np.nonzero(allowed & (gain >= best - limits.as_good))
        first = int(np.lexsort((s, v, -gain[v, s], drive_ms[v, s], ~is_base[s]))[0])
        vehicle, site = int(v[first]), int(s[first])
        now = expected_share(covers, weights, busy_share), reached_share(covers, weights)
        covers[vehicle] = site_covers[site]
        then = expected_share(covers, weights, busy_share), reached_share(covers, weights)
        found.append(Move(vehicle, site, float(drive_ms[vehicle, site]), now[0], then[0], now[1], then[1]))
        free[vehicle] = open_sites[site] = False
    return found


def gains(covers: Covers, site_covers: Covers, weights: Floats, busy_share: float) -> tuple[Floats, Floats]:
    """What each move would gain, as shares of all demand, negative where it loses: float64[v, s], expected and reached."""
    share = weights / weights.sum()
    others = covers.sum(axis=0)[None, :] - covers  # how many reach each cell without the vehicle: int64[v, c]
    at_sites = site_covers.T.astype(np.float64)
    served = share * (1.0 - busy_share) * busy_share**others  # what one more adds
    alone = share * (others == 0)
    gain = served @ at_sites - (served * covers).sum(axis=1)[:, None]
    reach_gain = alone @ at_sites - (alone * covers).sum(axis=1)[:, None]
    return np.asarray(gain, np.float64), np.asarray(reach_gain, np.float64)
