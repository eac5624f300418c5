"""What is open in a region, in memory: folded from the events as they come, for whoever may wait no longer for the store.

Answers come from the store; when it is away, they come from here and say how old they are.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from dispatch.life.events import Kind, Ref
from dispatch.life.evolve import evolve
from dispatch.life.world import Aggregate, World
from dispatch.service.codec import CodecError, named, read_event, read_state
from dispatch.service.committing import is_open
from dispatch.service.feed import Feed
from dispatch.store import Store, StoredEvent, StoreError, TrimmedError

log = logging.getLogger(__name__)

_KINDS: tuple[Kind, ...] = ("case", "run", "unit", "officer", "condition", "claims")
_BACKOFF_SECONDS = 0.5
_FRESH_SECONDS = 2.5
"""The feed hears from the store at least every second."""


class Board:
    """Everything open in a region, with versions.

    Attributes:
        world: as the last event that was read left it.
        versions: of what is in there.
    """

    def __init__(self, store: Store, feed: Feed) -> None:
        self._store, self._feed = store, feed
        self.world = World()
        self.versions: dict[Ref, int] = {}
        self._at: str | None = None
        self._loaded: dict[Ref, int] = {}

    @property
    def as_of(self) -> datetime | None:
        """When the store last answered; None: it never has."""
        return self._feed.read_at if self._at is not None else None

    @property
    def is_fresh(self) -> bool:
        """Whether it holds what happened up to about a second ago."""
        return self._at is not None and self._feed.lost_since is None and self._feed.silent_seconds < _FRESH_SECONDS

    async def run(self) -> None:
        """Follows the region until it is cancelled."""
        while True:
            try:
                if self._at is None:
                    await self._load()
                assert self._at is not None
                await self._feed.wait(self._at, 1.0)
                found = await self._feed.after(self._at)
                for one in found:
                    self._take(one)
                if found:
                    self._at = found[-1].id
            except TrimmedError:
                self._at = None
            except CodecError as error:
                # The states may be readable where an event is not; until they have been read, nothing here is as of now.
                self._at = None
                log.warning("region %s: what is open can't be read: %s", self._feed.region, error)
                await asyncio.sleep(_BACKOFF_SECONDS)
            except StoreError as error:
                log.info("region %s: what is open can't be read: %s", self._feed.region, error)
                await asyncio.sleep(_BACKOFF_SECONDS)

    async def _load(self) -> None:
        # The place in the stream first: what happens while the states are read is taken twice rather than missed.
        at = await self._store.events.last_id(self._feed.region)
        world = World()
        versions: dict[Ref, int] = {}
        for kind in _KINDS:
            for ref, one in (await self._store.load_open(self._feed.region, kind)).items():
                if one.state is not None:
                    world = world.with_(named(ref), read_state(kind, one.state))
                    versions[named(ref)] = one.version
        self.world, self.versions, self._at = world, versions, at
        self._loaded = dict(versions)

    def _take(self, stored: StoredEvent) -> None:
        ref = named(stored.event.ref)
        if stored.event.version <= self._loaded.get(ref, 0):
            return
        state = evolve(self.world.get(ref), read_event(stored.event.body))
        if is_open(state):
            self.world, self.versions[ref] = self.world.with_(ref, state), stored.event.version
        else:
            self.world = self.world.without(ref)
            self.versions.pop(ref, None)

    def get(self, ref: Ref) -> tuple[Aggregate | None, int]:
        """A state with its version; None and 0 for what is not there."""
        return self.world.get(ref), self.versions.get(ref, 0)
