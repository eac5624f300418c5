"""What positions cost: 1,000 a second of 1,000 vehicles while 50 listen, in parts of the core that service and store share."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.processes import WorkerError
from benchmarks.service.client import all_of, request, run
from benchmarks.service.flow import Flow, flow
from benchmarks.service.region import NAME, Ground, Place
from benchmarks.service.rows import Row, p90
from benchmarks.service.served import Served
from benchmarks.table import figure

A_SECOND, VEHICLES, LISTENERS, IN_A_BATCH = 1_000, 1_000, 50, 20
MOST_OF_A_CORE = 0.5
LEAST_TAKEN = 0.99
RUNS = 25
"""So many of the vehicles are on a run: they drive along its route, and their time of arrival is kept fresh."""

SETTING_UP_TOGETHER, BATCH_LINES = 8, 16
SPEED_KPH = 36.0
METRES_PER_DEGREE = 111_195.0
KNOTS_KPH = 1.852


@dataclass(slots=True)
class Driver:
    """A vehicle under way.

    Attributes:
        name, device: of the vehicle, and the secret of its tracker. at: where it is. course: degrees.
        way: points that it still drives to; without any it goes on straight, and turns now and then.
    """

    name: str
    device: str
    at: Place
    course: float
    way: list[Place] = field(default_factory=list)
    told_at: float = 0.0

    def drive(self, seconds: float, rng: random.Random) -> None:
        """Where it is after so long."""
        left = SPEED_KPH / 3.6 * seconds
        while self.way and left > 0:
            apart, self.course = _apart(self.at, self.way[0])
            if apart > left:
                break
            self.at, left = self.way.pop(0), left - apart
        if rng.random() < 0.05 and not self.way:
            self.course = rng.uniform(0.0, 360.0)
        north, east = (left * part(math.radians(self.course)) for part in (math.cos, math.sin))
        longitude, latitude = self.at
        wide = METRES_PER_DEGREE * math.cos(math.radians(latitude))
        self.at = (longitude + east / wide, latitude + north / METRES_PER_DEGREE)


def _apart(one: Place, other: Place) -> tuple[float, float]:
    """Metres and course from one to the other."""
    east = (other[0] - one[0]) * METRES_PER_DEGREE * math.cos(math.radians(one[1]))
    north = (other[1] - one[1]) * METRES_PER_DEGREE
    return math.hypot(east, north), math.degrees(math.atan2(east, north)) % 360


class Traffic:
    """Vehicles that tell where they are.

    Args:
        served: the service. ground: where vehicles can be.
        known: those that there are, where they were last seen. cases: open ones; some are served by now.
        seed: of places and turns.
    """

    def __init__(self, served: Served, ground: Ground, known: dict[str, Place], cases: Sequence[str], seed: int) -> None:
        self._served, self._ground, self._known, self._cases = served, ground, known, cases
        self._rng = random.Random(seed)
        self.drivers: list[Driver] = []

    # -- setting up ---------------------------------------------------------------------------------------------------------

    async def set_up(self) -> None:
        """Registers vehicles, gives each a tracker, and sends some of them to patients."""
        rng, base, numbers = self._rng, f"/v1/regions/{NAME}", itertools.count()

        def asked(method: str, path: str, body: object) -> bytes:
            return request(self._served, method, path, body, key=f"bench-fixes-{next(numbers):06d}")

        def vehicle(place: Place) -> dict[str, Any]:
            return {"name": "Ambulans", "kind": "village_ambulance", "base_longitude": place[0], "base_latitude": place[1]}

        new = {f"X{number:04d}": self._ground.spot(rng) for number in range(VEHICLES - len(self._known))}
        every = list((self._known | new).items())
        await self._all([asked("PUT", f"{base}/vehicles/{name}", vehicle(place)) for name, place in new.items()])
        ways = await self._send_some(asked, base)
        tokens = [
            {"label": f"GPS of {name}", "role": "tracker", "regions": [NAME], "vehicle": name, "kind": "device"}
            for name, _ in every
        ]
        made = await self._all([request(self._served, "POST", "/v1/tokens", body) for body in tokens])
        self.drivers = [
            Driver(name, str(told["secret"]), place, rng.uniform(0.0, 360.0), ways.get(name, []))
            for (name, place), told in zip(every, made, strict=True)
        ]

    async def _all(self, asked: Sequence[bytes]) -> list[Any]:
        return [answer.told() for answer in await all_of(self._served, asked, SETTING_UP_TOGETHER)]

    async def _send_some(self, asked: Callable[[str, str, object], bytes], base: str) -> dict[str, list[Place]]:
        """Sends the first choice to some cases; the ways of these vehicles."""
        ways: dict[str, list[Place]] = {}
        for case in self._cases[:RUNS]:
            try:
                (sent,) = await self._all([asked("POST", f"{base}/cases/{case}/assignments", {"first_choice": True})])
            except WorkerError:
                continue  # nobody fits any more
            (name,) = sent["made"]["run"]
            for point in ("acknowledged", "departed"):
                await self._all([asked("POST", f"{base}/runs/{name}/progress", {"point": point})])
            run_, route = await self._all([request(self._served, "GET", f"{base}/runs/{name}{end}") for end in ("", "/route")])
            ways[run_["vehicle"]] = [(x, y) for x, y in route["route"]["geometry"]["coordinates"]]
        return ways

    # -- asking -------------------------------------------------------------------------------------------------------------

    def _moved(self, driver: Driver) -> None:
        now = time.perf_counter()
        driver.drive(min(2.0, now - driver.told_at) if driver.told_at else 0.0, self._rng)
        driver.told_at = now

    def single(self, driver: Driver) -> bytes:
        """A fix as Traccar Client up to version 8 sends it."""
        self._moved(driver)
        said = {
            "id": driver.device, "timestamp": round(time.time() * 1000), "lat": f"{driver.at[1]:.6f}",
            "lon": f"{driver.at[0]:.6f}", "speed": f"{SPEED_KPH / KNOTS_KPH:.1f}", "bearing": f"{driver.course:.0f}",
            "altitude": 12, "accuracy": 8, "batt": 80,
        }  # fmt: skip
        return request(self._served, "GET", f"/track/osmand?{urlencode(said)}", token=False)

    def batch(self, drivers: Sequence[Driver]) -> bytes:
        """Fixes of several vehicles at once, as a relay sends them."""
        fixes = []
        for number, driver in enumerate(drivers):
            self._moved(driver)
            taken = datetime.now(UTC) - timedelta(milliseconds=number)
            place = {"longitude": round(driver.at[0], 6), "latitude": round(driver.at[1], 6)}
            fixes.append({"vehicle": driver.name, **place, "fix_time": taken.isoformat(), "speed_kph": SPEED_KPH,
                          "course_deg": round(driver.course) % 360, "accuracy_m": 8})  # fmt: skip
        return request(self._served, "POST", f"/v1/regions/{NAME}/fixes", {"fixes": fixes})


# -- the rows ---------------------------------------------------------------------------------------------------------------


def fix_rows(
    served: Served, ground: Ground, known: dict[str, Place], cases: Sequence[str], seconds: float, seed: int
) -> list[Row]:
    """1,000 fixes a second in both forms, and what is to be compared with them."""
    traffic = Traffic(served, ground, known, cases, seed)
    run(traffic.set_up)
    drivers, constant = traffic.drivers, request(served, "GET", "/healthz", token=False)

    def together(number: int) -> list[Driver]:
        first = number * IN_A_BATCH % len(drivers)
        return drivers[first : first + IN_A_BATCH]

    def measured(ask: Callable[[int], bytes], each: int, connections: int, long: float, listeners: int) -> Flow:
        return run(partial(flow, served, ask, A_SECOND, each, connections, long, listeners))

    single = measured(lambda number: traffic.single(drivers[number % len(drivers)]), 1, VEHICLES, seconds, LISTENERS)
    batches = measured(lambda number: traffic.batch(together(number)), IN_A_BATCH, BATCH_LINES, seconds, LISTENERS)
    nothing = measured(lambda _number: constant, 1, VEHICLES, seconds / 2, 0)
    silence = measured(lambda _number: constant, 0, 0, seconds / 2, LISTENERS)
    floor = nothing.service + nothing.store
    rows = []
    of = f"{A_SECOND:,} fixes a second, {LISTENERS} listeners"
    for title, one in ((f"{of}: a request each (e)", single), (f"{of}: {IN_A_BATCH} in a request (e)", batches)):
        both, taken = one.service + one.store, one.taken / one.seconds
        refused = f", {one.refused:,} refused ({one.why.partition(':')[0]})" if one.refused else ""
        holds = both < MOST_OF_A_CORE and taken >= LEAST_TAKEN * A_SECOND
        rows += [
            Row(title, _cores(both), f"service {one.service:.2f}, store {one.store:.2f}", f"{both / floor:.2f} × the constants",
                f"under {MOST_OF_A_CORE:g} of it, all taken", holds),
            Row(f"· {taken:,.0f} a second taken{refused}, each listener heard {min(one.heard):,} of {one.sent:,}; answered in",
                *_answered(one)),
        ]  # fmt: skip
    return [
        *rows,
        Row(f"{A_SECOND:,} constants a second (GET /healthz), no listeners", _cores(floor)),
        Row("· answered in", *_answered(nothing)),
        Row(f"nothing comes in, {LISTENERS} listeners", _cores(silence.service + silence.store)),
    ]


def _answered(one: Flow) -> tuple[str, str]:
    return (figure(median(one.took)), f"P90 {figure(p90(one.took))}") if len(one.took) > 1 else ("never", one.why)


def _cores(part: float) -> str:
    return f"{part:.2f} of a core"
