"""A region's stream of events: followed by listeners that remember where they were, and worked through by named groups.

A group ("effects", "archive") gets each event once, to one of its consumers; what a consumer took and never acknowledged is
taken over by another. Events that some group has not acknowledged are never trimmed.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import ResponseError

from dispatch.store.connect import LONGEST_WAIT_MS, Client, Link
from dispatch.store.errors import TrimmedError
from dispatch.store.functions import call_function
from dispatch.store.keys import Keys
from dispatch.store.model import StoredEvent, checked_event_id, checked_word
from dispatch.store.packing import stream_entries, unpack_event

START = "0-0"
"""Comes before every event."""


def _parts(event_id: str) -> tuple[int, int]:
    ms, number = checked_event_id(event_id).split("-")
    return int(ms), int(number)


def is_later(event_id: str, than: str) -> bool:
    """Whether an event came after another, by their ids."""
    return _parts(event_id) > _parts(than)


class EventLog:
    """The streams of events of all regions."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def tail(self, region: str, after: str, *, wait_ms: int = 0, limit: int = 1000) -> list[StoredEvent]:
        """The next events after one, oldest first; waits for one if there is none yet.

        Args:
            region: whose.
            after: the id of the last event the caller has; `START` for all there are.
            wait_ms: how long to wait, 2,000 at most; 0: not at all.
            limit: how many at most.

        Raises:
            TrimmedError: events after it were trimmed: the caller has missed some.
        """
        keys, start = Keys(region), checked_event_id(after)

        async def read(client: Client) -> tuple[Any, bytes | None]:
            wait = min(wait_ms, LONGEST_WAIT_MS) or None
            answer = await client.xread({keys.events: start}, count=limit, block=wait)
            # Asked for after the reading, so that no trimming in between goes unnoticed.
            return answer, await client.get(keys.trimmed)

        answer, trimmed = await self._link.run(keys.slot, read, waits=True)
        if trimmed is not None and is_later(trimmed.decode(), after):
            raise TrimmedError(f"region {region}: events after {after} up to {trimmed.decode()} are gone from the stream")
        return [unpack_event(*entry) for entry in stream_entries(answer)]

    async def last_id(self, region: str) -> str:
        """The id of the newest event there ever was; `START` if there was none."""
        keys = Keys(region)
        try:
            about = await self._link.run(keys.slot, lambda client: _stream_info(client, keys.events))
        except _NoStreamError:
            return START
        return str(about["last-generated-id"].decode())

    async def oldest_id(self, region: str) -> str | None:
        """The id of the oldest event still in the stream; None if it holds none."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.xrange(keys.events, count=1))
        return found[0][0].decode() if found else None

    async def trim(self, region: str, upto: str) -> int:
        """Drop events up to and with an id, but none that a group has not acknowledged; how many were dropped."""
        keys = Keys(region)
        checked_event_id(upto)
        return int(
            await self._link.run(keys.slot, lambda client: call_function(client, "trim", [keys.events, keys.trimmed], [upto]))
        )

    async def register_group(self, region: str, group: str, *, after: str = START) -> None:
        """Make a named group that is to get every event after an id; one that exists stays as it is."""
        keys = Keys(region)
        checked_word(group, "group")

        async def create(client: Client) -> None:
            try:
                await client.xgroup_create(keys.events, group, id=checked_event_id(after), mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

        await self._link.run(keys.slot, create)

    async def drop_group(self, region: str, group: str) -> None:
        """Forget a group, so that trimming waits for it no longer."""
        keys = Keys(region)

        async def destroy(client: Client) -> None:
            if await client.exists(keys.events):
                await client.xgroup_destroy(keys.events, group)

        await self._link.run(keys.slot, destroy)

    async def read_group(
        self, region: str, group: str, consumer: str, *, wait_ms: int = 0, limit: int = 100
    ) -> list[StoredEvent]:
        """The next events for a consumer of a registered group: nobody else of the group gets them.

        Raises:
            StoreRefusedError: the group is not registered.
        """
        keys = Keys(region)
        checked_word(consumer, "consumer")
        wait = min(wait_ms, LONGEST_WAIT_MS) or None
        answer = await self._link.run(
            keys.slot,
            lambda client: client.xreadgroup(group, consumer, {keys.events: ">"}, count=limit, block=wait),
            waits=True,
        )
        return [unpack_event(*entry) for entry in stream_entries(answer)]

    async def ack(self, region: str, group: str, event_ids: list[str]) -> int:
        """Say that a group is done with events; how many it had not said so of before."""
        if not event_ids:
            return 0
        keys = Keys(region)
        return int(await self._link.run(keys.slot, lambda client: client.xack(keys.events, group, *event_ids)))

    async def reclaim(self, region: str, group: str, consumer: str, *, idle_ms: int, limit: int = 100) -> list[StoredEvent]:
        """Take over events that some consumer took at least `idle_ms` ago and never acknowledged (it died, or is stuck).

        Also what this consumer itself left behind; answers at most `limit`, oldest first.
        """
        keys = Keys(region)
        checked_word(consumer, "consumer")

        async def take(client: Client) -> list[Any]:
            taken: list[Any] = []
            cursor = "0-0"
            while len(taken) < limit:
                answer = await client.execute_command(
                    "XAUTOCLAIM", keys.events, group, consumer, idle_ms, cursor, "COUNT", limit - len(taken)
                )
                taken += answer[1]
                cursor = answer[0].decode()
                if cursor == "0-0":
                    break
            return taken

        entries = await self._link.run(keys.slot, take)
        return [unpack_event(event_id, _fields(fields)) for event_id, fields in entries]


class _NoStreamError(Exception):
    """No event was ever stored for the region."""


async def _stream_info(client: Client, key: str) -> dict[str, Any]:
    try:
        return dict(await client.xinfo_stream(key))
    except ResponseError as error:
        if "no such key" in str(error):
            raise _NoStreamError from error
        raise


def _fields(fields: Any) -> dict[bytes, bytes]:
    """Name and value in turn, where they don't come as a mapping."""
    return fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))
