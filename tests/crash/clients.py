"""Dispatchers, crews and hospitals over HTTP, who give every command until it is acknowledged or refused."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.crash.processes import Siaga

PATIENCE_SECONDS = 120.0
REGION = "/v1/regions/kota"
_NEXT = {
    "assigned": "acknowledged",
    "acknowledged": "departed",
    "en_route": "at_scene",
    "at_scene": "with_patient",
    "with_patient": "left_scene",
    "carrying": "at_facility",
    "clearing": "available",
}
_AWAY = frozenset({429, 500, 502, 503, 504})


@dataclass
class Ledger:
    """What clients were told.

    Attributes:
        acknowledged: answers, by the command's id.
        refused: codes, by the command's id.
        tries: how often something had to be asked again, since no answer came.
        late: commands that were done although their first answer was lost.
        strange: answers that no client should ever get.
    """

    acknowledged: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    late: int = 0
    strange: list[str] = field(default_factory=list)


class Client:
    """Somebody with the admin's token.

    Args:
        siaga: the service; it may be away.
        spots: longitude, latitude of where calls come from.
        name: begins the ids of its commands.
        ledger: where it writes down what it was told.
        seed: of its choices.
    """

    def __init__(self, siaga: Siaga, spots: Sequence[tuple[float, float]], name: str, ledger: Ledger, seed: int = 0) -> None:
        self.siaga, self.spots, self.name, self.ledger = siaga, spots, name, ledger
        self.random = random.Random(f"{name}-{seed}")
        self.http = httpx2.AsyncClient(
            base_url=siaga.url + REGION, headers={"Authorization": f"Bearer {siaga.token}"}, timeout=15, trust_env=False
        )
        self._number = 0

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def persistently(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> httpx2.Response:
        """Asks until there is an answer that counts: no lost connection, and none that says to come again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {} if key is None else {"Idempotency-Key": key}
        while True:
            why = ""
            try:
                answer = await self.http.request(method, path, json=body, headers=headers)
                if answer.status_code not in _AWAY:
                    return answer
                why = answer.text
                if answer.status_code != 503:
                    self.ledger.strange.append(f"{method} {path}: {answer.status_code} {why}")
            except httpx2.TransportError as error:
                why = repr(error)
            self.ledger.tries += 1
            assert time.monotonic() < deadline, f"{method} {path}: no answer in {PATIENCE_SECONDS:g} s: {why}"
            await asyncio.sleep(self.random.uniform(0.02, 0.1))

    async def get(self, path: str) -> Any:
        """What is there."""
        answer = await self.persistently("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def give(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """Gives a command; None: it was refused. Now and then it is given once more, as by somebody who isn't sure."""
        self._number += 1
        key = f"{self.name}-{self._number:05d}"
        before = self.ledger.tries
        answer = await self.persistently(method, path, body or {}, key)
        told = answer.json()
        if not answer.is_success:
            self.ledger.refused[key] = told.get("code", str(answer.status_code))
            assert answer.status_code in (404, 409, 412, 422), f"{method} {path}: {answer.status_code} {answer.text}"
            return None
        assert told["command"] == key
        if told["repeated"]:
            self.ledger.late += 1
            assert self.ledger.tries > before, f"{key} was answered as repeated, and was given once"
        self.ledger.acknowledged[key] = told
        if self.random.random() < 0.2:
            again = (await self.persistently(method, path, body or {}, key)).json()
            assert again == {**told, "repeated": True}
        return dict(told)

    # -- what people do -----------------------------------------------------------------------------------------------------

    async def open(self, priority: str = "yellow") -> str:
        """A call; the case."""
        longitude, latitude = self.random.choice(self.spots)
        body = {
            "kind": "emergency",
            "priority": priority,
            "place": {"longitude": longitude, "latitude": latitude, "address": "Jl. Melati 3"},
            "caller": {"name": "Ibu Rina", "phone": "0812-0000-0001"},
        }
        told = await self.give("POST", "/cases", body)
        assert told is not None, f"a call was refused: {self.ledger.refused}"
        return next(name for name in told["versions"] if name.startswith("case/")).removeprefix("case/")

    async def step(self, name: str, *, wait: bool = False) -> bool:
        """Does the next thing for a case; whether it goes on. `wait`: for a vehicle, rather than cancel."""
        case = await self.get(f"/cases/{name}")
        if not case["open"]:
            return False
        if case["draft"]:
            await self.give("POST", f"/cases/{name}/cancel", {"why": "salah sambung"})
            return True
        patient = case["patients"][0]
        if patient["state"] == "waiting":
            await self._send(case, wait)
            return True
        offer = next((one for one in case["offers"] if one["state"] == "offered"), None)
        if offer is not None:
            accepted = self.random.random() < 0.7
            body = {"accepted": accepted, "why": None if accepted else "room_full", "voice": {"name": "IGD"}}
            await self.give("POST", f"/cases/{name}/offers/{offer['id']}/answer", body)
            return True
        request = next((one for one in case["desk"] if one["state"] == "asked"), None)
        if request is not None:
            elsewhere = {"name": "RS Jauh", "phone": "021-0000-0001"}
            await self.give("POST", f"/cases/{name}/desk/{request['id']}/answer", {"facility": elsewhere, "arranged": True})
            return True
        await self._move(name, patient)
        return True

    async def _send(self, case: Mapping[str, Any], wait: bool) -> None:
        name, search = case["id"], case["search"]
        if wait and search is not None and search["step"] != "assign":
            await asyncio.sleep(0.1)  # it has been told that a vehicle will be sent as soon as there is one
            return
        if await self.give("POST", f"/cases/{name}/assignments", {"first_choice": True}) is not None:
            return
        if wait:
            await self.give("POST", f"/cases/{name}/help")
        else:
            await self.give("POST", f"/cases/{name}/cancel", {"why": "naik ojek"})

    async def _move(self, case: str, patient: Mapping[str, Any]) -> None:
        run = await self.get(f"/runs/{patient['run']}")
        if (point := _NEXT.get(run["state"])) is not None:
            await self.give("POST", f"/runs/{run['id']}/progress", {"point": point})
        elif run["state"] == "at_facility":
            await self.give("POST", f"/cases/{case}/patients/{patient['id']}/handover", {"voice": {"name": "perawat"}})
        else:
            await self.give("POST", f"/cases/{case}/patients/{patient['id']}/treatment")

    async def free(self, run: str) -> None:
        """Everybody of a run is in care: its vehicle is available again."""
        state = await self.get(f"/runs/{run}")
        if state["how"] is None:
            await self.give("POST", f"/runs/{run}/progress", {"point": "available"})

    async def rung(self, name: str, seconds: float = 90.0) -> None:
        """Waits until the clock of a case rings."""
        deadline = time.monotonic() + seconds
        while not [one for one in (await self.get(f"/cases/{name}/timeline"))["entries"] if one["type"] == "case_clock_rang"]:
            assert time.monotonic() < deadline, f"the clock of {name} does not ring: {await self.get(f'/cases/{name}')}"
            await asyncio.sleep(0.2)

    async def work(self, over: asyncio.Event, *, wait: bool = False) -> None:
        """Case after case, until it is over; some are left as they are, at any stage."""
        while not over.is_set():
            name = await self.open(self.random.choice(("red", "yellow")))
            left = self.random.randint(1, 12) if self.random.random() < 0.25 else 10_000
            run = None
            while left > 0 and not over.is_set() and await self.step(name, wait=wait):
                left -= 1
            for patient in (await self.get(f"/cases/{name}"))["patients"]:
                run = patient["run"] if patient["state"] == "ended" else None
            if run is not None:
                await self.free(run)


async def fleet(client: Client, count: int) -> None:
    """So many vehicles beside those that the service began with."""
    for number in range(count):
        longitude, latitude = client.spots[number % len(client.spots)]
        body = {
            "name": f"Ambulans {number}",
            "kind": "village_ambulance",
            "equipment": ["siren", "lights", "stretcher"],
            "base_longitude": longitude,
            "base_latitude": latitude,
        }
        assert await client.give("PUT", f"/vehicles/B{number}", body) is not None


async def finish_all(client: Client, seconds: float = 300.0) -> int:
    """Sees every open case through to its end, drafts once their clock has rung, and every vehicle back; how many."""
    deadline, done = time.monotonic() + seconds, set[str]()
    while rows := (await client.get("/cases?limit=200"))["cases"]:
        for row in rows:
            if row["draft"]:
                await client.rung(row["id"])
            await client.step(row["id"], wait=True)
            done.add(row["id"])
        await free_all(client)
        assert time.monotonic() < deadline, f"these come to no end: {rows}"
    await free_all(client)
    return len(done)


async def free_all(client: Client) -> None:
    """Every vehicle that has brought its patients into care is available again."""
    for one in await client.get("/runs"):
        if one["state"] == "clearing":
            await client.free(one["id"])
