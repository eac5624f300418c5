"""`make bench`: routing beside its peers, and the live service; one run, a table each.

Routing: on an extract (Porto, where it is at hand) and on an invented region. Everybody works in a process of its own, is
prepared anew, and then asked the same random questions in turn. The service: see `benchmarks/service/part.py`. What can't be
measured here says why. Works in `benchmarks/.cache`.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Error as PlaywrightError

from benchmarks.console import CONSOLE_NOTES, MEMORY_MINUTES, ConsoleResults, measure_console
from benchmarks.contestants import PEERS, SIAGA, Case, Contestant
from benchmarks.environment import BENCHMARKS, CACHE, ROOT
from benchmarks.measuring import Results, measure
from benchmarks.processes import Worker, WorkerError, run_to_end
from benchmarks.results_file import CONSOLE, ROUTING, SERVICE, TILES, machine, write
from benchmarks.service.part import QUICK, Amounts, measure_service
from benchmarks.service.rows import SERVICE_NOTES, ServiceResults
from benchmarks.table import NOTES, Table, goals
from benchmarks.tiles import TILE_NOTES, measure_tiles
from routing import SiagaError

PORTO = ROOT.parent / "shared" / "osm" / "porto.osm.pbf"
SEED = 20_221_122
INVENTED = "invented"
TINY_JUNCTIONS = 400
INVENTING_SECONDS = 3600.0
BURSTS, PAUSE_SECONDS = 40, 2.0
"""Recommendations come in bursts with pauses between: a shared machine is slow for seconds at a time."""
FULL_PACE = 1.15
"""A burst was at full pace if a fixed loop, before and after it, took at most so many times its shortest time of the run."""
AFTER_IDLE, WARMING_UP, RECOMMENDATIONS = 5, 25, 30
"""Of each burst the first are a row of their own (the caches are cold then), the next warm up, the others are measured."""
IMPORTS = 5
_CHANGE_ROUTING = ("osm", "junctions", "no_peers", "repetitions", "pairs", "minutes", "keep")
"""Options with which the routing part is another one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it; 1 if an answer was wrong or Siaga failed, else 0: being slow is for the reader to judge."""
    options = _options(arguments)
    folder = CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was measured is shown
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("another run of the benchmark is under way", file=sys.stderr)
            return 2
        # The short part first; each is written when it is done, whatever becomes of the other.
        parts = [
            part
            for name, part in ((TILES, _tiles), (CONSOLE, _console), (SERVICE, _service), (ROUTING, _routing))
            if name in options.parts
        ]
        outcomes = [part(options, folder) for part in parts]
    return int(any(outcomes))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run.py", description="Siaga's routing beside its peers, and the live service, one run, a table each."
    )
    names = [peer.name for peer in PEERS]
    parser.add_argument("--osm", type=Path, default=PORTO if PORTO.exists() else None, help="extract to measure routing on")
    parser.add_argument("--junctions", type=int, default=1_000_000, help="of the invented region for routing; 0: none")
    parts = [ROUTING, SERVICE, TILES, CONSOLE]
    parser.add_argument("--only", nargs="+", default=[], choices=[*parts, *names], metavar="PART", help=(
        f"{', '.join(parts)}: these parts only; {', '.join(names)}: routing beside these peers only"))  # fmt: skip
    parser.add_argument("--no-peers", action="store_true", help="Siaga alone")
    parser.add_argument("--repetitions", type=int, default=7, help="rounds of routing, after one that warms up")
    parser.add_argument("--pairs", type=int, default=20, help="routes and paths a round")
    parser.add_argument("--minutes", type=float, default=60.0, help="given to each peer for preparing, and again for answering")
    parser.add_argument("--heap-minutes", type=float, default=MEMORY_MINUTES, help="for which the console's memory is watched")
    parser.add_argument("--keep", action="store_true", help="keep what is prepared, and take what was kept (not measured then)")
    parser.add_argument(
        "--quick", action="store_true", help="less of the service's part, the tiles and the console, to see that they work"
    )
    parser.add_argument("--out", type=Path, help=(
        "where the tables go, each in place of the one that is there; by default results.md, for parts that are run as a whole "
        "and to their end"))  # fmt: skip
    options = parser.parse_args(arguments)
    options.peers = [name for name in options.only if name in names]
    options.parts = {name for name in options.only if name not in names} | ({ROUTING} if options.peers else set())
    options.parts = options.parts or set(parts)
    usual = parser.parse_args([])
    options.whole = {
        ROUTING: options.osm is not None and not options.peers
        and all(getattr(options, name) == getattr(usual, name) for name in _CHANGE_ROUTING),
        SERVICE: not options.quick,
        TILES: not options.quick and options.osm == usual.osm is not None,
        CONSOLE: not options.quick,
    }  # fmt: skip
    if options.osm is not None and not options.osm.is_file():
        parser.error(f"there is no extract {options.osm}")
    if ROUTING in options.parts and options.osm is None and not options.junctions:
        parser.error("nothing to measure on: give --osm or --junctions")
    return options


# -- the parts ----------------------------------------------------------------------------------------------------------


def _tiles(options: argparse.Namespace, _folder: Path) -> bool:
    """Measures map tiles; whether something failed or a tile was another one."""
    try:
        results = measure_tiles(options.osm, SEED, quick=options.quick)
    except (KeyboardInterrupt, SiagaError) as error:
        _say(f"map tiles: {error or 'interrupted'}")
        return True
    print("\n".join([results.markdown(), "", TILE_NOTES, "", machine()]))
    write(options, TILES, [machine(), results.markdown(), TILE_NOTES], failed=results.different > 0)
    return results.different > 0


def _console(options: argparse.Namespace, _folder: Path) -> bool:
    """Measures the console in a browser; whether something failed."""
    results = ConsoleResults()
    try:
        measure_console(results, SEED, quick=options.quick, minutes=options.heap_minutes)
    except (KeyboardInterrupt, SiagaError, WorkerError, OSError, PlaywrightError) as error:
        _say(f"the console: {error or 'interrupted'}")
        return True
    print("\n".join([results.markdown(), "", CONSOLE_NOTES, "", machine()]))
    write(options, CONSOLE, [machine(), results.markdown(), CONSOLE_NOTES], failed=bool(results.why_not))
    return False


def _service(options: argparse.Namespace, _folder: Path) -> bool:
    """Measures the live service; whether something failed or an answer was wrong."""
    results = ServiceResults()
    try:
        measure_service(results, QUICK if options.quick else Amounts(), SEED, _say)
    except KeyboardInterrupt:
        _say("interrupted; this is what was measured until then")
        results.failed = True
    except (SiagaError, WorkerError, OSError) as error:
        _say(f"the live service: {error}")
        results.failed = True
    print("\n".join([results.text(), "", SERVICE_NOTES, "", machine()]))
    write(options, SERVICE, [machine(), results.markdown(), SERVICE_NOTES], failed=results.failed)
    return results.failed or results.different > 0


def _routing(options: argparse.Namespace, folder: Path) -> bool:
    """Measures routing beside the peers; whether something failed or an answer was wrong."""
    peers = [peer for peer in PEERS if not options.no_peers and (not options.peers or peer.name in options.peers)]
    measured: list[Results] = []
    failed = False
    leftovers = [] if options.keep else ["case-*", "*.osm.pbf"]
    _remove(folder, leftovers)
    try:
        _warm_up(folder)
        for case in _cases(options, folder):
            results = Results(case)
            measured.append(results)
            failed |= not _measure_case(results, peers, options, folder)
    except KeyboardInterrupt:
        _say("interrupted; this is what was measured until then")
        failed = True
    finally:
        _remove(folder, leftovers)
    return _report(measured, peers, options, failed=failed) or failed


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


# -- what is measured on ------------------------------------------------------------------------------------------------


def _cases(options: argparse.Namespace, folder: Path) -> list[Case]:
    cases = []
    if options.osm is not None:
        name = options.osm.name.removesuffix(".osm.pbf").removesuffix(".osm")
        cases.append(Case(name, options.osm.name, options.osm.resolve(), folder / f"case-{name}"))
    if options.junctions:
        cases.append(_invented(options.junctions, folder))
    return cases


def _invented(junctions: int, folder: Path) -> Case:
    title = f"invented region of {junctions:,} junctions"
    return Case(INVENTED, title, folder / f"invented-{junctions}.osm.pbf", folder / f"case-{INVENTED}-{junctions}")


def _invent(case: Case, junctions: int) -> None:
    """Writes the extract of an invented case, whole or not at all."""
    _say(f"{case.title}: inventing it")
    fresh = case.pbf.with_name(f"fresh-{os.getpid()}.osm.pbf")
    script = (
        "import sys, pathlib; from routing.sample import invented_town; from routing.write_extract import write_pbf; "
        "write_pbf(invented_town(int(sys.argv[1])), pathlib.Path(sys.argv[2]))"
    )
    try:
        run_to_end([sys.executable, "-c", script, str(junctions), str(fresh)], seconds=INVENTING_SECONDS)
        fresh.replace(case.pbf)
    finally:
        fresh.unlink(missing_ok=True)


def _measure_case(results: Results, peers: Sequence[Contestant], options: argparse.Namespace, folder: Path) -> bool:
    """Measures a case; False if Siaga itself, or the region, failed. What was measured until then is in the results."""
    case = results.case
    try:
        if case.name == INVENTED:
            _invent(case, options.junctions)
        measure(
            case, peers, repetitions=options.repetitions, pairs=options.pairs, seed=SEED, limit=options.minutes * 60,
            reuse=options.keep, say=_say, results=results,
        )  # fmt: skip
        _own_rows(results)
    except WorkerError as error:
        _say(f"{case.title}: Siaga: {error}")
        return False
    finally:
        _remove(folder, [] if options.keep else [case.folder.name])
    return True


def _remove(folder: Path, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _warm_up(folder: Path) -> None:
    """Has every kernel compiled and cached, so that compiling is nowhere measured."""
    case = _invented(TINY_JUNCTIONS, folder)
    results = Results(case)
    try:
        _invent(case, TINY_JUNCTIONS)
        measure(case, (), repetitions=0, pairs=2, seed=SEED, limit=1200, reuse=False, say=lambda _: None, results=results)
        _recommendations(case, results, 1)
    except WorkerError as error:
        _say(f"the kernels could not be warmed up, first figures may hold their compilation: {error}")
    finally:
        _remove(folder, [case.folder.name, case.pbf.name])


# -- Siaga's own rows ---------------------------------------------------------------------------------------------------


def _own_rows(results: Results) -> None:
    case = results.case
    if case.name != INVENTED:
        _say(f"{case.title}: recommendations")
        try:
            _recommendations(case, results, BURSTS)
        except WorkerError as error:
            for row in ("recommend", "recommend slow", "recommend idle", "recommend told"):
                results.excuse(row, "siaga", str(error))
    for _ in range(IMPORTS):
        results.note("imports", "siaga", [_import_seconds()])


def _recommendations(case: Case, results: Results, bursts: int) -> None:
    script = BENCHMARKS / "peers" / "recommend_worker.py"
    measured = []
    with Worker([sys.executable, str(script)], seconds=600) as worker:
        worker.call("open", folder=str(case.folder), facilities=200, seed=SEED)
        worker.call("recommend", vehicles=50, count=RECOMMENDATIONS)
        for _ in range(bursts):
            time.sleep(PAUSE_SECONDS)
            results.note("recommend idle", "siaga", worker.call("recommend", vehicles=50, count=AFTER_IDLE)["seconds"])
            worker.call("recommend", vehicles=50, count=WARMING_UP)
            before = worker.call("pace")
            burst = worker.call("recommend", vehicles=50, count=RECOMMENDATIONS)
            measured.append((burst, (before, worker.call("pace"))))
    shortest = min(min(paces) for _, paces in measured)
    for burst, paces in measured:
        at_full_pace = max(paces) <= FULL_PACE * shortest
        results.note("recommend" if at_full_pace else "recommend slow", "siaga", burst["seconds"])
        if at_full_pace:
            results.note("recommend told", "siaga", burst["told"])


def _import_seconds() -> float:
    """What `api.bootstrap` and all it imports take, by the interpreter's own account."""
    command = [sys.executable, "-X", "importtime", "-c", "import api.bootstrap"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stderr
    # what a top-level module takes is all it imports; such lines bear no indent
    tops = [line.split("|") for line in said.splitlines() if line.startswith("import time:") and "cumulative" not in line]
    return sum(int(total) for _, total, name in tops if name.strip() and not name.startswith("  ") and "api" in name) / 1e6


# -- what comes of it ---------------------------------------------------------------------------------------------------


def _report(measured: Sequence[Results], peers: Sequence[Contestant], options: argparse.Namespace, *, failed: bool) -> bool:
    """Prints and writes what is there; whether an answer was wrong."""
    table = Table(SIAGA, peers)
    for results in measured:
        table.add(results)
    packages = {one.package: one for one in (SIAGA, *peers)}
    versions = ", ".join(f"{name} {version}" for name, one in packages.items() if (version := one.version()))
    verdicts = [goal for results in measured for goal in goals(results)]
    lines = [f"{'holds' if goal.holds else 'MISSED'}: {goal.words}: {goal.found}" for goal in verdicts]
    print("\n".join([table.text(), "", NOTES, "", *lines, "", machine(), versions]))
    held = "\n".join(f"- {line}" for line in lines)
    write(options, ROUTING, [f"{machine()} {versions}.", table.markdown(), NOTES, "## What must hold", held], failed=failed)
    return any(count for results in measured for count in results.different.values())


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    _say(f"took {(time.perf_counter() - started) / 60:.0f} min")
    sys.exit(code)
