"""The line of a route, to measure how far off it a vehicle is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from routing.earth import flat_m


class Line:
    """A route's line on a plane that touches the earth at its first point.

    From west to east, degrees shrink with the cosine of the latitude, which at 8° south changes by a quarter of a percent per
    degree: a distance 100 km from there is wrong by as much.
    """

    __slots__ = ("_latitude", "_longitude", "_shape")

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        """Of longitude, latitude pairs in degrees, at least one.

        Raises:
            ValueError: there is none.
        """
        if not points:
            raise ValueError("a line without points leads nowhere")
        self._longitude, self._latitude = points[0]
        plane = np.asarray([self._flat(longitude, latitude) for longitude, latitude in points], np.float64)
        self._shape = shapely.LineString(plane) if len(plane) > 1 else shapely.Point(plane[0])

    def _flat(self, longitude: float, latitude: float) -> tuple[float, float]:
        return flat_m(longitude - self._longitude, latitude - self._latitude, self._latitude)

    def distance_m(self, longitude: float, latitude: float) -> float:
        """How far a position in degrees is from the nearest point of the line, metres."""
        return float(shapely.distance(self._shape, shapely.Point(self._flat(longitude, latitude))))
