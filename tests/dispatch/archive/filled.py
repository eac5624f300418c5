"""A store with everything that a store can hold, and all of it as plain values, to be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dispatch.life.commands import Assign
from dispatch.life.events import Ref
from dispatch.life.particulars import Note
from dispatch.store import START, Fix, Store
from dispatch.store.connect import Client
from dispatch.store.opening import link_to
from tests.dispatch.archive.kept import Teller, delivered
from tests.dispatch.life.stories import TO_THE_PATIENT, press, sent
from tests.dispatch.life.worlds import START as BEGIN
from tests.dispatch.life.worlds import Desk

SECRET = "Siti-3174050101900001"
AT_DOOR = 106.8123456


def notes(value: str = SECRET) -> list[Note]:
    """What is personal about somebody."""
    place = Note("place", value, "sri", BEGIN, None, AT_DOOR, -6.4)
    return [Note("name", value, "sri", BEGIN, "1"), Note("caller_phone", value, "sri", BEGIN), place]


async def fill(store: Store, region: str) -> Desk:
    """A case that is over and one under way, with particulars, clocks, fixes and a reader that lags."""
    await store.events.register_group(region, "reactions")
    desk = delivered(sent())
    teller = Teller(store, region)
    await teller.tell(desk, {Ref("case", "K1"): notes()})
    desk.opened(case="K2")
    desk.give(Assign("K2", "a2"))
    await teller.tell(desk, {Ref("case", "K2"): notes("Budi-3174050101900002")})
    press(desk, *TO_THE_PATIENT, case="K2")
    await teller.tell(desk)
    first = int(BEGIN.timestamp() * 1000)
    away = [Fix("a1", first - 600_000, b"before"), Fix("a1", first + 10_000_000, b"after"), Fix("a2", first, b"other")]
    await store.fixes.put(region, [*away, Fix("a1", first + 240_000, str(AT_DOOR).encode())])
    await store.events.read_group(region, "reactions", "w", limit=3)
    return desk


async def everything(url: str) -> dict[str, Any]:
    """All keys of a store with their values, whatever they are; the functions are left out."""
    link = link_to(url)
    try:
        (node,) = await link.primaries()
        return await node.use(_read_all)
    finally:
        await link.aclose()


async def _read_all(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async for key in client.scan_iter("*", count=1000):
        kind = (await client.type(key)).decode()
        name = key.decode()
        match kind:
            case "string":
                found[name] = await client.get(key)
            case "hash":
                found[name] = sorted((await client.hgetall(key)).items())
            case "set":
                found[name] = sorted(await client.smembers(key))
            case "zset":
                found[name] = await client.zrange(key, 0, -1, withscores=True)
            case "list":
                found[name] = await client.lrange(key, 0, -1)
            case "stream":
                groups = [
                    {name: value for name, value in one.items() if name != "entries-read"}
                    for one in await client.xinfo_groups(key)
                ]
                about = await client.xinfo_stream(key)
                found[name] = (await client.xrange(key), groups, about["last-generated-id"])
            case _:
                raise AssertionError(f"{name} is a {kind}")
        found[f"{name} expires"] = await client.pexpiretime(key)
    return found


def some_day() -> datetime:
    """When things are done in these tests."""
    return datetime.now(UTC)


__all__ = ["AT_DOOR", "SECRET", "START", "everything", "fill", "notes", "some_day"]
