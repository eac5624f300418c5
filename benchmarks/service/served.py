"""`siaga serve` in a process of its own, held to one core together with its store, and what both use."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from benchmarks.processes import WorkerError
from benchmarks.service.region import NAME

START_SECONDS = 300.0
STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Who works where.

    Attributes:
        service: the core of the service and its store, and of the process that is compared with it.
        client: the one of whoever asks.
    """

    service: int
    client: int

    @staticmethod
    def of_this_machine() -> Cores | None:
        """Two cores; None where there are none, or processes can't be held to one."""
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        return Cores(allowed[-1], allowed[0]) if len(allowed) > 1 else None


@contextlib.contextmanager
def held_to(core: int) -> Iterator[None]:
    """This process, and whatever it starts meanwhile, works on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of a core that were used since the processes started."""

    service: float
    store: float


class Served:
    """The service; give it a data folder with a region and a fleet."""

    def __init__(self, data: Path, core: int) -> None:
        self._data, self._core = data, core
        self.host, self.port, self.token = "127.0.0.1", 0, ""

    def __enter__(self) -> Self:
        """Starts it, and waits until it serves.

        Raises:
            WorkerError: it doesn't.
        """
        siaga, fleet = Path(sys.executable).parent / "siaga", self._data / "fleet.csv"
        command = [str(siaga), "serve", "--region", NAME, "--port", "0", "--fleet", str(fleet), "--lang", "en"]
        environment = {**os.environ, "SIAGA_DATA_DIR": str(self._data), "SIAGA_REDIS_URL": ""}
        with held_to(self._core):
            self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
        try:
            assert self._process.stdout is not None
            address = _address_in(self._process.stdout)
            self.port = int(address.rpartition(":")[2])
            self.token = (self._data / "admin-token").read_text(encoding="ascii").strip()
            self._store = _child_of(self._process.pid)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Has it stop."""
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def used(self) -> Used:
        """What both have used until now."""
        return Used(_cpu_seconds(self._process.pid), _cpu_seconds(self._store))


def _address_in(output: IO[bytes]) -> str:
    """Where it listens, as it says itself when it does."""
    said, deadline = b"", time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while b"\n" not in said.partition(b"SIAGA=")[2]:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise WorkerError(f"siaga serve was not ready within {START_SECONDS:.0f} s", fatal=True)
            block = os.read(output.fileno(), 1 << 16)
            if not block:
                raise WorkerError("siaga serve has ended", fatal=True)
            said += block
    return said.partition(b"SIAGA=")[2].partition(b"\n")[0].decode().partition("/v1/")[0]


def _child_of(process: int) -> int:
    """The store: the one process that the service has started.

    Raises:
        WorkerError: there are others, or none.
    """
    found = [int(one) for path in Path(f"/proc/{process}/task").glob("*/children") for one in path.read_text().split()]
    if len(found) != 1:
        raise WorkerError(f"siaga serve has {len(found)} processes below it; one was expected, the store", fatal=True)
    return found[0]


def _cpu_seconds(process: int) -> float:
    """That a process has used, with those it has started and that have ended: user, system, and both of those."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
