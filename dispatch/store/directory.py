"""The embedded server's data directory: whose it is, and where its socket lies.

A lock on `store.lock` is held by the process that runs the server and, inherited, by the server itself, so it is free only
when both are gone: two servers never write into one directory, not even while one is still dying.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dispatch.store.errors import StoreInUseError, StoreStartError

LOCK_NAME = "store.lock"
_SOCKET_NAME = "valkey.sock"
_TEMPORARY = "siaga-store-"
_LONGEST_SOCKET_PATH = 100
"""Bytes; Linux allows 107, macOS 103."""

_PATIENCE_SECONDS = 1.0
_PATIENCE_WITH_THE_DYING_SECONDS = 30.0
_POLL_SECONDS = 0.02


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    try:
        import fcntl  # Windows has none
    except ImportError as error:
        raise StoreStartError("the embedded store needs Linux or macOS; give the URL of a Valkey or Redis server") from error
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> tuple[int, str]:
    """Process and socket of whoever holds the directory, or held it last; 0 and nothing if the file doesn't tell."""
    try:
        told = json.loads(os.pread(descriptor, 4096, 0))
        return int(told["pid"]), str(told["socket"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def running_at(directory: Path) -> str | None:
    """The URL of the embedded server that another process runs in this directory; None if none does.

    For commands that join in for a moment: the server goes when the process that runs it goes.
    """
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _try_lock(descriptor, shared=True):
            return None
        _, socket = _owner(descriptor)
        return socket_url(Path(socket)) if socket else None
    finally:
        os.close(descriptor)


def socket_url(socket: Path) -> str:
    """The store URL of a socket file."""
    return f"unix://{quote(str(socket))}"


class HeldDirectory:
    """A data directory that is ours until it is released.

    Attributes:
        path: the directory, absolute.
        socket: where the server listens.
        descriptor: of the lock; the server inherits it.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        _remove_temporary(_owner(descriptor)[1])
        self.socket = path / _SOCKET_NAME
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH:
            self.socket = Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / "s"
        told = json.dumps({"pid": os.getpid(), "socket": str(self.socket)}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, told, 0)

    @classmethod
    async def take(cls, directory: Path) -> HeldDirectory:
        """Make the directory, readable by its owner only, and take it.

        A server that outlived the process that ran it is stopped first (Linux sees to its end, macOS does not).

        Raises:
            StoreInUseError: another process has it.
            StoreStartError: it can't be made or written to.
        """
        path = directory.absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreStartError(f"the store's directory {path} can't be used: {error.strerror}") from error
        try:
            await cls._wait(path, descriptor)
            return cls(path, descriptor)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, OSError) and not isinstance(error, StoreInUseError | StoreStartError):
                raise StoreStartError(f"the store's directory {path} can't be used: {error.strerror}") from error
            raise

    @staticmethod
    async def _wait(path: Path, descriptor: int) -> None:
        start = time.monotonic()
        asked_to_stop = False
        while not _try_lock(descriptor):
            owner, socket = _owner(descriptor)
            orphaned = owner > 0 and not _alive(owner)
            if orphaned and not asked_to_stop:
                asked_to_stop = True
                await _shut_down(socket)
            patience = _PATIENCE_WITH_THE_DYING_SECONDS if orphaned else _PATIENCE_SECONDS
            if time.monotonic() - start > patience:
                who = f"process {owner}" if owner else "another process"
                raise StoreInUseError(f"{who} already runs a store in {path}; stop it first, or use another directory")
            await asyncio.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let it go, once; the server must be gone."""
        if self.descriptor >= 0:
            _remove_temporary(str(self.socket))
            os.close(self.descriptor)
            self.descriptor = -1


def _remove_temporary(socket: str) -> None:
    """The folder made for a socket whose own would have had too long a path."""
    folder = Path(socket).parent
    if folder.name.startswith(_TEMPORARY):
        shutil.rmtree(folder, ignore_errors=True)


async def _shut_down(socket: str) -> None:
    with suppress(OSError):
        _, writer = await asyncio.open_unix_connection(socket)
        writer.write(b"SHUTDOWN NOSAVE\r\n")
        await writer.drain()
        writer.close()
