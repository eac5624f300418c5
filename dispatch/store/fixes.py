"""Where vehicles are: the latest fix of each, a trail of its last ones, and a stream for those who watch.

Fixes are not events: nothing is decided by them alone, and only the last few hundred are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.store.connect import LONGEST_WAIT_MS, Client, Link
from dispatch.store.events import START
from dispatch.store.functions import call_function
from dispatch.store.keys import Keys
from dispatch.store.model import Fix, StoredFix, checked_event_id
from dispatch.store.packing import Argument, stream_entries, unpack_latest, unpack_live_fix, unpack_trail

TRAIL_LENGTH = 500
LIVE_LENGTH = 10_000
"""About so many fixes stay in a region's live stream."""

_AT_ONCE = 1_000


class Fixes:
    """The fixes of all regions."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def put(self, region: str, fixes: Sequence[Fix]) -> tuple[bool, ...]:
        """Take fixes in, in one round trip; for each, whether it is now its vehicle's latest.

        An older one than the latest goes into the trail only, as does one that isn't trusted; one whose time the trail
        has already is left out.
        """
        if not fixes:
            return ()
        keys = Keys(region)
        names = [keys.latest_fixes, keys.live_fixes, *(keys.trail(fix.vehicle) for fix in fixes)]
        args: list[Argument] = [TRAIL_LENGTH, LIVE_LENGTH, len(fixes)]
        for fix in fixes:
            args += (fix.vehicle, fix.fix_ms, int(fix.trusted), fix.body)
        answer = await self._link.run(keys.slot, lambda client: call_function(client, "put_fixes", names, args))
        return tuple(bool(latest) for latest in answer)

    async def latest(self, region: str) -> dict[str, Fix]:
        """The latest fix of each vehicle that ever had one, in one round trip."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.hgetall(keys.latest_fixes))
        return {(name := vehicle.decode()): unpack_latest(name, packed) for vehicle, packed in found.items()}

    async def latest_of(self, region: str, vehicle: str) -> Fix | None:
        """The latest fix of a vehicle; None if it never had one."""
        keys = Keys(region)
        packed = await self._link.run(keys.slot, lambda client: client.hget(keys.latest_fixes, vehicle))
        return None if packed is None else unpack_latest(vehicle, packed)

    async def trail(self, region: str, vehicle: str) -> list[Fix]:
        """A vehicle's last fixes by their time, oldest first; at most `TRAIL_LENGTH`."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.zrange(keys.trail(vehicle), 0, -1))
        return [unpack_trail(vehicle, packed) for packed in found]

    async def drop(self, region: str, vehicle: str) -> None:
        """Forget where a vehicle is and was, also in the live stream."""
        keys = Keys(region)

        async def delete(client: Client) -> None:
            await client.hdel(keys.latest_fixes, vehicle)
            await client.delete(keys.trail(vehicle))
            start = b"-"
            while found := await client.xrange(keys.live_fixes, min=start, count=_AT_ONCE):
                if mine := [one for one, fields in found if fields[b"vehicle"].decode() == vehicle]:
                    await client.xdel(keys.live_fixes, *mine)
                start = b"(" + found[-1][0]

        await self._link.run(keys.slot, delete)

    async def tail(self, region: str, after: str, *, wait_ms: int = 0, limit: int = 1000) -> list[StoredFix]:
        """Fixes that became the latest, after an id of the live stream (`START`: all that are kept); waits 2,000 ms at most.

        A reader that is too slow misses some: the stream is capped.
        """
        keys, start = Keys(region), checked_event_id(after)
        wait = min(wait_ms, LONGEST_WAIT_MS) or None
        answer = await self._link.run(
            keys.slot, lambda client: client.xread({keys.live_fixes: start}, count=limit, block=wait), waits=True
        )
        return [unpack_live_fix(*entry) for entry in stream_entries(answer)]

    async def last_id(self, region: str) -> str:
        """The id of the newest fix in the live stream; `START` if there is none."""
        keys = Keys(region)
        found = await self._link.run(keys.slot, lambda client: client.xrevrange(keys.live_fixes, count=1))
        return found[0][0].decode() if found else START
