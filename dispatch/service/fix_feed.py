"""Where vehicles are, as it comes: put together every quarter of a second, once for everybody who follows."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from dispatch.store import START, Store, StoreError

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.25
_KEPT = 40
_AT_ONCE = 5_000


class FixFeed:
    """The latest fixes of a region, in numbered batches: of each vehicle only the last one of a batch."""

    def __init__(self, store: Store, region: str) -> None:
        self._store, self._region = store, region
        self._batches: deque[tuple[int, dict[str, bytes]]] = deque(maxlen=_KEPT)
        self.number = 0
        """Of the last batch."""

    async def run(self) -> None:
        """Reads until it is cancelled."""
        at: str | None = None
        while True:
            try:
                if at is None:
                    at = await self._store.fixes.last_id(self._region)
                found = await self._store.fixes.tail(self._region, at, limit=_AT_ONCE)
                if found:
                    at = found[-1].id
                    self.number += 1
                    self._batches.append((self.number, {one.fix.vehicle: one.fix.body for one in found}))
            except StoreError:
                at = at or START
            await asyncio.sleep(BATCH_SECONDS)

    def after(self, number: int) -> dict[str, bytes]:
        """The last fix of each vehicle in the batches after a number, as JSON; who is far behind gets those that are kept."""
        found: dict[str, bytes] = {}
        for batch, fixes in self._batches:
            if batch > number:
                found.update(fixes)
        return found
