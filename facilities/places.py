"""Distances between places, metres."""

from __future__ import annotations

import math
from typing import Protocol

EARTH_RADIUS_M = 6_371_008.8


class Placed(Protocol):
    """Whatever has a place, or may have one."""

    @property
    def longitude(self) -> float | None:
        """Degrees."""

    @property
    def latitude(self) -> float | None:
        """Degrees."""


def distance_m(one: Placed, other: Placed) -> float:
    """Great-circle distance by the haversine formula; inf where a place is missing."""
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return math.inf
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat = math.sin((lat2 - lat1) / 2)
    half_lon = math.sin(math.radians(other.longitude - one.longitude) / 2)
    chord = half_lat**2 + math.cos(lat1) * math.cos(lat2) * half_lon**2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))
