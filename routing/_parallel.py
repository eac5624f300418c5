"""Work shared between the calling thread and a few helpers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Final

HELPERS: Final = max(1, (os.cpu_count() or 1) - 1)
"""Threads that may help the calling one."""


def run_all(step: Callable[[int], None], items: Iterable[int], helpers: Executor | None) -> None:
    """Run a step for every item, this thread and the helpers taking the next one as they get free."""
    queue: Iterator[int] = iter([int(item) for item in items])

    def drain() -> None:
        for item in queue:  # a list's iterator hands each item to one thread
            step(item)

    others = [] if helpers is None else [helpers.submit(drain) for _ in range(HELPERS)]
    try:
        drain()
    finally:
        for other in others:
            if not other.cancel():  # not even begun: the others left it nothing to do
                other.result()
