"""pandana behind `serve`: a contraction hierarchy on a graph with a node per junction, without turns or restrictions.

Times are `perf_counter` around the library's call.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandana
import pandas
from serve import serve


class Worker:
    """One graph."""

    def __init__(self) -> None:
        self.network: pandana.Network

    def prepare(self, folder: str) -> dict[str, float]:
        """Makes and contracts the network: seconds. It can't be kept; `open` does it again."""
        return {"contract": self.open(folder)["seconds"]}

    def open(self, folder: str) -> dict[str, float]:
        """Makes and contracts the network."""
        longitude, latitude, tail, head, ms = (
            np.load(Path(folder) / "graphs" / f"junctions-{name}.npy")
            for name in ("longitude", "latitude", "tail", "head", "ms")
        )
        start = time.perf_counter()
        self.network = pandana.Network(
            pandas.Series(longitude),
            pandas.Series(latitude),
            pandas.Series(tail.astype(np.int64)),
            pandas.Series(head.astype(np.int64)),
            pandas.DataFrame({"seconds": ms / 1000.0}),  # it counts in thousandths itself; in ms they would overflow
            twoway=False,
        )
        return {"seconds": time.perf_counter() - start}

    def paths(self, pairs: list[list[int]]) -> dict[str, Any]:
        """Shortest paths, as nodes: seconds of each."""
        seconds = []
        for source, target in pairs:
            start = time.perf_counter()
            self.network.shortest_path(source, target, imp_name="seconds")
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def one_to_many(self, source: int, targets: list[int]) -> dict[str, float]:
        """Times, pair by pair in one call: seconds."""
        return self.many_to_many([source], targets)

    def many_to_many(self, sources: list[int], targets: list[int]) -> dict[str, float]:
        """Times, pair by pair in one call: seconds."""
        starts = [source for source in sources for _ in targets]
        ends = targets * len(sources)
        start = time.perf_counter()
        self.network.shortest_path_lengths(starts, ends, imp_name="seconds")
        return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    worker = Worker()
    serve({name: getattr(worker, name) for name in ("prepare", "open", "paths", "one_to_many", "many_to_many")})
