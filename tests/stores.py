"""A real store for tests: one embedded server a session, a fresh region each test; and servers set up badly on purpose.

A test takes the fixtures it needs by importing them into its folder's conftest, as `tests/dispatch/store/conftest.py` does:

    def test_something(run: Run, store: Store, region: str) -> None:
        async def scenario() -> None:
            await store.commit(region, ...)
        run(scenario())
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from dispatch.store import EmbeddedServer, Store, StoreRefusedError, StoreUnreachableError, open_store
from dispatch.store.binary import find_server

T = TypeVar("T")

SAFE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction")
"""Settings of an outside server that Siaga accepts."""

_numbers = itertools.count()


class Run(Protocol):
    """Runs a coroutine to its end, always on the test's own event loop."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T: ...


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs coroutines, all of a test on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded server that runs as long as the session."""
    with asyncio.Runner() as runner:
        server = runner.run(EmbeddedServer.start(tmp_path_factory.mktemp("store")))
        yield server.url
        runner.run(server.stop())


@pytest.fixture
def store(run: Run, store_url: str) -> Iterator[Store]:
    """An open store, on the event loop of `run`."""
    opened = run(open_store(store_url))
    yield opened
    run(opened.aclose())


@pytest.fixture
def region() -> str:
    """A region nobody else uses."""
    return fresh_region()


def fresh_region() -> str:
    """The name of a region that nobody in this process has used."""
    return f"test-{os.getpid()}-{next(_numbers)}"


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition, but not for ever."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(0.01)


def free_ports(count: int) -> list[int]:
    """TCP ports on loopback that nobody listens on; the cluster's second port (10,000 higher) exists for each."""
    sockets, found = [], []
    while len(found) < count:
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        sockets.append(taken)
        if taken.getsockname()[1] < 55_000:
            found.append(taken.getsockname()[1])
    for taken in sockets:
        taken.close()
    return found


class OutsideServer:
    """A server on a TCP port of loopback, set up as a test likes.

    Args:
        directory: its own.
        settings: as on its command line.
        port: where it listens.
    """

    def __init__(self, directory: Path, *settings: str, port: int | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)[0] if port is None else port
        self.url = f"redis://127.0.0.1:{self.port}"
        listening = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(directory))
        self._command = [str(find_server()), *listening, *settings]
        self._log = directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again; it may not answer yet."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def tell(self, *words: str | int, seconds: float = 20.0) -> bytes:
        """Send it one command in its own words, waiting until it listens; the first line of its answer."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                sent = [str(word).encode() for word in words]
                writer.write(b"*%d\r\n" % len(sent) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in sent))
                await writer.drain()
                answer = await reader.readline()
                writer.close()
                await writer.wait_closed()
                if answer:
                    return answer.strip()
            assert time.monotonic() < deadline, f"no answer from the server at {self.port}: {self._log.read_text()}"
            await asyncio.sleep(0.02)


@contextmanager
def outside_server(directory: Path, *settings: str) -> Iterator[OutsideServer]:
    """A server that runs as long as the block."""
    server = OutsideServer(directory, *settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def persistently(do: Callable[[], Awaitable[T]], seconds: float = 30.0) -> T:
    """Do it again until the store does it, as callers of the store are to do; with the same command id it is done once."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await do()
        except (StoreUnreachableError, StoreRefusedError):
            assert time.monotonic() < deadline, f"the store stayed away for {seconds:g} s"
            await asyncio.sleep(0.01)
