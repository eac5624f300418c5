"""Those who are asked for room: the desks of the facilities, and SITEGAR."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

from api.demo.scene import Actor, Scene
from api.demo.script import DeskRole

_LOOK_MINUTES = 5.0
"""They look by themselves as well, should a ring get lost."""


class Desk(Actor):
    """A facility: answers what it is asked, says now and then that it is full."""

    def __init__(self, scene: Scene, role: DeskRole, number: int, room: Actor) -> None:
        """`room`: the call-taker, who records what is said by telephone."""
        super().__init__(scene, f"demo-desk{number:03d}", role.token)
        self.role, self._room = role, room
        self._manners = scene.script.settings.facility
        self._known: set[str] = set()
        self._full = False

    async def act(self) -> None:
        """Waits for the bell, and answers each offer in its time."""
        await self.until_rung(self.scene.wall(_LOOK_MINUTES * self.random.uniform(1, 3)))
        rows = await self.line.get(f"{self.at}/offers")
        here = {row["offer"]["id"]: row["case"] for row in rows if row["offer"]["state"] == "offered"}
        for offer, case in here.items():
            if offer not in self._known and case in self.scene.allowed:
                self.begin(self._answer(case, offer))
        self._known = {offer for offer, case in here.items() if case in self.scene.allowed}

    async def _answer(self, case: str, offer: str) -> None:
        scene, manners = self.scene, self._manners
        first = case == scene.opening and not scene.declined
        if first:
            scene.declined = True
            while time.monotonic() < scene.decline_from:
                await asyncio.sleep(0.1)
        elif self.role.waits:
            await self.pause(self.between(manners.patience))
        else:
            (span,) = self.random.choices(manners.answers, [one.share for one in manners.answers])
            await self.pause(self.between(span.minutes))
        if not first and self.random.random() >= manners.decline:
            await self._say(case, offer, {"accepted": True})
            return
        why = self.one_of(manners.reasons)
        await self._say(case, offer, {"accepted": False, "why": why})
        if why == "room_full" and not self._full and not first and self.random.random() < manners.claims_full:
            await self._be_full()

    async def _say(self, case: str, offer: str, answer: dict[str, Any]) -> None:
        path = f"{self.at}/cases/{case}/offers/{offer}/answer"
        if not self.role.waits and self.random.random() < self._manners.by_telephone:
            voice = {"name": self.random.choice(self._manners.voices), "phone": "021-0000000"}
            await self._room.line.give(path, {**answer, "voice": voice})
        else:
            await self.line.give(path, answer)

    async def _be_full(self) -> None:
        path = f"{self.at}/availability/{quote(self.role.facility, safe='')}"
        await self.line.give(path, {"state": "full"}, method="PUT")
        self._full = True
        try:
            await self.pause(self.between(self._manners.full_for))
        finally:
            self._full = False
        await self.line.give(path, {"state": "open"}, method="PUT")


class Sitegar(Actor):
    """The health office's desk: names a facility that has not declined, sometimes one that is in no list."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "demo-sitegar", scene.script.sitegar)
        self._known: set[str] = set()
        self._facilities: list[dict[str, Any]] = []

    async def act(self) -> None:
        """Waits for the bell, and answers each request in its time."""
        if not self._facilities:
            self._facilities = (await self.line.get(f"{self.at}/facilities?limit=1000"))["facilities"]
        await self.until_rung(self.scene.wall(_LOOK_MINUTES))
        rows = await self.line.get(f"{self.at}/desk")
        here = {row["request"]["id"]: row for row in rows}
        for request, row in here.items():
            if request not in self._known and row["case"]["id"] in self.scene.allowed:
                self.begin(self._answer(row["case"]["id"], request))
        self._known = {request for request, row in here.items() if row["case"]["id"] in self.scene.allowed}

    async def _answer(self, case: str, request: str) -> None:
        manners = self.scene.script.settings.sitegar
        await self.pause(self.between(manners.answer))
        rows = [row for row in await self.line.get(f"{self.at}/desk") if row["request"]["id"] == request]
        if not rows:
            return  # somebody else has answered
        asked = {one["facility"]["id"] for one in rows[0]["case"]["offers"]}
        left = [one for one in self._facilities if one["kind"] == "hospital" and one["id"] not in asked]
        if not left or self.random.random() < manners.outside:
            longitude, latitude, _ = self.random.choice(self.scene.script.spots)
            where = {"longitude": longitude, "latitude": latitude}
            facility = {"name": manners.outside_name, "phone": manners.outside_phone, **where}
        else:
            facility = {"facility": self.random.choice(left)["id"]}
        arranged = self.random.random() < manners.arranged
        await self.line.give(f"{self.at}/cases/{case}/desk/{request}/answer", {"facility": facility, "arranged": arranged})
