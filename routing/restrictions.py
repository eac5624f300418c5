"""Turn restrictions: from OSM relations to rules on segments.

A rule is a path of segments, the last of which has turns that are banned. For a restriction with a via node the path is the
one segment that ends there; with via ways it is that segment and then the segments of the via ways. `no_*` bans the turn
into the `to` segment, `only_*` every other turn, the U-turn included. An `only_*` over via ways says where one may go at the
*end* of the via ways; leaving them earlier is allowed (https://wiki.openstreetmap.org/wiki/Relation:restriction).

Members should begin or end at the via node. Where a way runs on through it, one of its two arms is meant: the one that
somebody may drive in that direction, and whose angle fits the kind of restriction (a left turn goes left). Where that
leaves a doubt, the restriction isn't guessed at but reported.

Whom a restriction binds, and when, stays a matter of its tags: profiles judge (`Profile.obeys`), so every kind is placed,
those for lorries and those of rush hour too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations, product
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing._links import Edges
from routing.osm import TurnRestriction, Ways

Reason = Literal["unknown_kind", "way_not_usable", "members_apart", "ambiguous", "not_drivable"]
"""Why a restriction isn't on the network.

- `unknown_kind`: no `restriction` tag with a value that bans a turn.
- `way_not_usable`: a member way is of no use to any profile, so the turn can't be taken anyway.
- `members_apart`: the members don't meet as the relation says.
- `ambiguous`: a way runs through the via node, and neither direction of travel nor angle tells which arm is meant.
- `not_drivable`: nobody may drive the forbidden path (against a one-way), so there is nothing to forbid.
"""

IDEAL_ANGLE = {"left_turn": -90, "right_turn": 90, "straight_on": 0, "u_turn": 180}
CLEARLY_BETTER_DEGREES = 45
MOST_VIA_WAYS_REORDERED = 4


class Unplaced(NamedTuple):
    """A restriction that isn't on the network, and why."""

    osm_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """Whoever comes along `path` (segments) may not turn into `exits`, or, if `mandatory`, only into `exits`.

    `restriction` is an index into the restrictions the rule was made with.
    """

    restriction: int
    path: tuple[int, ...]
    exits: frozenset[int]
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """A restriction on the edges of the table of ways, before there are links.

    `kind` is what follows `no_` or `only_`. `arriving`: halves of the `from` way that end where the via begins.
    `via`: the via ways as paths of halves; one empty path where the via is a node. `leaving`: halves of the `to` way.
    """

    restriction: TurnRestriction
    kind: str
    mandatory: bool
    arriving: tuple[int, ...]
    via: tuple[tuple[int, ...], ...]
    leaving: tuple[int, ...]


class _Ambiguous(Exception):  # noqa: N818  (a signal inside this module)
    """Which arm of a way is meant can't be told."""


def trace(ways: Ways, edges: Edges) -> tuple[list[Trace], list[Unplaced], NDArray[np.int64]]:
    """Find every restriction on the edges.

    Returns the traces, the restrictions that have none, and the nodes that must be junctions for the rest to be placed
    (int64, indices into the nodes of `ways`).
    """
    finder = _Finder(ways, edges)
    traces: list[Trace] = []
    unplaced: list[Unplaced] = []
    for given in ways.restrictions:
        kinds = list(_kinds(given))
        if not kinds:
            unplaced.append(Unplaced(given.osm_id, "unknown_kind"))
        for restriction, kind, mandatory in kinds:
            found = finder.trace(restriction, kind, mandatory)
            if isinstance(found, Trace):
                traces.append(found)
            else:
                unplaced.append(Unplaced(given.osm_id, found))
    # An editor that splits a member way makes the far piece a member too: pairs beside one that meets mean nothing.
    met = {found.restriction.osm_id for found in traces}
    unplaced = [item for item in dict.fromkeys(unplaced) if item.reason != "members_apart" or item.osm_id not in met]
    nodes = {edges.end(half) for found in traces for half in found.arriving}
    nodes |= {edges.start(half) for found in traces for half in found.leaving}
    return traces, unplaced, np.array(sorted(nodes), np.int64)


def place(
    traces: Sequence[Trace],
    half_segment: NDArray[np.int32],
    drivable: Callable[[int], bool],
    angle: Callable[[int, int], int],
) -> tuple[tuple[TurnRestriction, ...], list[Rule], list[Unplaced]]:
    """Turn traces into rules on segments.

    Args:
        traces: from `trace`.
        half_segment: the segment of each half.
        drivable: whether some motor profile may use a segment.
        angle: degrees from the end of one segment to the beginning of another, positive to the right.

    Returns the restrictions that were placed, the rules (their `restriction` is an index into those), the rest.
    """
    placed: list[TurnRestriction] = []
    rules: dict[tuple[int, tuple[int, ...], bool], Rule] = {}
    unplaced: list[Unplaced] = []
    for found in traces:
        restriction = found.restriction
        try:
            paths = list(_paths(found, half_segment, drivable, angle))
        except _Ambiguous:
            unplaced.append(Unplaced(restriction.osm_id, "ambiguous"))
            continue
        if not paths:
            unplaced.append(Unplaced(restriction.osm_id, "not_drivable"))
            continue
        for path, leave in paths:
            # Several `to` members of one only_*: any of them may be taken, so they make one rule.
            key = (restriction.osm_id if found.mandatory else -1 - len(placed), path, found.mandatory)
            rule = rules.get(key)
            exits = frozenset([leave]) | (rule.exits if rule else frozenset())
            rules[key] = Rule(rule.restriction if rule else len(placed), path, exits, found.mandatory)
        placed.append(restriction)
    return tuple(placed), list(rules.values()), unplaced


def _kinds(given: TurnRestriction) -> Iterator[tuple[TurnRestriction, str, bool]]:
    """What a relation forbids and commands: once a kind, each with only the tags that speak of that kind.

    Where `restriction:<mode>` says something else than `restriction`, the latter doesn't bind that mode.
    """
    kind_of_key: dict[str, tuple[str, bool]] = {}
    for key, value in given.tags.items():
        if key != "restriction" and not key.startswith("restriction:"):
            continue
        for word in value.replace(";", " ").replace("@", " ").split():
            verb, _, kind = word.partition("_")
            if verb in ("no", "only") and (kind in IDEAL_ANGLE or word in ("no_entry", "no_exit", "no_turn")):
                kind_of_key[key] = (kind, verb == "only")
                break
    for kind, mandatory in dict.fromkeys(kind_of_key.values()):
        others = {key for key, meant in kind_of_key.items() if meant != (kind, mandatory)}
        tags = {key: value for key, value in given.tags.items() if key not in others}
        modes = [key.partition(":")[2] for key in sorted(others) if key != "restriction" and not key.endswith(":conditional")]
        if modes:
            tags["except"] = ";".join([tags["except"], *modes] if "except" in tags else modes)
        yield replace(given, tags=tags), kind, mandatory


class _Finder:
    """Finds member ways and nodes in the table of ways by their OSM ids."""

    def __init__(self, ways: Ways, edges: Edges) -> None:
        self._ways = ways
        self._edges = edges
        self._row_order = np.argsort(ways.way_id, kind="stable")
        self._row_ids = ways.way_id[self._row_order]
        vias = {restriction.via[0] for restriction in ways.restrictions if restriction.via_is_node}
        wanted = np.flatnonzero(np.isin(ways.node_id, np.fromiter(vias, np.int64, len(vias))))
        self._node = {int(ways.node_id[node]): int(node) for node in wanted}

    def trace(self, restriction: TurnRestriction, kind: str, mandatory: bool) -> Trace | Reason:
        for way in (restriction.from_way, restriction.to_way, *(() if restriction.via_is_node else restriction.via)):
            if not any(len(row) for row in self._rows(way)):
                return "way_not_usable"
        if restriction.via_is_node:
            node = self._node.get(restriction.via[0], -1)
            arriving, leaving = self._leaving(restriction.from_way, node), self._leaving(restriction.to_way, node)
            if not arriving or not leaving:
                return "members_apart"
            return Trace(restriction, kind, mandatory, tuple(half ^ 1 for half in arriving), ((),), tuple(leaving))
        orders: Iterable[tuple[int, ...]] = [restriction.via]
        if len(restriction.via) <= MOST_VIA_WAYS_REORDERED:
            orders = permutations(restriction.via)  # the order given comes first
        try:
            for via in orders:
                if found := self._trace_ways(restriction, via):
                    return Trace(restriction, kind, mandatory, *found)
        except _Ambiguous:
            return "ambiguous"
        return "members_apart"

    def _trace_ways(
        self, restriction: TurnRestriction, via: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...], tuple[int, ...]] | None:
        """`arriving`, `via` and `leaving` of a trace over ways in this order; None if they don't meet.

        Raises:
            _Ambiguous: they meet in several ways.
        """
        members = (restriction.from_way, *via, restriction.to_way)
        places = [self._shared(one, other) for one, other in pairwise(members)]
        routes: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for nodes in product(*places):
            steps = [self._along(way, *ends) for way, ends in zip(via, pairwise(nodes), strict=True)]
            paths = [sum(choice, ()) for choice in product(*steps)]
            if paths:
                routes[nodes] = paths
        if not routes:
            return None
        if len(routes) > 1:
            raise _Ambiguous
        ((nodes, paths),) = routes.items()
        on_via = {half for path in paths for half in path}
        arriving = (half ^ 1 for half in self._leaving(restriction.from_way, nodes[0]))
        leaving = self._leaving(restriction.to_way, nodes[-1])
        return tuple(half for half in arriving if half not in on_via), tuple(paths), tuple(leaving)

    def _rows(self, way: int) -> list[range]:
        """The edges of each row that a way has."""
        begin, end = np.searchsorted(self._row_ids, [way, way + 1])
        first = self._edges.row_first
        return [range(int(first[row]), int(first[row + 1])) for row in self._row_order[begin:end]]

    def _nodes(self, row: range) -> list[int]:
        first, second = self._edges.first_node[row.start : row.stop], self._edges.second_node[row.start : row.stop]
        return [*first.tolist(), int(second[-1])] if len(row) else []

    def _leaving(self, way: int, node: int) -> list[int]:
        """The halves of a way that leave a node."""
        halves: list[int] = []
        for row in self._rows(way):
            for edge in row:
                if self._edges.first_node[edge] == node:
                    halves.append(2 * edge)
                if self._edges.second_node[edge] == node:
                    halves.append(2 * edge + 1)
        return halves

    def _shared(self, one: int, other: int) -> list[int]:
        """The nodes where two ways meet: those where both end, else where one does, else any."""
        nodes = [[self._nodes(row) for row in self._rows(way)] for way in (one, other)]
        ends = [{line[place] for line in lines if line for place in (0, -1)} for lines in nodes]
        every = [{node for line in lines for node in line} for lines in nodes]
        for a, b in ((ends[0], ends[1]), (ends[0], every[1]), (every[0], ends[1]), (every[0], every[1])):
            if a & b:
                return sorted(a & b)
        return []

    def _along(self, way: int, entry: int, leave: int) -> list[tuple[int, ...]]:
        """The paths of halves along a way from one of its nodes to another: both ways round a ring."""
        paths: list[tuple[int, ...]] = []
        for row in self._rows(way):
            nodes = self._nodes(row)
            if entry == leave or entry not in nodes or leave not in nodes:
                continue
            begin, end = nodes.index(entry), nodes.index(leave)
            forward = [2 * edge for edge in row]
            if nodes[0] == nodes[-1]:
                ahead = forward[begin:end] if begin < end else forward[begin:] + forward[:end]
                behind = forward[end:begin] if end < begin else forward[end:] + forward[:begin]
                paths += [tuple(ahead), tuple(half ^ 1 for half in reversed(behind))]
            elif begin < end:
                paths.append(tuple(forward[begin:end]))
            else:
                paths.append(tuple(half ^ 1 for half in reversed(forward[end:begin])))
        return paths


def _paths(
    found: Trace, half_segment: NDArray[np.int32], drivable: Callable[[int], bool], angle: Callable[[int, int], int]
) -> Iterator[tuple[tuple[int, ...], int]]:
    """The (path, exit) pairs that a trace comes to; none where nobody may drive there."""

    def segments(halves: Iterable[int]) -> list[int]:
        return [segment for segment in dict.fromkeys(int(half_segment[half]) for half in halves) if drivable(segment)]

    arriving, leaving = segments(found.arriving), segments(found.leaving)
    pairs = _meant(found, arriving, leaving, angle)
    for halves in found.via:
        steps = list(dict.fromkeys(int(half_segment[half]) for half in halves))
        if all(map(drivable, steps)):
            for arrive, leave in pairs:
                yield (arrive, *steps), leave


def _meant(found: Trace, arriving: list[int], leaving: list[int], angle: Callable[[int, int], int]) -> list[tuple[int, int]]:
    """Which pairs of arms a restriction speaks of.

    Raises:
        _Ambiguous: it can't be told.
    """
    pairs = list(product(arriving, leaving))
    if len(pairs) <= 1:
        return pairs
    backwards = [(arrive, leave) for arrive, leave in pairs if leave == arrive ^ 1]
    if found.kind == "u_turn" and backwards:
        return backwards  # turning round on one way: wherever it passes the node
    if found.kind in ("entry", "exit"):
        return [pair for pair in pairs if pair not in backwards]
    if found.kind not in IDEAL_ANGLE:
        raise _Ambiguous
    off = sorted((abs((angle(*pair) - IDEAL_ANGLE[found.kind] + 180) % 360 - 180), pair) for pair in pairs)
    if off[1][0] - off[0][0] < CLEARLY_BETTER_DEGREES:
        raise _Ambiguous
    return [off[0][1]]
