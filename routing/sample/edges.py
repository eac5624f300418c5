"""The streets of a place as an edge list over the corners, and the words for what an edge is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from routing.sample.dice import Flags, Ints
from routing.sample.ground import Ground


class Kind(IntEnum):
    """The class of a street; the first four are those of the ranks."""

    PRIMARY = 0
    SECONDARY = 1
    TERTIARY = 2
    UNCLASSIFIED = 3
    RESIDENTIAL = 4
    LIVING = 5
    SERVICE = 6
    ALLEY = 7  # too narrow for a car
    FOOTWAY = 8
    STEPS = 9
    PATH = 10
    TRACK = 11


class Direction(IntEnum):
    """How an edge lies on the lattice: tail to head leads east, north, or slantwise."""

    EAST = 0
    NORTH = 1
    SLANT = 2


class Span(IntEnum):
    """What an edge passes over or under."""

    NONE = 0
    RIVER = 1
    FOOTBRIDGE = 2
    OVER_TOLL = 3
    UNDER_TOLL = 4
    RAILWAY = 5


@dataclass(frozen=True, slots=True)
class Streets:
    """Attributes:

    tail, head: int64[edges], corners. direction, kind, span: int64[edges], see the enumerations.
    line: bool[edges], part of a line. loop: bool[edges], not needed to reach anything.
    oneway: int64[edges], 1 from tail to head, -1 against, 0 both ways.
    gate: int64[edges], 0 none, 1 the gate of an estate, 2 another of its gates.
    busway: bool[edges], beside it runs a bus lane of its own, against the traffic.
    lead: int64[edges], the first edge of the chain that the edge is part of: no choice is made between the two, so they
        look alike and bear one name.
    """

    tail: Ints
    head: Ints
    direction: Ints
    kind: Ints
    span: Ints
    line: Flags
    loop: Flags
    oneway: Ints
    gate: Ints
    busway: Flags
    lead: Ints

    def at(self, corners: int) -> tuple[Ints, Ints, Ints, Ints]:
        """For each corner the edge that leads east, north, west, south from it, or -1: int64[corners] each."""
        east, north, west, south = (np.full(corners, -1, np.int64) for _ in range(4))
        edges = np.arange(len(self.tail))
        for direction, away, back in ((Direction.EAST, east, west), (Direction.NORTH, north, south)):
            mine = edges[self.direction == direction]
            away[self.tail[mine]] = mine
            back[self.head[mine]] = mine
        return east, north, west, south

    def degree(self, corners: int) -> Ints:
        """How many edges meet at each corner."""
        return np.bincount(self.tail, minlength=corners) + np.bincount(self.head, minlength=corners)

    @property
    def number(self) -> Ints:
        """int64[edges]: a number for each edge that does not depend on which others there are."""
        return self.tail * 4 + self.direction

    def street(self, ground: Ground) -> Ints:
        """int64[edges]: a number for the street an edge is part of: a row or column within a block, a piece of a line."""
        row, column = np.divmod(self.tail, ground.columns)
        east = self.direction == Direction.EAST
        across, along = np.where(east, row, column), np.where(east, column, row)
        local = (ground.block[self.tail] * 64 + across % 64) * 2 + east
        line = (across * 1000 + along // 44) * 2 + east + (1 << 38)
        street: Ints = np.where(self.line, line, local[self.lead])
        return street
