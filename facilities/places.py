"""Distances between places, metres."""

from __future__ import annotations

import math
from typing import Protocol

from routing import earth


class Placed(Protocol):
    """Whatever has a place, or may have one."""

    @property
    def longitude(self) -> float | None:
        """Degrees."""

    @property
    def latitude(self) -> float | None:
        """Degrees."""


def distance_m(one: Placed, other: Placed) -> float:
    """Great-circle distance, inf where a place is missing."""
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return math.inf
    return earth.distance_m(one.longitude, one.latitude, other.longitude, other.latitude)
