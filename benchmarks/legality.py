"""Whether a chain of edges may be driven, by the raw tags alone (`tests.routing.rawroads`): nothing of Siaga's costs."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.ways_driven import Chain
from tests.routing.rawroads import CLOSED, Edge, RawRoads, Relation


def offences(raw: RawRoads, chain: Chain, vehicle: str) -> list[str]:
    """What is illegal about driving a chain; empty if nothing is.

    A restricted road (private, destination …) is for reaching what lies on it: entering one is illegal unless there is no
    way without.
    """
    found = [f"way {edge.way} ({explain(raw, edge)})" for edge in chain if raw.use(edge, vehicle) == CLOSED]
    for before, after in pairwise(chain):
        if before.end != after.start:
            found.append(f"jumps from node {before.end} to {after.start}")
        bans = [rule for rule in raw.banning(before, after) if rule.binds(vehicle)]
        found += [f"restriction {rule.id} ({rule.kind})" for rule in bans]
        if after != before.back and raw.point(before.end, vehicle) == CLOSED:
            found.append(f"node {before.end} ({_tags(raw.nodes[before.end])})")
    found += [
        f"restriction {rule.id} ({rule.kind}, by way of ways)"
        for rule in raw.relations
        if rule.via_ways and rule.binds(vehicle) and _breaks(rule, chain)
    ]
    entered = [after for before, after in pairwise(chain) if raw.enters(before, after, vehicle)]
    if entered and _avoidable(raw, chain, vehicle, len(entered) - 1):
        found += [f"way {edge.way} ({explain(raw, edge)}), passed through without need" for edge in entered]
    return found


def _avoidable(raw: RawRoads, chain: Chain, vehicle: str, entries: int) -> bool:
    """Whether there is a way between a chain's ends, begun and ended in either direction, with so few entries."""
    starts, ends = ([edge for edge in (end, end.back) if raw.use(edge, vehicle) != CLOSED] for end in (chain[0], chain[-1]))
    return any(raw.joined(start, end, vehicle, entries) for start in starts for end in ends)


def explain(raw: RawRoads, edge: Edge) -> str:
    """The tags of an edge's way that decide about its use."""
    tags = raw.ways[edge.way][0]
    return _tags(tags) + ("" if edge.along else ", against its direction")


def _tags(tags: dict[str, str]) -> str:
    keys = (
        "highway", "barrier", "service", "access", "vehicle", "motor_vehicle", "motorcar", "bollard", "emergency", "bus", "psv",
        "oneway", "junction", "width", "maxwidth", "maxheight", "narrow", "area",
    )  # fmt: skip
    return ", ".join(f"{key}={tags[key]}" for key in keys if key in tags)


def _breaks(rule: Relation, chain: Chain) -> bool:
    """Whether a chain breaks a restriction by way of ways: it comes by `from` and all of `via`, then takes `to`, or doesn't."""
    ways: list[int] = []
    for edge in chain:
        if not ways or ways[-1] != edge.way:
            ways.append(edge.way)
    for first in range(len(ways) - len(rule.via_ways) - 1):
        via = tuple(ways[first + 1 : first + 1 + len(rule.via_ways)])
        if ways[first] in rule.from_ways and via in (rule.via_ways, rule.via_ways[::-1]):
            named = ways[first + 1 + len(via)] in rule.to_ways
            if named == rule.kind.startswith("no_"):
                return True
    return False
