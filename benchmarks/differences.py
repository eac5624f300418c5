"""Why Siaga's route for a car and a peer's differ in length: worked out, not guessed.

Each drives the other's route at its own costs. Whoever can't, is asked where and for which tag; whoever can, must find it no
cheaper than its own, or one of the two didn't find its best route and the difference stays unexplained.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.legality import explain, offences
from benchmarks.peer_routes import Departure, Found, PeerRoutes, cost_of
from benchmarks.ways_driven import Chain, Cost, Ground, Point, Refusal, SiagaRoads, metres_between
from routing.routes import Route
from tests.routing.rawroads import OPEN, Edge, RawRoads

NOTABLE = 0.10
FAR_M, BESIDE_M = 30.0, 2.0
"""The places lie on roads: an end is elsewhere if it is so far away, on whatever road or on another one."""

SLACK = 0.005
SLACK_S = 2.0
"""Siaga counts in milliseconds from where it snapped, peers in tenths of seconds from where they did."""

CLASSES_NAMED = 3
LEAST_NAMED_M = 50.0
SHARP_DEGREES = 120.0

SNAPPED = "the peer starts or ends elsewhere"
PEER_ILLEGAL = "the peer drives where the raw tags forbid it"
PEER_THROUGH = "the peer drives through a restricted road"
SIAGA_REFUSES = "the peer drives where Siaga doesn't, though the raw tags allow it"
TURNS_ROUND = "Siaga turns round in the road, where the peer doesn't"
PEER_REFUSES = "Siaga drives where the peer doesn't"
SPEEDS = "both may drive either; they differ in speeds and delays"
UNEXPLAINED = "unexplained"
CATEGORIES = (SNAPPED, PEER_ILLEGAL, PEER_THROUGH, SIAGA_REFUSES, TURNS_ROUND, PEER_REFUSES, SPEEDS, UNEXPLAINED)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The category of a difference, and its evidence in words.

    `siaga_s`: Siaga's time for the peer's route; `peer_cost`: the peer's cost of Siaga's. None where it can't be driven.
    """

    category: str
    evidence: str
    siaga_s: float | None
    peer_cost: float | None


class Explainer:
    """Explains differences from one peer."""

    def __init__(self, ground: Ground, siaga: SiagaRoads, peer: PeerRoutes) -> None:
        self.ground, self.siaga, self.peer = ground, siaga, peer

    def explain(self, route: Route, found: Found) -> Explanation:
        """The reason for the difference between two routes for the same pair of points."""
        own, theirs = self.siaga.chain(route), self.peer.chain(found)
        if not theirs:
            return Explanation(UNEXPLAINED, f"{self.peer.name} doesn't tell the ways of its route", None, None)
        start, end = _point(route.geometry[0]), _point(route.geometry[-1])
        of_theirs = self.siaga.cost(theirs, *found.ends)
        elsewhere = self._elsewhere(own, theirs, (start, end), found.ends)
        if elsewhere:
            return Explanation(SNAPPED, elsewhere, _seconds(of_theirs), None)
        peer_cost = cost_of(self.peer, self.ground, own, start, end)
        evidence: list[str] = []
        category = self._against_theirs(theirs, of_theirs, route, evidence)
        if isinstance(peer_cost, Departure):
            evidence.append(self._departure(own, peer_cost))
            category = category or (TURNS_ROUND if _turns_round(own, peer_cost) else PEER_REFUSES)
        seconds, cost = _seconds(of_theirs), None if isinstance(peer_cost, Departure) else peer_cost
        wrong = self._contradictions(route, found, of_theirs, cost)
        if wrong:
            return Explanation(UNEXPLAINED, "; ".join([*wrong, *evidence]), seconds, cost)
        if category is None:
            evidence.append(_what_differs(self.ground, own, theirs))
        return Explanation(category or SPEEDS, "; ".join(evidence), seconds, cost)

    def _elsewhere(self, own: Chain, theirs: Chain, asked: tuple[Point, Point], snapped: tuple[Point, Point]) -> str:
        """Where the peer begins or ends elsewhere, in words; empty where it doesn't."""
        gaps = [metres_between(a, b) for a, b in zip(asked, snapped, strict=True)]
        roads = [(own[0].way, theirs[0].way), (own[-1].way, theirs[-1].way)]
        far = [
            (gap, mine)
            for gap, (mine, other) in zip(gaps, roads, strict=True)
            if gap > (FAR_M if mine == other else BESIDE_M)
        ]  # fmt: skip
        return "; ".join(f"{gap:.0f} m away; Siaga is on {self._name(way)}" for gap, way in far)

    def _against_theirs(self, theirs: Chain, of_theirs: Cost | Refusal, route: Route, evidence: list[str]) -> str | None:
        raw = self.ground.raw
        illegal = offences(raw, theirs, self.ground.vehicle)
        if isinstance(of_theirs, Refusal):
            if illegal:
                evidence += illegal[:2]
                return PEER_THROUGH if all("without need" in text for text in illegal) else PEER_ILLEGAL
            edge = of_theirs.after
            evidence.append(f"{of_theirs.reason} at node {edge.start}, {self._name(edge.way)}")
            return SIAGA_REFUSES
        if len(of_theirs.entries) > len(route.restricted):
            evidence += [self._entered(raw, edge) for edge in of_theirs.entries[:2]]
            return PEER_THROUGH
        return None

    def _entered(self, raw: RawRoads, edge: Edge) -> str:
        start, way = edge.start, edge.way
        gate = raw.nodes.get(start, {})
        if "barrier" in gate and raw.point(start, self.ground.vehicle) != OPEN:
            tags = ", ".join(f"{key}={value}" for key, value in gate.items() if key in ("barrier", "access", "motor_vehicle"))
            return f"through node {start} ({tags})"
        return f"through {self._name(way)}"

    def _departure(self, own: Chain, departure: Departure) -> str:
        edge, before = own[departure.at], own[max(0, departure.at - 1)]
        node = self.ground.raw.nodes.get(edge.start, {})
        there = f" at node {edge.start}" + (f" (barrier={node['barrier']})" if "barrier" in node else "")
        sharp = abs(self.ground.angle(before, edge))
        turn = f", a turn of {sharp:.0f}°" if sharp >= SHARP_DEGREES else ""
        return f"{self.peer.name} won't go from way {before.way} to {self._name(edge.way)}{there}{turn}"

    def _contradictions(self, route: Route, found: Found, of_theirs: Cost | Refusal, cost: float | None) -> list[str]:
        wrong = []
        if isinstance(of_theirs, Cost) and len(of_theirs.entries) <= len(route.restricted):
            least = route.duration_ms / 1000 * (1 - SLACK) - SLACK_S
            if len(of_theirs.entries) < len(route.restricted) or of_theirs.ms / 1000 < least:
                wrong.append(f"Siaga's own costs prefer the peer's route ({of_theirs.ms / 1000:.0f} s)")
        if cost is not None and cost < found.cost * (1 - SLACK) - SLACK_S:
            wrong.append(f"{self.peer.name}'s own costs prefer Siaga's route ({cost:.0f} against {found.cost:.0f})")
        return wrong

    def _name(self, way: int) -> str:
        edge = next(edge for node in self.ground.raw.ways[way][1] for edge in self.ground.raw.leaving[node] if edge.way == way)
        return f"way {way} ({explain(self.ground.raw, edge if edge.along else edge.back)})"


def _turns_round(chain: Chain, departure: Departure) -> bool:
    return any(after == before.back for before, after in pairwise(chain[max(0, departure.at - 1) : departure.at + 2]))


def _what_differs(ground: Ground, own: Chain, theirs: Chain) -> str:
    """By how much the peer's route is longer on which classes of road, and passes more signals."""
    metres: dict[str, float] = defaultdict(float)
    signals = 0
    for chain, sign in ((theirs, 1), (own, -1)):
        for edge in chain:
            kind = ground.raw.ways[edge.way][0]["highway"].removesuffix("_link")
            metres[kind] += sign * ground.length_m(edge)
            signals += sign * (ground.raw.nodes.get(edge.end, {}).get("highway") == "traffic_signals")
    most = sorted(metres.items(), key=lambda item: -abs(item[1]))[:CLASSES_NAMED]
    said = [f"{by / 1000:+.1f} km {kind}" for kind, by in most if abs(by) >= LEAST_NAMED_M]
    return ", ".join([*said, *([f"{signals:+d} signals"] if signals else [])])


def _seconds(cost: Cost | Refusal) -> float | None:
    return cost.ms / 1000 if isinstance(cost, Cost) else None


def _point(row: NDArray[np.float64]) -> Point:
    return float(row[0]), float(row[1])
