"""How long opening a case takes: durable, so the disk is asked for its share beside it."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.processes import Worker
from benchmarks.service.client import Caller, request
from benchmarks.service.region import NAME, Ground
from benchmarks.service.rows import ServiceResults, duration
from benchmarks.service.served import Served

MOST_SECONDS = 0.010
PAUSE_SECONDS = 0.02
"""Between two: what the last one set off is over then."""

WARMING_UP = 10
BLOCK = b"x" * 4096


def open_cases(
    served: Served, inside: Worker, ground: Ground, data: Path, results: ServiceResults, count: int, seed: int
) -> list[str]:
    """Cases opened over HTTP and in-process in turn, with pauses, and then over HTTP without; those over HTTP with pauses."""
    rng, caller, numbers = random.Random(seed), Caller(served), itertools.count()
    constant = request(served, "GET", "/healthz", token=False)
    cases: list[str] = []

    def key() -> str:
        return f"bench-opening-{next(numbers):06d}"

    def over_http() -> float:
        asked = request(served, "POST", f"/v1/regions/{NAME}/cases", ground.call(rng), key=key())
        took, answer = caller.timed(asked)
        cases.append(_named(answer.head))
        return took

    ways: list[Callable[[], float]] = [
        over_http,
        lambda: float(inside.call("open_case", body=ground.call(rng), key=key())),
        lambda: caller.timed(constant)[0],
        lambda: _write_and_sync(data / "synced"),
    ]
    took: list[list[float]] = [[] for _ in ways]
    try:
        for _ in range(WARMING_UP + count):
            for step in rng.sample(range(len(ways)), len(ways)):
                time.sleep(PAUSE_SECONDS)
                took[step].append(ways[step]())
        paused = cases[WARMING_UP:]
        at_once = [over_http() for _ in range(count)]
    finally:
        caller.close()
    http, in_process, nothing, synced = (some[WARMING_UP:] for some in took)
    floor = median(synced)
    results.rows += [
        duration("opening a case over HTTP, on disk when answered (a)", http, f"{median(http) / floor:.1f} × the disk",
                 "under 10 ms", MOST_SECONDS),
        duration("the same, one right after the other", at_once, f"{median(at_once) / floor:.1f} × the disk"),
        duration("opening a case in-process", in_process, f"{median(in_process) / floor:.1f} × the disk"),
        duration("a constant over HTTP (GET /healthz) meanwhile", nothing, f"{median(nothing) / floor:.1f} × the disk"),
        duration("the disk meanwhile: 4 KB appended to a file and synced", synced),
    ]  # fmt: skip
    return paused


def _named(head: bytes) -> str:
    """The case that was opened."""
    return head.lower().partition(b"\r\nlocation:")[2].partition(b"\r\n")[0].decode().rpartition("/")[2].upper()


def _write_and_sync(path: Path) -> float:
    with path.open("ab", buffering=0) as file:
        start = time.perf_counter()
        file.write(BLOCK)
        os.fdatasync(file.fileno())
        return time.perf_counter() - start
