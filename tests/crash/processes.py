"""The service as its users run it: a process of its own, which tests may kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import pytest

from tests.stores import free_ports

START_SECONDS = 90.0
"""Generous: two cores, and others test on them."""

_ADDRESS = re.compile(r"https?://[^\s/]+:\d+")


class Said:
    """What a process writes, as it comes."""

    def __init__(self, pipe: IO[str]) -> None:
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._follow, args=(pipe,), daemon=True)
        self._thread.start()

    def _follow(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                self._lines.append(line)

    def end(self) -> None:
        """Wait until nobody can write any more."""
        self._thread.join(20)

    @property
    def text(self) -> str:
        return "".join(self._lines)


class Siaga:
    """`siaga serve` on a port that stays the same, in a data folder; started, killed and started again.

    Args:
        folder: SIAGA_DATA_DIR.
        arguments: of `siaga serve`, beside the port and the region.
        store_url: SIAGA_REDIS_URL, or "".
        port: None for one that is free.
    """

    def __init__(self, folder: Path, *arguments: str, store_url: str = "", port: int | None = None) -> None:
        self.folder = folder
        self.port = free_ports(1)[0] if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [str(Path(sys.executable).with_name("siaga")), "serve", "--region", "kota", "--port", str(self.port)]
        self._command += arguments
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
        self._environment = {**kept, "SIAGA_DATA_DIR": str(folder), "SIAGA_LANG": "en", "PYTHONUNBUFFERED": "1"}
        if store_url:
            self._environment["SIAGA_REDIS_URL"] = store_url
        self._process: subprocess.Popen[str] | None = None
        self.earlier = ""
        """What those before the present process wrote to stderr."""

    def __enter__(self) -> Siaga:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self.kill()

    def begin(self) -> None:
        """Start it; it does not serve yet."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a test can send Ctrl-C to the group
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.out, self.err = Said(self._process.stdout), Said(self._process.stderr)

    def start(self) -> Siaga:
        """Start it, and wait until it says that it serves."""
        self.begin()
        deadline = time.monotonic() + START_SECONDS
        while not self.serves:
            if self.process.poll() is not None:
                self.err.end()
                pytest.fail(f"siaga serve ended with {self.process.returncode}: {self.err.text}")
            assert time.monotonic() < deadline, f"siaga serve does not serve: {self.err.text}"
            time.sleep(0.02)
        return self

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it was not started"
        return self._process

    @property
    def serves(self) -> bool:
        """Whether it has said where it listens."""
        return _ADDRESS.search(self.out.text) is not None

    @property
    def token(self) -> str:
        """The admin's."""
        return (self.folder / "admin-token").read_text().strip()

    @property
    def store_pid(self) -> int | None:
        """The process of its own store; None: it has none just now."""
        return store_of(self.process.pid)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self._gone()

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send it a signal; to its whole group, as a terminal does for Ctrl-C."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def ended(self, seconds: float) -> int:
        """Wait until it has ended by itself, so long at most; its exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"siaga serve has not ended in {seconds:g} s: {self.err.text}")
        self._gone()
        return code

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.ended(30)

    def _gone(self) -> None:
        self.process.wait()
        self.err.end()
        self.out.end()
        self.earlier += self.err.text
        self._process = None


def store_of(pid: int) -> int | None:
    """The store's server among the children of a process."""
    for child in children_of(pid):
        with suppress(OSError):
            if b"valkey" in Path(f"/proc/{child}/exe").readlink().name.encode():
                return child
    return None


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pid: int, seconds: float = 20.0) -> bool:
    """Whether a process ends, within so long."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)
