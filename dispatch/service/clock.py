"""The service's clock: the computer's, or one that runs faster than it, for whoever tries the service out."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from routing import InputError

FASTEST = 600.0
"""Ten minutes a second: beyond that a facility's clock rings before anybody can have answered it."""


class FastClock:
    """Gives a time that goes on `speed` times as fast as the wall's from the moment at which it is made.

    It never goes back and never jumps, whatever becomes of the computer's clock meanwhile.

    Attributes:
        speed: simulated seconds in a second.
        began: what it said first, with its zone.

    Raises:
        InputError: the speed is not from 1 to `FASTEST`.
    """

    def __init__(self, speed: float, began: datetime | None = None, beat: Callable[[], float] = time.monotonic) -> None:
        """`began`: None for now. `beat`: seconds that never go back, from any beginning."""
        if not 1 <= speed <= FASTEST:
            raise InputError(f"a clock can run 1 to {FASTEST:g} times as fast as the wall's, not {speed:g} times")
        self.speed, self._beat = speed, beat
        self.began = began or datetime.now(UTC)
        self._start = beat()

    def __call__(self) -> datetime:
        """The time."""
        return self.began + timedelta(seconds=(self._beat() - self._start) * self.speed)


__all__ = ["FASTEST", "FastClock"]
