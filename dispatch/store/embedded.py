"""The embedded store: a real Valkey server of this process's own, on a socket file in the data directory.

It syncs every commit to disk, dies with this process, is started again when it dies by itself, and stops cleanly. A second
service on the same directory is refused rather than let in: the server would go with the first, in the midst of its work.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from dispatch.store.binary import find_server
from dispatch.store.directory import HeldDirectory, socket_url
from dispatch.store.errors import StoreStartError
from dispatch.store.serverlog import ServerLog

_SETTINGS = (
    "--port", "0", "--unixsocketperm", "700", "--daemonize", "no", "--databases", "1", "--loglevel", "notice",
    "--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no", "--aof-load-truncated", "yes",
    "--save", "", "--maxmemory-policy", "noeviction",
)  # fmt: skip

_LAUNCH = """
import os, sys
parent, *command = sys.argv[1:]
if sys.platform == "linux":
    import ctypes, signal
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the process that wanted a store is gone")
os.umask(0o077)
os.execv(command[0], command)
"""
"""Run before the server, in its process: a forked copy of this one could not do it safely beside other threads."""

_START_SECONDS = 300.0
"""A large append-only file takes its time; a million commands about ten seconds."""
_STOP_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_SHORT_LIFE_SECONDS = 5.0
_LAST_WORDS_SECONDS = 0.5
_POLL_SECONDS = 0.005

_log = logging.getLogger(__name__)


class Happening(StrEnum):
    """What became of the server."""

    CUT = "cut"
    DIED = "died"
    FAILED = "failed"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the server that its operator should know.

    Attributes:
        what: cut: an incomplete last entry was dropped at start; died: it stopped by itself; failed: it could not be
            started again, and will be tried again; back: it runs again.
        text: in words.
    """

    what: Happening
    text: str


def _tell_the_log(notice: Notice) -> None:
    _log.warning("store: %s", notice.text)


class EmbeddedServer:
    """A running server; made by `start`.

    Attributes:
        url: of the store.
    """

    def __init__(self, home: HeldDirectory, program: Path, report: Callable[[Notice], None], start_seconds: float) -> None:
        self._home = home
        self._program = program
        self._report = report
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._gone = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self.url = socket_url(home.socket)

    @classmethod
    async def start(
        cls, directory: Path, *, report: Callable[[Notice], None] = _tell_the_log, start_seconds: float = _START_SECONDS
    ) -> EmbeddedServer:
        """Start the server and wait until it answers. Call it in the main thread: the server dies with the thread that made it.

        Args:
            directory: where its files are; made if it isn't there.
            report: is told what became of the server, then and later; logs by default.
            start_seconds: how long reading the data may take.

        Raises:
            StoreInUseError: another process runs one there.
            StoreDamagedError: its files can't be read.
            StoreStartError: there is no server program, or it does not start.
        """
        if threading.current_thread() is not threading.main_thread():
            raise StoreStartError("the embedded store must be started in the main thread: it would die with any other")
        program = find_server()
        home = await HeldDirectory.take(directory)
        server = cls(home, program, report, start_seconds)
        try:
            await server._launch()
        except BaseException:
            await server.stop()
            raise
        server._supervisor = asyncio.create_task(server._supervise(), name="store supervisor")
        return server

    @property
    def pid(self) -> int | None:
        """The server's process; None while it is down."""
        return None if self._process is None or self._gone.is_set() else self._process.pid

    def _tell(self, notice: Notice) -> None:
        try:
            self._report(notice)
        except Exception:  # whoever listens must not end the watch over the server
            _log.exception("store: telling of this failed: %s", notice.text)

    async def _launch(self) -> None:
        """Start the process and wait until it answers; it may be left behind running if that fails."""
        log = ServerLog(self._home.path)
        command = (str(self._program), "--dir", str(self._home.path), "--unixsocket", str(self._home.socket), *_SETTINGS)
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._home.descriptor,),
            start_new_session=True,  # the terminal's Ctrl-C is for this process, which then stops the server
            restore_signals=False,  # SIGXFSZ stays ignored: a file size limit is then told like a full disk
        )
        self._gone = gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_attend, args=(process, log, loop, gone), name="store server", daemon=True).start()
        deadline = loop.time() + self._start_seconds
        while not await _answers(self._home.socket):
            if gone.is_set():
                raise log.reason(process.returncode)
            if loop.time() > deadline:
                raise StoreStartError(f"the store's server did not start in {self._start_seconds:g} s (log: {log.path})")
            await asyncio.sleep(_POLL_SECONDS)
        self._log, self._started = log, loop.time()
        while not log.has_started() and loop.time() < self._started + _LAST_WORDS_SECONDS:
            await asyncio.sleep(_POLL_SECONDS)  # it answers sooner than its words are read
        for cut in log.cuts():
            text = f"{cut.bytes} bytes at the end of {cut.file} were an incomplete entry, never acknowledged, and were cut off"
            self._tell(Notice(Happening.CUT, text))

    async def _supervise(self) -> None:
        loop, pause = asyncio.get_running_loop(), 0.0
        while True:
            await self._gone.wait()
            code = None if self._process is None else self._process.returncode
            reason: Exception = self._log.reason(code)
            self._tell(Notice(Happening.DIED, f"{reason}; starting it again"))
            # On a full disk it starts, and dies at the next commit: not again and again at full speed.
            pause = _longer(pause) if loop.time() - self._started < _SHORT_LIFE_SECONDS else 0.0
            while True:
                await asyncio.sleep(pause)
                try:
                    await self._launch()
                    break
                except Exception as error:  # whatever it was: the watch goes on
                    await self._end_process()
                    if str(error) != str(reason):
                        self._tell(Notice(Happening.FAILED, f"{error}; trying again"))
                        reason = error
                    pause = _longer(pause)
            self._tell(Notice(Happening.BACK, "the store runs again"))

    async def _end_process(self) -> None:
        if self._process is None:
            return
        if not self._gone.is_set():
            self._process.terminate()
            try:
                await asyncio.wait_for(self._gone.wait(), _STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._gone.wait()

    async def stop(self) -> None:
        """Stop the server and let the directory go."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        await self._end_process()
        self._home.release()

    async def __aenter__(self) -> EmbeddedServer:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _longer(pause: float) -> float:
    return min(max(2 * pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


def _attend(process: subprocess.Popen[bytes], log: ServerLog, loop: asyncio.AbstractEventLoop, gone: asyncio.Event) -> None:
    """Listen to the server until it is gone."""
    assert process.stdout is not None
    listener = threading.Thread(target=log.follow, args=(process.stdout,), name="store server's log", daemon=True)
    listener.start()
    process.wait()
    listener.join(_LAST_WORDS_SECONDS)  # a rewriting child that outlives the server would keep the pipe open
    with suppress(RuntimeError):  # the loop may be closed already
        loop.call_soon_threadsafe(gone.set)


async def _answers(socket: Path) -> bool:
    """Whether the server is ready; while it reads its data it answers, but not that."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        await writer.drain()
        return await reader.readline() == b"+PONG\r\n"
    except OSError:
        return False
    finally:
        writer.close()
