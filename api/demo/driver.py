"""A crew and its vehicle: it drives the way that it is given, presses each point, stays until treatment begins, goes home."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from api.demo.driving import Drive, Point, Sight, metres
from api.demo.line import AwayError, RefusedError
from api.demo.scene import Actor, Scene
from api.demo.script import DriverRole

_MOVING_SECONDS, _STANDING_SECONDS = 5.0, 45.0
"""Of the service's clock, from one position to the next."""
_SHORTEST, _LONGEST = 0.6, 4.0
"""Seconds of the wall from one position to the next while it moves: more often is more than a page shows."""
_HOME_M = 150.0
_DRIVING = ("en_route", "carrying")
_RECORDED = frozenset({"received", "recorded", "assigned"})
_ACCURACY_M = 8.0
_NO_WAY_MINUTES = 1.0
_LOOK_MINUTES = 3.0

Json = dict[str, Any]


class Driver(Actor):
    """The crew of one vehicle.

    Attributes:
        role: which one.
        moved: it has driven.
    """

    def __init__(self, scene: Scene, role: DriverRole) -> None:
        super().__init__(scene, f"demo-{role.vehicle.lower()}", role.token)
        self.role, self.moved = role, False
        self._manners = scene.script.settings.driver
        self._point: Point = (role.longitude, role.latitude)
        self._home = self._point  # where its base can be driven to, once it has
        self._drive: Drive | None = None
        self._stage: tuple[str, ...] = ()
        self._due: datetime = scene.now
        self._pressed: set[str] = set()
        self._others_at: datetime | None = None
        self._others: set[str] = set()
        self._own_break: datetime | None = None
        self._left = False
        self._ours = ""

    # -- where it is --------------------------------------------------------------------------------------------------------

    def _sight(self) -> Sight:
        if self._drive is None:
            return Sight(self._point, 0.0, 0.0)
        seen = self._drive.at(self.scene.now)
        self._point = seen.point
        return seen

    async def post(self) -> None:
        """Says where it is."""
        now, seen = self.scene.now, self._sight()
        fix = {
            "vehicle": self.role.vehicle,
            "longitude": round(seen.point[0], 6),
            "latitude": round(seen.point[1], 6),
            "fix_time": now.isoformat(),
            "speed_kph": round(seen.speed_kph, 1),
            "course_deg": round(seen.course_deg, 1) % 360,
            "accuracy_m": _ACCURACY_M,
        }
        await self.line.give(f"{self.at}/fixes", {"fixes": [fix]})
        self.moved = self.moved or seen.speed_kph > 0

    async def tell(self) -> None:
        """Says again and again where it is, until it is cancelled."""
        while True:
            moving = self._drive is not None and self.scene.now < self._drive.ends
            seconds = (_MOVING_SECONDS if moving else _STANDING_SECONDS) / self.scene.speed
            pause = min(_LONGEST, max(_SHORTEST, seconds)) if moving else max(_SHORTEST, seconds)
            await asyncio.sleep(pause * self.random.uniform(0.9, 1.1))
            try:
                await self.post()
            except (RefusedError, AwayError):
                await asyncio.sleep(1.0)

    def _go(self, line: list[Point], seconds: float) -> None:
        if line:
            self._drive = Drive([self._point, *line], self.scene.now, seconds * self.random.uniform(*self._manners.pace))

    def _stop(self) -> None:
        self._sight()
        self._drive = None

    # -- what it does -------------------------------------------------------------------------------------------------------

    async def act(self) -> None:
        """Looks at its job and does the next thing about it."""
        job = await self.line.get(f"{self.at}/vehicles/{self.role.vehicle}/job")
        run = job["run"]
        if run is None:
            await self._without(job["vehicle"])
        elif self._is_ours(run):
            await self._with(run)
        else:
            self._stop()
            await self.until_rung(self.scene.wall(_LOOK_MINUTES))

    def _is_ours(self, run: Json) -> bool:
        """Whether the company acts upon it; a run that has nobody to carry any more is as it was."""
        if run["riders"]:
            self._ours = run["id"] if all(one["case"] in self.scene.allowed for one in run["riders"]) else ""
        return bool(self._ours == run["id"])

    async def _with(self, run: Json) -> None:
        self._look_who_pressed(run)
        stage = (run["id"], run["state"])
        if stage != self._stage:
            if self._stage[:1] != stage[:1]:
                self._left = False
            self._stage = stage
            if run["state"] not in _DRIVING:
                self._stop()
            self._due = self.scene.now + timedelta(minutes=self._minutes(run))
        if run["state"] in _DRIVING and not await self._under_way(run):
            await self.until_rung(self.scene.wall(_NO_WAY_MINUTES))
            return
        due = self._due if self._others_at is None else max(self._due, self._others_at)
        if (left := (due - self.scene.now).total_seconds()) > 0:
            await self.until_rung(left / self.scene.speed)
            return
        try:
            await self._next(run)
        except RefusedError:
            await self.until_rung(self.scene.wall(_NO_WAY_MINUTES))

    def _look_who_pressed(self, run: Json) -> None:
        """Where somebody else presses for this crew, it leaves the pressing to them, but drives on."""
        if self._stage[:1] != (run["id"],):
            self._pressed, self._others, self._others_at = set(), set(), None
        others = {
            f"{one['point']} {one['recorded_at']}" for one in run["stamps"] if one["point"] not in _RECORDED | self._pressed
        }
        if others - self._others:
            self._others |= others
            self._others_at = self.scene.now + timedelta(minutes=self._manners.yields)

    def _minutes(self, run: Json) -> float:
        """How long the crew stays in a state before it does the next thing."""
        scene, manners = self.scene, self._manners
        if any(one["case"] == scene.opening for one in run["riders"]) and run["state"] in ("assigned", "acknowledged"):
            return scene.script.settings.opening.hurry * scene.speed / 60
        match run["state"]:
            case "assigned":
                return self.between(manners.patience if self.role.waits else manners.acknowledge)
            case "acknowledged":
                return self._before_leaving(run)
            case "at_scene":
                return self.between(manners.meet)
            case "with_patient":
                return self.between(manners.visit if run["kind"] == "home_care" else manners.at_scene)
            case "at_facility":
                return self.between(manners.hand_over)
            case "escorting":
                return self.between(manners.escort)
            case "clearing":
                return self.between(manners.clear)
        return 0.0

    def _before_leaving(self, run: Json) -> float:
        at_once = self.between(self._manners.turn_out)
        if run["due_at"] is None:
            return at_once
        early = timedelta(seconds=run["expected_seconds"] or 0.0, minutes=2)
        left = datetime.fromisoformat(run["due_at"]) - early - self.scene.now
        return max(at_once, left.total_seconds() / 60)

    async def _under_way(self, run: Json) -> bool:
        """Takes the way that the service gives now; False: there is none yet."""
        await self.post()  # the way begins where it is
        try:
            told = await self.line.get(f"{self.at}/runs/{run['id']}/route")
        except RefusedError as error:
            if error.status == 409:
                self._stop()
                return False
            raise
        route = told["route"]
        line = [(float(x), float(y)) for x, y in route["geometry"]["coordinates"]]
        if self._drive is None or not line or metres(self._drive.goal, line[-1]) > 1.0 or run["state"] == "en_route":
            self._go(line, route["duration_seconds"])
        if self._drive is not None:
            self._due = self._drive.ends
        return True

    async def _next(self, run: Json) -> None:
        match run["state"]:
            case "assigned":
                if self.random.random() < self._manners.decline and not self._in_opening(run):
                    why = self.random.choice(self._manners.decline_reasons)
                    await self.line.give(f"{self.at}/runs/{run['id']}/decline", {"why": why})
                else:
                    await self._press(run, "acknowledged")
            case "acknowledged":
                await self._press(run, "departed")
            case "en_route":
                await self._press(run, "at_scene")
            case "at_scene":
                await self._press(run, "with_patient")
            case "with_patient" if run["kind"] in ("home_care", "attendant"):
                for rider in run["riders"]:
                    await self._of(rider, "end", {"outcome": "served"})
            case "with_patient":
                await self._press(run, "left_scene")
            case "carrying":
                await self._press(run, "at_facility")
            case "at_facility":
                await self._at_door(run)
            case "escorting":
                for rider in run["riders"]:
                    if (await self._patient(rider))["state"] == "handed_over":
                        await self._of(rider, "treatment", {}, "escort_ended")
            case "clearing":
                await self._press(run, "available")

    def _in_opening(self, run: Json) -> bool:
        return any(one["case"] == self.scene.opening for one in run["riders"])

    async def _press(self, run: Json, point: str) -> None:
        self._pressed.add(point)
        await self.line.give(f"{self.at}/runs/{run['id']}/progress", {"point": point})

    async def _of(self, rider: Json, what: str, body: Json, *points: str) -> None:
        self._pressed.update(points)
        await self.line.give(f"{self.at}/cases/{rider['case']}/patients/{rider['patient']}/{what}", body)

    async def _patient(self, rider: Json) -> Json:
        case = await self.line.get(f"{self.at}/cases/{rider['case']}")
        found: Json = next(one for one in case["patients"] if one["id"] == rider["patient"])
        return found

    async def _at_door(self, run: Json) -> None:
        """Hands over who stands at the door; who was refused there is taken on, once it is known where to."""
        for rider in run["riders"]:
            patient = await self._patient(rider)
            if patient["state"] != "at_facility":
                continue
            if self._left:
                if patient["goal"] is None:
                    await self.until_rung(self.scene.wall(_NO_WAY_MINUTES))
                else:
                    await self._press(run, "left_facility")
            elif run["kind"] in ("emergency", "accident") and self.random.random() < self._manners.refused_at_door:
                self._left = True
                await self._of(rider, "refusal", {"why": self.one_of(self.scene.script.settings.facility.reasons)})
            else:
                await self._of(rider, "handover", {}, "handed_over")

    # -- without a job ------------------------------------------------------------------------------------------------------

    async def _without(self, vehicle: Json) -> None:
        scene, status = self.scene, vehicle["status"]
        self._stage = ()
        if self._own_break is not None and status == "on_break":
            if (left := (self._own_break - scene.now).total_seconds()) > 0:
                await self.until_rung(left / scene.speed)
            else:
                self._own_break = None
                await self._be("standby")
            return
        if status == "returning" and self._drive is not None:
            if (left := (self._drive.ends - scene.now).total_seconds()) > 0:
                await self.until_rung(left / scene.speed)
            else:
                self._home = self._drive.goal
                await self._be("standby")
            return
        self._stop()
        away = metres(self._point, self._home) > _HOME_M
        if status in ("standby", "returning") and away:
            await self._go_home(status)
        elif status == "returning":
            await self._be("standby")
        elif status == "standby":
            await self._stand_by()
        else:  # broken, or what somebody else has set
            await self.until_rung(scene.wall(_LOOK_MINUTES))

    async def _go_home(self, status: str) -> None:
        here, home = self._point, (self.role.longitude, self.role.latitude)
        profile = "motorcycle" if self.role.kind == "motorcycle" else "ambulance"
        points = ";".join(f"{x:.6f},{y:.6f}" for x, y in (here, home))
        path = f"/osrm/{self.scene.script.region}/route/v1/{profile}/{points}?overview=full&geometries=geojson"
        try:
            (route,) = (await self.line.get(path))["routes"][:1]
        except RefusedError:
            await self.until_rung(self.scene.wall(_LOOK_MINUTES))
            return
        if status != "returning":
            await self._be("returning")
        self._go([(float(x), float(y)) for x, y in route["geometry"]["coordinates"]], route["duration"])

    async def _stand_by(self) -> None:
        left = self.random.expovariate(1 / self._manners.break_every)
        if await self.until_rung(self.scene.wall(min(left, _LOOK_MINUTES))) or left > _LOOK_MINUTES:
            return
        if not self.role.waits:
            await self._be("on_break")
            self._own_break = self.scene.now + timedelta(minutes=self.between(self._manners.break_for))

    async def _be(self, status: str) -> None:
        await self.line.give(f"{self.at}/vehicles/{self.role.vehicle}/status", {"status": status})
