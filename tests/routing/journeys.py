"""A network made ready for questions about journeys, and the same questions answered by plain Dijkstra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing._masks import base_mask
from routing.cch import Hierarchy
from routing.conditions import Around, Closed, RoadCondition, Slower, TopSpeed
from routing.costs import ProfileCosts, cost, turns_into
from routing.live import LiveRoads
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.ordering import edge_expanded_order
from routing.parts import find_parts
from routing.profiles import MOTOR_PROFILES, load_profiles
from routing.road_state import RoadState
from routing.router import Router
from routing.snap_index import SnapIndex
from routing.snapping import MAIN, Position, standing_of
from routing.walking import Footways

TIME_ZONE = "Asia/Jakarta"
NOON = datetime(2026, 5, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network ready to be asked."""

    network: RoadNetwork
    costs: dict[str, ProfileCosts]
    live: LiveRoads
    router: Router


def prepare(network: RoadNetwork, *, everywhere: bool = False) -> Prepared:
    """Makes a network ready; `everywhere`: positions may lie on fragments too (drawn worlds are small)."""
    profiles = load_profiles()
    costs = {name: cost(network, profile) for name, profile in profiles.items()}
    segment = network.state_segment
    link, against = segment >> 1, (segment & 1).astype(np.bool_)
    begin = np.where(against, network.link_head[link], network.link_tail[link])
    end = np.where(against, network.link_tail[link], network.link_head[link])
    order = edge_expanded_order(begin, end, network.junction_longitude, network.junction_latitude)
    at = network.junction_longitude[begin], network.junction_latitude[begin]
    hierarchy = Hierarchy.build(network.turn_tail, network.turn_head, *at, order=order)
    metrics = {name: hierarchy.customize(costs[name].weights) for name in MOTOR_PROFILES}
    index, foot_ms = SnapIndex.build(network), costs["foot"].segment_ms
    masks = {}
    for name in MOTOR_PROFILES:
        parts = find_parts(network, costs[name])
        main = np.full(2 * network.links, MAIN, np.uint8)
        standing = main if everywhere else standing_of(parts.part, parts.usable, parts.main)
        masks[name] = base_mask(network, costs[name].segment_ms, standing, foot_ms)
    live = LiveRoads(
        network,
        index,
        profiles,
        costs,
        metrics,
        masks,
        foot_ms,
        turns_into(network),
        TIME_ZONE,
    )
    return Prepared(network, costs, live, Router.build(network, index, Footways.build(network, foot_ms), live.base))


def segment_times(state: RoadState, profile: str, segments: NDArray[np.integer]) -> NDArray[np.int64]:
    """Times along segments in a state."""
    return state.roads[profile].segment_ms.at(segments).astype(np.int64)


def begins(network: RoadNetwork, weights: NDArray[np.uint32], origin: Position, ms: int) -> Iterator[tuple[int, int]]:
    """Where the first turn leads to, and what it has cost until the end of the segment that it leads onto."""
    plain = int(network.segment_state[origin.segment])
    left = ms - int(np.rint(origin.fraction * ms))
    for turn in range(int(network.turn_first[plain]), int(network.turn_first[plain + 1])):
        if weights[turn] < CLOSED:
            yield turn, left + int(weights[turn])


def totals_by_networkx(
    network: RoadNetwork, weights: NDArray[np.uint32], times: NDArray[np.int64], origin: Position, targets: Sequence[Position]
) -> list[int]:
    """Sums of weights from a position to others on a graph whose segments are split there; CLOSED where there is no way.

    A target is a node of its own, entered by the turns onto its segment; so no offset is ever negative.
    """
    graph = nx.DiGraph()
    open_turns = np.flatnonzero(weights < CLOSED)
    graph.add_weighted_edges_from(
        zip(
            network.turn_tail[open_turns].tolist(),
            network.turn_head[open_turns].tolist(),
            weights[open_turns].tolist(),
            strict=True,
        )
    )
    first = dict(begins(network, weights, origin, int(times[origin.segment])))
    for turn, total in first.items():
        head = int(network.turn_head[turn])
        known = graph.get_edge_data("origin", head, {"weight": CLOSED})["weight"]
        graph.add_edge("origin", head, weight=min(known, total))
    found = []
    for target in targets:
        ms = int(times[target.segment])
        entry = int(np.rint(target.fraction * ms)) - ms
        edges: dict[object, int] = {}
        for turn in np.flatnonzero(network.state_segment[network.turn_head] == target.segment).tolist():
            if weights[turn] >= CLOSED:
                continue
            tail = int(network.turn_tail[turn])
            edges[tail] = min(edges.get(tail, CLOSED), int(weights[turn]) + entry)
            if turn in first:
                edges["origin"] = min(edges.get("origin", CLOSED), first[turn] + entry)
        if target.segment == origin.segment:
            ahead = int(np.rint(target.fraction * ms)) - int(np.rint(origin.fraction * ms))
            if ahead >= 0:
                edges["origin"] = min(edges.get("origin", CLOSED), ahead)
        graph.add_weighted_edges_from((tail, "target", weight) for tail, weight in edges.items())
        total = CLOSED
        if "origin" in graph and "target" in graph and nx.has_path(graph, "origin", "target"):
            total = min(CLOSED, nx.dijkstra_path_length(graph, "origin", "target"))
        found.append(total)
        graph.remove_nodes_from(["target"])
    return found


def totals_by_scipy(
    network: RoadNetwork,
    weights: NDArray[np.uint32],
    times: NDArray[np.int64],
    origins: Sequence[Position],
    targets: Sequence[Position],
) -> NDArray[np.int64]:
    """The same for many origins at once on large networks: int64[origins, targets].

    Each origin is a node with an arc per first turn; of parallel arcs the cheapest counts. scipy takes a zero for no arc,
    but no weight is zero.
    """
    open_turns = np.flatnonzero(weights < CLOSED)
    tails, heads = network.turn_tail[open_turns].astype(np.int64), network.turn_head[open_turns].astype(np.int64)
    costs = weights[open_turns].astype(np.float64)
    if (costs < 1).any():
        raise AssertionError("every turn leads onto a segment that takes a millisecond at least")
    states, count = network.states, len(origins)
    extra = [
        (states + number, int(network.turn_head[turn]), float(total), turn)
        for number, origin in enumerate(origins)
        for turn, total in begins(network, weights, origin, int(times[origin.segment]))
    ]
    tails = np.concatenate((tails, [tail for tail, _, _, _ in extra])).astype(np.int64)
    heads = np.concatenate((heads, [head for _, head, _, _ in extra])).astype(np.int64)
    costs = np.concatenate((costs, [total for _, _, total, _ in extra]))
    order = np.lexsort((costs, heads, tails))
    tails, heads, costs = tails[order], heads[order], costs[order]
    cheapest = np.append(True, (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1]))
    graph = csr_array((costs[cheapest], (tails[cheapest], heads[cheapest])), shape=(states + count, states + count))
    reached = dijkstra(graph, indices=np.arange(states, states + count))
    found = np.full((count, len(targets)), CLOSED, np.int64)
    for column, target in enumerate(targets):
        ms = int(times[target.segment])
        elapsed = int(np.rint(target.fraction * ms))
        for state in np.flatnonzero(network.state_segment == target.segment).tolist():
            there = reached[:, state] + elapsed - ms
            found[:, column] = np.minimum(found[:, column], np.where(np.isfinite(there), there, CLOSED).astype(np.int64))
        for row, origin in enumerate(origins):
            if origin.segment == target.segment:
                ahead = elapsed - int(np.rint(origin.fraction * ms))
                if ahead >= 0:
                    found[row, column] = min(found[row, column], ahead)
    return np.minimum(found, CLOSED)


def random_positions(random: np.random.Generator, times: NDArray[np.int64], count: int) -> list[Position]:
    """Positions on open segments; some at the very ends."""
    segments = random.choice(np.flatnonzero(times < CLOSED), count)
    fractions = random.choice([0.0, 1.0, *random.random(6).tolist()], count)
    return [Position(int(segment), float(fraction)) for segment, fraction in zip(segments, fractions, strict=True)]


def some_conditions(prepared: Prepared, random: np.random.Generator) -> list[RoadCondition]:
    """A flood, a market and a slow stretch around random junctions."""
    network = prepared.network
    effects = (Closed(), Slower(2.5), TopSpeed(10))
    conditions = []
    for number, effect in enumerate(effects):
        junction = int(random.integers(network.junctions))
        where = Around(float(network.junction_longitude[junction]), float(network.junction_latitude[junction]), 250.0)
        conditions.append(RoadCondition(str(number), "flood", where, effect, "test"))
    return conditions


def hold_against_dijkstra(prepared: Prepared, profile: str, random: np.random.Generator) -> None:
    """Tables of 20 origins and 50 destinations and some of their routes equal Dijkstra's, before and after closures."""
    network = prepared.network
    for state in (prepared.live.base, prepared.live.apply(some_conditions(prepared, random), NOON)):
        router = prepared.router.at(state)
        times = segment_times(state, profile, np.arange(2 * network.links))
        weights = state.roads[profile].metric.weights
        origins, targets = random_positions(random, times, 20), random_positions(random, times, 50)
        targets[0] = Position(origins[0].segment, origins[0].fraction / 2)
        expected = totals_by_scipy(network, weights, times, origins, targets)
        table = router.eta_table(origins, targets, profile)
        closed = expected >= CLOSED
        assert (table.ms == np.where(closed, CLOSED, expected % RESTRICTED_ENTRY_MS)).all()
        assert (table.restricted == np.where(closed, 0, expected // RESTRICTED_ENTRY_MS)).all()
        for row, column in zip(*np.nonzero(~closed), strict=True):
            if (row + column) % 20 == 0:
                route = router.route(origins[row], targets[column], profile)
                assert route.duration_ms == table.ms[row, column]
                assert len(route.restricted) == table.restricted[row, column]
        # Closures may cut a village to pieces; without them most places must be there to be compared.
        assert (~closed).mean() > (0.3 if state is prepared.live.base else 0.02)
