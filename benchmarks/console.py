"""The dispatcher's console in a busy office: what its thread does in Chromium that draws without a graphics card, with vehicles
on Siaga's own sheet and, in the same run, in the map library's clustered layer; what it weighs; whether its memory grows."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.environment import BENCHMARKS, CACHE
from benchmarks.processes import WorkerError
from benchmarks.service import region
from benchmarks.service.client import Caller, request
from benchmarks.service.region import NAME, Ground
from benchmarks.service.served import Cores, Served

VEHICLES, CASES = 300, 200
LONG_MS = 50.0
WINDOW_SECONDS, MEMORY_MINUTES, ROUNDS = 20.0, 5.0, 3
SETTLED_SECONDS = 8.0
AT = f"/v1/regions/{NAME}"
PASSWORD = "kunci rumah sakit 7"
SLOW_LOADS = 7
_SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-background-networking")

CONSOLE_NOTES = """\
A task is whatever Chromium does in the page's thread without a pause: scripts, layout, painting. It draws without a graphics
card (SwiftShader) on the same cores as the service and whoever sends the positions. Its processor time is what it used itself;
the time on the clock has in it what it waited for a core. The peer is MapLibre's own way to show vehicles, a clustered GeoJSON
source with a layer of signs and names, given the same vehicles as often as Siaga draws them at most; in turn, in the same page.
Memory is the page's heap after a full collection."""

_PEER = (BENCHMARKS / "peers" / "map_layer.js").read_text(encoding="utf-8")


@dataclass(slots=True)
class Window:
    """What the page's thread did: its tasks in milliseconds, by the clock and by the processor, and pictures a second."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def row(self, title: str) -> str:
        """As a row of the table."""
        late = quantiles(self.wall, n=1000, method="inclusive")
        long = sum(one > LONG_MS for one in self.wall)
        busy = sum(self.wall) / 10 / self.seconds
        tasks = f"{len(self.wall) / self.seconds:.0f} | {late[-10]:.1f} ms | {late[-1]:.1f} ms | {max(self.wall):.0f} ms"
        return f"| {title} | {tasks} | {max(self.cpu):.0f} ms | {long} | {busy:.0f} % | {median(self.pictures):.1f} |"


@dataclass(slots=True)
class ConsoleResults:
    """What was measured; None: it was not."""

    where: str = ""
    ours: Window = field(default_factory=Window)
    theirs: Window = field(default_factory=Window)
    heap: list[float] = field(default_factory=list)
    minutes: float = 0.0
    bytes_first: int = 0
    bytes_driver: int = 0
    usable_driver: list[float] = field(default_factory=list)
    why_not: str = ""

    def markdown(self) -> str:
        """As a table."""
        if self.why_not:
            return f"Not measured: {self.why_not}."
        rows = [
            f"{self.where}; {CASES} open cases, {VEHICLES} vehicles that report once a second.",
            "",
            "| vehicles drawn | tasks a second | 99 % within | 99.9 % within | longest | longest, processor |"
            f" over {LONG_MS:.0f} ms | thread busy | pictures a second |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            self.ours.row("on Siaga's sheet"),
            self.theirs.row("in MapLibre's layer"),
            "",
            f"- First view of the console, compressed, with its map: {self.bytes_first / 1e6:.2f} MB (goal: under 1.2 MB).",
            f"- The driver's page before its map, compressed: {self.bytes_driver / 1e3:.0f} kB (goal: 200 kB).",
            f"- The driver's page, signed in, nothing kept, at 1.6 Mbit/s with 150 ms there and back: usable after"
            f" {median(self.usable_driver):.1f} s (of {len(self.usable_driver)}: {min(self.usable_driver):.1f} to"
            f" {max(self.usable_driver):.1f} s; goal: 3 s).",
        ]
        if self.heap:
            told = ", ".join(f"{one / 1e6:.1f}" for one in self.heap)
            rows.append(f"- Heap at the beginning and every {self.minutes / (len(self.heap) - 1):g} min after: {told} MB.")
        return "\n".join(rows)


def measure_console(results: ConsoleResults, seed: int, *, quick: bool, minutes: float) -> None:
    """Measures all of it.

    Raises:
        WorkerError: the service could not be started, or refused something.
    """
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    cores = Cores.of_this_machine()
    if found is None or cores is None:
        results.why_not = "it needs Linux, two cores and Chromium"
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="console-", dir=CACHE) as name:
        ground = region.build(Path(name), seed, VEHICLES)
        results.where = ground.title
        with Served(Path(name), cores.service) as served, sync_playwright() as playwright:
            _fill(served, ground, seed)
            flags = [*_FLAGS, *([] if os.geteuid() else ["--no-sandbox"])]
            browser = playwright.chromium.launch(executable_path=found, args=flags)
            base = f"http://{served.host}:{served.port}"
            results.bytes_driver = _weight(browser, base, "/driver", "pengemudi", "() => document.querySelector('main')")
            results.bytes_first = _weight(browser, base, "/", "operator", "() => window.siagaMap?.areTilesLoaded()")
            results.usable_driver = [_usable(browser, base) for _ in range(1 if quick else SLOW_LOADS)]
            with _driving(served, ground, seed):
                for _ in range(1 if quick else ROUNDS):
                    for window, peer in ((results.ours, False), (results.theirs, True)):
                        page = _page(browser, base)
                        _watch(browser, page, window, 5.0 if quick else WINDOW_SECONDS, peer=peer)
                        page.context.close()
                if not quick:
                    _memory(_page(browser, base), results, minutes)
            browser.close()


def _told(caller: Caller, asked: bytes) -> Any:
    return caller.ask(asked).told()


def _fill(served: Served, ground: Ground, seed: int) -> None:
    rng, caller = random.Random(seed), Caller(served)
    vehicle = _told(caller, request(served, "GET", f"{AT}/vehicles"))[0]["id"]
    people: tuple[dict[str, Any], ...] = (
        {"name": "operator", "roles": ["dispatcher"]},
        {"name": "pengemudi", "roles": ["driver"], "vehicle": vehicle},
    )
    for one in people:
        _told(
            caller,
            request(
                served, "POST", "/v1/people", {**one, "password": PASSWORD, "regions": [NAME]}, key=f"person-{one['name']}"
            ),
        )
    for number in range(CASES):
        _told(caller, request(served, "POST", f"{AT}/cases", ground.call(rng), key=f"console-case-{number:04}"))
    caller.close()


@contextmanager
def _driving(served: Served, ground: Ground, seed: int) -> Iterator[None]:
    """Every vehicle says once a second where it is, as long as the block lasts."""
    rng, caller, over = random.Random(seed), Caller(served), threading.Event()
    names = [one["id"] for one in _told(caller, request(served, "GET", f"{AT}/vehicles"))]
    places = {name: ground.spot(rng) for name in names}

    def drive() -> None:
        while not over.wait(max(0.0, 1.0 - time.monotonic() % 1.0)):
            when = datetime.now(UTC).isoformat()
            fixes = []
            for name, (x, y) in places.items():
                places[name] = (x + rng.gauss(0, 8e-5), y + rng.gauss(0, 8e-5))  # some nine metres
                fixes.append({"vehicle": name, "longitude": x, "latitude": y, "fix_time": when})
            _told(caller, request(served, "POST", f"{AT}/fixes", {"fixes": fixes}))

    thread = threading.Thread(target=drive, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)
        caller.close()


def _signed_in(browser: Browser, base: str, who: str, **context: Any) -> Page:
    page = browser.new_context(base_url=base, **context).new_page()
    answer = page.context.request.post("/v1/session", data={"name": who, "password": PASSWORD})
    if not answer.ok:
        raise WorkerError(f"signing in: {answer.status} {answer.text()}", fatal=True)
    return page


def _page(browser: Browser, base: str) -> Page:
    page = _signed_in(browser, base, "operator", viewport={"width": 1440, "height": 900})
    page.goto("/")
    page.wait_for_function(f"() => document.querySelectorAll('[data-case]').length === {CASES}", timeout=60_000)
    page.wait_for_function(
        "() => window.siagaVehicles?.picture.vehicles.length && window.siagaMap.areTilesLoaded()", timeout=60_000
    )
    return page


def _weight(browser: Browser, base: str, path: str, who: str, shown: str) -> int:
    """Bytes over the wire until something is shown."""
    page = _signed_in(browser, base, who)
    session, sizes = page.context.new_cdp_session(page), [0.0]
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(path)
    page.wait_for_function(shown, timeout=60_000)
    page.wait_for_timeout(2_000)
    page.context.close()
    return int(sum(sizes))


def _usable(browser: Browser, base: str) -> float:
    """Seconds until a driver with a slow connection sees their vehicle's status and may press something."""
    page = _signed_in(browser, base, "pengemudi", viewport={"width": 360, "height": 740}, has_touch=True)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _SLOW)
    begun = time.perf_counter()
    page.goto("/driver")
    page.locator("[data-status]").wait_for()
    took = time.perf_counter() - begun
    page.context.close()
    return took


def _watch(browser: Browser, page: Page, window: Window, seconds: float, *, peer: bool) -> None:
    if peer:
        page.evaluate(_PEER)
    page.wait_for_timeout(SETTLED_SECONDS * 1000)
    page.evaluate("""(peer) => {
      window.pictures = 0;
      const own = window.siagaVehicles, draw = own.draw;
      if (peer) window.siagaMap.on("render", () => window.pictures++);
      else own.draw = function () { window.pictures++; return draw.call(own); };
    }""", peer)  # fmt: skip
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    page.wait_for_timeout(seconds * 1000)
    window.pictures.append(page.evaluate("() => { window.peerOver = true; return window.pictures; }") / seconds)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = [
        (one["pid"], one["tid"])
        for one in events
        if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"
    ]
    tasks = [
        one
        for one in events
        if one.get("ph") == "X" and one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in threads
    ]
    counts = {thread: sum((one["pid"], one["tid"]) == thread for one in tasks) for thread in threads}
    busiest = max(counts, key=lambda thread: counts[thread])
    mine = [one for one in tasks if (one["pid"], one["tid"]) == busiest]
    window.wall += [one["dur"] / 1000 for one in mine]
    window.cpu += [one.get("tdur", 0) / 1000 for one in mine]
    window.seconds += seconds


def _memory(page: Page, results: ConsoleResults, minutes: float) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    results.minutes, steps = minutes, 5
    page.wait_for_timeout(60_000)
    for step in range(steps + 1):
        session.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        results.heap.append(found["JSHeapUsedSize"])
        if step < steps:
            page.wait_for_timeout(minutes * 60_000 / steps)
    page.context.close()
