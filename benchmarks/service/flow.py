"""An even flow of requests while others listen: what is taken, what is heard, and what that uses."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

from benchmarks.processes import WorkerError
from benchmarks.service.client import Answer, Line, lines, request
from benchmarks.service.region import NAME
from benchmarks.service.served import Served, Used

TICK_SECONDS = 0.005
WARMING_UP, WARMING_UP_SECONDS, SETTLING_SECONDS = 0.2, 6.0, 1.0
"""At first at a fifth of the pace, until everybody has been heard once; then for a moment at the full one."""
BEGUN_SECONDS = 10.0
FIX = b'"fix_time"'
"""Stands once in every position that is told."""


@dataclass(slots=True)
class Flow:
    """What came of sending for a while.

    Attributes:
        seconds: how long. used: by service and store. busy: part of the client's core that was used.
        sent, taken, refused: fixes; the last two of the measured time only. why: what was said to the last one refused.
        took: seconds of each answer. heard: fixes by listener.
    """

    seconds: float = 0.0
    used: Used = field(default_factory=lambda: Used(0.0, 0.0))
    busy: float = 0.0
    sent: int = 0
    taken: int = 0
    refused: int = 0
    why: str = ""
    took: list[float] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)

    @property
    def service(self) -> float:
        """The part of a core that the service used."""
        return self.used.service / self.seconds

    @property
    def store(self) -> float:
        """The part that the store used."""
        return self.used.store / self.seconds


async def flow(
    served: Served, ask: Callable[[int], bytes], a_second: int, each: int, connections: int, seconds: float, listeners: int
) -> Flow:
    """Sends at an even pace, on one connection after the other; where the last answer has not come, nothing is sent.

    Args:
        served: the service.
        ask: makes the question of a number; it goes over the connection of that number.
        a_second: fixes. each: so many of them are in a question; 0: nothing is ever asked.
        connections: over which they go.
        seconds: that are measured, after warming up. listeners: to the region's events.

    Raises:
        WorkerError: a connection broke, or a listener was refused.
    """
    found, measuring = Flow(), False

    def heard(line: Line, answer: Answer) -> None:
        if measuring and answer.status >= 300:
            found.refused += each
            found.why = f"status {answer.status}: {answer.body[:200].decode(errors='replace')}"
        elif measuring:
            found.taken += each
            found.took.append(time.perf_counter() - line.asked_at)

    async with listening(served, listeners) as ears:
        several = await lines(served, connections, heard)
        numbers = itertools.count()

        async def send(duration: float, pace: float) -> None:
            start, due = time.perf_counter(), 0
            while (passed := time.perf_counter() - start) < duration:
                while each and (due + 1) * each <= passed * pace:
                    due += 1
                    number = next(numbers)
                    line = several[number % len(several)]
                    if line.lost:
                        raise WorkerError("the service has closed a connection under load", fatal=True)
                    if line.waiting:
                        continue  # it is not taken in time: it is missing among those that were taken
                    line.ask(ask(number))
                    found.sent += each
                await asyncio.sleep(TICK_SECONDS)

        await send(WARMING_UP_SECONDS, WARMING_UP * a_second)
        await send(WARMING_UP_SECONDS / 2, a_second)
        measuring, before, worked, start = True, served.used(), time.process_time(), time.perf_counter()
        await send(seconds, a_second)
        found.seconds = time.perf_counter() - start
        after, measuring = served.used(), False
        found.used = Used(after.service - before.service, after.store - before.store)
        found.busy = (time.process_time() - worked) / found.seconds
        await asyncio.sleep(SETTLING_SECONDS)
        found.heard = [ear.fixes for ear in ears]
        for line in several:
            line.close()
    return found


# -- listening --------------------------------------------------------------------------------------------------------------


class Ear(asyncio.Protocol):
    """A listener to the region's events, which counts the positions that it hears."""

    def __init__(self, asked: bytes) -> None:
        self._asked, self._rest = asked, b""
        self._transport: asyncio.Transport | None = None
        self.fixes = 0
        self.refused = False
        self.begun = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        if not self.begun.is_set():
            self.refused = not data.startswith(b"HTTP/1.1 200 ")
            self.begun.set()
        whole = self._rest + data
        self.fixes += whole.count(FIX)
        self._rest = whole[-len(FIX) + 1 :]  # too short to hold one that was counted

    def close(self) -> None:
        """Listens no more."""
        if self._transport is not None:
            self._transport.abort()


@contextlib.asynccontextmanager
async def listening(served: Served, count: int) -> AsyncIterator[list[Ear]]:
    """So many listeners."""
    asked = request(served, "GET", f"/v1/events?region={NAME}")
    loop, ears = asyncio.get_running_loop(), list[Ear]()
    try:
        for _ in range(count):
            _, ear = await loop.create_connection(lambda: Ear(asked), served.host, served.port)
            ears.append(ear)
        for ear in ears:
            await asyncio.wait_for(ear.begun.wait(), BEGUN_SECONDS)
        if any(ear.refused for ear in ears):
            raise WorkerError("a listener was refused", fatal=False)
        await asyncio.sleep(SETTLING_SECONDS)
        yield ears
    finally:
        for ear in ears:
            ear.close()
