"""What sending a vehicle uncovers: demand that no other free vehicle reaches within the standard time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def covered(reach_ms: NDArray[np.number], standard_ms: float | Floats) -> NDArray[np.bool_]:
    """Which vehicle covers which cell: bool[v, c], from times in milliseconds (unreachable is inf or CLOSED).

    `standard_ms` may be given for each vehicle (float64[v, 1]), where some of it is used up before it drives.
    """
    return np.asarray(reach_ms <= standard_ms)


def uncovered(covers: NDArray[np.bool_], weights: Floats) -> Floats:
    """The weight (people, square kilometres) that only this vehicle covers: float64[v].

    Args:
        covers: bool[v, c]; every free vehicle, and no other.
        weights: float64[c].
    """
    alone = covers.sum(axis=0) == 1
    return np.asarray(covers[:, alone] @ weights[alone], np.float64)


def coverage_loss(covers: NDArray[np.bool_], weights: Floats, busy_share: float) -> Floats:
    """The expected coverage that is lost when one vehicle goes, as a share of all demand: float64[v] in 0 … 1.

    Of a cell that k vehicles cover, each busy with chance q, the last one adds (1 - q) q^(k - 1) of its weight: the expected
    coverage of Daskin (1983), "A maximum expected covering location model", Transportation Science 17, 48-70. With q = 0
    this is the share that only this vehicle covers.

    Args:
        covers: bool[v, c]; every free vehicle, and no other.
        weights: float64[c], their sum above 0.
        busy_share: q, 0 ≤ q < 1.
    """
    count = covers.sum(axis=0)
    marginal = (1.0 - busy_share) * busy_share ** np.maximum(count - 1, 0) * (weights / weights.sum())
    return np.asarray(covers @ marginal, np.float64)
