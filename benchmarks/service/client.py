"""Small clients of our own, so that what is measured is the service: kept-alive HTTP/1.1 over plain sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import uvloop

from benchmarks.processes import WorkerError
from benchmarks.service.served import Served

ANSWER_SECONDS = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its head as it came, its body."""

    status: int
    head: bytes
    body: bytes

    def told(self) -> Any:
        """Its body, read.

        Raises:
            WorkerError: it is an error.
        """
        if self.status >= 300:
            raise WorkerError(f"status {self.status}: {self.body[:200].decode(errors='replace')}", fatal=False)
        return json.loads(self.body)


def request(served: Served, method: str, path: str, body: object = None, *, key: str = "", token: bool = True) -> bytes:
    """A request as it goes over the wire; `key`: its idempotency key. `token`: whether it says who asks."""
    written = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", f"host: {served.host}:{served.port}", "accept-language: id"]
    if token:
        head.append(f"authorization: Bearer {served.token}")
    if key:
        head.append(f"idempotency-key: {key}")
    if written:
        head += ["content-type: application/json", f"content-length: {len(written)}"]
    return "\r\n".join([*head, "", ""]).encode() + written


class Reader:
    """Makes answers of what comes in; those of Siaga say how long they are."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Answer]:
        """The answers that are whole now."""
        self._rest += data
        while (end := self._rest.find(b"\r\n\r\n")) >= 0:
            head = self._rest[:end]
            start = end + 4
            length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            stop = start + int(length or 0)
            if len(self._rest) < stop:
                return
            answer = Answer(int(head[9:12]), head, self._rest[start:stop])
            self._rest = self._rest[stop:]
            yield answer


class Caller:
    """One connection on which one thing is asked after the other."""

    def __init__(self, served: Served) -> None:
        self._socket = socket.create_connection((served.host, served.port), ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = Reader()

    def ask(self, asked: bytes) -> Answer:
        """The answer.

        Raises:
            OSError: there is none. WorkerError: the connection was closed.
        """
        self._socket.sendall(asked)
        while data := self._socket.recv(1 << 18):
            for answer in self._reader.feed(data):
                return answer
        raise WorkerError("the service has closed the connection", fatal=True)

    def timed(self, asked: bytes) -> tuple[float, Answer]:
        """Seconds until the whole answer was there, and the answer; an error raises WorkerError."""
        start = time.perf_counter()
        answer = self.ask(asked)
        took = time.perf_counter() - start
        if answer.status >= 300:
            answer.told()
        return took, answer

    def close(self) -> None:
        """Ends it."""
        self._socket.close()


class Line(asyncio.Protocol):
    """One of many connections: a question at a time, and somebody who is told of the answer."""

    def __init__(self, heard: Callable[[Line, Answer], None]) -> None:
        self._heard, self._reader = heard, Reader()
        self._transport: asyncio.Transport | None = None
        self.asked_at = 0.0
        self.waiting = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        for answer in self._reader.feed(data):
            self.waiting = False
            self._heard(self, answer)

    def ask(self, asked: bytes) -> None:
        """Asks; who listens is told of the answer."""
        assert self._transport is not None
        self.asked_at, self.waiting = time.perf_counter(), True
        self._transport.write(asked)

    def close(self) -> None:
        """Ends it."""
        if self._transport is not None:
            self._transport.abort()


async def lines(served: Served, count: int, heard: Callable[[Line, Answer], None]) -> list[Line]:
    """So many connections."""
    loop, made = asyncio.get_running_loop(), []
    for _ in range(count):
        _, line = await loop.create_connection(lambda: Line(heard), served.host, served.port)
        made.append(line)
    return made


@dataclass(frozen=True, slots=True)
class Rate:
    """How much was answered.

    Attributes:
        a_second: answers a second. busy: the part of its core that the client used for it.
    """

    a_second: float
    busy: float


async def as_fast_as_it_goes(served: Served, asked: Sequence[bytes], connections: int, seconds: float) -> Rate:
    """Asks over and over on several connections, on each as soon as the last answer is there.

    Raises:
        WorkerError: an answer was an error, or a connection broke.
    """
    count, number, over = 0, connections, False
    wrong: list[Answer] = []

    def heard(line: Line, answer: Answer) -> None:
        nonlocal count, number
        count += 1
        if answer.status >= 300:
            wrong.append(answer)
        if not over:
            line.ask(asked[number % len(asked)])
            number += 1

    several = await lines(served, connections, heard)
    start, worked = time.perf_counter(), time.process_time()
    for at, line in enumerate(several):
        line.ask(asked[at % len(asked)])
    await asyncio.sleep(seconds)
    answered, took = count, time.perf_counter() - start
    busy = (time.process_time() - worked) / took
    over = True
    broken = any(line.lost for line in several)
    for line in several:
        line.close()
    if wrong:
        wrong[0].told()
    if broken:
        raise WorkerError("the service has closed a connection under load", fatal=True)
    return Rate(answered / took, busy)


async def all_of(served: Served, asked: Sequence[bytes], connections: int) -> list[Answer]:
    """Every answer, in the order of the questions, several asked at once.

    Raises:
        WorkerError: one was an error.
    """
    loop = asyncio.get_running_loop()
    left = iter(enumerate(asked))

    async def one_line() -> list[tuple[int, Answer]]:
        mine: list[tuple[int, Answer]] = []
        coming: list[asyncio.Future[Answer]] = []
        (line,) = await lines(served, 1, lambda _line, answer: coming.pop().set_result(answer))
        for number, question in left:
            coming.append(waits := loop.create_future())
            line.ask(question)
            answer = await asyncio.wait_for(waits, ANSWER_SECONDS)
            if answer.status >= 300:
                answer.told()
            mine.append((number, answer))
        line.close()
        return mine

    found = [pair for some in await asyncio.gather(*(one_line() for _ in range(connections))) for pair in some]
    return [answer for _, answer in sorted(found, key=lambda pair: pair[0])]


def run(do: Callable[[], Awaitable[T]]) -> T:
    """Runs it on a quick loop."""

    async def main() -> T:
        return await do()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
