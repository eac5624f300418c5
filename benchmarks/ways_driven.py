"""Ways as everybody can read them: chains of directed edges between OSM nodes, whoever found them.

Siaga's segments, OSRM's nodes and Valhalla's edges all become `Chain`s over the raw file, so that each can be judged by the
raw tags and costed by the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians

import numpy as np
import shapely

from routing.costs import turns_into
from routing.earth import METRES_PER_DEGREE
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.road_state import ProfileRoads
from routing.routes import Route
from tests.routing.rawroads import Edge, RawRoads

Point = tuple[float, float]
Chain = list[Edge]

UNITS_PER_DEGREE = 1e7
ALONE_M = 2.0
ROUNDING_M = 0.3  # a piece that is cut short may leave so little of an edge that rounding moves it off


def metres_between(a: Point, b: Point) -> float:
    """Between two near points (longitude, latitude in degrees), on a plane."""
    across = (a[0] - b[0]) * cos(radians((a[1] + b[1]) / 2))
    return hypot(across, a[1] - b[1]) * METRES_PER_DEGREE


def share_along(start: Point, end: Point, point: Point) -> float:
    """Where on a straight line a point lies nearest to: 0 at its start, 1 at its end."""
    squeeze = cos(radians(start[1]))
    dx, dy = (end[0] - start[0]) * squeeze, end[1] - start[1]
    if dx == dy == 0:
        return 0.0
    along = ((point[0] - start[0]) * squeeze * dx + (point[1] - start[1]) * dy) / (dx * dx + dy * dy)
    return min(1.0, max(0.0, along))


class Ground:
    """The raw file, read for chains."""

    def __init__(self, raw: RawRoads, vehicle: str) -> None:
        self.raw, self.vehicle = raw, vehicle
        lines = [shapely.linestrings(self.shape([edge])) for way in raw.ways for edge in self.along(way)]
        self._roads = shapely.STRtree(lines)

    def point(self, node: int) -> Point:
        """Where a node lies, degrees."""
        x, y = self.raw.place[node]
        return x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE

    def shape(self, chain: Chain) -> list[Point]:
        """The points of a chain."""
        return [self.point(chain[0].start), *(self.point(edge.end) for edge in chain)]

    def length_m(self, edge: Edge) -> float:
        """Of an edge."""
        return metres_between(self.point(edge.start), self.point(edge.end))

    def angle(self, before: Edge, after: Edge) -> float:
        """How far one turns from an edge onto the next, in degrees, -180 to 180, positive to the left."""
        directions = []
        for edge in (before, after):
            (x, y), (u, v) = self.point(edge.start), self.point(edge.end)
            directions.append(degrees(atan2(v - y, (u - x) * cos(radians(y)))))
        return (directions[1] - directions[0] + 180.0) % 360.0 - 180.0

    def along(self, way: int) -> Chain:
        """The edges of a way, in its direction."""
        nodes = self.raw.ways[way][1]
        return [Edge(way, a, b, along=True) for a, b in pairwise(nodes) if a != b]

    def on(self, edge: Edge, share: float) -> Point:
        """A point on an edge, rounded to six digits as peers do."""
        (x, y), (u, v) = self.point(edge.start), self.point(edge.end)
        return round(x + share * (u - x), 6), round(y + share * (v - y), 6)

    def share(self, edge: Edge, point: Point) -> float:
        """Where on an edge a point lies nearest to: 0 at its start, 1 at its end."""
        return share_along(self.point(edge.start), self.point(edge.end), point)

    def is_alone(self, point: Point) -> bool:
        """Whether nobody can take the road under a point for another one: no second edge is within `ALONE_M`."""
        return len(self._roads.query(shapely.Point(point).buffer(ALONE_M / METRES_PER_DEGREE), "intersects")) == 1

    def through_nodes(self, nodes: Sequence[int]) -> Chain:
        """The chain through nodes. Where two ways run between the same two, the one that the vehicle may use."""
        return [self._between(a, b) for a, b in pairwise(nodes) if a != b]

    def _between(self, a: int, b: int) -> Edge:
        found = [edge for edge in self.raw.leaving[a] if edge.end == b]
        if not found:
            raise LookupError(f"no way with a highway tag joins node {a} to node {b}")
        return min(found, key=lambda edge: ("open", "restricted", "closed").index(self.raw.use(edge, self.vehicle)))

    def along_ways(self, pieces: Iterable[tuple[int, Sequence[Point]]]) -> Chain:
        """The chain along pieces of ways given by id and rounded shape, the first and last piece perhaps cut short."""
        pieces = list(pieces)
        chain: Chain = []
        for number, (way, shape) in enumerate(pieces):
            piece = self._piece(way, shape, cut=number in (0, len(pieces) - 1))
            piece = piece[1:] if chain and piece[:1] == chain[-1:] else piece
            if chain and piece and chain[-1].end != piece[0].start:
                # Some nodes lie one upon the other: the edge between them has no length and doesn't show in a shape.
                chain += [edge for edge in self.raw.leaving[chain[-1].end] if edge.end == piece[0].start][:1]
            chain += piece
        return chain

    def _piece(self, way: int, shape: Sequence[Point], *, cut: bool) -> Chain:
        nodes = self.raw.ways[way][1]
        places = [self.point(node) for node in nodes]
        steps = [(edge, edge + 1) for edge in range(len(nodes) - 1)] + [(edge + 1, edge) for edge in range(len(nodes) - 1)]
        chain: Chain = []
        for a, b in pairwise(shape):
            middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            heading = b[0] - a[0], b[1] - a[1]
            found = min(
                (step for step in steps if self._ahead(places[step[0]], places[step[1]], heading)),
                key=lambda step: self._gap_m(places[step[0]], places[step[1]], middle),
            )
            edge = Edge(way, nodes[found[0]], nodes[found[1]], found[0] < found[1])
            if (not chain or chain[-1] != edge) and metres_between(a, b) > (ROUNDING_M if cut else 0.0):
                chain.append(edge)
        return chain

    @staticmethod
    def _ahead(a: Point, b: Point, heading: Point) -> bool:
        squeeze = cos(radians(a[1])) ** 2
        return (b[0] - a[0]) * heading[0] * squeeze + (b[1] - a[1]) * heading[1] >= 0

    @staticmethod
    def _gap_m(a: Point, b: Point, point: Point) -> float:
        share = share_along(a, b, point)
        return metres_between((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), point)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chain can't be driven: at which edges of it, and the reason in words."""

    before: Edge | None
    after: Edge
    reason: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a chain costs Siaga: milliseconds, and which edges lead into restricted roads."""

    ms: int
    entries: tuple[Edge, ...]


class SiagaRoads:
    """Siaga's network read as raw edges: chains of its routes, and its costs of anybody's chains."""

    def __init__(self, ground: Ground, network: RoadNetwork, roads: ProfileRoads) -> None:
        self.ground, self.network, self.roads = ground, network, roads
        self.edges_of_link = [self._trace(link) for link in range(network.links)]
        self.segment_at: dict[tuple[int, int, int], tuple[int, int]] = {}
        for segment in range(2 * network.links):
            for place, edge in enumerate(self.edges(segment)):
                self.segment_at[edge.way, edge.start, edge.end] = segment, place
        self.ms = roads.segment_ms.at(np.arange(2 * network.links)).astype(np.int64)
        self._turns_into = turns_into(network)

    def edges(self, segment: int) -> Chain:
        """The raw edges under a segment."""
        edges = self.edges_of_link[segment >> 1]
        return [edge.back for edge in reversed(edges)] if segment & 1 else edges

    def _trace(self, link: int) -> Chain:
        network, raw = self.network, self.ground.raw
        way, node = int(network.link_way[link]), int(network.junction_osm_id[network.link_tail[link]])
        chain: Chain = []
        for x, y in network.segment_shape(2 * link)[1:].tolist():
            place = round(x * UNITS_PER_DEGREE), round(y * UNITS_PER_DEGREE)
            found = [edge for edge in raw.leaving[node] if raw.place[edge.end] == place]
            found.sort(key=lambda edge: (edge.way != way, bool(chain) and edge == chain[-1].back))
            chain.append(found[0])
            node, way = found[0].end, found[0].way
        return chain

    def chain(self, route: Route) -> Chain:
        """The raw edges of a route, from the one that it begins on to the one that it ends on."""
        segments = route.segments.tolist()
        whole = [self.edges(segment) for segment in segments]
        begin = self._place(whole[0], route.start_fraction)
        end = self._place(whole[-1], route.end_fraction)
        if len(whole) == 1:
            return whole[0][begin : end + 1]
        return [*whole[0][begin:], *(edge for part in whole[1:-1] for edge in part), *whole[-1][: end + 1]]

    def _place(self, chain: Chain, fraction: float) -> int:
        lengths = np.cumsum([self.ground.length_m(edge) for edge in chain])
        return min(int(np.searchsorted(lengths, fraction * lengths[-1])), len(chain) - 1)

    def cost(self, chain: Chain, start: Point, end: Point) -> Cost | Refusal:
        """What a chain costs from a point on its first edge to one on its last."""
        spans: list[list[int]] = []  # segment, place of the first edge, place of the last one
        for number, edge in enumerate(chain):
            at = self.segment_at.get((edge.way, edge.start, edge.end))
            if at is None or self.ms[at[0]] >= CLOSED:
                return Refusal(chain[number - 1] if number else None, edge, "closed")
            segment, place = at
            if spans and spans[-1][0] == segment and spans[-1][2] == place - 1:
                spans[-1][2] = place
            elif spans and (spans[-1][2] < len(self.edges(spans[-1][0])) - 1 or place > 0):
                return Refusal(chain[number - 1], edge, "turns round between junctions")
            else:
                spans.append([segment, place, place])
        segments = [span[0] for span in spans]
        begin = self._fraction(spans[0][0], spans[0][1], start)
        finish = self._fraction(spans[-1][0], spans[-1][2], end)
        first_ms, last_ms = int(self.ms[segments[0]]), int(self.ms[segments[-1]])
        totals, entered = self._drive(segments)
        if not totals:
            before, after = spans[len(entered)], spans[len(entered) + 1]
            return Refusal(self.edges(before[0])[-1], self.edges(after[0])[0], "turn")
        total = min(totals.values()) % RESTRICTED_ENTRY_MS
        ms = total - round(begin * first_ms) + first_ms - (last_ms - round(finish * last_ms))
        return Cost(ms, tuple(self.edges(segment)[0] for segment, entry in zip(segments[1:], entered, strict=True) if entry))

    def _drive(self, segments: Sequence[int]) -> tuple[dict[int, int], list[bool]]:
        """Sums of weights by the state that driving some segments ends in, none where a turn is closed; and which turns
        lead into restricted roads, as far as one comes."""
        network, weights = self.network, self.roads.metric.weights
        totals = {int(network.segment_state[segments[0]]): 0}
        entered: list[bool] = []
        for segment in segments[1:]:
            found: dict[int, int] = {}
            for turn in self._turns_into.segments(np.array([segment])).tolist():
                state, weight = int(network.turn_tail[turn]), int(weights[turn])
                if state in totals and weight < CLOSED:
                    head = int(network.turn_head[turn])
                    found[head] = min(found.get(head, 2**62), totals[state] + weight)
            if not found:
                return {}, entered
            step = min(found.values()) // RESTRICTED_ENTRY_MS - min(totals.values()) // RESTRICTED_ENTRY_MS
            entered.append(step > 0)
            totals = found
        return totals, entered

    def _fraction(self, segment: int, place: int, point: Point) -> float:
        lengths = [self.ground.length_m(edge) for edge in self.edges(segment)]
        edge = self.edges(segment)[place]
        return (sum(lengths[:place]) + self.ground.share(edge, point) * lengths[place]) / (sum(lengths) or 1.0)
