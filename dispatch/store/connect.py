"""Clients of the store's servers: nothing is sent twice by itself, nothing waits long, every failure is one of ours.

A store is named by a URL:

    unix:///path/to/socket
    redis://user:password@host:6379/0                             rediss:// with TLS
    redis+cluster://user:password@host:7000,host:7001,host:7002   rediss+cluster:// with TLS; any of its nodes, to begin with

After `?` come redis-py's own settings, for instance `ssl_ca_certs=/etc/ssl/own-ca.pem`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
    TryAgainError,
)

from dispatch.store.errors import StoreError, StoreRefusedError, StoreUnreachableError

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 3.0
"""Until a server that says nothing counts as unreachable."""

LONGEST_WAIT_MS = 2000
"""A stream reader waits this long at most in one call: under `ANSWER_SECONDS`, else waiting would look like a lost server."""

_PROBE_SECONDS = 1.0
NOTICED_SECONDS = ANSWER_SECONDS + _PROBE_SECONDS
"""Until a server that hangs is known to, and nobody waits for it any more."""

_BETWEEN_PROBES_SECONDS = 0.25

_COMMAND_CONNECTIONS = 64
_READER_CONNECTIONS = 1000

T = TypeVar("T")

Client = Any
"""A `redis.asyncio.Redis` whose answers are bytes. Its own types leave open whether they are text, which is for us to know."""

_REFUSALS: tuple[tuple[type[RedisError], str], ...] = (
    (BusyLoadingError, "it is still reading its data from disk; wait until it has"),
    (ReadOnlyError, "it is a replica, which takes no writes; give the address of the primary"),
    (OutOfMemoryError, "its memory limit is reached; raise maxmemory, or archive and trim"),
    (ClusterDownError, "its part of the cluster is down; bring the missing node back"),
    (MasterDownError, "it is a replica that has lost its primary; bring that back"),
    (AuthenticationError, "it does not accept the user or password in the store's URL; correct them"),
    (NoPermissionError, "its user may not do this; see its ACL"),
)


def store_error(address: str, error: Exception) -> StoreError:
    """The error of ours that says what a client's error means: no answer, or a refusal and what to do about it."""
    for kind, meaning in _REFUSALS:
        if isinstance(error, kind):
            return StoreRefusedError(f"the store at {address} refuses: {meaning} ({error})")
    if str(error).startswith("MISCONF"):
        return StoreRefusedError(f"the store at {address} refuses: it can't write to its disk; look there ({error})")
    if isinstance(error, ConnectionError | TimeoutError | OSError):
        return StoreUnreachableError(f"the store at {address} does not answer: {error or type(error).__name__}")
    return StoreRefusedError(f"the store at {address} refuses: {error}")


class Node:
    """One server: a bounded set of connections for commands, and others for readers that wait.

    A server may hang, or its cable be pulled: connections stand and nothing is answered. The first to find out has waited
    `NOTICED_SECONDS`; from then on everybody is refused at once, until a probe is answered.

    Attributes:
        address: for messages; without user and password.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.address = parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2]
        shared: dict[str, Any] = {
            "protocol": 2,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            "retry_on_error": [],
        }
        if parts.scheme == "unix":
            del shared["socket_connect_timeout"]  # redis-py's connection over a socket file knows none, and needs none
        self._commands: Client = Redis.from_pool(
            BlockingConnectionPool.from_url(url, max_connections=_COMMAND_CONNECTIONS, timeout=ANSWER_SECONDS, **shared)
        )
        self._readers: Client = Redis.from_pool(ConnectionPool.from_url(url, max_connections=_READER_CONNECTIONS, **shared))
        self._probes: Client = Redis.from_url(url, **shared | {"socket_timeout": _PROBE_SECONDS})
        self._silent_since: datetime | None = None
        self._probing: asyncio.Task[None] | None = None

    async def use(self, do: Callable[[Client], Awaitable[T]], *, waits: bool = False) -> T:
        """Do something on this server; `waits`: it reads from a stream and may wait there.

        Raises:
            MovedError, AskError, TryAgainError: it is not the one to ask.
            StoreUnreachableError, StoreRefusedError: as `store_error` says.
        """
        if self._silent_since is not None:
            since = self._silent_since.isoformat(timespec="seconds")
            raise StoreUnreachableError(f"the store at {self.address} does not answer: it has said nothing since {since}")
        begun = time.monotonic()
        try:
            return await uncancelled(do(self._readers if waits else self._commands))
        except (StoreError, MovedError, AskError, TryAgainError):
            raise
        except (RedisError, OSError) as error:
            # By the time that it took: some of the client's time-outs are called otherwise.
            if time.monotonic() - begun >= CONNECT_SECONDS:
                await self._doubt()
            raise store_error(self.address, error) from error

    async def _doubt(self) -> None:
        """Asks once more, shortly: it may be this process that was too busy to hear the answer."""
        if self._silent_since is not None or await self._answers():
            return
        self._silent_since = datetime.now(UTC)
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe())

    async def _answers(self) -> bool:
        """Whether it says anything, or refuses: whoever asks it next is told so at once."""
        begun = time.monotonic()
        try:
            await uncancelled(self._probes.execute_command("PING"))
        except (RedisError, OSError):
            return time.monotonic() - begun < _PROBE_SECONDS
        return True

    async def _probe(self) -> None:
        while not await self._answers():
            await asyncio.sleep(_BETWEEN_PROBES_SECONDS)
        self._silent_since = None

    async def aclose(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
        for client in (self._commands, self._readers, self._probes):
            await client.aclose()


class Link(Protocol):
    """The way to a store: which server has a slot, and all of them."""

    async def run(self, slot: int, do: Callable[[Client], Awaitable[T]], *, waits: bool = False) -> T:
        """Do something on the server that has a slot; `waits`: it reads from a stream and may wait there.

        Raises:
            StoreUnreachableError, StoreRefusedError: as `store_error` says.
        """
        ...

    async def primaries(self) -> list[Node]:
        """Every server that takes writes, answering or not."""
        ...

    async def aclose(self) -> None: ...


async def uncancelled(asked: Awaitable[T]) -> T:
    """What is awaited, unless this task was cancelled meanwhile: redis-py 8.1 sometimes swallows a cancellation on Python 3.11
    (it writes under `asyncio.wait_for`), and who loops would go on for ever.

    Raises:
        asyncio.CancelledError: it was.
    """
    answer = await asked
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return answer


class OneServer:
    """A store on one server, which has every slot."""

    def __init__(self, url: str) -> None:
        self._node = Node(url)

    async def run(self, slot: int, do: Callable[[Client], Awaitable[T]], *, waits: bool = False) -> T:  # noqa: ARG002
        return await self._node.use(do, waits=waits)

    async def primaries(self) -> list[Node]:
        return [self._node]

    async def aclose(self) -> None:
        await self._node.aclose()
