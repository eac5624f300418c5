"""Streets: the connected clusters of links that bear one name, and what lies along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._search.columns import NEIGHBOURS, cell_of
from routing._search.entries import Entries
from routing.network import RoadNetwork

_LONGEST_EDGE_DEGREES = 0.002


@dataclass(frozen=True, slots=True)
class Streets:
    """Streets as entries `0 .. count - 1`, and what lies along them.

    `clusters_of`: entries by the words of their name. `samples`, `crossings`: float64[…, 2], degrees; their `_entry` says
    whose. `edges`: float64[…, 4], longitude and latitude of both ends.
    """

    clusters_of: Mapping[tuple[str, ...], list[int]]
    sample_entry: NDArray[np.int64]
    samples: NDArray[np.float64]
    crossing_entry: NDArray[np.int64]
    crossings: NDArray[np.float64]
    edge_entry: NDArray[np.int32]
    edges: NDArray[np.float64]


def streets_of(network: RoadNetwork, entries: Entries) -> Streets:
    """Adds an entry per street, that is per connected cluster of links of one name."""
    name_of_link = np.where(network.link_name > 0, network.link_name, network.link_ref)
    links = np.flatnonzero(name_of_link > 0)
    names, name_of_link = np.unique(name_of_link[links], return_inverse=True)
    texts = [network.names[name] for name in names.tolist()]
    groups: dict[tuple[str, ...], int] = {}
    group_of_name = np.array([groups.setdefault(entries.words(text) or (text,), len(groups)) for text in texts], np.int64)
    group = group_of_name[name_of_link] if len(links) else np.zeros(0, np.int64)
    tail, head = network.link_tail[links], network.link_head[links]
    longitude, latitude = np.asarray(network.junction_longitude), np.asarray(network.junction_latitude)
    cluster = clusters_of_pieces(group, (longitude[tail], latitude[tail]), (longitude[head], latitude[head]))
    count = int(cluster.max()) + 1 if len(links) else 0

    middles = _middles(network, links)
    length = network.link_length_m[links]
    weight = np.bincount(cluster, length, count)
    weight[weight == 0] = 1.0
    centre = np.column_stack([np.bincount(cluster, length * middles[:, axis], count) / weight for axis in (0, 1)])
    off = np.hypot(*(middles - centre[cluster]).T) if len(links) else np.zeros(0)
    central = first_of_each(cluster, np.lexsort((off, cluster)))
    # Of several spellings the one on most links stands for all.
    pair, pair_count = np.unique(cluster * max(1, len(texts)) + name_of_link, return_counts=True)
    pair_cluster, pair_name = np.divmod(pair, max(1, len(texts)))
    common = first_of_each(pair_cluster, np.lexsort((pair_name, -pair_count, pair_cluster)))
    refs = _references(network, links, cluster)
    clusters_of: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(count):
        text = texts[int(pair_name[common[at]])]
        point = middles[central[at]]
        entry = entries.add("street", text, float(point[0]), float(point[1]), refs.get(at, ()))
        clusters_of[entries.words(text)].append(entry)

    cells = cell_of(middles[:, 0], middles[:, 1])
    _, sampled = np.unique((cluster << 37) + cells, return_index=True)
    crossing_entry, crossing = _crossings(cluster, tail, head)
    edge_entry, edges = _edges(network, links, cluster)
    return Streets(
        clusters_of=clusters_of,
        sample_entry=cluster[sampled],
        samples=middles[sampled],
        crossing_entry=crossing_entry,
        crossings=np.column_stack((longitude[crossing], latitude[crossing])),
        edge_entry=edge_entry,
        edges=edges,
    )


def first_of_each(group: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first index in `order` of each group; `order` sorts by group first."""
    sorted_group = group[order]
    return order[np.flatnonzero(np.diff(sorted_group, prepend=-1))]


def clusters_of_pieces(
    group: NDArray[np.int64],
    start: tuple[NDArray[np.float64], NDArray[np.float64]],
    end: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.int64]:
    """Numbers pieces 0, 1, … so that those of one group that touch, or lie in the same or adjoining cells, share one."""
    if not len(group):
        return np.zeros(0, np.int64)
    cell = np.concatenate((cell_of(*start), cell_of(*end)))
    # A group and a cell in one number: cells take 37 bits, which leaves room for 67 million names.
    code, node = np.unique((np.concatenate((group, group)) << 37) + cell, return_inverse=True)
    node = node.ravel()
    tails, heads = [node[: len(group)]], [node[len(group) :]]
    for offset in NEIGHBOURS[5:]:
        wanted = code + offset
        found = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
        hit = np.flatnonzero(code[found] == wanted)
        tails.append(hit)
        heads.append(found[hit])
    label = _components(len(code), np.concatenate(tails), np.concatenate(heads))
    return np.unique(label[node[: len(group)]], return_inverse=True)[1].ravel().astype(np.int64)


def _components(count: int, tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.int64]:
    """The least node that each node hangs together with: labels spread along edges and are then followed to their end."""
    label = np.arange(count, dtype=np.int64)
    while True:
        low, high = np.minimum(label[tail], label[head]), np.maximum(label[tail], label[head])
        if np.array_equal(low, high):
            return label
        np.minimum.at(label, high, low)
        while True:
            followed = label[label]
            if np.array_equal(followed, label):
                break
            label = followed


def _middles(network: RoadNetwork, links: NDArray[np.int64]) -> NDArray[np.float64]:
    """A point in the middle of each link's shape: float64[links, 2]."""
    first, last = network.shape_first[links], network.shape_first[links + 1] - 1
    low, high = (first + last) // 2, (first + last + 1) // 2
    return np.column_stack(
        [(column[low] + column[high]) / 2 for column in (network.shape_longitude, network.shape_latitude)]
    ).reshape(-1, 2)


def _references(network: RoadNetwork, links: NDArray[np.int64], cluster: NDArray[np.int64]) -> dict[int, tuple[str, ...]]:
    """The references (N12) of each cluster that has any."""
    ref = network.link_ref[links]
    pairs = np.unique(np.column_stack((cluster[ref > 0], ref[ref > 0])), axis=0)
    refs: dict[int, tuple[str, ...]] = {}
    for owner, name in pairs.tolist():
        refs[owner] = (*refs.get(owner, ()), *network.names[name].split(";"))
    return refs


def _crossings(
    cluster: NDArray[np.int64], tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(cluster, junction) for every junction where links of two clusters or more meet."""
    pairs = np.unique((np.concatenate((tail, head)).astype(np.int64) << 32) + np.concatenate((cluster, cluster)))
    junction, owner = pairs >> 32, pairs & 0xFFFFFFFF
    shared = np.bincount(junction)[junction] > 1
    return owner[shared], junction[shared]


def _edges(
    network: RoadNetwork, links: NDArray[np.int64], cluster: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The pieces of all named streets, none longer than a grid cell is wide, and whose they are."""
    first, count = network.shape_first[links], np.diff(network.shape_first)[links] - 1
    owner = np.repeat(cluster, count)
    start = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count) + np.arange(len(owner))
    ends = np.column_stack((network.shape_longitude, network.shape_latitude))
    tail, head = ends[start], ends[start + 1]
    parts = np.maximum(1, np.ceil(np.abs(head - tail).max(axis=1, initial=0.0) / _LONGEST_EDGE_DEGREES)).astype(np.int64)
    part = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    tail, step = np.repeat(tail, parts, axis=0), np.repeat((head - tail) / parts[:, None], parts, axis=0)
    edges = np.column_stack((tail + step * part[:, None], tail + step * (part + 1)[:, None]))
    return np.repeat(owner, parts).astype(np.int32), edges.reshape(-1, 4)
