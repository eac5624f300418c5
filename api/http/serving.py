"""What an app serves from, and the tasks that keep it up to date."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request

from dispatch.service.board import Board
from dispatch.service.feed import Feed
from dispatch.service.fix_feed import FixFeed
from dispatch.service.following import Follower
from dispatch.service.live_region import LiveRegion
from dispatch.service.service import Service, UnknownRegionError
from dispatch.service.tracking import Tracking
from dispatch.service.worker import Worker
from dispatch.store import Store, StoreRefusedError, StoreUnreachableError

log = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Account:
    """An account that anybody may sign in with; `page`: where its page is."""

    name: str
    password: str
    role: str
    page: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What is served is a demo.

    Attributes:
        speed: how many times as fast as the wall's its clock runs.
        calls_per_hour: by that clock.
        accounts: that anybody may sign in with; none where others on the network can reach it.
    """

    speed: float
    calls_per_hour: float
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class Serving:
    """One process's view of its regions.

    Attributes:
        service: takes commands.
        feeds, boards, tracking, fixes: by region.
        working: this process fires clocks as well.
        background: what else runs meanwhile.
        demo: what is said of it where this is one; None: it is an office's.
    """

    service: Service
    feeds: Mapping[str, Feed]
    boards: Mapping[str, Board]
    tracking: Mapping[str, Tracking]
    fixes: Mapping[str, FixFeed]
    working: bool = True
    background: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    demo: Demo | None = None

    @staticmethod
    def of(
        service: Service,
        *,
        working: bool = True,
        background: Mapping[str, Callable[[], Awaitable[None]]] | None = None,
        demo: Demo | None = None,
    ) -> Serving:
        """Everything that serves what a service serves; `background`: what else is to run meanwhile, by a name for it."""
        feeds = {name: Feed(service.store, name, service.clock) for name in service.regions}
        boards = {name: Board(service.store, feeds[name]) for name in feeds}
        tracking = {name: Tracking(service, live, boards[name]) for name, live in service.regions.items()}
        fixes = {name: FixFeed(service.store, name) for name in feeds}
        return Serving(service, feeds, boards, tracking, fixes, working, background or {}, demo)

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
            await open_region(self.service.store, name)
            feed = self.feeds[name]
            worker = Worker(self.service, name)
            changed = worker.roads_changed if self.working else None
            tasks += [
                asyncio.create_task(_again(feed.run, f"feed of {name}")),
                asyncio.create_task(_again(self.boards[name].run, f"board of {name}")),
                asyncio.create_task(_again(self.fixes[name].run, f"fixes of {name}")),
                asyncio.create_task(_again(self.tracking[name].run, f"arrivals of {name}")),
                asyncio.create_task(
                    _again(Follower(self.service.store, live, feed, self.service.clock, changed).run, f"roads of {name}")
                ),
            ]
            if self.working:
                # Each by itself: what ails the one leaves the other be.
                tasks += [
                    asyncio.create_task(_again(worker.clocks, f"clocks of {name}")),
                    asyncio.create_task(_again(worker.reactions, f"reactions of {name}")),
                ]
        tasks += [asyncio.create_task(_again(run, name)) for name, run in self.background.items()]
        try:
            yield
        finally:
            await _ended(tasks)


async def open_region(store: Store, name: str) -> None:
    """Makes a region known to the store. One whose node is away waits for it; the others don't.

    Raises:
        SchemaError: another release wrote it.
    """
    try:
        await store.open_region(name)
    except (StoreUnreachableError, StoreRefusedError) as error:
        log.warning("region %s: it waits for its store: %s", name, error)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels tasks until they have ended: before Python 3.12 one is lost in `wait_for`, with which redis-py writes."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_ASK_AGAIN_SECONDS)


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
