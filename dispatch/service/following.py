"""Keeping a live region up to date: what is reported about roads and facilities reaches it, and so does the time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from dispatch.life.events import Kind
from dispatch.life.reports import Claims, Condition
from dispatch.life.world import Aggregate
from dispatch.service.codec import CodecError, read_state
from dispatch.service.feed import Feed
from dispatch.service.live_region import LiveRegion, Now
from dispatch.service.outage import Outage
from dispatch.store import Store, StoreError, TrimmedError

log = logging.getLogger(__name__)

REPORTS = frozenset({"condition_posted", "condition_withdrawn", "availability_claimed"})
_BACKOFF_SECONDS = 0.5
_LOOK_SECONDS = 30.0

Changed = Callable[[Now, Now, str], Awaitable[None]]
"""Called with the former state, the present one, and a word that is the same for everybody who sees this change."""


async def _open(store: Store, region: str, kind: Kind) -> list[Aggregate]:
    found = await store.load_open(region, kind)
    return [read_state(kind, one.state) for one in found.values() if one.state is not None]


async def reload(store: Store, live: LiveRegion, moment: datetime) -> Now:
    """Takes in everything that is reported.

    Raises:
        StoreError: the store can't. CodecError: what it holds can't be read.
    """
    conditions = [one for one in await _open(store, live.name, "condition") if isinstance(one, Condition)]
    claims = [one for one in await _open(store, live.name, "claims") if isinstance(one, Claims)]
    return await asyncio.to_thread(live.refresh, conditions, claims, moment)


class Follower:
    """Keeps one region of this process up to date."""

    def __init__(
        self, store: Store, live: LiveRegion, feed: Feed, clock: Callable[[], datetime], changed: Changed | None = None
    ) -> None:
        """`changed`: told after the roads have changed."""
        self._store, self._live, self._feed, self._clock, self._changed = store, live, feed, clock, changed
        self._told: Now | None = None

    async def run(self) -> None:
        """Follows until it is cancelled."""
        at: str | None = None
        due: datetime | None = None
        outage = Outage(log, f"region {self._live.name}: reports can't be read")
        while True:
            try:
                if at is None:
                    # The place in the stream first: what is reported while the states are read is taken twice, not missed.
                    last = await self._store.events.last_id(self._live.name)
                    await self._renew(await self._newest())
                    at, due = last, self._live.next_change(self._clock())
                await self._feed.wait(at, _LOOK_SECONDS if due is None else self._seconds_to(due))
                found = await self._feed.after(at)
                word = next((one.id for one in reversed(found) if one.event.type in REPORTS), None)
                turned = due is not None and due <= self._clock()
                if word is not None or turned:
                    await self._renew(word or f"{due or self._clock():%Y%m%dT%H%M%S}")
                    due = self._live.next_change(self._clock())
                at = found[-1].id if found else at
                outage.over()
            except TrimmedError:
                at = None
            except (StoreError, CodecError) as error:
                outage.goes_on(error)
                await asyncio.sleep(_BACKOFF_SECONDS)

    def _seconds_to(self, due: datetime) -> float:
        return min(_LOOK_SECONDS, max(0.05, (due - self._clock()).total_seconds()))

    async def _newest(self) -> str:
        """The word of the newest report on roads that holds: crews who were told of it before are not told again, and those
        who were not, since the service ended just then, are told now."""
        refs = await self._store.open_refs(self._live.name, "condition")
        posted = [one.id for ref in refs for one in (await self._store.history(self._live.name, ref))[-1:]]
        return max(posted, key=_order, default=f"{self._clock():%Y%m%dT%H%M%S}")

    async def _renew(self, word: str) -> None:
        before = self._told or self._live.now
        after = await reload(self._store, self._live, self._clock())
        for name, why in after.set_aside.items():
            log.warning("region %s: report %s is set aside: %s", self._live.name, name, why)
        self._told = before
        if self._changed is not None and before.state is not after.state:
            await self._changed(before, after, word)
        self._told = after  # not before: where the store went away meanwhile, the crews are still to be told


def _order(event_id: str) -> tuple[int, ...]:
    return tuple(map(int, event_id.split("-")))
