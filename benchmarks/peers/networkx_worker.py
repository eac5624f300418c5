"""networkx behind `serve`: plain Dijkstra on a graph with a node per junction, without turns or restrictions.

Times are `perf_counter` around the library's call.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import networkx
import numpy as np
from serve import serve

SAMPLED = 2
"""Of 200 sources so many are measured; the table says so."""


class Worker:
    """One graph."""

    def __init__(self) -> None:
        self.graph = networkx.DiGraph()

    def open(self, folder: str) -> dict[str, float]:
        """Makes the graph from arrays."""
        graphs = Path(folder) / "graphs"
        start = time.perf_counter()
        tail, head, ms = (np.load(graphs / f"junctions-{name}.npy").tolist() for name in ("tail", "head", "ms"))
        # of parallel arcs the quickest counts
        by_time = sorted(zip(ms, tail, head, strict=True), reverse=True)
        self.graph.add_weighted_edges_from((a, b, w) for w, a, b in by_time)
        return {"seconds": time.perf_counter() - start}

    def paths(self, pairs: list[list[int]]) -> dict[str, Any]:
        """Shortest paths, searched from both ends: seconds of each."""
        seconds = []
        for source, target in pairs[:SAMPLED]:
            start = time.perf_counter()
            try:
                networkx.bidirectional_dijkstra(self.graph, source, target)
            except networkx.NetworkXNoPath:
                continue
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def one_to_many(self, source: int, targets: list[int]) -> dict[str, float]:
        """Times to all junctions, those to the targets taken: seconds."""
        start = time.perf_counter()
        lengths = networkx.single_source_dijkstra_path_length(self.graph, source)
        [lengths.get(target) for target in targets]
        return {"seconds": time.perf_counter() - start}

    def many_to_many(self, sources: list[int], targets: list[int]) -> dict[str, float]:
        """As `one_to_many` from a sample of the sources: seconds for all of them at that pace."""
        measured = sum(self.one_to_many(source, targets)["seconds"] for source in sources[:SAMPLED])
        return {"seconds": measured * len(sources) / SAMPLED}


if __name__ == "__main__":
    worker = Worker()
    serve({name: getattr(worker, name) for name in ("open", "paths", "one_to_many", "many_to_many")})
