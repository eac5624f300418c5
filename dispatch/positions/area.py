"""Where a vehicle of a region can be at all."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from routing.earth import METRES_PER_DEGREE


class Area(Protocol):
    """Something that a position lies in or not."""

    def contains(self, longitude: float, latitude: float) -> bool:
        """Whether a position in degrees lies in it."""
        ...


class Box(Struct, frozen=True, gc=False):
    """Between two meridians and two parallels, degrees; not across the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, longitude: float, latitude: float) -> bool:
        """Whether a position in degrees lies in it, its border included."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    @staticmethod
    def around(longitude: NDArray[np.float64], latitude: NDArray[np.float64], margin_m: float) -> Box:
        """Around points (a network's junctions), with a margin on every side.

        Args:
            longitude, latitude: float64[n], degrees.
            margin_m: metres.

        Raises:
            ValueError: there are no points.
        """
        if not len(longitude):
            raise ValueError("a box around no points is nowhere")
        south, north = float(latitude.min()), float(latitude.max())
        high = margin_m / METRES_PER_DEGREE
        wide = high / max(0.01, math.cos(math.radians(max(abs(south), abs(north)))))
        return Box(float(longitude.min()) - wide, south - high, float(longitude.max()) + wide, north + high)
