"""Fifty dispatchers, each with a connection of their own, want the same thing at the same moment: one of them gets it, the
others are told so, and what to do instead. Vehicles, cases and runs agree afterwards, in what is answered and in the store."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dispatch.life.case import Case
from dispatch.life.events import RiderLeft, RunEnded, RunStarted
from dispatch.life.rules import default_rules
from dispatch.life.run import Run as LifeRun
from dispatch.life.units import Unit
from dispatch.service.codec import named, read_state
from dispatch.store import EmbeddedServer, Store, open_store
from dispatch.store.directory import running_at
from routing.earth import distance_m
from tests.crash.checks import Kept, check
from tests.crash.clients import Client, Ledger
from tests.crash.processes import Siaga
from tests.stores import SAFE, Run, outside_server, until

DESKS = 50
CONTESTED = "A1"
STEPS = default_rules().no_vehicle
_OLD_SECONDS = 100.0
"""A case that nobody assigns for three minutes gets a vehicle by itself: who only looks on begins another one before."""
_NEAR = 0.0005
"""Degrees: all call from the same neighbourhood, where the contested vehicle stands."""

MakeSiaga = Callable[..., Siaga]
Spots = Sequence[tuple[float, float]]
Taken = Mapping[str, str]
"""The case that each vehicle under way is for."""


class Dispatcher(Client):
    """One of many, with a case of their own for which nobody has been sent yet.

    Attributes:
        case: it.
        since: when it was opened, monotonic seconds.
    """

    case = ""
    since = 0.0

    async def begin(self) -> None:
        """A call."""
        self.case, self.since = await self.open("red"), time.monotonic()

    async def begin_again(self) -> None:
        """That case is over, also for whoever was sent; another call."""
        assert await self.give("POST", f"/cases/{self.case}/cancel", {"why": "salah sambung"}) is not None
        await self.begin()

    async def assign(self, case: str, body: Mapping[str, Any], version: int | None = None) -> httpx2.Response:
        """Sends somebody: asked once, whatever the answer."""
        self._number += 1
        key = f"{self.name}-{self._number:05d}"
        headers = {"Idempotency-Key": key} | ({} if version is None else {"If-Match": f'"{version}"'})
        answer = await self.http.post(f"/cases/{case}/assignments", json=body, headers=headers)
        if answer.status_code == 201:
            self.ledger.acknowledged[key] = answer.json()
        else:
            self.ledger.refused[key] = answer.json()["code"]
        return answer

    async def recommended(self) -> Mapping[str, Any] | None:
        """The first option for the case."""
        options = (await self.get(f"/cases/{self.case}/recommendation"))["options"]
        return options[0] if options else None

    async def sees(self, vehicle: str) -> None:
        """Waits until it is the first option: a recommendation may be made of what was so a moment ago."""

        async def first() -> bool:
            option = await self.recommended()
            return option is not None and option["vehicle"]["id"] == vehicle

        await until(first, f"{vehicle} recommended for {self.case}")

    async def sent(self) -> tuple[str, str]:
        """The vehicle that is under way for the case, and where it will take the patient."""
        patient = (await self.get(f"/cases/{self.case}"))["patients"][0]
        return (await self.get(f"/runs/{patient['run']}"))["vehicle"], patient["goal"]["id"]


def in_short(option: Mapping[str, Any]) -> dict[str, Any]:
    """An option of a recommendation, as `next` tells it."""
    return {
        "vehicle": option["vehicle"]["id"],
        "vehicle_name": option["vehicle"]["name"],
        "facility": option["facility"]["id"],
        "facility_name": option["facility"]["name"],
        "minutes_to_patient": option["first_leg"]["minutes"],
        "expected_minutes": option["expected_minutes"],
    }


def split(desks: Sequence[Dispatcher], answers: Sequence[httpx2.Response]) -> tuple[list[Dispatcher], dict[Dispatcher, Any]]:
    """Who was obeyed; and what the others were told, as problem details."""
    won = [desk for desk, answer in zip(desks, answers, strict=True) if answer.status_code == 201]
    lost = {}
    for desk, answer in zip(desks, answers, strict=True):
        if answer.status_code != 201:
            assert answer.headers["content-type"] == "application/problem+json", answer.text
            told = lost[desk] = answer.json()
            assert told["status"] == answer.status_code
            assert told["type"] == f"urn:siaga:problem:{told['code']}"
    return won, lost


class Arena:
    """Where they fight: a town with one vehicle around the corner, some others farther away, and fifty open cases.

    Args:
        desks: those who fight; of any process that serves the town.
        store: theirs.
        seed: of who is a little quicker.

    Attributes:
        codes: how often each status was answered.
        reserves: the vehicles farther away.
    """

    def __init__(self, desks: Sequence[Dispatcher], store: Store, seed: int = 3) -> None:
        self.desks, self.store, self.random = list(desks), store, random.Random(seed)
        self.codes: Counter[int] = Counter()
        self.reserves: list[str] = []
        self._fit: set[str] = set()

    async def open(self) -> None:
        """The fleet, and the calls."""
        somebody = self.desks[0]
        others = await somebody.get("/vehicles")
        self.reserves = [one["id"] for one in others]
        bases = [(one["base_longitude"], one["base_latitude"]) for one in others]
        longitude, latitude = max(somebody.spots, key=lambda spot: _nearest_m(spot, bases))
        vehicle = {
            "name": "Ambulans Melati",
            "kind": "emergency_ambulance",
            "equipment": ["siren", "lights", "stretcher"],
            "base_longitude": longitude,
            "base_latitude": latitude,
        }
        assert await somebody.give("PUT", f"/vehicles/{CONTESTED}", vehicle) is not None
        for desk in self.desks:
            east, north = self.random.uniform(-_NEAR, _NEAR), self.random.uniform(-_NEAR, _NEAR)
            desk.spots = [(longitude + east, latitude + north)]
        await asyncio.gather(*(desk.begin() for desk in self.desks))
        unfit = (await somebody.get(f"/cases/{somebody.case}/recommendation"))["vehicles_left_out"]
        self._fit = {CONTESTED, *self.reserves} - {one["id"] for one in unfit}
        assert len(self._fit) > 2

    # -- one vehicle --------------------------------------------------------------------------------------------------------

    async def for_one_vehicle(self) -> None:
        """There are others: each loser is told of the best of them, and one of them sends it."""
        won, lost = await self._fight()
        free = {one["id"] for one in await self.desks[0].get("/vehicles") if one["free"]}
        assert CONTESTED not in free
        for told in lost.values():
            assert told["next"]["vehicle"] in free & self._fit, told
        await self._sound({CONTESTED: won.case})
        for desk in self.random.sample(sorted(lost, key=_name), 2):
            await desk.sees(lost[desk]["next"]["vehicle"])
            option = await desk.recommended()
            assert option is not None
            assert lost[desk]["next"] == in_short(option)
        instead = lost[desk]["next"]
        body = {"vehicle": instead["vehicle"], "facility": {"facility": instead["facility"]}}
        answer = await desk.assign(desk.case, body)
        self.codes[answer.status_code] += 1
        assert answer.status_code == 201, answer.text
        assert await desk.sent() == (instead["vehicle"], instead["facility"])
        await self._sound({CONTESTED: won.case, instead["vehicle"]: desk.case})
        await asyncio.gather(self._free(won), self._free(desk))
        await self._sound({})

    async def for_the_last_vehicle(self) -> None:
        """There is no other: losers are told whom the region asks then, and in the queue one of them gets it in the end."""
        await self._reserves("on_break")
        won, lost = await self._fight()
        for told in lost.values():
            assert told["next"]["step"] == STEPS[0], told
            assert told["next"]["step_text"]
        await self._sound({CONTESTED: won.case})
        desk = self.random.choice(sorted(lost, key=_name))
        told = lost[desk]
        for step in STEPS:
            assert told["next"]["step"] == step
            assert await desk.give("POST", f"/cases/{desk.case}/help") is not None
            assert (await desk.get(f"/cases/{desk.case}"))["search"]["step"] == step
            answer = await desk.assign(desk.case, {"vehicle": CONTESTED})
            self.codes[answer.status_code] += 1
            assert answer.status_code == 409
            told = answer.json()
        assert told["next"]["step"] == STEPS[-1] == "queue"
        await self._free(won)

        async def sent() -> bool:
            return (await desk.get(f"/cases/{desk.case}"))["patients"][0]["run"] is not None

        await until(sent, f"the vehicle for {desk.case}, which waits in the queue")
        await self._sound({CONTESTED: desk.case})
        await desk.begin_again()
        await self._sound({})
        await self._reserves("standby")

    async def _fight(self) -> tuple[Dispatcher, dict[Dispatcher, Any]]:
        """All of them are recommended the same vehicle, and send it; who won, and what the others were told."""
        await self._in_time()
        await asyncio.gather(*(desk.sees(CONTESTED) for desk in self.desks))
        self.random.shuffle(self.desks)
        answers = await asyncio.gather(*(desk.assign(desk.case, {"vehicle": CONTESTED}) for desk in self.desks))
        codes = Counter(answer.status_code for answer in answers)
        self.codes += codes
        assert codes == {201: 1, 409: DESKS - 1}
        won, lost = split(self.desks, answers)
        for told in lost.values():
            assert told["code"] == "vehicle_taken"
            assert told["params"] == {"vehicle": "Ambulans Melati", "status": ["assigned"]}
            assert told.get("next"), told
        assert (await won[0].sent())[0] == CONTESTED
        return won[0], lost

    # -- one case -----------------------------------------------------------------------------------------------------------

    async def for_one_case(self, *, seen: bool) -> None:
        """Many send somebody to the same patient, each another vehicle. `seen`: they say which version they have seen."""
        await self._in_time()
        self.random.shuffle(self.desks)
        owner, fit = self.desks[0], sorted(self._fit)
        if seen:
            await (
                owner.begin_again()
            )  # a new case: a clock that rings between looking and sending would make it another version
        version = (await owner.get(f"/cases/{owner.case}"))["version"] if seen else None
        tried = [(desk, fit[number % len(fit)]) for number, desk in enumerate(self.desks)]
        answers = await asyncio.gather(
            *(desk.assign(owner.case, {"vehicle": one, "override": "uji"}, version) for desk, one in tried)
        )
        codes = Counter(answer.status_code for answer in answers)
        self.codes += codes
        assert codes == {201: 1, 412 if seen else 409: DESKS - 1}
        (won,), lost = split(self.desks, answers)
        assert {told["code"] for told in lost.values()} == {"version" if seen else "nobody_waits"}
        # Somebody is under way: who followed a hint would send a second vehicle.
        assert not [told for told in lost.values() if "next" in told]
        vehicle = dict(tried)[won]
        assert (await owner.sent())[0] == vehicle
        await self._sound({vehicle: owner.case})
        await self._free(owner)
        await self._sound({})

    # -- to the end ---------------------------------------------------------------------------------------------------------

    async def following_what_is_next(self) -> None:
        """All losers do what they are told, all at once, again and again, until every vehicle is under way."""
        await self._in_time()
        await asyncio.gather(*(desk.sees(CONTESTED) for desk in self.desks))
        self.random.shuffle(self.desks)
        wishes, taken = dict.fromkeys(self.desks, CONTESTED), dict[str, str]()
        while wishes:
            answers = await asyncio.gather(*(desk.assign(desk.case, {"vehicle": one}) for desk, one in wishes.items()))
            self.codes += Counter(answer.status_code for answer in answers)
            won, lost = split(list(wishes), answers)
            assert sorted(wishes[desk] for desk in won) == sorted(set(wishes.values()) - taken.keys())
            for desk, told in lost.items():
                assert told["code"] == "vehicle_taken"
                # It may name what somebody is about to take; never what had been taken before, nor what was just refused.
                assert told["next"].get("vehicle") not in {wishes[desk], *taken}
                assert "vehicle" in told["next"] or told["next"]["step"] == STEPS[0]
            taken |= {wishes[desk]: desk.case for desk in won}
            await self._sound(taken)
            wishes = {desk: told["next"]["vehicle"] for desk, told in lost.items() if "vehicle" in told["next"]}
        assert taken.keys() == self._fit
        cases = set(taken.values())
        await asyncio.gather(*(desk.begin_again() for desk in self.desks if desk.case in cases))
        await self._sound({})

    # -- what all have in common --------------------------------------------------------------------------------------------

    async def _in_time(self) -> None:
        """Cases that have waited for long are over."""
        now = time.monotonic()
        await asyncio.gather(*(desk.begin_again() for desk in self.desks if now - desk.since > _OLD_SECONDS))

    async def _free(self, desk: Dispatcher) -> None:
        """Whoever is under way for a case is called off, in one of two ways; the case waits again, or there is another one."""
        if self.random.random() < 0.5:
            await desk.begin_again()
            return
        run = (await desk.get(f"/cases/{desk.case}"))["patients"][0]["run"]
        assert await desk.give("POST", f"/runs/{run}/stand-down", {"why": "ban bocor"}) is not None

    async def _reserves(self, status: str) -> None:
        """All vehicles but one are there, or not."""
        each = zip(self.desks, self.reserves, strict=False)
        given = (desk.give("POST", f"/vehicles/{one}/status", {"status": status}) for desk, one in each)
        assert None not in await asyncio.gather(*given)

    async def _sound(self, taken: Taken) -> None:
        """These vehicles are under way for these cases, one run each, and nobody else is: by what is answered, and by the
        store."""
        somebody = self.random.choice(self.desks)
        told = await somebody.get("/runs")
        pairs = sorted((one["vehicle"], rider["case"]) for one in told for rider in one["riders"])
        assert pairs == sorted(taken.items())
        runs = {one["vehicle"]: one["id"] for one in told}
        assert len(runs) == len(told)
        vehicles = {one["id"]: one["run"] for one in await somebody.get("/vehicles")}
        assert {name: run for name, run in vehicles.items() if run is not None} == runs
        cases = {name: runs[vehicle] for vehicle, name in taken.items()}

        kept: dict[str, list[Any]] = {}
        for kind in ("run", "unit", "case"):
            found = await self.store.load_open("kota", kind)
            kept[kind] = [read_state(named(ref).kind, one.state) for ref, one in found.items() if one.state is not None]
        live = {one.unit: one.id for one in kept["run"] if isinstance(one, LifeRun)}
        assert (live, len(live)) == (runs, len(kept["run"]))
        assert {one.id: one.run for one in kept["unit"] if isinstance(one, Unit)} == vehicles
        waited = {one.id: [who.run for who in one.patients] for one in kept["case"] if isinstance(one, Case)}
        assert waited == {desk.case: [cases.get(desk.case)] for desk in self.desks}


def _name(desk: Dispatcher) -> str:
    return desk.name


def _nearest_m(spot: tuple[float, float], others: Sequence[tuple[float, float]]) -> float:
    return min(distance_m(spot[0], spot[1], one[0], one[1]) for one in others)


def never_two(kept: Kept) -> int:
    """At no moment was a vehicle or a patient on two runs, as the events tell it; how many runs there were."""
    busy: dict[object, str] = {}
    runs = 0
    for told in kept.told:
        match told.event:
            case RunStarted(run=run, unit=unit, riders=riders):
                assert not busy.keys() & {unit, *riders}, f"{run}: {busy}"
                busy |= dict.fromkeys((unit, *riders), run)
                runs += 1
            case RiderLeft(rider=rider):
                del busy[rider]
            case RunEnded(run=run):
                busy = {what: other for what, other in busy.items() if other != run}
            case _:
                pass
    assert not busy
    return runs


async def fought(services: Sequence[Siaga], url: str, spots: Spots, ledger: Ledger, rounds: int) -> Counter[int]:
    """So many rounds for one vehicle, a third of them for the last one; then a tenth as many (two at least) for one case, and
    some to the bitter end. How often each status was answered."""
    async with AsyncExitStack() as stack:
        desks = [Dispatcher(services[one % len(services)], spots, f"meja{one:02d}", ledger) for one in range(DESKS)]
        for desk in desks:
            await stack.enter_async_context(desk)
        arena = Arena(desks, await stack.enter_async_context(await open_store(url)))
        await arena.open()
        for number in range(rounds):
            await (arena.for_the_last_vehicle() if number % 3 == 2 else arena.for_one_vehicle())
        for number in range(max(2, rounds // 10)):
            await arena.for_one_case(seen=number % 2 == 0)
        for _ in range(max(1, rounds // 40)):
            await arena.following_what_is_next()
        await asyncio.gather(
            *(desk.give("POST", f"/cases/{desk.case}/cancel", {"why": "sudah tertangani"}) for desk in arena.desks)
        )
    assert ledger.tries == 0, "somebody had to ask again"
    assert arena.codes.keys() == {201, 409, 412}
    return arena.codes


async def agreed(store: Store, ledger: Ledger, rounds: int) -> None:
    """The store holds what everybody was told, and nothing else."""
    kept = await check(store, "kota", ledger)
    sent = sum("run_started" in answer["events"] for answer in ledger.acknowledged.values())
    assert never_two(kept) == sent + rounds // 3  # in each round for the last vehicle it went by itself to whoever waited
    assert not [case.id for case in kept.world.cases.values() if case.open]


def one_service(run: Run, siaga: Siaga, spots: Spots, rounds: int) -> Counter[int]:
    """All fight at one process, which has a store of its own."""
    ledger = Ledger()

    async def scenario() -> Counter[int]:
        await asyncio.to_thread(siaga.start)
        url = running_at(siaga.folder / "store")
        assert url is not None
        codes = await fought([siaga], url, spots, ledger, rounds)
        assert "Traceback" not in siaga.err.text
        assert await asyncio.to_thread(siaga.stop) == 0
        async with await EmbeddedServer.start(siaga.folder / "store") as server, await open_store(server.url) as store:
            await agreed(store, ledger, rounds)
        return codes

    return run(scenario())


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_fifty_fight_for_one_vehicle_two_hundred_times(run: Run, siaga: MakeSiaga, spots: Spots) -> None:
    codes = one_service(run, siaga(), spots, rounds=200)
    assert codes[409] >= 200 * (DESKS - 1)


@pytest.mark.slow
def test_fifty_at_two_services_fight_for_one_vehicle(run: Run, siaga: MakeSiaga, tmp_path: Path, spots: Spots) -> None:
    """Only the store knows of both halves."""
    ledger = Ledger()

    async def scenario() -> None:
        with outside_server(tmp_path / "outside", *SAFE) as outside:
            await outside.tell("PING")
            services = [siaga(store_url=outside.url), siaga("--no-worker", store_url=outside.url)]
            for one in services:
                await asyncio.to_thread(one.start)
            await fought(services, outside.url, spots, ledger, rounds=30)
            for one in services:
                assert "Traceback" not in one.err.text
                assert await asyncio.to_thread(one.stop) == 0
            async with await open_store(outside.url) as store:
                await agreed(store, ledger, rounds=30)

    run(scenario())
