"""The same random questions for everybody: places, closures, weights; written beside the graph they are about."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.costs import cost
from routing.earth import METRES_PER_DEGREE
from routing.network import CLOSED, RoadNetwork
from routing.parts import find_parts
from routing.profiles import load_profiles
from routing.roads import Roads
from routing.storage import load_arrays

PROFILE = "car"
CLOSED_LINKS = 50
JITTER_M = 15.0
CHANGED_WEIGHTS = 2
"""So many other sets of weights there are for customizing anew."""


def write_graphs(folder: Path, roads: Roads) -> None:
    """Writes the graphs that bare peers get, as .npy files.

    states-*: the query graph (a node per directed segment, an arc per turn), weights in ms for `PROFILE`.
    junctions-*: a node per junction, an arc per directed segment that the profile may use: no turns, no restrictions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network, car = roads.network, roads.live.base.roads[PROFILE]
    longitude, latitude = _middles(network)
    arrays: dict[str, NDArray[Any]] = {
        "states-tail": network.turn_tail,
        "states-head": network.turn_head,
        "states-longitude": longitude[network.state_segment >> 1],
        "states-latitude": latitude[network.state_segment >> 1],
        "states-weight": car.metric.weights,
    }
    rng = np.random.default_rng(17)
    for number in range(CHANGED_WEIGHTS):
        # every weight up to a third longer, as by traffic
        base = car.metric.weights.astype(np.int64)
        slower = base + (base % 2**27 * rng.uniform(0, 1 / 3, len(base))).astype(np.int64)
        arrays[f"states-weight-{number}"] = np.where(base >= CLOSED, CLOSED, np.minimum(slower, CLOSED)).astype(np.uint32)
    segment_ms = car.segment_ms.at(np.arange(2 * network.links))
    used = np.flatnonzero(segment_ms < CLOSED)
    tail, head = _ends(network, used)
    arrays |= {
        "junctions-tail": tail,
        "junctions-head": head,
        "junctions-longitude": network.junction_longitude,
        "junctions-latitude": network.junction_latitude,
        "junctions-ms": segment_ms[used],
        "junctions-segment": used,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))


def _ends(network: RoadNetwork, segments: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    link, against = segments >> 1, (segments & 1).astype(bool)
    tail, head = network.link_tail[link], network.link_head[link]
    return np.where(against, head, tail), np.where(against, tail, head)


def _middles(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    middle = (network.shape_first[:-1] + network.shape_first[1:]) // 2
    return np.asarray(network.shape_longitude[middle]), np.asarray(network.shape_latitude[middle])


class Asker:
    """Draws questions about a region's roads.

    A place is a random directed segment of the main part: its state, the junction where it ends, and a point a few metres
    beside its middle, so that everybody is asked about the same places in the terms that they understand.
    """

    def __init__(self, roads: Roads, node_of_point: NodesAt, seed: int) -> None:
        self._network = network = roads.network
        car = roads.live.base.roads[PROFILE]
        open_ms = car.segment_ms.at(np.arange(2 * network.links)) < CLOSED
        parts = find_parts(network, cost(network, load_profiles()[PROFILE]))
        self._segments = np.flatnonzero((parts.part == parts.main) & open_ms & ~car.restricted)
        self._longitude, self._latitude = _middles(network)
        self._node_of_point = node_of_point
        self._rng = np.random.default_rng(seed)

    def places(self, count: int) -> dict[str, list[Any]]:
        """So many places: `states`, `junctions`, `points` (longitude, latitude)."""
        segments = self._rng.choice(self._segments, count, replace=count > len(self._segments))
        link = segments >> 1
        shift = self._rng.normal(0.0, JITTER_M / METRES_PER_DEGREE, (count, 2))
        longitude = self._longitude[link] + shift[:, 0] / np.cos(np.radians(self._latitude[link]))
        latitude = self._latitude[link] + shift[:, 1]
        return {
            "states": self._network.segment_state[segments].tolist(),
            "junctions": _ends(self._network, segments)[1].tolist(),
            "points": np.column_stack((longitude, latitude)).round(7).tolist(),
        }

    def closure(self) -> dict[str, Any]:
        """100 directed segments (50 links) in one area: the ones nearest to a random place.

        `segments`; `arcs` of the query graph that lead into them; `nodes`: pairs of OSM node ids that follow one another
        along them, in each direction; `area`: longitude, latitude, radius in metres.
        """
        network = self._network
        centre = int(self._rng.choice(self._segments)) >> 1
        here = self._longitude[centre], self._latitude[centre]
        drivable = np.unique(self._segments >> 1)
        away = np.hypot((self._longitude[drivable] - here[0]) * np.cos(np.radians(here[1])), self._latitude[drivable] - here[1])
        nearest = np.argsort(away)[:CLOSED_LINKS]
        links = np.sort(drivable[nearest])
        segments = np.sort(np.concatenate((2 * links, 2 * links + 1)))
        arcs = np.flatnonzero(np.isin(network.state_segment[network.turn_head], segments))
        return {
            "segments": segments.tolist(),
            "arcs": arcs.tolist(),
            "nodes": [pair for link in links.tolist() for pair in self._pairs(link)],
            "area": [float(here[0]), float(here[1]), float(away[nearest[-1]] * METRES_PER_DEGREE)],
        }

    def _pairs(self, link: int) -> list[list[int]]:
        shape = self._network.segment_shape(2 * link)
        nodes = self._node_of_point.find(shape[:, 0], shape[:, 1])
        along = [[a, b] for a, b in itertools.pairwise(nodes) if a >= 0 and b >= 0]
        return along + [[b, a] for a, b in along]


class NodesAt:
    """OSM nodes by their coordinates."""

    def __init__(self, node: NDArray[np.int64], longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> None:
        key = _key(longitude, latitude)
        order = np.argsort(key)
        self._key, self._node = key[order], node[order]

    def find(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> list[int]:
        """The id of the node at each point, -1 where there is none."""
        wanted = _key(longitude, latitude)
        place = np.minimum(np.searchsorted(self._key, wanted), len(self._key) - 1)
        return np.where(self._key[place] == wanted, self._node[place], -1).tolist()


def _key(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    x = np.round(np.asarray(longitude) * 1e7).astype(np.int64)
    y = np.round(np.asarray(latitude) * 1e7).astype(np.int64)
    return (x << 32) + y


def write_questions(path: Path, roads: Roads, nodes: Path, seed: int, repetitions: int, pairs: int) -> None:
    """Writes all questions of a run as JSON: one entry per repetition, none asked twice."""
    known = load_arrays(nodes)
    asker = Asker(roads, NodesAt(known["id"], known["longitude"], known["latitude"]), seed)
    rounds = [
        {
            "pairs": [asker.places(pairs), asker.places(pairs)],
            "one_to_many": [asker.places(1), asker.places(500)],
            "table": [asker.places(200), asker.places(200)],
            "closure": asker.closure(),
            "weights": number % CHANGED_WEIGHTS,
        }
        for number in range(repetitions)
    ]
    path.write_text(json.dumps(rounds), encoding="utf-8")
