"""Siaga behind `serve`: a region built with `dispatch.prepare`, asked through the router and as a bare hierarchy.

Times are `perf_counter` around the library's call. Coordinates are [longitude, latitude] in degrees.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from serve import serve

from benchmarks.questions import PROFILE, write_graphs, write_questions
from dispatch.prepare import Sources, build_region
from dispatch.regions import BuiltRegion, open_region
from routing.cch import CLOSED, Metric
from routing.conditions import Closed, OnSegments, RoadCondition
from routing.endpoints import Endpoints
from routing.read_extract import read_extract
from routing.storage import save_arrays

NAME = "bench"

Point = tuple[float, float]


class Worker:
    """One region."""

    def __init__(self) -> None:
        self.region: BuiltRegion
        self.folder = Path()
        self.metric: Metric
        self.closed: Metric

    def prepare(self, pbf: str, folder: str) -> dict[str, float]:
        """From the extract to a region that can be opened: seconds by step, all profiles; `ready` is the sum."""
        started = time.perf_counter()
        extract = read_extract(Path(pbf))
        marks = [("read", started), ("build", time.perf_counter())]

        def progress(stage: str, _done: float) -> None:
            if stage != marks[-1][0]:
                marks.append((stage, time.perf_counter()))

        regions = Path(folder) / "regions"
        build_region(regions, NAME, Sources(extract), now=datetime.now(UTC), progress=progress)
        ended = time.perf_counter()
        seconds = dict.fromkeys((stage for stage, _ in marks), 0.0)
        for (stage, start), (_, end) in zip(marks, [*marks[1:], ("", ended)], strict=True):
            seconds[stage] += end - start
        opened = time.perf_counter()
        open_region(regions, NAME, datetime.now(UTC))
        seconds["open"] = time.perf_counter() - opened
        seconds["ready"] = time.perf_counter() - started
        ways = extract.ways  # for the questions about closures, which OSRM takes as pairs of nodes
        nodes = {"id": ways.node_id, "longitude": ways.node_longitude, "latitude": ways.node_latitude}
        save_arrays(Path(folder) / "nodes", nodes)
        return seconds

    def open(self, folder: str) -> dict[str, Any]:
        """Opens the region and readies it for many questions, as a service does: seconds of opening and reading, its size."""
        start = time.perf_counter()
        self.region = open_region(Path(folder) / "regions", NAME, datetime.now(UTC))
        opened = time.perf_counter()
        self.region.roads.read_ahead()
        read = time.perf_counter()
        self.region.settle()  # reads ahead once more, which is not worth a figure
        self.folder = Path(folder)
        self.metric = self.closed = self.region.roads.router.state.roads[PROFILE].metric
        network = self.region.roads.network
        return {
            "seconds": {"open": opened - start, "read ahead": read - opened},
            "junctions": network.junctions,
            "states": network.states,
            "turns": len(network.turn_head),
            "upward_arcs": self.metric.hierarchy.upward_arcs,
        }

    def write_inputs(self, seed: int, repetitions: int, pairs: int) -> dict[str, float]:
        """Writes the graphs and questions for everybody into the folder."""
        write_graphs(self.folder / "graphs", self.region.roads)
        questions = self.folder / "questions.json"
        write_questions(questions, self.region.roads, self.folder / "nodes", seed, repetitions, pairs)
        return {}

    # -- between places ---------------------------------------------------------------------------------------------------

    def routes(self, pairs: list[list[Point]]) -> dict[str, Any]:
        """Routes with geometry, snapping and the way on foot included: seconds of each, and how many there are."""
        router, seconds, found = self.region.roads.router, [], 0
        for (start_x, start_y), (end_x, end_y) in pairs:
            start = time.perf_counter()
            route = router.route(router.snap(start_x, start_y, PROFILE), router.snap(end_x, end_y, PROFILE), PROFILE)
            seconds.append(time.perf_counter() - start)
            found += len(route.geometry) > 1
        return {"seconds": seconds, "found": found}

    def table(self, sources: list[Point], targets: list[Point]) -> dict[str, Any]:
        """Times between places, snapping included: seconds."""
        router = self.region.roads.router
        start = time.perf_counter()
        rows, columns = np.array(sources, np.float64), np.array(targets, np.float64)
        origins = router.snap_many(rows[:, 0], rows[:, 1], PROFILE)
        destinations = router.snap_many(columns[:, 0], columns[:, 1], PROFILE)
        table = router.eta_table(origins, destinations, PROFILE)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "found": int((table.ms < CLOSED).sum())}

    def close(self, segments: list[int]) -> dict[str, float]:
        """Closes segments for all motor profiles together: seconds until the new state can be asked."""
        live = self.region.roads.live
        start = time.perf_counter()
        closure = RoadCondition("closure", "closure", OnSegments(tuple(segments)), Closed(), "benchmark")
        state = live.apply([closure], datetime.now(UTC))
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "number": state.number}

    # -- on the bare graph --------------------------------------------------------------------------------------------------

    def paths(self, pairs: list[list[int]]) -> dict[str, Any]:
        """Shortest paths between states, as arcs: seconds of each, and their distances."""
        seconds, distances = [], []
        for source, target in pairs:
            start = time.perf_counter()
            arcs = self.metric.path(source, target)
            seconds.append(time.perf_counter() - start)
            distances.append(None if arcs is None else int(self.metric.weights[arcs].astype(np.int64).sum()))
        return {"seconds": seconds, "distances": distances}

    def one_to_many(self, source: int, targets: list[int], closed: bool = False) -> dict[str, Any]:
        """Distances between states: seconds, and the distances. `closed`: with the last closure of `update`."""
        metric, wanted = self.closed if closed else self.metric, np.array(targets)
        start = time.perf_counter()
        distances = metric.one_to_many(source, wanted)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "distances": _plain(distances)}

    def pinned(self, source: int, targets: list[int]) -> dict[str, Any]:
        """As `one_to_many`, the targets having been prepared beforehand."""
        pinned = self.metric.pin(Endpoints.at_nodes(targets))
        start = time.perf_counter()
        pinned.table(Endpoints.at_nodes([source]))
        return {"seconds": time.perf_counter() - start}

    def many_to_many(self, sources: list[int], targets: list[int]) -> dict[str, Any]:
        """Distances between states: seconds, and their sum."""
        rows, columns = np.array(sources), np.array(targets)
        start = time.perf_counter()
        distances = self.metric.many_to_many(rows, columns)
        return {"seconds": time.perf_counter() - start, "sum": int(distances[distances < CLOSED].astype(np.int64).sum())}

    def customise(self, weights: int) -> dict[str, float]:
        """Gives every arc a new weight: seconds."""
        new = np.load(self.folder / "graphs" / f"states-weight-{weights}.npy")
        start = time.perf_counter()
        self.metric.hierarchy.customize(new)
        return {"seconds": time.perf_counter() - start}

    def update(self, arcs: list[int]) -> dict[str, float]:
        """Closes some arcs of the graph as it was: seconds."""
        ids = np.array(arcs)
        start = time.perf_counter()
        self.closed = self.metric.with_weights(ids, CLOSED)
        return {"seconds": time.perf_counter() - start}


def _plain(distances: np.ndarray[Any, Any]) -> list[int | None]:
    return [None if distance >= CLOSED else distance for distance in distances.tolist()]


if __name__ == "__main__":
    worker = Worker()
    between = ("routes", "table", "close")
    bare = ("paths", "one_to_many", "pinned", "many_to_many", "customise", "update")
    serve({name: getattr(worker, name) for name in ("prepare", "open", "write_inputs", *between, *bare)})
