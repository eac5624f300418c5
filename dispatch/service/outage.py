"""Says that something is away when it begins and when it is over, and not at every attempt in between."""

from __future__ import annotations

import logging
import time


class Outage:
    """What one loop can't do while its store is away.

    Args:
        log: where it is said.
        what: "region ciriung: clocks can't be read", which an error is put behind.
    """

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log, self._what = log, what
        self._since: float | None = None

    def goes_on(self, error: Exception) -> None:
        """It didn't work, or still doesn't."""
        if self._since is None:
            self._since = time.monotonic()
            self._log.warning("%s: %s", self._what, error)

    def over(self) -> None:
        """It worked."""
        if self._since is not None:
            self._log.warning("%s: over, after %.0f s", self._what, time.monotonic() - self._since)
            self._since = None
