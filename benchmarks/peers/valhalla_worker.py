"""Valhalla behind `serve`: tiles made by the tool in its wheel, asked in this process with the costing `auto`.

Times are `perf_counter` around the library's call with a request that is text already; reading its JSON isn't counted.
Coordinates are [longitude, latitude] in degrees. There is no administrative data here, so Valhalla drives on the right.
"""

from __future__ import annotations

import json
import math
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import valhalla
from serve import serve
from valhalla.midgard.utils import decode_polyline

BUILD_TILES = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
UNLIMITED = 1_000_000_000
SAME_DEGREES = 1e-4  # of routes of some tenths of a degree

Point = tuple[float, float]


class Worker:
    """One region's tiles."""

    def __init__(self) -> None:
        self.actor: valhalla.Actor | None = None

    def prepare(self, pbf: str, folder: str, threads: int = 2) -> dict[str, float]:
        """Makes the tiles of an extract in `folder`: seconds."""
        tiles = Path(folder) / "tiles"
        tiles.mkdir(parents=True, exist_ok=True)
        config = valhalla.get_config(tile_extract="", tile_dir=str(tiles), verbose=False)
        for name in ("admin", "timezone", "landmarks", "traffic_extract", "transit_dir", "transit_feeds_dir"):
            config["mjolnir"].pop(name, None)
        config["mjolnir"]["concurrency"] = threads
        limits = config["service_limits"]
        limits["auto"].update(
            max_distance=UNLIMITED,
            max_locations=100_000,
            max_matrix_distance=UNLIMITED,
            max_matrix_location_pairs=UNLIMITED,
        )
        limits["trace"].update(max_distance=UNLIMITED, max_shape=1_000_000)
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        start = time.perf_counter()
        done = subprocess.run([str(BUILD_TILES), "-c", str(path), pbf], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{BUILD_TILES.name} failed: {(done.stderr or done.stdout).strip()}")
        return {"build_tiles": time.perf_counter() - start}

    def open(self, folder: str) -> dict[str, float]:
        """Opens the tiles; they are read as they are needed."""
        start = time.perf_counter()
        self.actor = valhalla.Actor(Path(folder) / "config.json")
        return {"seconds": time.perf_counter() - start}

    def routes(self, pairs: list[list[Point]], details: bool = False) -> dict[str, Any]:
        """Routes with full geometry for pairs (or longer chains) of points: seconds of each, and its answer.

        In a chain, the points between are passed without turning round. Each answer: distance_m, duration_s, cost, and with
        `details` shape, ends (where it snapped to) and for a pair edges (id of the way, shape); None where there is no way.
        """
        seconds, found = [], []
        for points in pairs:
            places: list[dict[str, Any]] = [_place(point, type="break_through") for point in points]
            for end in (0, -1):
                places[end]["type"] = "break"
            request = json.dumps({"locations": places, "costing": "auto", "directions_type": "none"})
            start = time.perf_counter()
            try:
                text = self._actor.route(request)
            except RuntimeError as error:
                if "No path" not in str(error) and "No suitable edges" not in str(error):
                    raise
                text = None
            seconds.append(time.perf_counter() - start)
            found.append(None if text is None else self._route(json.loads(text)["trip"], details))
        return {"seconds": seconds, "routes": found}

    def table(self, sources: list[Point], targets: list[Point], details: bool = False) -> dict[str, Any]:
        """Times between points: seconds, and with `details` durations_s (rows of sources; None where there is no way)."""
        request = json.dumps(
            {
                "sources": [_place(point) for point in sources],
                "targets": [_place(point) for point in targets],
                "costing": "auto",
                "verbose": False,
            }
        )
        start = time.perf_counter()
        text = self._actor.matrix(request)
        result: dict[str, Any] = {"seconds": time.perf_counter() - start}
        if details:
            result["durations_s"] = json.loads(text)["sources_to_targets"]["durations"]
        return result

    @property
    def _actor(self) -> valhalla.Actor:
        if self.actor is None:
            raise RuntimeError("open a region first")
        return self.actor

    def _route(self, trip: dict[str, Any], details: bool) -> dict[str, Any]:
        result = _summary(trip)
        if details:
            legs = [decode_polyline(leg["shape"], 6) for leg in trip["legs"]]
            result["shape"] = [point for leg in legs for point in leg]
            result["ends"] = [list(legs[0][0]), list(legs[-1][-1])]
            result["edges"] = self._edges(legs[0]) if len(legs) == 1 else None
        return result

    def _edges(self, shape: list[Point]) -> list[tuple[int, list[Point]]] | None:
        """The edges under a route's shape: the way's id and the shape of each; None where they can't be told."""
        request = {
            "shape": [{"lon": x, "lat": y} for x, y in shape],
            "costing": "auto",
            "filters": {
                "action": "include",
                "attributes": ["edge.way_id", "edge.begin_shape_index", "edge.end_shape_index", "shape"],
            },
        }
        for match in ("edge_walk", "map_snap"):  # the first fails on a few of its own shapes
            try:
                found = json.loads(self._actor.trace_attributes(json.dumps({**request, "shape_match": match})))
            except RuntimeError as error:
                if "exact route match" not in str(error):
                    raise
                continue
            points = decode_polyline(found["shape"], 6)
            if abs(_extent(points) - _extent(shape)) < SAME_DEGREES:
                return [
                    (edge["way_id"], points[edge["begin_shape_index"] : edge["end_shape_index"] + 1]) for edge in found["edges"]
                ]
        return None


def _extent(shape: list[Point]) -> float:
    """The length of a shape, in degrees."""
    return sum(math.dist(a, b) for a, b in pairwise(shape))


def _place(point: Point, **more: Any) -> dict[str, Any]:
    """A place on the road itself; by default Valhalla would take a junction within 5 m for it."""
    return {"lon": point[0], "lat": point[1], "node_snap_tolerance": 0, **more}


def _summary(trip: dict[str, Any]) -> dict[str, Any]:
    summary = trip["summary"]
    return {"distance_m": summary["length"] * 1000, "duration_s": summary["time"], "cost": summary["cost"]}


if __name__ == "__main__":
    worker = Worker()
    names = ("prepare", "open", "routes", "table")
    serve({name: getattr(worker, name) for name in names})
