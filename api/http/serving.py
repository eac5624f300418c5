"""What an app serves from, and the tasks that keep it up to date."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request

from dispatch.service.board import Board
from dispatch.service.feed import Feed
from dispatch.service.fix_feed import FixFeed
from dispatch.service.following import Follower
from dispatch.service.live_region import LiveRegion
from dispatch.service.service import Service, UnknownRegionError
from dispatch.service.tracking import Tracking
from dispatch.service.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """One process's view of its regions.

    Attributes:
        service: takes commands.
        feeds, boards, tracking, fixes: by region.
        working: this process fires clocks as well.
    """

    service: Service
    feeds: Mapping[str, Feed]
    boards: Mapping[str, Board]
    tracking: Mapping[str, Tracking]
    fixes: Mapping[str, FixFeed]
    working: bool = True

    @staticmethod
    def of(service: Service, *, working: bool = True) -> Serving:
        """Everything that serves what a service serves."""
        feeds = {name: Feed(service.store, name) for name in service.regions}
        boards = {name: Board(service.store, feeds[name]) for name in feeds}
        tracking = {name: Tracking(service, live, boards[name]) for name, live in service.regions.items()}
        return Serving(service, feeds, boards, tracking, {name: FixFeed(service.store, name) for name in feeds}, working)

    def region(self, name: str) -> LiveRegion:
        """The region of that name; raises UnknownRegionError."""
        return self.service.region(name)

    def board(self, name: str) -> Board:
        """The board of a region; raises UnknownRegionError."""
        if name not in self.boards:
            raise UnknownRegionError(name, sorted(self.boards))
        return self.boards[name]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keeps everything up to date meanwhile. A task that fails is said and begun again."""
        tasks = []
        for name, live in self.service.regions.items():
            await self.service.store.open_region(name)
            feed = self.feeds[name]
            worker = Worker(self.service, name)
            changed = worker.roads_changed if self.working else None
            tasks += [
                asyncio.create_task(_again(feed.run, f"feed of {name}")),
                asyncio.create_task(_again(self.boards[name].run, f"board of {name}")),
                asyncio.create_task(_again(self.fixes[name].run, f"fixes of {name}")),
                asyncio.create_task(
                    _again(Follower(self.service.store, live, feed, self.service.clock, changed).run, f"roads of {name}")
                ),
            ]
            if self.working:
                tasks.append(asyncio.create_task(_again(worker.run, f"worker of {name}")))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _again(run: object, what: str) -> None:
    assert callable(run)
    while True:
        try:
            await run()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s failed; it begins again", what)
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(1.0)


def serving_of(request: Request) -> Serving:
    """What the app of a request serves from."""
    found = request.app.state.serving
    assert isinstance(found, Serving)
    return found
