"""How fast the live service is, each figure beside what it is to be compared with, in one run.

DKI Jakarta (where ../shared is at hand; else an invented town), 50 vehicles, 200 facilities, random calls:

- a recommendation over HTTP beside the very same call in-process, and beside an endpoint that returns a constant;
- how many a second, each with one core for the service;
- opening a case, durable;
- 1,000 fixes a second with 50 listeners: how much of a core the service takes.

    .venv/bin/python benchmarks/service.py
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx2

from benchmarks.environment import ROOT
from dispatch.cases import Priority
from dispatch.fleet import invented_fleet, write_fleet
from dispatch.life.case import Case, Patient
from dispatch.life.particulars import Note, Particulars, cell_of
from dispatch.life.rules import default_rules
from dispatch.prepare import Sources, build_region
from dispatch.regions import BuiltRegion, open_region
from dispatch.report import recommendation_as_dict
from dispatch.service.choices import ranked_vehicles
from dispatch.service.live_region import LiveRegion
from dispatch.settings import default_settings
from routing.read_extract import read_extract
from routing.sample import invented_town

SHARED = ROOT.parent / "shared"
REGION = "dki"
VEHICLES, FACILITIES, CASES = 50, 200, 120
ROUNDS = 4
FIXES_A_SECOND, LISTENERS, FIX_SECONDS = 1_000, 50, 15
KINDS = (("emergency", "red"), ("emergency", "yellow"), ("maternal", "yellow"), ("accident", "red"))


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is asked both ways."""

    kind: str
    priority: str
    longitude: float
    latitude: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less of everything, to see that it works")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as name:
        folder = Path(name)
        region, where = prepared(folder)
        rng = random.Random(1)
        calls = [random_call(region, rng) for _ in range(CASES // (6 if quick else 1))]
        fleet = folder / "fleet.csv"
        spots = [(f"base {n}", *random_spot(region, rng)) for n in range(VEHICLES)]
        vehicles = invented_fleet(spots, VEHICLES, 1, datetime.now(UTC))
        write_fleet(fleet, vehicles)
        rows = in_process(region, vehicles, calls)
        with Served(folder, fleet) as (base, token, process):
            rows.update(asyncio.run(over_http(base, token, process, calls, 3 if quick else FIX_SECONDS)))
    print_table(rows, where)
    return 0


def prepared(folder: Path) -> tuple[BuiltRegion, str]:
    """The region, built anew."""
    now = datetime.now(UTC)
    extract = SHARED / "osm" / "dki-jakarta-roads-2012.osm.pbf"
    regions = folder / "data" / "regions"
    if extract.is_file():
        register = folder / "register.csv"
        with (SHARED / "registers" / "dki-jakarta.csv").open(encoding="utf-8", newline="") as source:
            rows = list(itertools.islice(csv.reader(source), FACILITIES + 1))
        with register.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows(rows)
        sources, where = Sources(read_extract(extract), (register,)), "DKI Jakarta 2012"
    else:
        sources, where = Sources(invented_town(20_000)), "an invented town of 20,000 junctions"
    build_region(regions, REGION, sources, now=now, progress=lambda _what, _share: None)
    region = open_region(regions, REGION, now)
    return region, f"{where}, {region.roads.network.junctions:,} junctions, {len(region.facilities)} facilities"


def random_spot(region: BuiltRegion, rng: random.Random) -> tuple[float, float]:
    """A junction."""
    network = region.roads.network
    at = rng.randrange(network.junctions)
    return float(network.junction_longitude[at]), float(network.junction_latitude[at])


def random_call(region: BuiltRegion, rng: random.Random) -> Call:
    """Somebody somewhere."""
    return Call(*rng.choice(KINDS), *random_spot(region, rng))


def in_process(region: BuiltRegion, vehicles: list[object], calls: list[Call]) -> dict[str, float]:
    """The same recommendation without a service: worked out, and put into the dictionary that is answered."""
    region.settle()
    live = LiveRegion(region, default_rules(), default_settings(), datetime.now(UTC))

    def one(call: Call) -> None:
        now = datetime.now(UTC)
        notes = Particulars((Note("place", "", "b", now, None, call.longitude, call.latitude),))
        patients = (Patient("1"),)
        cell = cell_of(call.longitude, call.latitude)
        case = Case("K", call.kind, Priority(call.priority), cell, now, now, patients=patients)
        found = ranked_vehicles(live, live.now, case, notes, vehicles, now)  # type: ignore[arg-type]
        recommendation_as_dict(found, "id")

    for call in calls[:20]:
        one(call)
    took = [timed(lambda call=call: one(call)) for _ in range(ROUNDS) for call in calls]  # type: ignore[misc]
    start = time.perf_counter()
    for call in calls:
        one(call)
    return {"in-process, ms": statistics.median(took) * 1000, "in-process, per s": len(calls) / (time.perf_counter() - start)}


def timed(do: Callable[[], None]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


class Served:
    """`siaga serve` in a process of its own."""

    def __init__(self, folder: Path, fleet: Path) -> None:
        self._folder, self._fleet = folder, fleet

    def __enter__(self) -> tuple[str, str, int]:
        data = self._folder / "data"
        siaga = Path(sys.executable).parent / "siaga"
        command = [siaga, "serve", "--region", REGION, "--port", "0", "--fleet", self._fleet, "--lang", "en"]
        environment = {**os.environ, "SIAGA_DATA_DIR": str(data)}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        base = ""
        while not base:
            line = self._process.stdout.readline()
            if not line:
                raise SystemExit("siaga serve has ended")
            base = line.split("SIAGA=")[1].strip() if "SIAGA=" in line else ""
        return base, (data / "admin-token").read_text().strip(), self._process.pid

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(30)


async def over_http(base: str, token: str, process: int, calls: list[Call], seconds: float) -> dict[str, float]:
    """The same over HTTP, from one client on one connection, and then from several at once."""
    headers = {"Authorization": f"Bearer {token}"}
    rows: dict[str, float] = {}
    root = base.split("/v1/")[0]
    async with httpx2.AsyncClient(headers=headers, timeout=60) as client:
        cases, opening = [], []
        for number, call in enumerate(calls):
            place = {"longitude": call.longitude, "latitude": call.latitude}
            body = {"kind": call.kind, "priority": call.priority, "place": place}
            start = time.perf_counter()
            answer = await client.post(f"{base}/cases", json=body, headers={"Idempotency-Key": f"bench-{number:06d}"})
            opening.append(time.perf_counter() - start)
            answer.raise_for_status()
            cases.append(answer.headers["location"].rsplit("/", 1)[1])
        rows["opening a case, ms"] = statistics.median(opening) * 1000
        took, constant = [], []
        for _ in range(ROUNDS):
            for case in cases:
                start = time.perf_counter()
                (await client.get(f"{base}/cases/{case}/recommendation")).raise_for_status()
                took.append(time.perf_counter() - start)
                start = time.perf_counter()
                await client.get(f"{root}/healthz")
                constant.append(time.perf_counter() - start)
        rows["over HTTP, ms"] = statistics.median(took[20:]) * 1000
        rows["constant over HTTP, ms"] = statistics.median(constant[20:]) * 1000
        rows["over HTTP, per s"] = await throughput(client, [f"{base}/cases/{case}/recommendation" for case in cases])
        rows["constant over HTTP, per s"] = await throughput(client, [f"{root}/healthz"] * 1500)
        rows["core taken by 1,000 fixes/s and 50 listeners"] = await fixes(client, base, process, calls, seconds)
    return rows


async def throughput(client: httpx2.AsyncClient, addresses: list[str]) -> float:
    """Answers a second, eight at once."""
    waiting = iter(addresses)

    async def ask() -> None:
        for address in waiting:
            (await client.get(address)).raise_for_status()

    start = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(8)))
    return len(addresses) / (time.perf_counter() - start)


async def fixes(client: httpx2.AsyncClient, base: str, process: int, calls: list[Call], seconds: float) -> float:
    """CPU seconds per second of the service while positions come in (in batches of 20, as from a relay) and many listen."""
    region = base.rsplit("/", 1)[1]
    root = base.split("/v1/")[0]

    async def listen() -> None:
        async with client.stream("GET", f"{root}/v1/events?region={region}") as stream:
            async for _ in stream.aiter_bytes():
                pass

    listeners = [asyncio.create_task(listen()) for _ in range(LISTENERS)]
    await asyncio.sleep(1.0)
    rng, number = random.Random(2), itertools.count()
    before, start, sent = cpu_seconds(process), time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        if sent < passed * FIXES_A_SECOND:
            now = datetime.now(UTC).isoformat()
            batch = []
            for _ in range(20):
                call = calls[next(number) % len(calls)]
                vehicle = f"V{next(number) % VEHICLES + 1:02d}"
                batch.append({"vehicle": vehicle, "longitude": call.longitude + rng.random() * 1e-4, "latitude": call.latitude,
                              "fix_time": now})  # fmt: skip
            (await client.post(f"{base}/fixes", json={"fixes": batch})).raise_for_status()
            sent += len(batch)
        else:
            await asyncio.sleep(0.002)
    taken = (cpu_seconds(process) - before) / (time.perf_counter() - start)
    for task in listeners:
        task.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    print(f"fixes: {sent / seconds:.0f} a second were taken", file=sys.stderr)
    return taken


def cpu_seconds(process: int) -> float:
    """That a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_table(rows: dict[str, float], where: str) -> None:
    """What was measured."""
    print(f"{where}, {VEHICLES} vehicles")
    for name, value in rows.items():
        print(f"  {name:48} {value:10.2f}")
    added = rows["over HTTP, ms"] - rows["in-process, ms"]
    print(f"  {'HTTP adds, ms (at most 3)':48} {added:10.2f}")
    ratio = rows["over HTTP, per s"] / rows["in-process, per s"]
    print(f"  {'rate over HTTP / in-process (at least 0.5)':48} {ratio:10.2f}")
    print(json.dumps({**rows, "where": where}), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
