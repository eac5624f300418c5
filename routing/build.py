"""From the table of ways to the frozen road network.

    ways ─► edges ─► links between junctions ─► states and turns ─► rules of restrictions, copies of states ─► RoadNetwork

A node becomes a junction where ways meet or end, where the tags, the name or the reference change, where something stands
that some profile feels (a gate, signals), where a turn restriction needs one, and on long roads every few hundred metres.
Everything else is shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from routing._links import Edges, Links, breaks_of, edges_of, links_of
from routing._memory import Graph, unfold
from routing._turns import angles, turns_of
from routing._uses import judge
from routing.errors import ExtractError
from routing.network import DrivingSide, RoadNetwork
from routing.osm import TurnRestriction, Ways
from routing.profiles import Profile
from routing.restrictions import Unplaced, place, trace

SideFrom = Literal["given", "roundabouts", "place"]

LONGEST_LINK_M = 500.0
"""A longer link is broken at its shape's nodes: what closes a road at one place closes the whole link, and nobody along it
could be reached from the other side any more."""

INDONESIA = (94.5, -11.5, 141.5, 6.5)
"""West, south, east, north, in degrees."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of the table of ways.

    `ways` of which `ways_unusable` are of no use to any profile; `copies`: states that remember where one came from;
    `unplaced`: restrictions that are not on the network, and why (see `restrictions.Reason`).
    """

    ways: int
    ways_unusable: int
    junctions: int
    links: int
    states: int
    copies: int
    turns: int
    restrictions_placed: int
    unplaced: tuple[Unplaced, ...]
    driving_side: DrivingSide
    driving_side_from: SideFrom


def build_network(
    ways: Ways,
    profiles: Mapping[str, Profile],
    *,
    driving_side: DrivingSide | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> RoadNetwork:
    """Build the road network of a region: `build_with_report` without the report."""
    return build_with_report(ways, profiles, driving_side=driving_side, progress=progress)[0]


def build_with_report(
    ways: Ways,
    profiles: Mapping[str, Profile],
    *,
    driving_side: DrivingSide | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[RoadNetwork, BuildReport]:
    """Build the road network of a region, the same for the same input.

    Args:
        ways: the table of ways.
        profiles: every profile that the network is to serve; topology has room for all of them at any time.
        driving_side: where known. Else it is told from the sense of roundabouts, else from the place.
        progress: told the name of each step as it begins, and about which share of the whole is done.

    Raises:
        ExtractError: no way that any profile could use.
    """
    say = progress or (lambda _step, _share: None)
    say("tags", 0.0)
    uses = judge(ways.tagsets, profiles, ways.way_tagset, ways.point_tagset)
    usable = uses.anybody[ways.way_tagset]
    edges = edges_of(ways, usable)
    if not len(edges.row):
        raise ExtractError("the data has no road that anybody could use; check that the extract holds highways")
    say("restrictions", 0.1)
    traces, unfound, needed = trace(ways, edges)
    forced = np.zeros(len(ways.node_id), np.bool_)
    forced[ways.point_node[uses.felt[ways.point_tagset]]] = True
    forced[needed] = True
    say("links", 0.2)
    links = links_of(ways, edges, forced, uses.symmetric)
    breaks = breaks_of(links, ways, LONGEST_LINK_M)
    if len(breaks):
        forced[breaks] = True
        links = links_of(ways, edges, forced, uses.symmetric)
    say("turns", 0.7)
    tagset = ways.way_tagset[links.row]
    turns = turns_of(links, np.column_stack((uses.forward[tagset], uses.backward[tagset])).ravel())

    def angle(before: int, after: int) -> int:
        return int(angles(links.bearing, np.array([before], np.int32), np.array([after], np.int32))[0])

    placed, rules, unplaced = place(traces, links.half_segment, lambda segment: turns.segment_state[segment] >= 0, angle)
    graph = unfold(turns, rules)
    side, side_from = _driving_side(ways, edges, driving_side)
    network = _network(ways, links, turns.segment_state, graph, placed, side)
    report = BuildReport(
        ways=len(usable),
        ways_unusable=int(np.count_nonzero(~usable)),
        junctions=network.junctions,
        links=network.links,
        states=network.states,
        copies=network.states - network.plain_states,
        turns=len(network.turn_head),
        restrictions_placed=len(placed),
        unplaced=(*unfound, *unplaced),
        driving_side=side,
        driving_side_from=side_from,
    )
    return network, report


def _network(
    ways: Ways,
    links: Links,
    segment_state: NDArray[np.int32],
    graph: Graph,
    restrictions: tuple[TurnRestriction, ...],
    driving_side: DrivingSide,
) -> RoadNetwork:
    point_tagset = np.full(len(ways.node_id), -1, np.int32)
    point_tagset[ways.point_node] = ways.point_tagset
    node = links.junction_node
    network = RoadNetwork(
        junction_longitude=ways.node_longitude[node],
        junction_latitude=ways.node_latitude[node],
        junction_osm_id=ways.node_id[node],
        junction_tagset=point_tagset[node],
        link_tail=links.tail,
        link_head=links.head,
        link_length_m=links.length_m,
        link_tagset=ways.way_tagset[links.row],
        link_name=ways.way_name[links.row],
        link_ref=ways.way_ref[links.row],
        link_way=ways.way_id[links.row],
        shape_first=links.shape_first,
        shape_longitude=ways.node_longitude[links.shape_node],
        shape_latitude=ways.node_latitude[links.shape_node],
        state_segment=graph.state_segment,
        plain_states=graph.plain_states,
        segment_state=segment_state,
        turn_first=graph.turn_first,
        turn_tail=graph.turn_tail,
        turn_head=graph.turn_head,
        turn_angle=graph.turn_angle,
        turn_rules=graph.turn_rules,
        rule_sets=graph.rule_sets,
        restrictions=restrictions,
        tagsets=ways.tagsets,
        names=ways.names,
        driving_side=driving_side,
    )
    for field in fields(network):
        value = getattr(network, field.name)
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return network


def _driving_side(ways: Ways, edges: Edges, given: DrivingSide | None) -> tuple[DrivingSide, SideFrom]:
    """Where not given: from the sense in which most roundabouts are driven round; where they don't tell, from the place."""
    if given:
        return given, "given"
    round_tagset = np.array([tags.get("junction") == "roundabout" for tags in ways.tagsets], np.bool_)
    against = np.array([tags.get("oneway") in ("-1", "reverse") for tags in ways.tagsets], np.bool_)
    chosen = np.flatnonzero(round_tagset[ways.way_tagset[edges.row]]) if len(ways.tagsets) else np.empty(0, np.int64)
    row = edges.row[chosen]
    x, y = ways.node_longitude, ways.node_latitude
    origin = edges.first_node[edges.row_first[row]]
    a, b = edges.first_node[chosen], edges.second_node[chosen]
    # Twice the area that the way sweeps as seen from where it begins: positive if driven counter-clockwise.
    swept = (x[a] - x[origin]) * (y[b] - y[origin]) - (x[b] - x[origin]) * (y[a] - y[origin])
    sense = np.sign(np.bincount(row, weights=np.where(against[ways.way_tagset[row]], -swept, swept)))
    votes = int(sense.sum())
    if votes:
        return ("right" if votes > 0 else "left"), "roundabouts"
    longitude, latitude = float(np.median(x)), float(np.median(y))
    west, south, east, north = INDONESIA
    return ("left" if west <= longitude <= east and south <= latitude <= north else "right"), "place"
