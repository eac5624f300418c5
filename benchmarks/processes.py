"""Child processes that are bounded in time, measured, and always ended."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.environment import ROOT


class WorkerError(Exception):
    """A worker that failed; the text goes into the table. `fatal`: the process is gone."""

    def __init__(self, text: str, *, fatal: bool) -> None:
        super().__init__(text)
        self.fatal = fatal


@dataclass(frozen=True, slots=True)
class Run:
    """A process that ran to its end.

    Attributes:
        seconds: wall clock. peak_mb: the largest resident set of it and its children. output: what it printed.
    """

    seconds: float
    peak_mb: float
    output: str


def run_to_end(command: list[str], *, seconds: float, cwd: Path | None = None) -> Run:
    """Runs a command.

    Raises:
        WorkerError: it failed, or took longer than `seconds` and was ended.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd, start_new_session=True, text=True
        )
        try:
            usage = _wait(child, start + seconds)
        finally:
            _end(child)
        took = time.perf_counter() - start
        if usage is None:
            raise WorkerError(f"stopped after {seconds:,.0f} s", fatal=True)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise WorkerError(_why(child.returncode, err.read()), fatal=True)
        return Run(took, usage.ru_maxrss / 1024, out.read())


def _wait(child: subprocess.Popen[str], deadline: float) -> Any | None:
    """The child's resource usage, its children's included; None if it isn't done in time."""
    while time.perf_counter() < deadline:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage
        time.sleep(0.01)
    return None


def _end(child: subprocess.Popen[str]) -> None:
    """Ends the child and all it started (it leads its own process group)."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.returncode is None:
        child.wait()


def _why(code: int, errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"{how}: {lines[-1][:200]}" if lines else how


class Worker:
    """A process that answers requests (see `peers/serve.py`), given so much time in all."""

    def __init__(self, command: list[str], *, seconds: float) -> None:
        """Starts it; `seconds` is all the time it gets for its answers."""
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed with the process)
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._rest = b""
        self._given = self._left = seconds

    def call(self, call: str, /, **arguments: Any) -> Any:
        """The worker's answer.

        Raises:
            WorkerError: it says so, it died, or its time is up and it was ended.
        """
        assert self._child.stdin is not None
        start = time.perf_counter()
        try:
            self._child.stdin.write(json.dumps({"call": call, "with": arguments}) + "\n")
            self._child.stdin.flush()
            line = self._line(start + self._left)
        except BrokenPipeError:
            line = b""
        self._left -= time.perf_counter() - start
        if line is None:
            self.close()
            raise WorkerError(f"stopped: more than {self._given / 60:,.0f} min", fatal=True)
        if not line:
            raise WorkerError(self._obituary(), fatal=True)
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(str(reply["error"])[:200], fatal=False)
        return reply["answer"]

    def _line(self, deadline: float) -> bytes | None:
        """A line of output; empty if the worker died, None if it took too long."""
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        blocks = [self._rest]
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in blocks[-1]:
                left = deadline - time.perf_counter()
                if left <= 0 or not selector.select(left):
                    return None
                block = os.read(descriptor, 1 << 20)
                if not block:
                    return b""
                blocks.append(block)
        line, self._rest = b"".join(blocks).split(b"\n", 1)
        return line

    def _obituary(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(5)
        code = self._child.poll()
        self._errors.seek(0)
        said = self._errors.read()
        self.close()
        return _why(1 if code is None else code, said)

    @property
    def used(self) -> float:
        """Seconds that its answers have taken."""
        return self._given - self._left

    def peak_mb(self) -> float:
        """The largest resident set of the process itself so far; 0 if it is gone."""
        try:
            status = Path(f"/proc/{self._child.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)

    def finish(self) -> float:
        """Lets the process end; the largest resident set in MB, of it or of any one of its children."""
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        usage = _wait(self._child, time.perf_counter() + 20) if self._child.returncode is None else None
        self.close()
        return usage.ru_maxrss / 1024 if usage else 0.0

    def close(self) -> None:
        """Ends the process and its children."""
        _end(self._child)
        for stream in (self._child.stdin, self._child.stdout, self._errors):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process."""
        self.close()
