"""The roads as a map draws them: one thing for each OSM way, its links joined end to end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.backdrop import LAYERS, Backdrop, Drawing, Properties, Value, of_columns, spread
from routing.map_tags import road_of
from routing.network import RoadNetwork

_E7 = 10_000_000


def road_lines(network: RoadNetwork, backdrop: Backdrop) -> Drawing:
    """Every way of the network, as lines in the OSM way's direction; `osm_id` is the way.

    Args:
        network: of the region.
        backdrop: of the same extract: it knows bridges and tunnels.
    """
    order = np.argsort(network.link_way, kind="stable")
    ways = network.link_way[order]
    begins = np.flatnonzero(np.diff(ways, prepend=ways[:1] - 1))
    chains, chains_each = _chains_of_ways(network, [part.tolist() for part in np.split(order, begins[1:])] if len(ways) else [])
    links = np.array([link for chain in chains for link in chain], np.int64)
    follows = np.ones(len(links), np.bool_)  # a link that begins where the one before it ended: that point is there already
    ends = np.cumsum([len(chain) for chain in chains], dtype=np.int64)
    if len(links):
        follows[np.concatenate((np.zeros(1, np.int64), ends[:-1]))] = False
    first = network.shape_first[links] + follows
    points, counts = _ranges(first, network.shape_first[links + 1])
    degrees = np.column_stack((network.shape_longitude[points], network.shape_latitude[points]))
    properties, properties_of = _properties(network, order[begins], backdrop)
    return of_columns(
        layer=np.full(len(begins), LAYERS.index("roads"), np.uint8),
        properties_of=properties_of,
        osm_id=ways[begins],
        parts_each=np.array(chains_each, np.int64),
        points_each=np.add.reduceat(counts, np.concatenate((np.zeros(1, np.int64), ends[:-1]))) if len(links) else counts,
        points=np.rint(degrees * _E7).astype(np.int32),
        size=np.zeros(len(begins)),
        properties=properties,
    )


def _ranges(first: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers `first[i] .. end[i] - 1`, one range after the other, and how many each has."""
    edges = np.column_stack((first, end)).ravel()
    return spread(edges, np.arange(0, 2 * len(first), 2))


def _properties(
    network: RoadNetwork, links: NDArray[np.int64], backdrop: Backdrop
) -> tuple[tuple[Properties, ...], NDArray[np.int32]]:
    """Distinct sets of properties, and which one each way has, given one link of each."""
    ways = network.link_way[links]
    columns = (network.link_tagset[links], network.link_name[links], network.link_ref[links])
    spans = (np.isin(ways, backdrop.bridges), np.isin(ways, backdrop.tunnels))
    sets: dict[tuple[tuple[str, Value], ...], int] = {}
    kinds = {tagset: road_of(network.tagsets[tagset]) for tagset in np.unique(columns[0]).tolist()}
    found = []
    for tagset, name, ref, bridge, tunnel in zip(*(column.tolist() for column in (*columns, *spans)), strict=True):
        one: dict[str, Value] = dict(kinds[tagset])
        one |= {key: network.names[number] for key, number in (("name", name), ("ref", ref)) if number}
        one |= {key: True for key, there in (("bridge", bridge), ("tunnel", tunnel)) if there}
        found.append(sets.setdefault(tuple(sorted(one.items())), len(sets)))
    return tuple(dict(one) for one in sets), np.array(found, np.int32)


def _chains_of_ways(network: RoadNetwork, ways: list[list[int]]) -> tuple[list[list[int]], list[int]]:
    """The links of each way as chains, one way after the other, and how many chains each way has."""
    tail, head = network.link_tail.tolist(), network.link_head.tolist()
    chains: list[list[int]] = []
    counts: list[int] = []
    for links in ways:
        found = [links] if len(links) == 1 else _chains(links, tail, head)
        chains += found
        counts.append(len(found))
    return chains, counts


def _chains(links: list[int], tail: list[int], head: list[int]) -> list[list[int]]:
    """Links of one way as chains: in each, every link begins where the one before it ends."""
    left: dict[int, list[int]] = {}
    for link in reversed(links):
        left.setdefault(tail[link], []).append(link)
    heads = {head[link] for link in links}
    chains = []
    for start in sorted(left, key=lambda junction: junction in heads):  # ends of the way first, then what is left of rings
        while left[start]:
            chain, junction = [], start
            while left.get(junction):
                chain.append(left[junction].pop())
                junction = head[chain[-1]]
            chains.append(chain)
    return chains
