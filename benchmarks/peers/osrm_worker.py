"""OSRM behind `serve`: prepared by the tools in its wheel with the wheel's car profile, asked in this process.

Times are `perf_counter` around the library's call, parameters included; turning its answers into plain data isn't counted.
Coordinates are [longitude, latitude] in degrees.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import osrm
from serve import serve

PACKAGE = Path(osrm.__file__).parent
PROFILE = PACKAGE / "share" / "profiles" / "car.lua"
UNLIMITED = 1_000_000  # of locations in a table or on a way: the defaults stop at 100 and 500

Point = tuple[float, float]


class Worker:
    """One region in one of OSRM's two forms."""

    def __init__(self) -> None:
        self.engine: osrm.OSRM | None = None
        self.base = Path()
        self.algorithm = ""

    def prepare(self, pbf: str, folder: str, algorithms: list[str], threads: int = 2) -> dict[str, float]:
        """Makes the files of an extract in `folder`: seconds by step. `algorithms`: any of "MLD" and "CH"."""
        base = Path(folder) / "region.osrm"
        base.parent.mkdir(parents=True, exist_ok=True)
        extract = ["osrm-extract", "-p", str(PROFILE), "-t", str(threads), "-o", str(base), pbf]
        for stale in base.parent.glob("untouched.*"):
            stale.unlink()
        seconds = {"extract": _tool(extract)}
        if "MLD" in algorithms:
            seconds["partition"] = _tool(["osrm-partition", "-t", str(threads), str(base)])
            seconds["customize"] = _tool(["osrm-customize", "-t", str(threads), str(base)])
        if "CH" in algorithms:
            seconds["contract"] = _tool(["osrm-contract", "-t", str(threads), str(base)])
        return seconds

    def open(self, folder: str, algorithm: str) -> dict[str, float]:
        """Opens what was prepared for "MLD" or "CH"."""
        self.base, self.algorithm = Path(folder) / "region.osrm", algorithm
        return {"seconds": self._load()}

    def close(self, pairs: list[list[int]], threads: int = 2) -> dict[str, float]:
        """Closes directed edges between OSM nodes, all others being open: seconds to customise or contract and to reload."""
        speeds = self.base.with_name("closed.csv")
        with speeds.open("w", newline="") as rows:
            csv.writer(rows).writerows([*pair, 0] for pair in pairs)
        self.engine = None
        for name in ("geometry", "turn_weight_penalties", "turn_duration_penalties"):
            file, untouched = self.base.with_name(f"region.osrm.{name}"), self.base.with_name(f"untouched.{name}")
            # The tools write the closed edges into their own input.
            shutil.copyfile(*((untouched, file) if untouched.exists() else (file, untouched)))
        tool = "osrm-customize" if self.algorithm == "MLD" else "osrm-contract"
        update = ["--segment-speed-file", str(speeds)] if pairs else []
        return {"update": _tool([tool, "-t", str(threads), *update, str(self.base)]), "reload": self._load()}

    def routes(self, pairs: list[list[Point]], details: bool = False) -> dict[str, Any]:
        """Routes with full geometry for pairs (or longer chains) of points: seconds of each, and its answer.

        Each answer: distance_m, duration_s, weight, and with `details` nodes (OSM ids, a list per leg) and ends (where it
        snapped to); None where there is no way.
        """
        seconds, found = [], []
        notes = {"annotations": ["nodes"]} if details else {}
        for points in pairs:
            start = time.perf_counter()
            parameters = osrm.RouteParameters(
                coordinates=[tuple(point) for point in points],
                overview="full",
                geometries="polyline6",
                continue_straight=True,
                generate_hints=False,
                **notes,
            )
            try:
                answer = self._engine.Route(parameters)
            except RuntimeError as error:
                if "NoRoute" not in str(error):
                    raise
                answer = None
            seconds.append(time.perf_counter() - start)
            found.append(None if answer is None else _route(answer, details))
        return {"seconds": seconds, "routes": found}

    def table(self, sources: list[Point], targets: list[Point], details: bool = False) -> dict[str, Any]:
        """Times between points: seconds, and with `details` durations_s (rows of sources; None where there is no way)."""
        start = time.perf_counter()
        first = len(sources)
        parameters = osrm.TableParameters(
            coordinates=[tuple(point) for point in (*sources, *targets)],
            sources=list(range(first)),
            destinations=list(range(first, first + len(targets))),
            annotations=["duration"],
            generate_hints=False,
        )
        answer = self._engine.Table(parameters)
        result: dict[str, Any] = {"seconds": time.perf_counter() - start}
        if details:
            result["durations_s"] = [list(row) for row in answer["durations"]]
        return result

    @property
    def _engine(self) -> osrm.OSRM:
        if self.engine is None:
            raise RuntimeError("open a region first")
        return self.engine

    def _load(self) -> float:
        start = time.perf_counter()
        self.engine = osrm.OSRM(
            algorithm=self.algorithm,
            storage_config=str(self.base),
            use_shared_memory=False,
            max_locations_distance_table=UNLIMITED,
            max_locations_viaroute=UNLIMITED,
        )
        return time.perf_counter() - start


def _route(answer: Any, details: bool) -> dict[str, Any]:
    route = answer["routes"][0]
    result = {"distance_m": route["distance"], "duration_s": route["duration"], "weight": route["weight"]}
    if details:
        result["nodes"] = [[int(node) for node in leg["annotation"]["nodes"]] for leg in route["legs"]]
        places = list(answer["waypoints"])  # its own arrays crash on a negative index
        result["ends"] = [list(places[end]["location"]) for end in (0, -1)]
    return result


def _tool(command: list[str]) -> float:
    start = time.perf_counter()
    program = PACKAGE / "bin" / command[0]
    done = subprocess.run([str(program), *command[1:], "-l", "ERROR"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
    return time.perf_counter() - start


if __name__ == "__main__":
    worker = Worker()
    names = ("prepare", "open", "close", "routes", "table")
    serve({name: getattr(worker, name) for name in names})
