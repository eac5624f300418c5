"""Somebody at the desk of one region, who hears its events as a console does and has an eye on the clock."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2

from tests.crash.clients import Client, Ledger
from tests.crash.processes import Siaga
from tests.stores import until


@dataclass(frozen=True, slots=True)
class Heard:
    """A message: when it came (monotonic seconds), its kind, and what it says."""

    at: float
    kind: str
    told: Mapping[str, Any]

    @property
    def recorded_at(self) -> datetime:
        """When the service recorded it."""
        return datetime.fromisoformat(self.told["recorded_at"])


class Desk(Client):
    """A client of a region, with a ledger of its own; hears events as long as the block.

    Attributes:
        region: whose.
        heard: messages of its events, in order.
        seconds: what each request took, with all its tries.
        answered: when commands were answered (monotonic seconds), by id.
        pause: after each request, seconds.
        resting: vehicles that are on a break.
    """

    def __init__(self, siaga: Siaga, spots: Sequence[tuple[float, float]], region: str) -> None:
        super().__init__(siaga, spots, f"meja-{region}", Ledger())
        self.region = region
        self.http.base_url = httpx2.URL(f"{siaga.url}/v1/regions/{region}")
        self.heard: list[Heard] = []
        self.seconds: list[float] = []
        self.answered: dict[str, float] = {}
        self.resting: list[str] = []
        self.pause = 0.0
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Desk:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self.http.aclose()

    async def persistently(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> httpx2.Response:
        begun = time.monotonic()
        answer = await super().persistently(method, path, body, key)
        ended = time.monotonic()
        self.seconds.append(ended - begun)
        if key is not None:
            self.answered.setdefault(key, ended)
        await asyncio.sleep(self.pause)
        return answer

    async def once(self, method: str, path: str, **more: Any) -> tuple[httpx2.Response, float]:
        """Asks one time only; the answer, whatever it is, and the seconds it took."""
        begun = time.monotonic()
        answer = await self.http.request(method, path, **more)
        return answer, time.monotonic() - begun

    # -- hearing ------------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        events = f"{self.siaga.url}/v1/events"
        async with self.http.stream("GET", events, params={"region": self.region}, timeout=60) as answer:
            assert answer.status_code == 200
            kind = ""
            async for line in answer.aiter_lines():
                word, _, rest = line.partition(": ")
                if word == "event":
                    kind = rest
                elif word == "data":
                    self.heard.append(Heard(time.monotonic(), kind, json.loads(rest)))

    def of(self, kind: str, about: str) -> list[Heard]:
        """The events of a kind that were heard about something."""
        return [one for one in self.heard if one.kind == kind and one.told["about"] == about]

    def away(self) -> list[bool]:
        """What was heard of the store: each time that it is away, or no longer is."""
        return [one.told["away"] for one in self.heard if one.kind == "store"]

    async def all_heard(self) -> list[float]:
        """Waits until every event of an acknowledged command was heard; each was heard once. Seconds after the answer."""
        expected = {key: Counter(told["events"]) for key, told in self.ledger.acknowledged.items() if told["events"]}

        def found() -> dict[str, Counter[str]]:
            counted: dict[str, Counter[str]] = {key: Counter() for key in expected}
            for one in self.heard:
                if (key := one.told.get("command")) in counted:
                    counted[key][one.kind] += 1
            return counted

        async def complete() -> bool:
            here = found()
            return all(here[key] >= counted for key, counted in expected.items())

        await until(complete, f"the events of {self.region}")
        assert found() == expected
        times = {one.told["command"]: one.at for one in self.heard if "command" in one.told}
        return [times[key] - self.answered[key] for key in expected]

    # -- what happens there -------------------------------------------------------------------------------------------------

    async def silent(self) -> tuple[str, str]:
        """A case whose crew says nothing; the case, and its run."""
        case = await self.open()
        told = await self.give("POST", f"/cases/{case}/assignments", {"first_choice": True})
        assert told is not None, f"no vehicle was sent: {self.ledger.refused}"
        return case, told["made"]["run"][0]

    async def rang(self, run: str, first_seconds: float) -> float:
        """Waits until it is heard that a crew has not acknowledged; how late that clock rang. It rang once."""
        about = f"run/{run}"

        async def heard() -> bool:
            return bool(self.of("run_clock_rang", about))

        await until(heard, f"the clock of {about} in {self.region}")
        (started,), (rang,) = self.of("run_started", about), self.of("run_clock_rang", about)
        return (rang.recorded_at - started.recorded_at).total_seconds() - first_seconds

    async def cancel(self, case: str) -> None:
        """Nobody needs to come."""
        assert await self.give("POST", f"/cases/{case}/cancel", {"why": "naik ojek"}) is not None

    async def rest(self, count: int) -> None:
        """So many vehicles take a break."""
        vehicles = [one["id"] for one in await self.get("/vehicles")][-count:]
        for vehicle in vehicles:
            assert await self.give("POST", f"/vehicles/{vehicle}/status", {"status": "on_break"}) is not None
        self.resting += vehicles

    async def sought(self) -> float:
        """Somebody waits for whatever vehicle there will be, and one comes back from its break: seconds until one is sent."""
        case, vehicle = await self.open(), self.resting.pop()
        assert await self.give("POST", f"/cases/{case}/help") is not None
        assert await self.give("POST", f"/vehicles/{vehicle}/status", {"status": "standby"}) is not None
        begun = time.monotonic()

        async def sent() -> bool:
            return bool(self.of("patient_assigned", f"case/{case}"))

        await until(sent, f"a vehicle for {case} in {self.region}")
        await self.cancel(case)
        return max(0.0, self.of("patient_assigned", f"case/{case}")[0].at - begun)
