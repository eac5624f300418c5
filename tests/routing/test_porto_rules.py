"""Every rule of the road in Porto's raw tags, held against the network, its costs and the routes that are found.

What the tags mean is judged by `tests.routing.rawroads` alone. Porto has 357 turn restrictions and 737 barriers; each is
either tried by routes that are forced across it, or counted under the reason why nobody can be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from routing import network as contract
from routing.conditions import Closed, OnSegments, RoadCondition
from routing.errors import PlaceError
from routing.router import Router
from routing.routes import Route
from routing.snapping import Position
from tests.routing import rawroads
from tests.routing.journeys import Prepared, random_positions, segment_times
from tests.routing.rawroads import CLOSED, OPEN, RESTRICTED, VEHICLES, Edge, RawRoads, Relation

pytestmark = [pytest.mark.shared, pytest.mark.slow]

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEAR_M = 5.0  # routes are forced from and to places so near the junction in question


@dataclass(frozen=True)
class Porto:
    """The prepared network beside the raw data, and the raw edges under each link, from its tail to its head."""

    prepared: Prepared
    raw: RawRoads
    edges_of_link: list[list[Edge]]
    arriving: dict[Edge, int]
    leaving: dict[Edge, int]

    def edges(self, segment: int) -> list[Edge]:
        """The raw edges under a segment, in its direction."""
        edges = self.edges_of_link[segment >> 1]
        return [edge.back for edge in reversed(edges)] if segment & 1 else edges

    def into(self, node: int) -> list[Edge]:
        """The raw edges that lead to a node."""
        return [edge.back for edge in self.raw.leaving[node]]

    def position(self, segment: int, *, near_end: bool) -> Position:
        """A place on a segment near its end or its start."""
        length = max(1e-3, float(self.prepared.network.link_length_m[segment >> 1]))
        share = min(0.4, NEAR_M / length)
        return Position(segment, 1 - share if near_end else share)

    def between(self, router: Router, before: int, after: int, vehicle: str) -> Route | None:
        """The route from shortly before the end of one segment to shortly after the start of another."""
        try:
            return router.route(self.position(before, near_end=True), self.position(after, near_end=False), vehicle)
        except PlaceError:
            return None

    def with_no_other_way_on(self, path: tuple[int, ...]) -> Router:
        """A router on roads where at the end of each segment of a path but the last all else is closed than the next one."""
        others: set[int] = set()
        for before in path[:-1]:
            others |= {self.leaving[edge] for edge in self.raw.leaving[self.edges(before)[-1].end] if edge in self.leaving}
        others -= set(path[1:])
        if not others:
            return self.prepared.router
        condition = RoadCondition("others", "closure", OnSegments(tuple(sorted(others))), Closed(), "test")
        return self.prepared.router.at(self.prepared.live.apply([condition], NOON))

    def force(self, path: tuple[int, ...], vehicle: str, *, legal: bool) -> Route | None:
        """Has a route take a path if it is legal, and not take it if it isn't, with and without another way.

        Returns the route where there are other ways as well.
        """
        freely = self.between(self.prepared.router, path[0], path[-1], vehicle)
        found = freely.segments.tolist() if freely else []
        if legal and found == list(path):
            return freely
        if not legal:
            assert path not in zip(*(found[place:] for place in range(len(path))), strict=False), (vehicle, path)
        forced = self.between(self.with_no_other_way_on(path), path[0], path[-1], vehicle)
        assert (forced.segments.tolist() if forced else None) == (list(path) if legal else None), vehicle
        return freely


@pytest.fixture(scope="module")
def porto(region: Callable[[str], Prepared], shared: Path) -> Porto:
    raw = rawroads.read(shared / "osm" / "porto.osm.pbf")
    prepared = region("porto")
    edges_of_link = [_trace(prepared, raw, link) for link in range(prepared.network.links)]
    arriving, leaving = {}, {}
    for link, edges in enumerate(edges_of_link):
        leaving[edges[0]], arriving[edges[-1]] = 2 * link, 2 * link
        leaving[edges[-1].back], arriving[edges[0].back] = 2 * link + 1, 2 * link + 1
    return Porto(prepared, raw, edges_of_link, arriving, leaving)


def _trace(prepared: Prepared, raw: RawRoads, link: int) -> list[Edge]:
    """The raw edges under a link, found by its junctions' ids and its shape; of doubled edges those that its way runs along."""
    network = prepared.network
    own, node = int(network.link_way[link]), int(network.junction_osm_id[network.link_tail[link]])
    points = slice(int(network.shape_first[link]) + 1, int(network.shape_first[link + 1]))
    x = np.rint(network.shape_longitude[points] * 1e7).astype(np.int64).tolist()
    y = np.rint(network.shape_latitude[points] * 1e7).astype(np.int64).tolist()
    edges: list[Edge] = []
    for place in zip(x, y, strict=True):
        last = edges[-1] if edges else Edge(own, 0, 0, True)
        found = {edge for edge in raw.leaving[node] if raw.place[edge.end] == place and edge != last.back}
        if len(found) > 1:
            found = {edge for edge in found if edge.way in (own, last.way)}
        if len(found) > 1:
            found = {edge for edge in found if edge.along == last.along}
        assert len(found) == 1, (link, own, node, found)
        edges.append(found.pop())
        node = edges[-1].end
    assert node == network.junction_osm_id[network.link_head[link]]
    return edges


# -- the whole network ----------------------------------------------------------------------------------------------------


def test_each_link_is_to_each_vehicle_what_its_raw_tags_say(porto: Porto) -> None:
    costs = porto.prepared.costs
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for segment in range(2 * porto.prepared.network.links):
        edges = porto.edges(segment)
        for vehicle in VEHICLES:
            uses = {porto.raw.use(edge, vehicle) for edge in edges}
            closed = costs[vehicle].segment_ms[segment] >= contract.CLOSED
            restricted = bool(costs[vehicle].segment_restricted[segment])
            found = CLOSED if closed else RESTRICTED if restricted else OPEN
            assert uses == {found}, (segment, vehicle, edges[0], porto.raw.ways[edges[0].way][0])
            counts[vehicle][found] += len(edges)
    assert counts == {  # in raw edges, each direction by itself
        "car": {OPEN: 588_347, RESTRICTED: 6_049, CLOSED: 152_876},
        "ambulance": {OPEN: 587_224, RESTRICTED: 6_109, CLOSED: 153_939},
        "ambulance_priority": {OPEN: 588_293, RESTRICTED: 5_160, CLOSED: 153_819},
        "motorcycle": {OPEN: 570_791, RESTRICTED: 6_109, CLOSED: 170_372},
    }


def test_every_raw_road_is_on_the_network(porto: Porto) -> None:
    there = {edge for edges in porto.edges_of_link for edge in edges}
    there |= {edge.back for edge in there}
    missing = Counter(
        edge.way
        for edges in porto.raw.leaving.values()
        for edge in edges
        if edge not in there and any(porto.raw.use(edge, vehicle) != CLOSED for vehicle in VEHICLES)
    )
    assert not missing


def test_each_turn_is_to_each_vehicle_what_its_raw_tags_say(porto: Porto) -> None:
    network, raw = porto.prepared.network, porto.raw
    first = [porto.edges(segment)[0] for segment in range(2 * network.links)]
    last = [porto.edges(segment)[-1] for segment in range(2 * network.links)]
    plain = (network.turn_tail < network.plain_states).tolist()
    before = network.state_segment[network.turn_tail].tolist()
    after = network.state_segment[network.turn_head].tolist()
    over_ways = {path[-2:]: relation for relation in raw.relations if relation.via_ways for path in raw.paths(relation)}
    for vehicle in VEHICLES:
        costs = porto.prepared.costs[vehicle]
        usable = (costs.segment_ms < contract.CLOSED).tolist()
        weights = costs.weights.tolist()
        seen: set[tuple[int, int]] = set()
        for turn in range(len(weights)):
            if not usable[before[turn]]:
                continue
            edges = last[before[turn]], first[after[turn]]
            seen.add((before[turn], after[turn]))
            expected = raw.turn(*edges, vehicle)
            if not plain[turn] and edges in over_ways and over_ways[edges].binds(vehicle):
                expected = CLOSED
            assert (weights[turn] >= contract.CLOSED) == (expected == CLOSED), (vehicle, edges)
            entered = contract.CLOSED > weights[turn] >= contract.RESTRICTED_ENTRY_MS
            assert entered == (expected != CLOSED and raw.enters(*edges, vehicle)), (vehicle, edges)
        for segment in np.flatnonzero(costs.segment_ms < contract.CLOSED).tolist():
            for edge in raw.leaving[last[segment].end]:
                if raw.turn(last[segment], edge, vehicle) != CLOSED:
                    assert (segment, porto.leaving[edge]) in seen, (vehicle, last[segment], edge)


# -- turn restrictions ----------------------------------------------------------------------------------------------------


def _forbidden(raw: RawRoads, relation: Relation) -> Iterator[tuple[Edge, ...]]:
    """The paths that a restriction forbids."""
    if relation.via_ways:
        yield from raw.paths(relation)
    for node in relation.via_nodes:
        for before in (edge.back for edge in raw.leaving[node]):
            for after in raw.leaving[node]:
                if relation in raw.banning(before, after):
                    yield before, after


def test_each_turn_restriction_is_obeyed_or_waived(porto: Porto) -> None:
    raw = porto.raw
    became: Counter[str] = Counter()
    forced: dict[str, Counter[str]] = defaultdict(Counter)
    for relation in raw.relations:
        if not relation.from_ways or not relation.to_ways or not (relation.via_nodes or relation.via_ways):
            became["a member is missing"] += 1
            continue
        paths = list(_forbidden(raw, relation))
        if not paths:
            became["its members are apart"] += 1
            continue
        tried = False
        for path in paths:
            onward = (porto.leaving[edge] for edge in path[1:] if edge in porto.leaving)
            segments = (porto.arriving.get(path[0], -1), *onward)
            for vehicle in VEHICLES:
                if CLOSED in {raw.use(edge, vehicle) for edge in path}:
                    continue
                legal = all(raw.turn(*edges, vehicle) != CLOSED for edges in pairwise(path))
                legal = legal and not (relation.via_ways and relation.binds(vehicle))
                porto.force(segments, vehicle, legal=legal)
                forced[vehicle]["made" if legal else "not made"] += 1
                tried = True
        became["tried" if tried else "nobody may drive there"] += 1
    # Two relations name ways that don't meet at the via, three a footway, one a closed way (a ban that changes nothing).
    assert became == {"tried": 337, "a member is missing": 14, "nobody may drive there": 4, "its members are apart": 2}
    assert forced == {  # an only_* forbids several turns
        "car": {"not made": 371},
        "ambulance": {"not made": 365},
        "ambulance_priority": {"made": 262, "not made": 103},
        "motorcycle": {"not made": 363},
    }


# -- barriers -------------------------------------------------------------------------------------------------------------


def test_each_barrier_lets_through_whom_it_should(porto: Porto) -> None:
    raw = porto.raw
    became: Counter[str] = Counter()
    forced: dict[str, Counter[str]] = defaultdict(Counter)
    for node in (node for node, tags in raw.nodes.items() if "barrier" in tags):
        if not raw.leaving.get(node):
            became["on no way"] += 1
            continue
        if not any(edge in porto.leaving for edge in raw.leaving[node]):  # within a link
            drivable = any(raw.use(edge, vehicle) != CLOSED for edge in raw.leaving[node] for vehicle in VEHICLES)
            assert not drivable or all(raw.point(node, vehicle) == OPEN for vehicle in VEHICLES)
            became["always open" if drivable else "on a way for no vehicle"] += 1
            continue
        kind = "on a way for no vehicle"
        for vehicle in VEHICLES:
            leaving = [edge for edge in raw.leaving[node] if raw.use(edge, vehicle) != CLOSED]
            arriving = [edge.back for edge in raw.leaving[node] if raw.use(edge.back, vehicle) != CLOSED]
            if kind != "tried" and (leaving or arriving):
                kind = "nothing beyond"
            for before, after in ((before, after) for before in arriving for after in leaving if after != before.back):
                use = raw.turn(before, after, vehicle)
                route = porto.force((porto.arriving[before], porto.leaving[after]), vehicle, legal=use != CLOSED)
                if route and route.restricted:  # only to reach or to leave what lies behind
                    assert not raw.joined(before, after, vehicle, len(route.restricted) - 1), (vehicle, before, after)
                forced[vehicle][use] += 1
                kind = "tried"
        became[kind] += 1
    assert became == {
        "tried": 356,
        "on a way for no vehicle": 287,
        "nothing beyond": 90,
        "always open": 3,
        "on no way": 1,
    }
    assert forced == {
        "car": {OPEN: 415, RESTRICTED: 155, CLOSED: 41},
        "ambulance": {OPEN: 419, RESTRICTED: 153, CLOSED: 37},
        "ambulance_priority": {OPEN: 423, RESTRICTED: 149, CLOSED: 37},
        "motorcycle": {OPEN: 360, RESTRICTED: 154, CLOSED: 23},
    }


# -- whole routes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vehicle", VEHICLES)
def test_random_routes_are_legal(porto: Porto, vehicle: str) -> None:
    raw, prepared = porto.raw, porto.prepared
    random = np.random.default_rng([*vehicle.encode()])
    times = segment_times(prepared.live.base, vehicle, np.arange(2 * prepared.network.links))
    paths = [
        path for relation in raw.relations if relation.via_ways and relation.binds(vehicle) for path in raw.paths(relation)
    ]
    legal = 0
    for origin, destination in pairwise(random_positions(random, times, 601)):
        try:
            route = prepared.router.route(origin, destination, vehicle)
        except PlaceError:
            continue
        edges = [edge for segment in route.segments.tolist() for edge in porto.edges(segment)]
        assert all(before.end == after.start for before, after in pairwise(edges))
        assert all(raw.use(edge, vehicle) != CLOSED for edge in edges)
        assert all(raw.turn(before, after, vehicle) != CLOSED for before, after in pairwise(edges))
        assert not any(path in zip(*(edges[place:] for place in range(len(path))), strict=False) for path in paths)
        assert raw.entries(edges, vehicle) == len(route.restricted)
        if len(route.restricted) == 1:  # of more, few are left, and to tell takes a search of all Porto
            ends = porto.edges(int(route.segments[0]))[-1], porto.edges(int(route.segments[-1]))[0]
            assert not raw.joined(*ends, vehicle, 0)
        legal += 1
    assert legal >= 300
