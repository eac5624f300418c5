"""The service, its store and its worker are killed under load: nothing acknowledged is lost, nothing is done twice, every
open case goes on, every clock rings."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.life.commands import OpenCase
from dispatch.life.events import Ref
from dispatch.regions import BuiltRegion
from dispatch.store import EmbeddedServer, Store, open_store
from tests.crash.checks import Kept, check, lateness
from tests.crash.clients import Client, Ledger, finish_all, fleet
from tests.crash.processes import Siaga
from tests.services import office
from tests.stores import SAFE, OutsideServer, Run, outside_server, until

CLIENTS = 5
VEHICLES = 12
DRAFTS = 12
MakeSiaga = Callable[..., Siaga]
Spots = Sequence[tuple[float, float]]
Kill = Callable[[random.Random], Awaitable[None]]


async def drafts(store: Store, town: BuiltRegion, seconds: float) -> list[Ref]:
    """Calls that were left as drafts about two minutes ago, so that their clocks ring one after another in so many seconds."""
    await store.open_region("kota")
    desk = office(store, town, "kota")
    first = datetime.now(UTC) - desk.live.rules.clocks["intake"].first
    for number in range(DRAFTS):
        desk.now = first + timedelta(seconds=number * seconds / DRAFTS)
        await desk.give(OpenCase(f"D{number}", None, None, None), command_id=f"draft-{number}")
    return [Ref("case", f"D{number}") for number in range(DRAFTS)]


async def under_load(siaga: Siaga, spots: Spots, ledger: Ledger, rounds: int, kill: Kill, *, wait: bool, vehicles: int) -> int:
    """Clients at work while something is killed again and again; then every case is seen through to its end. How many there
    were to be."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(siaga, spots, f"klien{number}", ledger)) for number in range(CLIENTS)]
        await fleet(clients[0], vehicles)
        over = asyncio.Event()
        work = [asyncio.create_task(one.work(over, wait=wait)) for one in clients]
        rng = random.Random(7)
        for _ in range(rounds):
            done = asyncio.ensure_future(asyncio.wait(work, return_when=asyncio.FIRST_EXCEPTION))
            await asyncio.sleep(rng.uniform(0.1, 1.2))  # the moment is the test's random input, not a wait for something
            assert not done.done(), "a client has stopped"
            done.cancel()
            await kill(rng)
        over.set()
        await asyncio.gather(*work)
        return await finish_all(clients[0])


def nothing_lost(kept: Kept, ledger: Ledger, waited: Sequence[Ref], seconds: float) -> None:
    """All cases are closed, some patients were treated, and the clocks of the drafts rang in time."""
    cases = kept.world.cases.values()
    assert not [case.id for case in cases if case.open]
    assert not [unit.id for unit in kept.world.units.values() if unit.run is not None]
    treated = [case.id for case in cases if any(one.outcome == "treated" for one in case.patients)]
    assert treated
    late = lateness(kept, waited)
    assert len(late) == len(waited)
    assert max(late) < seconds
    cases_told = sum(1 for answer in ledger.acknowledged.values() if "case_opened" in answer["events"])
    print(  # noqa: T201
        f"\n{len(ledger.acknowledged)} commands acknowledged, {ledger.late} of them only when given again; "
        f"{len(ledger.refused)} refused; {ledger.tries} tries without an answer; {cases_told} cases, {len(treated)} treated; "
        f"clocks at most {max(late):.1f} s late"
    )


def service_is_killed(run: Run, siaga: Siaga, town: BuiltRegion, spots: Spots, rounds: int) -> Ledger:
    ledger = Ledger()

    async def kill(rng: random.Random) -> None:
        store = siaga.store_pid
        await asyncio.to_thread(siaga.kill)
        await asyncio.to_thread(siaga.begin)
        # Sometimes it is killed again while it starts; then at last it serves.
        if rng.random() < 0.3:
            await asyncio.sleep(rng.uniform(0.5, 3))
            await asyncio.to_thread(siaga.kill)
            await asyncio.to_thread(siaga.begin)
        assert store is not None

        async def serves() -> bool:
            assert siaga.process.poll() is None, siaga.err.text
            return siaga.serves

        await until(serves, "the service", 90)

    async def scenario() -> None:
        async with await EmbeddedServer.start(siaga.folder / "store") as server, await open_store(server.url) as store:
            waited = await drafts(store, town, 4.0 * rounds)
        await asyncio.to_thread(siaga.start)
        await under_load(siaga, spots, ledger, rounds, kill, wait=False, vehicles=VEHICLES)
        await asyncio.to_thread(siaga.stop)
        async with await EmbeddedServer.start(siaga.folder / "store") as server, await open_store(server.url) as store:
            nothing_lost(await check(store, "kota", ledger), ledger, waited, 60)

    run(scenario())
    return ledger


def store_is_killed(run: Run, siaga: Siaga, town: BuiltRegion, spots: Spots, rounds: int) -> Ledger:
    ledger = Ledger()

    async def kill(_rng: random.Random) -> None:
        async def there() -> bool:
            return siaga.store_pid is not None

        await until(there, "the store's process")
        pid = siaga.store_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def scenario() -> None:
        async with await EmbeddedServer.start(siaga.folder / "store") as server, await open_store(server.url) as store:
            waited = await drafts(store, town, 1.0 * rounds)
        await asyncio.to_thread(siaga.start)
        before = siaga.process.pid
        await under_load(siaga, spots, ledger, rounds, kill, wait=False, vehicles=VEHICLES)
        assert siaga.process.pid == before
        assert siaga.process.poll() is None
        assert "starting it again" in siaga.err.text
        assert "Traceback" not in siaga.err.text
        await asyncio.to_thread(siaga.stop)
        async with await EmbeddedServer.start(siaga.folder / "store") as server, await open_store(server.url) as store:
            nothing_lost(await check(store, "kota", ledger), ledger, waited, 60)

    run(scenario())
    return ledger


def worker_is_killed(run: Run, make: MakeSiaga, outside: OutsideServer, town: BuiltRegion, spots: Spots, rounds: int) -> Ledger:
    """Few vehicles: cases wait for one, and it is the worker who gives it to them."""
    ledger = Ledger()

    async def scenario() -> None:
        await outside.tell("PING")
        async with await open_store(outside.url) as store:
            waited = await drafts(store, town, 3.0 * rounds)
            office_, worker = make("--no-worker", store_url=outside.url), make(store_url=outside.url)
            await asyncio.to_thread(office_.start)
            await asyncio.to_thread(worker.start)

            async def kill(rng: random.Random) -> None:
                await asyncio.to_thread(worker.kill)
                await asyncio.sleep(rng.uniform(0, 1))
                await asyncio.to_thread(worker.start)

            await under_load(office_, spots, ledger, rounds, kill, wait=True, vehicles=0)
            kept = await check(store, "kota", ledger)
            assert [one for one in kept.told if one.command.startswith("again.")], "the worker gave no vehicle to anybody"
            assert "Traceback" not in office_.err.text + worker.earlier + worker.err.text
            nothing_lost(kept, ledger, waited, 60)
            assert await asyncio.to_thread(worker.stop) == 0
            assert await asyncio.to_thread(office_.stop) == 0

    run(scenario())
    return ledger


def test_a_killed_service_loses_nothing(run: Run, siaga: MakeSiaga, kota: BuiltRegion, spots: Spots) -> None:
    service_is_killed(run, siaga(), kota, spots, rounds=1)


def test_a_killed_store_loses_nothing(run: Run, siaga: MakeSiaga, kota: BuiltRegion, spots: Spots) -> None:
    store_is_killed(run, siaga(), kota, spots, rounds=1)


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(run: Run, siaga: MakeSiaga, tmp_path: Path, kota: BuiltRegion, spots: Spots) -> None:
    with outside_server(tmp_path / "outside", *SAFE) as outside:
        worker_is_killed(run, siaga, outside, kota, spots, rounds=2)


@pytest.mark.slow
def test_a_service_killed_twenty_times_loses_nothing(run: Run, siaga: MakeSiaga, kota: BuiltRegion, spots: Spots) -> None:
    ledger = service_is_killed(run, siaga(), kota, spots, rounds=20)
    assert ledger.late > 0, "no command was done without its answer: the test has missed what it is for"


@pytest.mark.slow
def test_a_store_killed_twenty_times_loses_nothing(run: Run, siaga: MakeSiaga, kota: BuiltRegion, spots: Spots) -> None:
    ledger = store_is_killed(run, siaga(), kota, spots, rounds=20)
    assert ledger.tries > 0


@pytest.mark.slow
def test_a_worker_killed_twenty_times_loses_nothing(
    run: Run, siaga: MakeSiaga, tmp_path: Path, kota: BuiltRegion, spots: Spots
) -> None:
    with outside_server(tmp_path / "outside", *SAFE) as outside:
        worker_is_killed(run, siaga, outside, kota, spots, rounds=20)
