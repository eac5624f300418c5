"""Siaga's routes for a car beside OSRM's and Valhalla's: is each legal, is each as long, and if not, why?

    .venv/bin/python benchmarks/compare_routes.py                    # Porto, 500 pairs; writes route-differences.md
    .venv/bin/python benchmarks/compare_routes.py --osm FILE --pairs 100 --output -

Exit code 1 if a route is illegal by the raw tags or a difference stays unexplained, 2 if the file has tags that the judge of
raw tags doesn't know: it stops rather than guess.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.comparison_report import Compared, Difference, write_report
from benchmarks.control import router_at_osrm_speeds
from benchmarks.differences import NOTABLE, UNEXPLAINED, Explainer
from benchmarks.environment import BENCHMARKS, ROOT, PeersMissing, peers_python
from benchmarks.legality import offences
from benchmarks.peer_routes import Osrm, PeerRoutes, Valhalla
from benchmarks.processes import Worker
from benchmarks.ways_driven import Ground, Point, SiagaRoads
from routing.errors import PlaceError
from routing.prepare import build_roads
from routing.read_extract import read_extract
from routing.roads import Roads, open_roads
from routing.router import Router
from routing.routes import Route
from tests.routing import rawroads
from tests.routing.rawroads import CLOSED as CLOSED_ROAD

PROFILE = "car"
PAIRS = 500
SEED = 2
PORTO = ROOT.parent / "shared" / "osm" / "porto.osm.pbf"
REPORT = BENCHMARKS / "route-differences.md"
TIME_ZONE = "UTC"  # nothing here depends on the hour
PEERS = (Osrm, Valhalla)
ON_THE_ROAD_M = 1.0
LIMIT_S = 30 * 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares and reports."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="siaga-compare-") as folder:
        try:
            return _compare(options, Path(folder))
        except KeyError as unknown:
            _say(f"the judge of raw tags (tests/routing/rawroads.py) doesn't know {unknown}; teach it, or take another extract")
            return 2


def _compare(options: argparse.Namespace, folder: Path) -> int:
    _say(f"Building Siaga's roads of {options.osm.name}")
    build_roads(folder / "siaga", read_extract(options.osm), progress=lambda _stage, _done: None)
    roads = open_roads(folder / "siaga", TIME_ZONE)
    ground = Ground(rawroads.read(options.osm), PROFILE)
    siaga = SiagaRoads(ground, roads.network, roads.live.base.roads[PROFILE])
    pairs = random_pairs(roads, ground, options.pairs, options.seed)
    _say(f"Routing {len(pairs)} pairs")
    routes = [_route(roads.router, *pair) for pair in pairs]
    control_router = router_at_osrm_speeds(roads, PROFILE)
    control = [_route(control_router, *pair) for pair in pairs]
    illegal = {
        number: found
        for number, route in enumerate(routes)
        if (found := offences(ground.raw, siaga.chain(route), PROFILE))
    }  # fmt: skip
    compared: list[Compared | str] = []
    for kind in PEERS:
        try:
            with Worker([str(peers_python()), str(kind.worker)], seconds=LIMIT_S) as worker:
                _say(f"Asking {kind.name}")
                peer = kind(worker, ground, options.osm, folder / kind.name)
                compared.append(_beside(peer, Explainer(ground, siaga, peer), routes, control, pairs))
        except PeersMissing as missing:
            compared.append(f"{kind.name}: not measured: {missing}")
    text = write_report(options.osm.name, options.seed, routes, illegal, compared)
    if options.output == "-":
        print(text)
    else:
        Path(options.output).write_text(text, encoding="utf-8")
        _say(f"Wrote {options.output}")
    open_questions = any(
        one.explanation.category == UNEXPLAINED
        for peer in compared
        if isinstance(peer, Compared)
        for one in peer.differences
    )  # fmt: skip
    return 1 if illegal or open_questions else 0


def random_pairs(roads: Roads, ground: Ground, pairs: int, seed: int) -> list[tuple[Point, Point]]:
    """Pairs of places on roads that the raw tags open or that lead to what lies on them, in Siaga's main part.

    Every metre of road is as likely as any other. The draw depends on the file and the seed alone, but for places that Siaga
    can't be at, which are drawn again.
    """
    raw, random = ground.raw, np.random.default_rng(seed)
    edges = [
        edge
        for way in sorted(raw.ways)
        for edge in ground.along(way)
        if not raw.use(edge, PROFILE) == raw.use(edge.back, PROFILE) == CLOSED_ROAD
    ]
    metres = np.array([ground.length_m(edge) for edge in edges])
    drawn = iter(random.choice(len(edges), 8 * pairs, p=metres / metres.sum()).tolist())
    places = (ground.on(edges[number], share) for number, share in zip(drawn, random.random(8 * pairs), strict=True))
    usable = (place for place in places if _is_on_main_part(roads, place))
    return [(next(usable), next(usable)) for _ in range(pairs)]


def _is_on_main_part(roads: Roads, place: Point) -> bool:
    try:
        snap = roads.router.snap(*place, PROFILE, on_foot=False, max_gap_m=ON_THE_ROAD_M)
    except PlaceError:
        return False
    return snap.instead is None


def _route(router: Router, start: Point, end: Point) -> Route:
    origin, destination = (router.snap(*point, PROFILE, on_foot=False) for point in (start, end))
    return router.route(origin, destination, PROFILE)


def _beside(
    peer: PeerRoutes,
    explainer: Explainer,
    routes: Sequence[Route],
    control: Sequence[Route],
    pairs: Sequence[tuple[Point, Point]],
) -> Compared:
    found = peer.routes(pairs)
    known = [number for number, one in enumerate(found) if one is not None]
    differences = [
        Difference(number, routes[number], one, explainer.explain(routes[number], one))
        for number, one in enumerate(found)
        if one is not None and abs(one.distance_m / routes[number].distance_m - 1) > NOTABLE
    ]
    return Compared(
        peer.name,
        [routes[number] for number in known],
        [control[number] for number in known],
        [one for one in found if one is not None],
        len(pairs),
        differences,
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Siaga's car routes with OSRM's and Valhalla's.")
    parser.add_argument("--osm", type=Path, default=PORTO, help="the extract (default: Porto beside the checkout)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs of places")
    parser.add_argument("--seed", type=int, default=SEED, help="of the random places")
    parser.add_argument("--output", default=str(REPORT), help="the report, - for standard output")
    options = parser.parse_args(arguments)
    if not options.osm.is_file():
        parser.error(f"no file {options.osm}; give an extract with --osm")
    return options


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
