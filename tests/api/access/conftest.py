"""An empty store for each test, on one server; people and tokens have one region for all, so it is emptied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from api.access import Access
from dispatch.store import Store
from tests.api.access.site import START, Clock, Site, fast_passwords, site_at
from tests.stores import Run, run, store, store_url

__all__ = ["run", "store", "store_url"]


@pytest.fixture(autouse=True)
def empty(run: Run, store_url: str) -> None:
    """Forgets what earlier tests left."""

    async def flush() -> None:
        async with Redis.from_url(store_url, protocol=2) as client:
            await client.flushall()

    run(flush())


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
def access(run: Run, store: Store, clock: Clock) -> Access:
    """Who may do what, with nobody in it."""
    return run(Access.of(store, clock, passwords=fast_passwords()))


@pytest.fixture(scope="session")
def running(store_url: str) -> Iterator[Site]:
    """The service over HTTP, as long as the session."""
    with site_at(store_url) as site:
        yield site


@pytest.fixture
def site(empty: None, running: Site) -> Iterator[Site]:  # noqa: ARG001
    """The service with nobody in it, at the time when it began."""
    running.clock.now = START
    yield running
    running.leave()
