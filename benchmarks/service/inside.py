"""The service's own functions without HTTP: a process on the same store that calls what the endpoints call.

It opens the store, the region, the app and the caller's token as `siaga serve` does, and then calls the endpoints' functions
themselves. A line of JSON in, a line out, as with `peers/serve.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from fastapi import Request, Response
from msgspec import json as fast_json

from api.access import Access
from api.bootstrap import STORE_FOLDER
from api.http.app import create_app
from api.http.asking import Asking
from api.http.bodies import OpenCaseBody
from api.http.cases import get_recommendation, open_case
from api.http.serving import Serving
from benchmarks.service.region import NAME, Place
from dispatch.life.case import Case
from dispatch.life.events import Ref
from dispatch.regions import open_region
from dispatch.report import recommendation_as_dict
from dispatch.service.choices import ranked_vehicles, vehicles_of
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load_particulars
from dispatch.service.positions import latest_positions
from dispatch.service.region_settings import region_settings
from dispatch.service.service import Service
from dispatch.service.warming import warm_up
from dispatch.store import Fix, open_store, running_at

KNOWN_WITHIN_SECONDS = 10.0


class Inside:
    """What can be asked of the process."""

    def __init__(self, held: contextlib.AsyncExitStack) -> None:
        self._held = held
        self._at: datetime | None = None

    async def open(self, data: str, token: str) -> None:
        """Opens everything; nothing runs beside yet."""
        folder = Path(data)
        url = running_at(folder / STORE_FOLDER)
        if url is None:
            raise RuntimeError("the service and its store do not run")
        store = await self._held.enter_async_context(await open_store(url))
        now = datetime.now(UTC)
        built = open_region(folder / "regions", NAME, now)
        built.settle()
        rules, weights = region_settings(folder / "settings", NAME)
        service = Service(store, {NAME: LiveRegion(built, rules, weights, now)}, lambda: self._at or datetime.now(UTC))
        warm_up(service.regions[NAME], now)
        access = await Access.of(store)
        self._serving = Serving.of(service, working=False)
        self._app, self._who = create_app(self._serving, access), await access.by_token(token)
        self._store = store

    async def follow(self, cases: list[str]) -> None:
        """Follows events from now on, as every process that serves does; until these cases are known."""
        await self._held.enter_async_context(self._serving.running())
        board, until = self._serving.board(NAME), time.monotonic() + KNOWN_WITHIN_SECONDS
        while any(board.get(Ref("case", case))[0] is None for case in cases):
            if time.monotonic() > until:
                raise TimeoutError("the cases did not become known")
            await asyncio.sleep(0.05)

    def _asking(self, key: str = "") -> Asking:
        headers = [(b"accept-language", b"id"), *([(b"idempotency-key", key.encode())] if key else [])]
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers, "app": self._app}
        return Asking(Request(scope), Response(), NAME, self._who)

    async def open_case(self, body: dict[str, Any], key: str) -> float:
        """Seconds that opening a case takes."""
        read = OpenCaseBody(**body)
        start = time.perf_counter()
        await open_case(read, self._asking(key))
        return time.perf_counter() - start

    async def recommend(self, case: str) -> float:
        """Seconds that the endpoint's function takes: facts read from the store, decided, put into words, written as JSON."""
        start = time.perf_counter()
        await get_recommendation(case, self._asking())
        return time.perf_counter() - start

    async def decide(self, case: str) -> float:
        """Seconds of the same without reading anything: the facts are at hand."""
        board, live = self._serving.board(NAME), self._serving.region(NAME)
        state, _ = board.get(Ref("case", case))
        assert isinstance(state, Case)
        notes, seen = await load_particulars(self._store, NAME, case), await latest_positions(self._store, NAME)
        start = time.perf_counter()
        fleet = vehicles_of(board.world.units.values(), seen)
        found = ranked_vehicles(live, live.now, state, notes, fleet, datetime.now(UTC).astimezone(live.built.zone))
        fast_json.encode(recommendation_as_dict(found, "id"))
        return time.perf_counter() - start

    async def answer(self, case: str, at: str) -> str:
        """What is answered at a moment."""
        self._at = datetime.fromisoformat(at)
        try:
            return bytes((await get_recommendation(case, self._asking())).body).decode()
        finally:
            self._at = None

    async def as_fast_as_it_goes(self, cases: list[str], together: int, seconds: float) -> float:
        """Recommendations a second, so many under way at once."""
        count, start = 0, time.perf_counter()

        async def one() -> None:
            nonlocal count
            while time.perf_counter() - start < seconds:
                count += 1
                await get_recommendation(cases[count % len(cases)], self._asking())

        await asyncio.gather(*(one() for _ in range(together)))
        return count / (time.perf_counter() - start)

    async def place(self, vehicles: dict[str, Place]) -> None:
        """Has vehicles be somewhere else now, at a stroke, as no tracker could."""
        now = datetime.now(UTC)
        moment, fixes = round(now.timestamp() * 1000), []
        for name, (longitude, latitude) in vehicles.items():
            told = {"vehicle": name, "longitude": longitude, "latitude": latitude, "fix_time": now.isoformat()}
            body = json.dumps({**told, "received_at": now.isoformat(), "source": "api"}).encode()
            fixes.append(Fix(name, moment, body))
        await self._store.fixes.put(NAME, fixes)


async def main() -> None:
    """Answers until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with contextlib.AsyncExitStack() as held:
        inside = Inside(held)
        calls: Mapping[str, Callable[..., Awaitable[Any]]] = {
            one.__name__: one
            for one in (
                inside.open, inside.follow, inside.open_case, inside.recommend, inside.decide, inside.answer,
                inside.as_fast_as_it_goes, inside.place,
            )
        }  # fmt: skip
        while line := await lines.readline():
            asked = json.loads(line)
            try:
                reply = {"answer": await calls[asked["call"]](**asked["with"])}
            except Exception as error:
                traceback.print_exc()
                reply = {"error": f"{type(error).__name__}: {error}"}
            answers.write(json.dumps(reply) + "\n")
            answers.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
