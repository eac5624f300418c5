"""How fast the machine is at the moment: shared ones are slow by half for seconds at a time."""

from __future__ import annotations

import statistics
import time


def pace() -> float:
    """Seconds that a fixed loop takes at present: the median of nine, some 10 ms in all."""
    several = []
    for _ in range(9):
        start, total = time.perf_counter(), 0
        for number in range(20_000):
            total += number * number
        several.append(time.perf_counter() - start)
    return statistics.median(several)
