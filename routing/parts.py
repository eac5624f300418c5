"""Which parts of a network a profile can get around in, and which it can't reach.

A part is a set of segments from each of which one can drive to every other and back. The main part is the one with
the most road. Others are **islands** (`ISLAND_M` of road or more: a real island, a gated estate, a town across the border of
the extract) or **fragments** (a car park behind a gate, a motorway out of the extract); people are told about both, and
positions are snapped only to roads from which one gets somewhere and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from routing.costs import ProfileCosts
from routing.network import CLOSED, RoadNetwork

ISLAND_M = 1_000.0

PartKind = Literal["main", "island", "fragment"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The strongly connected parts of a network for one profile.

    Attributes:
        part: int32[2 l], the part of each segment, -1 where it is closed.
        size_m: float64[p], road in each part that one can get around on, in metres; a link counts once, however many
            directions of it belong. 0 where a part is but one segment, which can be driven along once.
        main: the part with the most road, -1 if everything is closed.
    """

    part: NDArray[np.int32]
    size_m: NDArray[np.float64]
    main: int

    @property
    def usable(self) -> NDArray[np.bool_]:
        """bool[2 l]: segments of the main part and of islands, where a vehicle may be or be sent."""
        chosen = np.append(self.size_m >= ISLAND_M, False)  # the last one is for -1
        if self.main >= 0:
            chosen[self.main] = True
        return chosen[self.part]


@dataclass(frozen=True, slots=True)
class PartSummary:
    """One part, for people: its kind, how much road it has, and a point on it (degrees)."""

    kind: PartKind
    links: int
    size_m: float
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class PartsSummary:
    """What a profile can reach and what it can't.

    Attributes:
        main: the main part, None if everything is closed to the profile.
        islands: the other parts of `ISLAND_M` or more, largest first.
        fragments: how many smaller parts there are; `fragment_links`, `fragment_m` what they hold together.
        closed_links, closed_m: links that are closed in both directions.
    """

    main: PartSummary | None
    islands: tuple[PartSummary, ...]
    fragments: int
    fragment_links: int
    fragment_m: float
    closed_links: int
    closed_m: float


def find_parts(network: RoadNetwork, costs: ProfileCosts) -> Parts:
    """Find the parts of a network for the profile that `costs` is for."""
    passable = costs.weights < CLOSED
    turns_before = np.concatenate(([0], np.cumsum(passable)))
    head = network.turn_head[passable]
    graph = csr_array(
        (np.ones(len(head), np.int8), head, turns_before[network.turn_first]), shape=(network.states, network.states)
    )
    labels, label = connected_components(graph, directed=True, connection="strong")
    is_open = costs.segment_ms[network.state_segment] < CLOSED
    part = np.full(2 * network.links, -1, np.int32)
    if not is_open.any():
        return Parts(part, np.zeros(0), -1)
    plain = np.flatnonzero(is_open[: network.plain_states])
    part[network.state_segment[plain]] = label[plain]
    size_m = _size_m(network, part, labels)
    copies = network.plain_states + np.flatnonzero(is_open[network.plain_states :])
    if len(copies):
        _judge_by_copies(network, graph, label, size_m, copies, part)

    opened = np.flatnonzero(part >= 0)
    used = np.zeros(labels, np.bool_)
    used[part[opened]] = True
    part[opened] = (np.cumsum(used) - 1)[part[opened]]
    size_m = _size_m(network, part, int(np.count_nonzero(used)))
    return Parts(part, size_m, int(np.argmax(size_m)))


def summarise(network: RoadNetwork, parts: Parts) -> PartsSummary:
    """Sum parts up for people."""
    forward, backward = parts.part[0::2], parts.part[1::2]
    closed = (forward < 0) & (backward < 0)
    # A link belongs where its better-connected direction does, so that a one-way stub counts once.
    rank = np.append(parts.size_m, -1.0)
    of_link = np.where(rank[forward] >= rank[backward], forward, backward)
    links = np.bincount(of_link[~closed], minlength=len(parts.size_m))
    small = (parts.size_m < ISLAND_M) & (np.arange(len(parts.size_m)) != parts.main) & (links > 0)
    in_small = ~closed & np.append(small, False)[of_link]

    def summary(part: int, kind: PartKind) -> PartSummary:
        link = int(np.flatnonzero(of_link == part)[0])
        middle = int(network.shape_first[link] + network.shape_first[link + 1] - 1) // 2
        return PartSummary(
            kind,
            int(links[part]),
            float(parts.size_m[part]),
            float(network.shape_longitude[middle]),
            float(network.shape_latitude[middle]),
        )

    largest_first: Sequence[int] = np.argsort(-parts.size_m, kind="stable").tolist()
    islands = [part for part in largest_first if part != parts.main and parts.size_m[part] >= ISLAND_M and links[part]]
    return PartsSummary(
        main=summary(parts.main, "main") if parts.main >= 0 else None,
        islands=tuple(summary(part, "island") for part in islands),
        fragments=int(np.count_nonzero(small)),
        fragment_links=int(np.count_nonzero(in_small)),
        fragment_m=float(network.link_length_m[in_small].sum()),
        closed_links=int(np.count_nonzero(closed)),
        closed_m=float(network.link_length_m[closed].sum()),
    )


def _judge_by_copies(
    network: RoadNetwork,
    graph: csr_array,
    label: NDArray[np.int32],
    size_m: NDArray[np.float64],
    copies: NDArray[np.int64],
    part: NDArray[np.int32],
) -> None:
    """Put segments into the part that they belong to by way of the copies of their state; changes `part`.

    A journey begins in a plain state, which has every way on that a copy has, and may end in any copy. So a copy in a
    greater part speaks for its segment; and a segment belongs to the main part if its plain state leads there and any of
    its states can be reached from there.
    """
    segments = network.state_segment[copies]
    for segment, copied in zip(segments, label[copies], strict=True):
        if size_m[copied] > size_m[part[segment]]:
            part[segment] = copied
    main = int(np.argmax(size_m))
    start = int(np.flatnonzero(label == main)[0])
    reached, leads_there = np.zeros(network.states, np.bool_), np.zeros(network.states, np.bool_)
    reached[breadth_first_order(graph, start, return_predecessors=False)] = True
    leads_there[breadth_first_order(csr_array(graph.T), start, return_predecessors=False)] = True
    plain = network.segment_state[segments]
    part[segments[leads_there[plain] & (reached[plain] | reached[copies])]] = main


def _size_m(network: RoadNetwork, part: NDArray[np.int32], parts: int) -> NDArray[np.float64]:
    """Metres of road in each of so many parts, given the part of each segment: see `Parts.size_m`."""
    forward, backward = part[0::2], part[1::2]
    size_m = np.zeros(parts, np.float64)
    for of_link, counted in ((forward, forward >= 0), (backward, (backward >= 0) & (backward != forward))):
        size_m += np.bincount(of_link[counted], weights=network.link_length_m[counted], minlength=parts)
    size_m[np.bincount(part[part >= 0], minlength=parts) < 2] = 0.0
    return size_m
