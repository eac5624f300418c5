"""Entries about who may do what, in the store: aggregates of a region of their own, each with the version of its shape."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import msgspec

from api.access.errors import AccessDataError
from dispatch.store import Commit, ConflictError, EventEntry, Loaded, Ref, Store, Write

ACCESS_REGION = "siaga-access"
"""The store's region for people, tokens, sessions and attempts; no region on the map may be called so."""

RECORD_SCHEMA = 1
"""Of these entries. A release that changes their shape reads older ones and counts this up."""

Clock = Callable[[], datetime]
"""The time, with its zone."""

_EXPIRE = "expire"
_TRIES = 100
_LONGEST_PAUSE_SECONDS = 0.02

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """An entry as it was found; version 0 and no value: there is none."""

    version: int
    value: T | None


class Records(Generic[T]):
    """The entries of one kind.

    Args:
        store: where they are.
        kind: the aggregates' kind.
        shape: of their values.
    """

    def __init__(self, store: Store, kind: str, shape: type[T]) -> None:
        self._store = store
        self._kind = kind
        self._decoder = msgspec.json.Decoder(shape)

    def ref(self, identity: str) -> Ref:
        """An entry's name in the store."""
        return Ref(self._kind, identity)

    async def get(self, *identities: str) -> list[Held[T]]:
        """Some entries, in one round trip.

        Raises:
            AccessDataError: another release wrote one.
        """
        refs = [self.ref(identity) for identity in identities]
        return [self._held(found) for found in await self._store.load(ACCESS_REGION, refs)]

    async def all_open(self) -> dict[str, Held[T]]:
        """Every entry that is not closed, by id.

        Raises:
            AccessDataError: another release wrote one.
        """
        found = await self._store.load_open(ACCESS_REGION, self._kind)
        return {ref.id: self._held(loaded) for ref, loaded in sorted(found.items())}

    def write(self, identity: str, held: Held[T], value: T, *, expires: datetime | None = None, is_open: bool = True) -> Write:
        """What to commit for an entry's next value; `expires`: then it may be cleared away."""
        clocks = {} if expires is None else {_EXPIRE: milliseconds(expires)}
        state = b"%d %s" % (RECORD_SCHEMA, msgspec.json.encode(value))
        return Write(self.ref(identity), held.version, state, clocks, is_open)

    def event(self, write: Write, happened: str, by: str, **more: Any) -> EventEntry:
        """What happened to an entry and who did it, for its history."""
        return EventEntry(write.ref, write.expected + 1, happened, msgspec.json.encode({"by": by, **more}))

    def _held(self, loaded: Loaded) -> Held[T]:
        if loaded.state is None:
            return Held(0, None)
        schema, _, body = loaded.state.partition(b" ")
        try:
            if int(schema) > RECORD_SCHEMA:
                raise AccessDataError("unreadable", what=self._kind)
            return Held(loaded.version, self._decoder.decode(body))
        except (ValueError, msgspec.DecodeError) as error:  # what stands in the entry stays out of the message
            raise AccessDataError("unreadable", what=self._kind) from error


async def commit(store: Store, writes: Sequence[Write], events: Sequence[EventEntry] = ()) -> None:
    """Stores entries together.

    Raises:
        ConflictError: somebody else wrote one of them first.
    """
    await store.commit(ACCESS_REGION, Commit(command=uuid4().hex, writes=writes, events=events))


async def persist(attempt: Callable[[], Awaitable[T]]) -> T:
    """Does it again, from the loading on, as long as somebody else is faster.

    Raises:
        ConflictError: somebody always was.
    """
    for left in reversed(range(_TRIES)):
        try:
            return await attempt()
        except ConflictError:
            if not left:
                raise
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))
    raise AssertionError


class _Expiring(msgspec.Struct, frozen=True):
    expires: datetime


_EXPIRING = msgspec.json.Decoder(_Expiring)
_LEASE_MS = 60_000


async def sweep(store: Store, now: datetime, limit: int = 50) -> int:
    """Clears away entries that have expired; how many. Whoever signs in does it, so that what signing in makes goes again."""
    gone = 0
    for clock in await store.claim_due(ACCESS_REGION, milliseconds(now), _LEASE_MS, limit):
        try:
            (loaded,) = await store.load(ACCESS_REGION, [clock.ref])
            if loaded.state is None or _EXPIRING.decode(loaded.state.partition(b" ")[2]).expires > now:
                continue
            await commit(store, [Write(clock.ref, loaded.version, loaded.state, open=False)])
            gone += await store.remove(ACCESS_REGION, clock.ref, loaded.version + 1)
        except ConflictError:
            continue  # it is in use again
    return gone


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded up."""
    return -int(-moment.timestamp() * 1000 // 1)
