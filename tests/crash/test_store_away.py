"""The store is away: commands are refused at once, what is read says how old it is, and everything recovers by itself."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dispatch.store import StoreError, open_store
from tests.crash.clients import Client, Ledger, finish_all
from tests.crash.processes import Siaga
from tests.stores import SAFE, Run, outside_server, until

AT_ONCE_SECONDS = 2.0
MakeSiaga = Callable[..., Siaga]


async def timed(client: Client, method: str, path: str, **more: Any) -> tuple[httpx2.Response, float]:
    """An answer, and the seconds it took."""
    begun = time.monotonic()
    answer = await client.http.request(method, path, **more)
    return answer, time.monotonic() - begun


async def messages(client: Client, heard: list[str]) -> None:
    """Hears the events, as a console does."""
    async with client.http.stream("GET", f"{client.siaga.url}/v1/events?region=kota", timeout=60) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            heard += [line]  # as it comes, not at the end


def test_while_the_store_is_away_it_says_so_and_recovers(
    run: Run, siaga: MakeSiaga, tmp_path: Path, spots: Sequence[tuple[float, float]]
) -> None:
    ledger = Ledger()

    async def scenario() -> None:
        with outside_server(tmp_path / "outside", *SAFE) as outside:
            await outside.tell("PING")
            service = siaga(store_url=outside.url)
            await asyncio.to_thread(service.start)
            async with Client(service, spots, "klien", ledger) as client:
                name = await client.open()
                case = f"/cases/{name}"
                version = (await client.get(case))["version"]
                heard: list[str] = []
                listener = asyncio.create_task(messages(client, heard))
                asked = f"{service.url}/readyz"

                async def ready() -> bool:
                    return (await client.http.get(asked)).status_code == 200 and bool(heard)

                await until(ready, "readiness")
                outside.kill()

                # Commands: 503 at once, again and again; nothing is half done.
                body, key = {"first_choice": True}, {"Idempotency-Key": "kept-for-later"}
                for _ in range(3):
                    answer, seconds = await timed(client, "POST", f"{case}/assignments", json=body, headers=key)
                    assert answer.status_code == 503, answer.text
                    assert answer.headers["retry-after"]
                    assert seconds < AT_ONCE_SECONDS
                # Many at once are no slower.
                many = await asyncio.gather(*(timed(client, "POST", f"{case}/help", json={}, headers=key) for _ in range(20)))
                assert {answer.status_code for answer, _ in many} == {503}
                assert max(seconds for _, seconds in many) < AT_ONCE_SECONDS

                # Reads: what was last known, with its age.
                for path in (case, "/cases", "/vehicles", "/runs", "/offers"):
                    answer, seconds = await timed(client, "GET", path)
                    assert answer.status_code == 200, f"{path}: {answer.text}"
                    assert answer.headers["warning"].startswith("110")
                    assert int(answer.headers["age"]) >= 0
                    assert seconds < AT_ONCE_SECONDS
                told = (await client.http.get(case)).json()
                assert told["version"] == version
                assert told["as_of"] is not None
                assert (await client.http.get("/cases")).json()["as_of"] is not None
                # What is only in the store can't be had; nobody is told that it does not exist.
                for path in (f"{case}/timeline", f"{case}/particulars", f"{case}/recommendation"):
                    answer, seconds = await timed(client, "GET", path)
                    assert answer.status_code == 503, f"{path}: {answer.status_code}"
                    assert seconds < AT_ONCE_SECONDS
                answer, _ = await timed(client, "GET", asked)
                assert answer.status_code == 503
                assert not answer.json()["ready"]
                assert (await client.http.get(f"{service.url}/healthz")).status_code == 200

                async def told_away() -> bool:
                    return any('"away":true' in line for line in heard)

                await until(told_away, "event: store")
                assert "event: store" in heard

                pid = service.process.pid
                outside.start()

                async def told_back() -> bool:
                    return any('"away":false' in line for line in heard)

                await until(ready, "readiness")
                await until(told_back, "event: store")
                answer = await client.http.post(f"{case}/assignments", json=body, headers=key)
                assert answer.status_code == 201, answer.text
                assert "warning" not in (await client.http.get(case)).headers

                async def event_came() -> bool:
                    return any(line == "event: run_started" for line in heard)

                await until(event_came, "the event")
                assert sum(line == "event: run_started" for line in heard) == 1
                assert await finish_all(client) == 1
                assert service.process.pid == pid
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)
            assert "Traceback" not in service.err.text
            # Said once when it begins and once when it is over, not at every attempt in between.
            for what in ("clocks can't be read", "events can't be followed up", "events can't be read"):
                said = [line for line in service.err.text.splitlines() if what in line]
                assert len(said) == 2, said
                assert re.search(r"over, after \d+ s$", said[1]), said
            assert await asyncio.to_thread(service.stop) == 0

    run(scenario())


def test_it_does_not_begin_without_its_store(siaga: MakeSiaga, tmp_path: Path) -> None:
    with outside_server(tmp_path / "outside", *SAFE) as outside:
        url = outside.url
    service = siaga(store_url=url)
    service.begin()
    assert service.ended(60) == 2
    (said,) = [line for line in service.earlier.splitlines() if line.startswith("siaga: ")]
    assert url.removeprefix("redis://") in said
    assert "Traceback" not in service.earlier


@pytest.mark.slow
def test_a_store_that_hangs_counts_as_away_too(
    run: Run, siaga: MakeSiaga, tmp_path: Path, spots: Sequence[tuple[float, float]]
) -> None:
    """As behind a cable that was pulled: no connection is refused, and nothing is answered."""

    async def scenario() -> tuple[list[int], list[float]]:
        with outside_server(tmp_path / "outside", *SAFE) as outside:
            await outside.tell("PING")
            service = siaga(store_url=outside.url)
            await asyncio.to_thread(service.start)
            async with Client(service, spots, "klien", Ledger()) as client:
                case = f"/cases/{await client.open()}"
                async with await open_store(outside.url) as store:
                    (about,) = (await store.info()).values()
                assert not isinstance(about, StoreError)
                hanging = int(about["process_id"])
                os.kill(hanging, signal.SIGSTOP)
                try:

                    async def noticed() -> bool:
                        return (await client.http.get(f"{service.url}/readyz")).status_code == 503

                    await until(noticed, "word of it")
                    key = {"Idempotency-Key": "kept-for-later"}
                    asked = [
                        await timed(client, "POST", f"{case}/help", json={}, headers=key),
                        await timed(client, "GET", case),
                    ]
                finally:
                    os.kill(hanging, signal.SIGCONT)
            await asyncio.to_thread(service.stop)
        return [answer.status_code for answer, _ in asked], [seconds for _, seconds in asked]

    codes, seconds = run(scenario())
    assert codes == [503, 200]
    assert max(seconds) < AT_ONCE_SECONDS
