"""What happens in a region, as it happens: one reader of the store for everybody in this process who follows."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import islice

from dispatch.service.outage import Outage
from dispatch.store import START, Store, StoredEvent, StoreError, TrimmedError, is_later

_KEPT = 5_000
"""So many of the last events stay in memory; who is farther behind reads them from the store."""

_READ_AT_ONCE = 500
_WAIT_MS = 1_000
_BACKOFF_SECONDS = 0.5

log = logging.getLogger(__name__)


class Feed:
    """The last events of a region.

    Attributes:
        region: its name.
        read_at: when the store last answered, by the service's clock; how old everything here may be.
        lost_since: since when the store has not answered, or None.
    """

    def __init__(self, store: Store, region: str, clock: Callable[[], datetime] | None = None) -> None:
        """`clock`: the service's; None for the computer's."""
        self._store = store
        self._clock = clock or (lambda: datetime.now(UTC))
        self._heard: float | None = None
        self.region = region
        self._events: deque[StoredEvent] = deque(maxlen=_KEPT)
        self._last = START
        self._before = START
        self._news = asyncio.Condition()
        self.read_at: datetime | None = None
        self.lost_since: datetime | None = None

    @property
    def silent_seconds(self) -> float:
        """How long ago the store last answered, by the wall's clock, however fast the service's runs."""
        return math.inf if self._heard is None else time.monotonic() - self._heard

    @property
    def last_id(self) -> str:
        """Of the newest event that has been read."""
        return self._last

    async def run(self) -> None:
        """Reads until it is cancelled; while the store is away it tries again and again."""
        started = False
        outage = Outage(log, f"region {self.region}: events can't be read")
        while True:
            try:
                if not started:
                    self._last = self._before = await self._store.events.last_id(self.region)
                    started = True
                await self._take(await self._store.events.tail(self.region, self._last, wait_ms=_WAIT_MS, limit=_READ_AT_ONCE))
                self.lost_since = None
                outage.over()
            except TrimmedError:
                # More was cleared away than could be read meanwhile: whoever follows finds the gap by the ids.
                started = False
            except StoreError as error:
                self.lost_since = self.lost_since or self._clock()
                outage.goes_on(error)
                await asyncio.sleep(_BACKOFF_SECONDS)

    async def _take(self, events: list[StoredEvent]) -> None:
        self.read_at, self._heard = self._clock(), time.monotonic()
        if not events:
            return
        if len(self._events) + len(events) > _KEPT:
            self._before = self._events[min(len(self._events), len(self._events) + len(events) - _KEPT) - 1].id
        self._events.extend(events)
        self._last = events[-1].id
        async with self._news:
            self._news.notify_all()

    async def after(self, event_id: str, *, limit: int = _READ_AT_ONCE) -> list[StoredEvent]:
        """The events after an id, oldest first; none missed and none twice.

        Raises:
            TrimmedError: they have been cleared away. StoreError: they are no longer in memory, and the store can't.
        """
        if is_later(self._before, event_id):
            return await self._store.events.tail(self.region, event_id, limit=limit)
        first = bisect.bisect_right(self._events, _order(event_id), key=lambda one: _order(one.id))
        return list(islice(self._events, first, first + limit))

    async def wait(self, event_id: str, seconds: float) -> None:
        """Waits until there is an event after an id, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: is_later(self._last, event_id))

    async def follow(self, event_id: str) -> AsyncIterator[list[StoredEvent]]:
        """The events after an id, and those that come, in batches; an empty one now and then, so that time can be watched."""
        while True:
            await self.wait(event_id, 1.0)
            found = await self.after(event_id)
            if found:
                event_id = found[-1].id
            yield found


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number)
