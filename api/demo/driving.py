"""Where a vehicle is that follows a line at the pace of its route."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

Point = tuple[float, float]
_METRES_A_DEGREE = 111_195.0


def metres(one: Point, other: Point) -> float:
    """Between two near points given in degrees, on a sphere of 6371 km flattened at their latitude."""
    east = (other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(east, other[1] - one[1]) * _METRES_A_DEGREE


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a vehicle is at a moment: degrees, km/h, degrees clockwise from north."""

    point: Point
    speed_kph: float
    course_deg: float


class Drive:
    """A vehicle under way along a line, as fast all the way as the whole takes.

    Attributes:
        begins, ends: when.
        goal: where it ends.
    """

    def __init__(self, line: Sequence[Point], begins: datetime, seconds: float) -> None:
        """`line`: longitude, latitude, at least one point; `seconds`: for all of it."""
        self._line = list(line)
        self._ways = [0.0, *accumulate(metres(a, b) for a, b in pairwise(self._line))]
        self.begins, self.ends = begins, begins + timedelta(seconds=max(seconds, 0.001))
        self.goal = self._line[-1]

    def at(self, moment: datetime) -> Sight:
        """Where it is: at its beginning before, at its end after."""
        whole = (self.ends - self.begins).total_seconds()
        share = min(1.0, max(0.0, (moment - self.begins).total_seconds() / whole))
        way = share * self._ways[-1]
        number = min(bisect_right(self._ways, way), len(self._line) - 1)
        here, there = self._line[max(0, number - 1)], self._line[number]
        length = self._ways[number] - self._ways[max(0, number - 1)]
        part = (way - self._ways[max(0, number - 1)]) / length if length else 0.0
        point = (here[0] + (there[0] - here[0]) * part, here[1] + (there[1] - here[1]) * part)
        east = (there[0] - here[0]) * math.cos(math.radians(here[1]))
        course = math.degrees(math.atan2(east, there[1] - here[1])) % 360
        moving = 0.0 < share < 1.0
        return Sight(point, self._ways[-1] / whole * 3.6 if moving else 0.0, course if course < 360 else 0.0)
