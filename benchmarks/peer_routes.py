"""What OSRM and Valhalla find between two points, as chains of raw edges; and what they make of a chain that Siaga drives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from benchmarks.environment import BENCHMARKS
from benchmarks.processes import Worker
from benchmarks.ways_driven import Chain, Ground, Point

PEERS = BENCHMARKS / "peers"
SAME_DEGREES = 3e-6  # a third of a metre: peers round to six digits


@dataclass(frozen=True, slots=True)
class Found:
    """A peer's route. `cost` is what the peer minimises, in units of its own; `ends`: where it snapped to."""

    distance_m: float
    duration_s: float
    cost: float
    ends: tuple[Point, Point]
    answer: dict[str, Any]


class PeerRoutes(Protocol):
    """A peer, asked for cars."""

    name: str

    def routes(self, pairs: Sequence[tuple[Point, Point]]) -> list[Found | None]:
        """A route for each pair."""
        ...

    def chain(self, found: Found) -> Chain:
        """The edges of a route."""
        ...

    def through(self, points: Sequence[Point]) -> tuple[float, list[Point]] | None:
        """Its cost and shape of the way through points, without turning round at them; None if there is none."""
        ...


class Osrm:
    """OSRM with multi-level Dijkstra and the car profile of its wheel."""

    name = "OSRM"
    worker = PEERS / "osrm_worker.py"

    def __init__(self, worker: Worker, ground: Ground, pbf: Path, folder: Path) -> None:
        worker.call("prepare", pbf=str(pbf), folder=str(folder), algorithms=["MLD"])
        worker.call("open", folder=str(folder), algorithm="MLD")
        self._worker, self._ground = worker, ground

    def routes(self, pairs: Sequence[tuple[Point, Point]]) -> list[Found | None]:
        """A route for each pair."""
        answers = self._worker.call("routes", pairs=list(pairs), details=True)["routes"]
        return [_found(answer, "weight") for answer in answers]

    def chain(self, found: Found) -> Chain:
        """The edges of a route."""
        return self._chain(found.answer)

    def through(self, points: Sequence[Point]) -> tuple[float, list[Point]] | None:
        """Its cost and shape of the way through points."""
        (answer,) = self._worker.call("routes", pairs=[list(points)], details=True)["routes"]
        if answer is None:
            return None
        start, end = (tuple(point) for point in answer["ends"])
        return answer["weight"], [start, *self._ground.shape(self._chain(answer))[1:-1], end]

    def _chain(self, answer: dict[str, Any]) -> Chain:
        chain: Chain = []
        for nodes in answer["nodes"]:
            leg = self._ground.through_nodes(nodes)
            chain += leg[1:] if chain and leg and leg[0] == chain[-1] else leg
        return chain


class Valhalla:
    """Valhalla with its costing `auto`."""

    name = "Valhalla"
    worker = PEERS / "valhalla_worker.py"

    def __init__(self, worker: Worker, ground: Ground, pbf: Path, folder: Path) -> None:
        worker.call("prepare", pbf=str(pbf), folder=str(folder))
        worker.call("open", folder=str(folder))
        self._worker, self._ground = worker, ground

    def routes(self, pairs: Sequence[tuple[Point, Point]]) -> list[Found | None]:
        """A route for each pair."""
        answers = self._worker.call("routes", pairs=list(pairs), details=True)["routes"]
        return [_found(answer, "cost") for answer in answers]

    def chain(self, found: Found) -> Chain:
        """The edges of a route."""
        return self._ground.along_ways(found.answer["edges"] or ())

    def through(self, points: Sequence[Point]) -> tuple[float, list[Point]] | None:
        """Its cost and shape of the way through points."""
        (answer,) = self._worker.call("routes", pairs=[list(points)], details=True)["routes"]
        return None if answer is None else (answer["cost"], [(x, y) for x, y in answer["shape"]])


def _found(answer: dict[str, Any] | None, cost: str) -> Found | None:
    if answer is None:
        return None
    start, end = (tuple(point) for point in answer["ends"])
    return Found(answer["distance_m"], answer["duration_s"], answer[cost], (start, end), answer)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a peer leaves a chain that it is led along: not this edge of it (an index), or not from the one before."""

    at: int


def cost_of(peer: PeerRoutes, ground: Ground, chain: Chain, start: Point, end: Point) -> float | Departure:
    """What a chain costs a peer, which is led along it by marks on its edges; or where it won't follow.

    First few marks are given; where the peer takes another way, two on each edge, which settle the direction as well.
    """
    departure = Departure(0)
    begin = ground.share(chain[0], start)
    finish = len(chain) - 1 + ground.share(chain[-1], end)
    for every, shares in ((4, (0.5,)), (1, (0.3, 0.7))):
        places = [
            (number, share) for number in range(0, len(chain), every) for share in shares if begin < number + share < finish
        ]
        marks = [mark for number, share in places if ground.is_alone(mark := ground.on(chain[number], share))]
        driven = peer.through([start, *marks, end])
        if driven is None:
            departure = Departure(_first_unreached(peer, ground, chain, start))
            continue
        cost, shape = driven
        at = _parting(ground, chain, shape, [start, *marks, end])
        if at is None:
            return cost
        departure = Departure(at)
    return departure


def _parting(ground: Ground, chain: Chain, shape: Sequence[Point], marks: Sequence[Point]) -> int | None:
    """The first edge of a chain that a shape doesn't run along, None if it runs along them all.

    Compared are the nodes between the edges, but for those that can't be told from a mark.
    """
    marked = {(round(x, 6), round(y, 6)) for x, y in marks}
    driven = _without_repetition([(0, point) for point in shape if not _is_near(marked, point)])
    nodes = [(number, ground.point(edge.end)) for number, edge in enumerate(chain[:-1])]
    wanted = _without_repetition([(number, point) for number, point in nodes if not _is_near(marked, point)])
    for (number, point), (_, other) in zip_longest(wanted, driven, fillvalue=(len(chain) - 1, (0.0, 0.0))):
        if not _same(point, other):
            return number
    return None


def _without_repetition(points: list[tuple[int, Point]]) -> list[tuple[int, Point]]:
    return [one for place, one in enumerate(points) if not place or not _same(one[1], points[place - 1][1])]


def _is_near(marked: set[Point], point: Point) -> bool:
    x, y = point
    steps = (-2e-6, -1e-6, 0.0, 1e-6, 2e-6)
    return any((round(x + dx, 6), round(y + dy, 6)) in marked for dx in steps for dy in steps)


def _same(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < SAME_DEGREES and abs(a[1] - b[1]) < SAME_DEGREES


def _first_unreached(peer: PeerRoutes, ground: Ground, chain: Chain, start: Point) -> int:
    """The first edge that a peer finds no way to."""
    low, high = 0, len(chain) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if peer.through([start, ground.on(chain[middle], 0.5)]) else (low, middle)
    return high
