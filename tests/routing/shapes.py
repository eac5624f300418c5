"""Networks of bare links, for tests that need shapes but no turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from routing._kernels.streets import length_between
from routing.network import RoadNetwork

METRE = 1 / 111_195.0
"""Degrees of a metre at the equator."""

Point = tuple[float, float]


def network_of(lines: Sequence[Sequence[Point]], *, names: Sequence[str] = ()) -> RoadNetwork:
    """A network with a link per line; coordinates in metres east and north of (0, 0) on the equator; equal ends meet."""
    junctions: dict[Point, int] = {}
    tail, head, shape, first, length = [], [], [], [0], []
    for line in lines:
        tail.append(junctions.setdefault(line[0], len(junctions)))
        head.append(junctions.setdefault(line[-1], len(junctions)))
        points = [(x * METRE, y * METRE) for x, y in line]
        length.append(sum(length_between(*a, *b) for a, b in itertools.pairwise(points)))
        shape += points
        first.append(len(shape))
    at = np.array(list(junctions), np.float64).reshape(-1, 2) * METRE
    points_at = np.array(shape, np.float64).reshape(-1, 2)
    links, nothing = len(lines), np.zeros(0, np.int32)
    zeros = np.zeros(links, np.int32)
    return RoadNetwork(
        junction_longitude=at[:, 0].copy(),
        junction_latitude=at[:, 1].copy(),
        junction_osm_id=np.arange(len(junctions), dtype=np.int64),
        junction_tagset=np.full(len(junctions), -1, np.int32),
        link_tail=np.array(tail, np.int32),
        link_head=np.array(head, np.int32),
        link_length_m=np.array(length, np.float64),
        link_tagset=zeros,
        link_name=np.arange(1, links + 1, dtype=np.int32) if names else zeros,
        link_ref=zeros,
        link_way=np.arange(links, dtype=np.int64),
        shape_first=np.array(first, np.int64),
        shape_longitude=points_at[:, 0].copy(),
        shape_latitude=points_at[:, 1].copy(),
        state_segment=nothing,
        plain_states=0,
        segment_state=np.full(2 * links, -1, np.int32),
        turn_first=np.zeros(1, np.int64),
        turn_tail=nothing,
        turn_head=nothing,
        turn_angle=nothing.astype(np.int16),
        turn_rules=nothing,
        rule_sets=((),),
        restrictions=(),
        tagsets=({},),
        names=("", *names),
        driving_side="left",
    )
