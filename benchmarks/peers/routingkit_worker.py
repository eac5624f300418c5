"""RoutingKit's customizable contraction hierarchy (routingkit-cch) behind `serve`, on Siaga's query graph.

It gets the same nodes, arcs and weights, and finds its own order (its "inertial" one, the better of its two for roads).
Times are `perf_counter` around the library's call; arguments are plain lists, as it wants them, made beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import routingkit_cch as kit
from serve import serve

CLOSED = 2**31 - 1


class Worker:
    """One graph."""

    def __init__(self) -> None:
        self.graphs = Path()
        self.hierarchy: kit.CCH
        self.metric: kit.CCHMetric
        self.weights: list[int] = []

    def prepare(self, folder: str, own: str) -> dict[str, float]:
        """Orders and contracts the graph: seconds by step. The order is kept in the folder `own`."""
        self.graphs = Path(folder) / "graphs"
        tail, head = self._list("tail"), self._list("head")
        latitude, longitude = self._list("latitude"), self._list("longitude")
        start = time.perf_counter()
        order = kit.compute_order_inertial(len(latitude), tail, head, latitude, longitude)
        ordered = time.perf_counter()
        kit.CCH(order, tail, head, False)
        ended = time.perf_counter()
        Path(own).mkdir(parents=True, exist_ok=True)
        np.save(Path(own) / "order.npy", np.array(order, np.int32))
        return {"order": ordered - start, "contract": ended - ordered}

    def open(self, folder: str, own: str) -> dict[str, float]:
        """Contracts the graph again in the order that was kept, and customises it."""
        self.graphs = Path(folder) / "graphs"
        start = time.perf_counter()
        order = np.load(Path(own) / "order.npy").tolist()
        self.hierarchy = kit.CCH(order, self._list("tail"), self._list("head"), False)
        self.weights = self._list("weight")
        self.metric = kit.CCHMetric(self.hierarchy, self.weights)
        return {"seconds": time.perf_counter() - start}

    def paths(self, pairs: list[list[int]]) -> dict[str, Any]:
        """Shortest paths, as arcs: seconds of each, and their distances."""
        query, seconds, distances = kit.CCHQuery(self.metric), [], []
        for source, target in pairs:
            start = time.perf_counter()
            found = query.run(source, target)
            distance, _ = found.distance, found.arc_path
            seconds.append(time.perf_counter() - start)
            distances.append(distance)
            del found  # no other query runs while a result lives
        return {"seconds": seconds, "distances": distances}

    def one_to_many(self, source: int, targets: list[int]) -> dict[str, Any]:
        """Distances: seconds, the choice of targets included, and the distances."""
        start = time.perf_counter()
        distances = kit.CCHOneToMany(self.metric, targets).distances_from(source)
        return {"seconds": time.perf_counter() - start, "distances": distances}

    def pinned(self, source: int, targets: list[int]) -> dict[str, Any]:
        """As `one_to_many`, the targets having been chosen beforehand."""
        chosen = kit.CCHOneToMany(self.metric, targets)
        start = time.perf_counter()
        chosen.distances_from(source)
        return {"seconds": time.perf_counter() - start}

    def many_to_many(self, sources: list[int], targets: list[int]) -> dict[str, Any]:
        """Distances, a source at a time, as it has no table: seconds, and their sum."""
        start = time.perf_counter()
        chosen = kit.CCHOneToMany(self.metric, targets)
        rows = [chosen.distances_from(source) for source in sources]
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "sum": sum(distance for row in rows for distance in row if distance is not None)}

    def customise(self, weights: int) -> dict[str, float]:
        """Gives every arc a new weight: seconds."""
        new = self._list(f"weight-{weights}")
        start = time.perf_counter()
        self.metric.reset(new)
        seconds = time.perf_counter() - start
        self.metric.reset(self.weights)
        return {"seconds": seconds}

    def update(self, arcs: list[int], then: list[Any] | None = None) -> dict[str, Any]:
        """Closes some arcs, and opens them again afterwards: seconds of the former.

        `then` (source, targets): also the distances while they are closed.
        """
        closed = dict.fromkeys(arcs, CLOSED)
        updater = kit.CCHMetricPartialUpdater(self.hierarchy)
        start = time.perf_counter()
        updater.apply(self.metric, closed)
        seconds = time.perf_counter() - start
        distances = self.one_to_many(*then)["distances"] if then else None
        updater.apply(self.metric, {arc: self.weights[arc] for arc in arcs})
        return {"seconds": seconds, "distances": distances}

    def _list(self, name: str) -> list[Any]:
        return np.load(self.graphs / f"states-{name}.npy").tolist()


def _panics_told(work: Callable[..., Any]) -> Callable[..., Any]:
    """RoutingKit's panics are no `Exception`; told as one here."""

    def done(**arguments: Any) -> Any:
        try:
            return work(**arguments)
        except (Exception, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as panic:
            raise RuntimeError(f"panic: {panic}") from None

    return done


if __name__ == "__main__":
    worker = Worker()
    names = ("prepare", "open", "paths", "one_to_many", "pinned", "many_to_many", "customise", "update")
    serve({name: _panics_told(getattr(worker, name)) for name in names})
