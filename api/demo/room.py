"""The call-taker: opens the cases of the callers, sends the first choice, records closures; and whoever rings the others.

That a telephone rings somewhere is no secret of the service's: the call-taker sees the open cases and runs, and rings whoever
they are about. What is to be done each of them reads and does with a token of their own.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.demo.desks import Desk, Sitegar
from api.demo.driver import Driver
from api.demo.driving import Point, metres
from api.demo.line import AwayError, RefusedError
from api.demo.scene import Actor, Scene

_LOOK_SECONDS = 6.0
_SHORTEST, _LONGEST = 0.5, 3.0
"""Seconds of the wall from one look to the next."""
_AMBULANCES = frozenset({"emergency_ambulance", "transport_ambulance", "village_ambulance"})
_BOOKED = frozenset({"outpatient", "social_transport", "home_care"})
_NEAR_M, _TRIES = 700.0, 30
_GIVE_UP_SECONDS = 20.0

Json = dict[str, Any]


class Room(Actor):
    """The call-taker."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "demo-room", scene.script.room)
        self.drivers: dict[str, Driver] = {}
        self.desks: dict[str, Desk] = {}
        self.sitegar: Sitegar | None = None
        self._told: dict[str, object] = {}
        self._mine: set[str] = set()
        self._sending: set[str] = set()
        self._known: set[str] = set()
        self._waiting = self._booked = 0

    # -- ringing the others -------------------------------------------------------------------------------------------------

    async def act(self) -> None:
        """Looks at what is open, and rings whom it is about."""
        before = set(self._known)
        cases = (await self.line.get(f"{self.at}/cases?limit=200"))["cases"]
        runs = await self.line.get(f"{self.at}/runs")
        await self._set_aside(cases, before)
        self._ring_crews(cases, runs)
        self._ring_desks(cases)
        self._send_for(cases)
        steps = [one["search"]["step"] for one in cases if one["search"] is not None]
        self._waiting = sum(step != "booked" for step in steps)
        self._booked = len(steps) - self._waiting
        await asyncio.sleep(min(_LONGEST, max(_SHORTEST, _LOOK_SECONDS / self.scene.speed)))

    async def _set_aside(self, cases: Sequence[Json], before: set[str]) -> None:
        """Whose case it is says the first thing that happened to it."""
        here = {one["id"] for one in cases}
        for name in here - self._known:
            entries = (await self.line.get(f"{self.at}/cases/{name}/timeline"))["entries"]
            if entries and entries[0]["by"] not in self.scene.script.hands_off:
                self.scene.allowed.add(name)
        # Not what has been opened since this look began.
        gone = self._known & before - here
        for kept in (self._known, self._mine, self.scene.allowed):
            kept -= gone
        self._known |= here

    def _ring_crews(self, cases: Sequence[Json], runs: Sequence[Json]) -> None:
        goals = {
            (case["id"], one["id"]): (one["state"], one["goal"] and one["goal"]["id"])
            for case in cases
            for one in case["patients"]
        }
        now: dict[str, object] = {}
        for run in runs:
            if run["vehicle"] is not None:
                riders = [goals.get((one["case"], one["patient"])) for one in run["riders"]]
                now[run["vehicle"]] = (run["id"], run["version"], riders)
        for vehicle in now.keys() | self._told.keys():
            if now.get(vehicle) != self._told.get(vehicle) and vehicle in self.drivers:
                self.drivers[vehicle].ring()
        self._told = now

    def _ring_desks(self, cases: Sequence[Json]) -> None:
        for case in cases:
            if case["id"] not in self.scene.allowed:
                continue
            for offer in case["offers"]:
                if offer["state"] == "offered" and (desk := self.desks.get(offer["facility"]["id"])) is not None:
                    desk.ring()
            if self.sitegar is not None and any(one["state"] == "asked" for one in case["desk"]):
                self.sitegar.ring()

    def _send_for(self, cases: Sequence[Json]) -> None:
        for case in cases:
            waits = case["search"] is not None and case["search"]["step"] == "assign"
            if waits and case["id"] in self._mine and case["id"] not in self._sending:
                self._sending.add(case["id"])
                self.begin(self._send(case["id"]))

    async def _send(self, case: str) -> None:
        try:
            await self.pause(self.between(self.scene.script.settings.call.assign))
            await self.line.give(f"{self.at}/cases/{case}/assignments", {"first_choice": True})
        finally:
            self._sending.discard(case)

    # -- calls --------------------------------------------------------------------------------------------------------------

    async def calls(self) -> None:
        """Takes calls as they come, no more at once than the fleet can bear, until it is cancelled."""
        settings, script = self.scene.script.settings, self.scene.script
        while True:
            await self.pause(self.random.expovariate(script.calls_per_hour / 60))
            kind = self.one_of(settings.call.kinds)
            hour = self.scene.now.astimezone(ZoneInfo(script.zone)).hour
            if kind in _BOOKED and not settings.call.hours[0] <= hour < settings.call.hours[1]:
                kind = "emergency"
            try:
                bearable = await self._bearable(kind)
            except (RefusedError, AwayError):
                continue
            if bearable:
                self.begin(self._call(kind))

    async def _bearable(self, kind: str) -> bool:
        """Whether the fleet can bear one more, and some are left to whoever tries the demo."""
        fleet = self.scene.script.settings.fleet
        if kind in _BOOKED:
            return self._booked < fleet.booked
        vehicles = await self.line.get(f"{self.at}/vehicles")
        free = sum(one["free"] and one["kind"] in _AMBULANCES for one in vehicles)
        return bool(free - self._waiting - self._booked > fleet.spare)

    async def _call(self, kind: str) -> None:
        await self.open_case(kind, self._spot())

    def _spot(self) -> Point:
        spots = self.scene.script.spots
        (found,) = self.random.choices(spots, [one[2] for one in spots])
        return found[0], found[1]

    async def open_case(self, kind: str, place: Point, priority: str = "") -> str:
        """A call; the id of its case."""
        settings = self.scene.script.settings
        words, booked = settings.words, kind in _BOOKED
        body: Json = {
            "kind": kind,
            "priority": "green" if booked else priority or self.one_of(settings.call.priorities),
            "place": {
                "longitude": round(place[0], 6),
                "latitude": round(place[1], 6),
                "address": f"{self.random.choice(words.streets)} {self.random.randint(1, 60)}",
                "landmark": self.random.choice(words.landmarks),
            },
            "caller": {"name": self.random.choice(words.callers), "phone": f"0812-0000-{self.random.randint(0, 9999):04d}"},
            "person": {"name": self.random.choice(words.names), "complaint": self.random.choice(settings.complaints[kind])},
            "note": words.note,
        }
        if kind == "accident" and self.random.random() < settings.call.two_patients:
            body["patients"] = 2
        if booked:
            ahead = self.scene.now + timedelta(minutes=self.between(settings.call.ahead))
            body["pickup_at"] = (ahead - timedelta(minutes=ahead.minute % 5, seconds=ahead.second)).isoformat()
        if kind == "social_transport":
            longitude, latitude = self._spot()
            body["destination"] = {"longitude": longitude, "latitude": latitude, "address": self.random.choice(words.streets)}
        answer = await self.line.give(f"{self.at}/cases", body)
        name: str = next(one.removeprefix("case/") for one in answer["versions"] if one.startswith("case/"))
        self._mine.add(name)
        self._known.add(name)
        self.scene.allowed.add(name)
        return name

    # -- the beginning ------------------------------------------------------------------------------------------------------

    async def open_the_show(self) -> None:
        """The first calls: returns once an ambulance is under way, or when that takes too long."""
        scene, opening = self.scene, self.scene.script.settings.opening
        begun = time.monotonic()
        while time.monotonic() - begun < _GIVE_UP_SECONDS:
            scene.opening = await self.open_case("emergency", self._some_way_off(), "red")
            self._sending.add(scene.opening)
            try:
                answer = await self.line.give(f"{self.at}/cases/{scene.opening}/assignments", {"first_choice": True})
                break
            except RefusedError:
                await asyncio.sleep(0.5)
            finally:
                self._sending.discard(scene.opening)
        else:
            return
        for _ in range(opening.others):
            self.begin(self._call("emergency"))
        (run,) = answer["made"]["run"]
        driver = self.drivers[(await self.line.get(f"{self.at}/runs/{run}"))["vehicle"]]
        driver.ring()
        while not driver.moved and time.monotonic() - begun < _GIVE_UP_SECONDS:
            await asyncio.sleep(0.1)
        scene.decline_from = time.monotonic() + opening.decline

    def _some_way_off(self) -> Point:
        """Where a call may come from that no ambulance stands beside: it is to be seen on its way."""
        bases = [(one.role.longitude, one.role.latitude) for one in self.drivers.values() if one.role.kind in _AMBULANCES]
        tried = [self._spot() for _ in range(_TRIES)]

        def apart(spot: Point) -> float:
            return min((metres(spot, base) for base in bases), default=math.inf)

        return next((one for one in tried if apart(one) > _NEAR_M), max(tried, key=apart))

    # -- roads --------------------------------------------------------------------------------------------------------------

    async def roads(self) -> None:
        """Closes a road now and then, and opens it again, until it is cancelled."""
        manners, number = self.scene.script.settings.road, 0
        while True:
            await self.pause(self.between(manners.every))
            number += 1
            which = self.random.randrange(len(manners.kinds))
            longitude, latitude = self._spot()
            lasts = self.between(manners.lasts)
            path = f"{self.at}/conditions/demo-road-{number}"
            body = {
                "kind": manners.kinds[which],
                "effect": "closed",
                "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
                "reach_m": manners.reach_m,
                "reason": manners.reasons[which],
                "until": (self.scene.now + timedelta(minutes=2 * lasts)).isoformat(),
            }
            try:
                await self.line.give(path, body, method="PUT")
                await self.pause(lasts)
                await self.line.give(f"{path}/withdraw", {})
            except (RefusedError, AwayError):
                continue  # no road there that can be closed, say
