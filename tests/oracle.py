"""Shortest paths straight on the table of ways, in plain Python: what the network and its costs are judged by.

Nothing here knows of links, states or turns. A traveller moves from piece to piece of the ways (a piece is what lies between
two consecutive nodes) and remembers the last pieces passed, as many as the longest turn restriction needs. Restrictions are
judged by looking back along that memory. Meant for worlds of a few dozen nodes, whose pieces are 15 m long or longer.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from routing.network import DrivingSide
from routing.osm import TurnRestriction, Ways
from routing.profiles import Profile

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """A step from one node to the next along a row of the table of ways (`against`: in the other direction)."""

    start: int
    end: int
    row: int
    against: bool

    def back(self) -> Piece:
        """The same piece the other way round."""
        return Piece(self.end, self.start, self.row, not self.against)


class Oracle:
    """Best routes of one profile on a table of ways, given everybody's profiles (whose junctions the network has)."""

    def __init__(
        self, ways: Ways, profile: Profile, everybody: list[Profile], side: DrivingSide, *, on_rings: Iterable[int] = ()
    ) -> None:
        """`on_rings`: nodes where one may turn round though the road just goes on; the network has one on each mere ring."""
        self.on_rings = frozenset(on_rings)
        self.ways, self.profile, self.everybody, self.side = ways, profile, everybody, side
        self.point = {int(node): ways.tagsets[tagset] for node, tagset in zip(ways.point_node, ways.point_tagset, strict=True)}
        self.pieces: list[Piece] = []
        for row in range(len(ways.way_id)):
            line = ways.way_node[ways.way_first[row] : ways.way_first[row + 1]].tolist()
            if any(use.speed_kph for other in everybody for use in other.way(self._tags(row))):
                for start, end in pairwise(line):
                    self.pieces += [Piece(start, end, row, False), Piece(end, start, row, True)]
        self.leaving: dict[int, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            self.leaving[piece.start].append(piece)
        self.memory = 1 + max((self._length_of(restriction) for restriction in ways.restrictions), default=0)
        if not all(restriction.via_is_node for restriction in ways.restrictions):
            self.memory += 2 * max((self._pieces_of(int(way)) for way in ways.way_id), default=0)

    def best(self, source: Piece) -> dict[Piece, tuple[int, float]]:
        """(restricted roads entered, milliseconds) from the end of a piece to the end of every piece that can be reached."""
        done: dict[Piece, tuple[int, float]] = {}
        seen: set[tuple[Piece, ...]] = set()
        queue: list[tuple[tuple[int, float], tuple[Piece, ...]]] = [((0, 0.0), (source,))]
        while queue:
            (entries, ms), path = heapq.heappop(queue)
            if path in seen:
                continue
            seen.add(path)
            done.setdefault(path[-1], (entries, ms))
            for onto in self.leaving[path[-1].end]:
                step = self._step(path, onto)
                if step is not None:
                    following = self._without_to_and_fro((*path, onto))[-self.memory :]
                    heapq.heappush(queue, ((entries + step[0], ms + step[1]), following))
        return done

    def _without_to_and_fro(self, path: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """A path that ends there, back and there again between two junctions is where it was: no way round a restriction."""
        for length in range(1, len(path) // 3 + 1):
            there = path[-length:]
            back = tuple(piece.back() for piece in reversed(there))
            if path[-3 * length :] == (*there, *back, *there) and not any(
                self._is_junction(piece.start) for piece in there[1:]
            ):
                return path[: -2 * length]
        return path

    # -- one step -------------------------------------------------------------------------------------------------------

    def _step(self, path: tuple[Piece, ...], onto: Piece) -> tuple[int, float] | None:
        """What going on from a path costs; None if it can't be done."""
        piece, node = path[-1], onto.start
        use, before = self._use(onto), self._use(piece)
        returns = onto == piece.back()
        point = self.profile.point(self.point.get(node, {}))
        if not use.speed_kph or (returns and not self._is_junction(node)) or (not returns and not point.open):
            return None
        if any(self.profile.obeys(r.tags) and self._bans(r, path, onto) for r in self.ways.restrictions):
            return None
        seconds = 3.6 * self._metres(onto) / use.speed_kph
        if returns:
            seconds += self.profile.u_turn_seconds or 0.0
        else:
            seconds += point.seconds[piece.against]
            if len([other for other in self.leaving[node] if self._driven(other)]) >= 3:
                angle = np.array([round(self._angle(piece, onto))], np.int16)
                seconds += float(self.profile.turn_seconds(angle, self.side)[0])
        entered = use.restricted or (point.restricted and not returns)
        return int(entered and not before.restricted), seconds * 1000

    def _bans(self, restriction: TurnRestriction, path: tuple[Piece, ...], onto: Piece) -> bool:
        """Whether, coming along a path, a restriction forbids to go on onto a piece."""
        verb = next(tag for key, tag in restriction.tags.items() if key.startswith("restriction"))
        if restriction.via_is_node:
            via: list[Piece] = []
            here = int(self.ways.node_id[onto.start]) == restriction.via[0]
        else:
            via, rest = [], list(path)
            for way in reversed(restriction.via):
                part: list[Piece] = []
                while rest and self._way(rest[-1]) == way:
                    part.insert(0, rest.pop())
                if len(part) != self._pieces_of(way) or len(set(part) | {piece.back() for piece in part}) != 2 * len(part):
                    return False
                via = part + via
            here = True
        begin = path[len(path) - len(via) - 1] if len(path) > len(via) else None
        if not here or begin is None or self._way(begin) != restriction.from_way:
            return False
        if verb.startswith("only_"):
            commanded = [piece for piece in self.leaving[onto.start] if self._way(piece) == restriction.to_way]
            if not any(self._driven_that_way(piece) for piece in commanded):
                return False  # nobody could follow that command
            return self._way(onto) != restriction.to_way
        return self._way(onto) == restriction.to_way

    # -- what there is --------------------------------------------------------------------------------------------------

    def _is_junction(self, node: int) -> bool:
        """Where the road doesn't simply go on: one can turn round there."""
        around = self.leaving[node]
        if node in self.on_rings or len(around) != 2 or any(self._felt(profile, node) for profile in self.everybody):
            return True
        if any(self._touches(restriction, node) for restriction in self.ways.restrictions):
            return True
        one, other = around
        rows = one.row, other.row
        if any(column[rows[0]] != column[rows[1]] for column in self._columns()):
            return True
        drawn_on = one.against != other.against
        return not drawn_on and any(len(set(profile.way(self._tags(one.row)))) > 1 for profile in self.everybody)

    def _columns(self) -> tuple[NDArray[np.integer], ...]:
        return self.ways.way_id, self.ways.way_tagset, self.ways.way_name, self.ways.way_ref

    def _felt(self, profile: Profile, node: int) -> bool:
        point = profile.point(self.point.get(node, {}))
        return not point.open or point.restricted or max(point.seconds) > 0

    def _touches(self, restriction: TurnRestriction, node: int) -> bool:
        if restriction.via_is_node:
            return int(self.ways.node_id[node]) == restriction.via[0]
        ways_here = {self._way(piece) for piece in self.leaving[node]}
        return {restriction.from_way, restriction.via[0]} <= ways_here or {restriction.via[-1], restriction.to_way} <= ways_here

    def _driven(self, piece: Piece) -> bool:
        motors = [profile for profile in self.everybody if profile.motor]
        return any(use.speed_kph for profile in motors for use in profile.way(self._tags(piece.row)))

    def _driven_that_way(self, piece: Piece) -> bool:
        tags = self._tags(piece.row)
        return any(profile.motor and profile.way(tags)[piece.against].speed_kph for profile in self.everybody)

    def _use(self, piece: Piece):  # type: ignore[no-untyped-def]
        return self.profile.way(self._tags(piece.row))[piece.against]

    def _tags(self, row: int):  # type: ignore[no-untyped-def]
        return self.ways.tagsets[self.ways.way_tagset[row]]

    def _way(self, piece: Piece) -> int:
        return int(self.ways.way_id[piece.row])

    def _pieces_of(self, way: int) -> int:
        return sum(1 for piece in self.pieces if self._way(piece) == way) // 2

    def _length_of(self, restriction: TurnRestriction) -> int:
        return 1 if restriction.via_is_node else 1 + sum(map(self._pieces_of, restriction.via))

    # -- geometry -------------------------------------------------------------------------------------------------------

    def _metres(self, piece: Piece) -> float:
        x, y = self.ways.node_longitude, self.ways.node_latitude
        phi, psi = math.radians(y[piece.start]), math.radians(y[piece.end])
        apart = math.radians(x[piece.end] - x[piece.start])
        chord = math.sin((psi - phi) / 2) ** 2 + math.cos(phi) * math.cos(psi) * math.sin(apart / 2) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))

    def _angle(self, before: Piece, after: Piece) -> float:
        return (self._bearing(after) - self._bearing(before) + 180) % 360 - 180

    def _bearing(self, piece: Piece) -> float:
        x, y = self.ways.node_longitude, self.ways.node_latitude
        east = (x[piece.end] - x[piece.start]) * math.cos(math.radians(y[piece.start]))
        return math.degrees(math.atan2(east, y[piece.end] - y[piece.start]))
