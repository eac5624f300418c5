"""Where vehicles are, as the store last heard."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, json

from dispatch.service.choices import Positions, Seen
from dispatch.store import Store


class _Fix(Struct):
    """Of a fix, what a choice looks at."""

    longitude: float
    latitude: float
    fix_time: datetime


_READER = json.Decoder(_Fix)


async def latest_positions(store: Store, region: str) -> Positions:
    """The latest position of every vehicle that nobody has doubted.

    Raises:
        StoreError: the store can't.
    """
    found = {}
    for vehicle, fix in (await store.fixes.latest(region)).items():
        told = _READER.decode(fix.body)
        found[vehicle] = Seen(told.longitude, told.latitude, told.fix_time)
    return found
