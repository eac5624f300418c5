"""The disk under the embedded store: a file cut mid-record, and no room. It says so, loses nothing and goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Sequence

import pytest

from dispatch.store import EmbeddedServer, open_store
from tests.crash.checks import check
from tests.crash.clients import Client, Ledger, finish_all
from tests.crash.processes import Siaga
from tests.dispatch.store.filled import last_log
from tests.stores import Run, until

MakeSiaga = Callable[..., Siaga]
Spots = Sequence[tuple[float, float]]
ROOM = 30_000
"""Bytes that are left on the disk."""


@pytest.mark.slow
def test_a_file_cut_mid_record_is_told_and_it_goes_on(run: Run, siaga: MakeSiaga, spots: Spots) -> None:
    ledger = Ledger()
    service = siaga()

    async def scenario() -> None:
        await asyncio.to_thread(service.start)
        async with Client(service, spots, "klien", ledger) as client:
            for _ in range(3):
                await client.step(await client.open())
        await asyncio.to_thread(service.kill)
        file = last_log(service.folder / "store")
        # The end of a record that was being written when the lights went out; nobody was told that it is stored.
        with file.open("ab") as log:
            log.write(b"*3\r\n$5\r\nHMSET\r\n$20\r\n{kota}half")
        await asyncio.to_thread(service.start)
        assert "incomplete entry, never acknowledged, and were cut off" in service.err.text
        assert file.name in service.err.text
        async with Client(service, spots, "klien-lagi", ledger) as client:
            assert await finish_all(client) == 3
        assert await asyncio.to_thread(service.stop) == 0
        async with await EmbeddedServer.start(service.folder / "store") as server, await open_store(server.url) as store:
            await check(store, "kota", ledger)

    run(scenario())


@pytest.mark.slow
def test_the_last_record_cut_off_takes_no_more_than_itself(run: Run, siaga: MakeSiaga, spots: Spots) -> None:
    """Worse than what can happen: something acknowledged is cut off as well. The rest is there, and what was given last is
    done when it is given again."""
    ledger = Ledger()
    service = siaga("--no-worker")

    async def scenario() -> None:
        await asyncio.to_thread(service.start)
        async with Client(service, spots, "klien", ledger) as client:
            first = await client.open()
            last = {"Idempotency-Key": "the-last-one"}
            answer = await client.http.post(f"/cases/{first}/cancel", json={"why": "salah sambung"}, headers=last)
            assert answer.status_code == 200
            await asyncio.to_thread(service.stop)
            file = last_log(service.folder / "store")
            os.truncate(file, file.stat().st_size - 5)
            await asyncio.to_thread(service.start)
            assert "were cut off" in service.err.text
            case = await client.get(f"/cases/{first}")
            again = await client.http.post(f"/cases/{first}/cancel", json={"why": "salah sambung"}, headers=last)
            assert again.status_code == 200
            assert again.json()["repeated"] is not case["open"]
            assert not (await client.get(f"/cases/{first}"))["open"]

    run(scenario())


def test_a_full_disk_is_told_and_it_goes_on_once_there_is_room(run: Run, siaga: MakeSiaga, spots: Spots) -> None:
    """A limit on the size of files stands for the disk: the server's write fails in the same place."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system can't limit another process")
    ledger = Ledger()
    service = siaga()

    def limit(pid: int, size: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def scenario() -> None:
        await asyncio.to_thread(service.start)
        async with Client(service, spots, "klien", ledger) as client:
            begun = await client.open()
            store = service.store_pid
            assert store is not None
            full = last_log(service.folder / "store").stat().st_size + ROOM
            limit(service.process.pid, full)  # the servers that it starts from now on inherit it
            limit(store, full)
            deadline = time.monotonic() + 60
            keys, refused = 0, 0
            while refused < 5:
                assert time.monotonic() < deadline, "the disk never became full"
                headers = {"Idempotency-Key": f"filling-{keys:05d}"}
                body = {"note": "x" * 400}
                asked = time.monotonic()
                answer = await client.http.patch(f"/cases/{begun}", json=body, headers=headers)
                if answer.status_code == 503:
                    refused += 1
                    assert time.monotonic() - asked < 5
                    await asyncio.sleep(0.1)
                    continue
                assert answer.status_code == 200, answer.text
                ledger.acknowledged[headers["Idempotency-Key"]] = answer.json()
                keys += 1
            assert keys > 3

            async def told() -> bool:
                return "ulimit -f" in service.err.text

            await until(told, "word of the full disk")
            assert "nothing acknowledged is lost" in service.err.text
            assert (await client.http.get(f"/cases/{begun}")).status_code == 200

            limit(service.process.pid, resource.RLIM_INFINITY)
            if (store := service.store_pid) is not None:
                limit(store, resource.RLIM_INFINITY)

            async def goes_on() -> bool:
                headers = {"Idempotency-Key": f"filling-{keys:05d}"}
                answer = await client.http.patch(f"/cases/{begun}", json={"note": "x" * 400}, headers=headers)
                if answer.status_code == 200:
                    ledger.acknowledged[headers["Idempotency-Key"]] = answer.json()
                return answer.status_code == 200

            await until(goes_on, "a command after there is room", 30)
            assert await finish_all(client) == 1

            async def ready() -> bool:
                return (await client.http.get(f"{service.url}/readyz")).status_code == 200

            await until(ready, "readiness", 5)  # who reads the events tries again every half second
        assert "Traceback" not in service.err.text
        assert await asyncio.to_thread(service.stop) == 0
        async with await EmbeddedServer.start(service.folder / "store") as server, await open_store(server.url) as store_:
            await check(store_, "kota", ledger, notes=False)

    run(scenario())
