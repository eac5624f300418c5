"""The store: aggregates with their versions, clocks, events and private entries, each region on one shard.

It knows nothing of cases. A commit is stored as a whole or not at all, compares the version of every aggregate it touched,
and does nothing when its command id was stored before. What is answered is on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from redis.exceptions import ResponseError

from dispatch.store.connect import Client, Link
from dispatch.store.errors import ConflictError, StoreError, StoreRefusedError
from dispatch.store.events import EventLog
from dispatch.store.fixes import Fixes
from dispatch.store.functions import call_function
from dispatch.store.keys import EVERY_SCHEMA, Keys, region_of
from dispatch.store.model import Commit, Committed, DueClock, Loaded, Ref, Seen, StoredEvent
from dispatch.store.packing import SCHEMA, pack_commit, unpack_answer, unpack_history, unpack_state, wrong_schema

KEEP_ANSWERS_DAYS = 14
"""How long a command id is known, unless told otherwise: longer than a driver's phone stays without network."""

_DAY_MS = 86_400_000
_ABOUT_TO_END_MS = 1_000
_REWRITE_POLL_SECONDS = 0.05


class Store:
    """All regions of one store. Everything raises StoreUnreachableError or StoreRefusedError when the store can't do it.

    Attributes:
        events: the streams of events.
        fixes: where vehicles are.
    """

    def __init__(self, link: Link, *, keep_answers_days: float = KEEP_ANSWERS_DAYS) -> None:
        self._link = link
        self._keep_ms = int(keep_answers_days * _DAY_MS)
        self.events = EventLog(link)
        self.fixes = Fixes(link)

    async def open_region(self, region: str) -> None:
        """Make a region known before its first commit, or see that this release can read it.

        Raises:
            SchemaError: another release wrote it.
        """
        keys = Keys(region)

        async def schema(client: Client) -> bytes | None:
            await client.set(keys.schema, SCHEMA, nx=True)
            found: bytes | None = await client.get(keys.schema)
            return found

        found = await self._link.run(keys.slot, schema)
        if found != b"%d" % SCHEMA:
            raise wrong_schema(region, found or b"0")

    async def load(self, region: str, refs: Sequence[Ref]) -> tuple[Loaded, ...]:
        """Aggregates as they are at one moment, in one round trip; one that isn't there has version 0 and no state.

        Raises:
            SchemaError: another release wrote the region.
        """
        keys = Keys(region)
        names = [keys.schema, *(keys.state(ref) for ref in refs)]
        schema, *packed = await self._link.run(keys.slot, lambda client: client.mget(names))
        if schema is not None and schema != b"%d" % SCHEMA:
            raise wrong_schema(region, schema)
        return tuple(unpack_state(state) for state in packed)

    async def commit(self, region: str, commit: Commit) -> Committed | Seen:
        """Store what a command leads to, once.

        Raises:
            ConflictError: an aggregate has another version; nothing was written.
            SchemaError: another release wrote the region.
            StoreUnreachableError: no answer came; it may be stored all the same. Commit again with the same command id.
        """
        keys = Keys(region)
        names, args = pack_commit(keys, commit, self._keep_ms)
        answer = await self._link.run(keys.slot, lambda client: call_function(client, "commit", names, args))
        return unpack_answer(region, commit, answer)

    async def seen(self, region: str, command: str) -> Seen | None:
        """What a command was answered, if it was stored before."""
        keys = Keys(region)
        fingerprint, answer = await self._link.run(
            keys.slot, lambda client: client.hmget(keys.seen(command), "fingerprint", "answer")
        )
        return None if fingerprint is None else Seen(answer=answer, fingerprint=fingerprint)

    async def open_refs(self, region: str, kind: str) -> list[Ref]:
        """The aggregates of a kind that are open, by their ids."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.smembers(keys.open(kind)))
        return sorted(Ref(kind, identity.decode()) for identity in found)

    async def load_open(self, region: str, kind: str) -> dict[Ref, Loaded]:
        """The open aggregates of a kind with their states, in two round trips."""
        refs = await self.open_refs(region, kind)
        return dict(zip(refs, await self.load(region, refs), strict=True)) if refs else {}

    async def history(self, region: str, ref: Ref) -> list[StoredEvent]:
        """All events of an aggregate, oldest first; trimming the region's stream doesn't touch them."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.lrange(keys.history(ref), 0, -1))
        return [unpack_history(ref, packed) for packed in found]

    async def private(self, region: str, ref: Ref) -> list[bytes]:
        """The private entries of an aggregate, oldest first."""
        keys = Keys(region)
        found: list[bytes] = await self._link.run(keys.slot, lambda client: client.lrange(keys.private(ref), 0, -1))
        return found

    async def forget(self, region: str, ref: Ref) -> bool:
        """Drop the private entries of an aggregate; whether there were any. On disk they stay until `rewrite_log`."""
        keys = Keys(region)
        return bool(await self._link.run(keys.slot, lambda client: client.delete(keys.private(ref))))

    async def blank_prints(self, region: str, commands: Iterable[str]) -> None:
        """Drop the fingerprints of commands: from one, a short number that went with the command could be guessed.

        A repetition still gets its answer, but that the id was used for something else can't be told any more.
        """
        keys = Keys(region)

        async def blank(client: Client) -> None:
            for command in commands:
                key = keys.seen(command)
                if await client.pttl(key) > _ABOUT_TO_END_MS:  # one that ended just now would come back for ever
                    await client.hset(key, "fingerprint", b"")

        await self._link.run(keys.slot, blank)

    async def claim_due(self, region: str, now_ms: int, lease_ms: int, limit: int = 100) -> list[DueClock]:
        """Take clocks that ring, the earliest first. Nobody else gets them for `lease_ms`; then they ring again.

        Firing one is an ordinary commit that sets or clears the aggregate's clocks; give it a command id made of ref, name and
        deadline, so that it happens once even if two workers come to it.
        """
        keys = Keys(region)
        answer = await self._link.run(
            keys.slot,
            lambda client: call_function(client, "claim", [keys.clocks, keys.deadlines], [now_ms, now_ms + lease_ms, limit]),
        )
        return [_due(member, deadline) for member, deadline in zip(answer[::2], answer[1::2], strict=True)]

    async def deadlines(self, region: str, clocks: Sequence[tuple[Ref, str]]) -> list[int | None]:
        """The deadlines of some clocks as they were set, milliseconds since 1970; None: it does not run."""
        if not clocks:
            return []
        keys = Keys(region)
        members = [f"{ref}/{name}" for ref, name in clocks]
        found = await self._link.run(keys.slot, lambda client: client.hmget(keys.deadlines, members))
        return [None if one is None else int(one) for one in found]

    async def next_due(self, region: str) -> int | None:
        """When to look at the clocks again, milliseconds since 1970 (the end of a lease counts); None: there are none."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.zrange(keys.clocks, 0, 0, withscores=True))
        return int(found[0][1]) if found else None

    async def closed_before(self, region: str, moment_s: int, limit: int = 100) -> list[Ref]:
        """Aggregates closed before a moment (seconds since 1970, the store's clock), the longest closed first."""
        keys = Keys(region)
        found = await self._link.run(
            keys.slot, lambda client: client.zrange(keys.closed, "-inf", f"({moment_s}", byscore=True, offset=0, num=limit)
        )
        return [Ref.parse(member.decode()) for member in found]

    async def remove(self, region: str, ref: Ref, version: int) -> bool:
        """Clear away a closed aggregate with its history and private entries; False: it is open, or has clocks.

        Raises:
            ConflictError: it has another version.
        """
        keys = Keys(region)
        names = [keys.state(ref), keys.open(ref.kind), keys.closed, keys.history(ref), keys.private(ref)]
        answer = await self._link.run(
            keys.slot, lambda client: call_function(client, "remove", names, [str(ref), ref.id, version])
        )
        if answer[0] == b"conflict":
            raise ConflictError(ref, version, int(answer[2]))
        return bool(answer[0] == b"removed")

    async def regions(self) -> list[str]:
        """Every region that has entries, from all servers; it goes through all keys, so it is for tools, not for requests."""

        async def scan(client: Client) -> set[str]:
            return {region_of(key.decode()) async for key in client.scan_iter(EVERY_SCHEMA, count=10_000)}

        found = await asyncio.gather(*(node.use(scan) for node in await self._link.primaries()))
        return sorted(set().union(*found))

    async def ping(self, region: str) -> float:
        """Seconds that the region's server takes to answer."""
        start = time.perf_counter()
        await self._link.run(Keys(region).slot, lambda client: client.execute_command("PING"))
        return time.perf_counter() - start

    async def info(self) -> dict[str, dict[str, Any] | StoreError]:
        """What each server tells about itself (INFO), by address; or the error, for one that doesn't answer."""

        async def ask(client: Client) -> dict[str, Any]:
            return dict(await client.info())

        nodes = await self._link.primaries()
        found = await asyncio.gather(*(node.use(ask) for node in nodes), return_exceptions=True)
        told: dict[str, dict[str, Any] | StoreError] = {}
        for node, answer in zip(nodes, found, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, StoreError):
                raise answer
            told[node.address] = answer
        return told

    async def rewrite_log(self, *, within_seconds: float = 600.0) -> None:
        """Write the append-only files anew, so that nothing forgotten or removed is left in them.

        Raises:
            StoreRefusedError: it failed, or took too long.
        """
        deadline = time.monotonic() + within_seconds
        await asyncio.gather(*(node.use(lambda client: _rewrite(client, deadline)) for node in await self._link.primaries()))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._link.aclose()

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _due(member: bytes, deadline: bytes) -> DueClock:
    ref, _, name = member.decode().rpartition("/")
    return DueClock(Ref.parse(ref), name, int(deadline))


async def _rewritten(client: Client, deadline: float) -> None:
    """Wait until no rewriting goes on."""
    while True:
        about = await client.info("persistence")
        if not about["aof_rewrite_in_progress"] and not about["aof_rewrite_scheduled"]:
            break
        if time.monotonic() > deadline:
            raise StoreRefusedError("the append-only file is still being rewritten; look into the server's log")
        await asyncio.sleep(_REWRITE_POLL_SECONDS)
    if about["aof_last_bgrewrite_status"] != "ok":
        raise StoreRefusedError("rewriting the append-only file failed; is there room for a second one? See the server's log")


async def _rewrite(client: Client, deadline: float) -> None:
    # One that is going on began before what is to be left out was dropped: it does not count.
    while True:
        try:
            await client.execute_command("BGREWRITEAOF")
            break
        except ResponseError as error:
            if "in progress" not in str(error):
                raise
            await _rewritten(client, deadline)
    await _rewritten(client, deadline)
