"""An app on a real port of loopback, in a thread of its own, as long as a test needs it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

T = TypeVar("T")

WITHIN_S = 30.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the machine's certificates takes longer than most tests; nobody on loopback speaks TLS."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and the loop on which what it uses may be used."""

    base: str
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something beside the service."""
        return self.wait_for(work, WITHIN_S)

    def wait_for(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """The same for what may take longer."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)


@contextmanager
def served(opening: Callable[[], AbstractAsyncContextManager[tuple[FastAPI, T]]], **config: Any) -> Iterator[tuple[Server, T]]:
    """The app that `opening` gives, and what it gives beside it; `config`: further settings of uvicorn."""
    found: tuple[Server, T] | None = None
    stopping = threading.Event()
    # With the protocol named, asyncio sends small answers at once; else each waits 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))

        async def serve() -> None:
            nonlocal found
            async with opening() as (app, beside):
                server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_keep_alive=120, **config))
                task = asyncio.create_task(server.serve(sockets=[listening]))
                while not server.started and not task.done():
                    await asyncio.sleep(0.005)
                found = Server(f"http://127.0.0.1:{listening.getsockname()[1]}", asyncio.get_running_loop()), beside
                while not stopping.is_set() and not task.done():
                    await asyncio.sleep(0.005)
                server.should_exit = True
                await task

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        deadline = time.monotonic() + WITHIN_S
        while found is None:
            assert thread.is_alive(), "the service ended while it started"
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.005)
        try:
            yield found
        finally:
            stopping.set()
            thread.join(WITHIN_S)
            assert not thread.is_alive(), "the service did not end"
