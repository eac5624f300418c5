"""A peer at work in a process of its own: started, asked, ended."""

from __future__ import annotations

import json
import subprocess
import tempfile
from types import TracebackType
from typing import Any

from benchmarks.environment import BENCHMARKS, peers_python


class PeerError(RuntimeError):
    """A peer could not do what it was asked; the message is its own."""


class Peer:
    """A worker of `benchmarks/peers/` in the peers' environment.

        with Peer("osrm") as osrm:
            osrm.call("prepare", pbf="…", folder="…")

    What the library prints is kept and shown only if the worker dies.
    """

    def __init__(self, name: str) -> None:
        """Starts the worker `peers/<name>_worker.py`.

        Raises:
            PeersMissing: the peers' environment can't be made on this machine.
        """
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._process = subprocess.Popen(
            [str(peers_python()), str(BENCHMARKS / "peers" / f"{name}_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
        )

    def call(self, call: str, /, **arguments: Any) -> Any:
        """Asks, and waits for the answer.

        Raises:
            PeerError: the worker reports an error, or died.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"call": call, "with": arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process.wait()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip().splitlines()
            raise PeerError(f"{self.name} died in {call} (exit code {self._process.returncode}): {' / '.join(said[-3:])}")
        reply = json.loads(line)
        if "error" in reply:
            raise PeerError(f"{self.name}: {reply['error']}")
        return reply["answer"]

    def __enter__(self) -> Peer:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        """Ends the worker."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()
