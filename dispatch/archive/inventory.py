"""What a store holds, counted: so that a backup can be compared with what was backed up, and a restored store with both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct

from dispatch.store import Ref
from dispatch.store.connect import Client
from dispatch.store.keys import Keys, region_of
from dispatch.store.opening import link_to

_AT_ONCE = 2_000
_EVERY_KEY = "siaga:{*}:*"
_HEADER = 40
"""A version has at most 16 digits, and stands first."""


class Kind(Struct):
    """Aggregates of one kind: how many, how many of them open, their versions added up, their events in all."""

    count: int = 0
    open: int = 0
    versions: int = 0
    events: int = 0


class Held(Struct):
    """What one region holds.

    Attributes:
        schema: of its keys.
        kinds: aggregates, by kind.
        stream: events in the stream; `last`: the id of the newest one there ever was.
        clocks, answers, fixes: clocks that run, command ids that are known (these expire), vehicles with a fix.
        private: what there are private entries about, as "kind/id".
    """

    schema: int = 0
    kinds: dict[str, Kind] = {}
    stream: int = 0
    last: str = ""
    clocks: int = 0
    answers: int = 0
    fixes: int = 0
    private: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing was ever stored for it."""
        return not (self.kinds or self.stream or self.private or self.clocks)


def differences(expected: dict[str, Held], found: dict[str, Held]) -> list[str]:
    """Where two counts differ, in words; known command ids may have become fewer meanwhile."""
    told = [f"region {name} is missing" for name in sorted(expected.keys() - found.keys())]
    told += [f"region {name} was not there" for name in sorted(found.keys() - expected.keys())]
    for name in sorted(expected.keys() & found.keys()):
        one, other = expected[name], found[name]
        if other.answers > one.answers:
            told.append(f"region {name}: {other.answers} known command ids where there were {one.answers}")
        for what in ("schema", "kinds", "stream", "last", "clocks", "fixes", "private"):
            if getattr(one, what) != getattr(other, what):
                told.append(f"region {name}: {what} is {getattr(other, what)!r} where it was {getattr(one, what)!r}"[:300])
    return told


async def inventory(url: str) -> dict[str, Held]:
    """What the store at a URL holds, by region. It goes through all keys.

    Raises:
        StoreError: it can't be asked.
    """
    link = link_to(url)
    found: dict[str, Held] = {}
    try:
        for node in await link.primaries():
            await node.use(lambda client: _count(client, found))
    finally:
        await link.aclose()
    return dict(sorted(found.items()))


async def _count(client: Client, found: dict[str, Held]) -> None:
    async for keys in _batches(client):
        pipe = client.pipeline(transaction=False)
        counters = [counter for key in keys if (counter := _counter(pipe, key, found)) is not None]
        for count, answer in zip(counters, await pipe.execute(raise_on_error=True), strict=True):
            count(answer)
    for name, held in found.items():
        held.private.sort()
        if held.stream or held.kinds:
            held.last = await _last(client, Keys(name).events)


async def _batches(client: Client) -> AsyncIterator[list[str]]:
    keys: set[str] = set()  # a scan may tell a key twice
    async for key in client.scan_iter(_EVERY_KEY, count=_AT_ONCE):
        keys.add(key.decode())
    names = iter(sorted(keys))
    while batch := list(islice(names, _AT_ONCE)):
        yield batch
        await asyncio.sleep(0)


async def _last(client: Client, key: str) -> str:
    if not await client.exists(key):
        return ""
    about = await client.xinfo_stream(key)
    return str(about["last-generated-id"].decode())


def _counter(pipe: Any, key: str, found: dict[str, Held]) -> Any:
    """Asks for what is to be counted of a key; gives what counts the answer, or None: nothing is."""
    held = found.setdefault(region_of(key), Held(kinds={}, private=[]))
    what, _, rest = key.partition("}:")[2].partition(":")

    def kind(name: str) -> Kind:
        return held.kinds.setdefault(name, Kind())

    def state(answer: bytes) -> None:
        one = kind(Ref.parse(rest).kind)
        one.count += 1
        one.versions += int(answer.split(maxsplit=1)[0])

    def add(name: str, to: Held | Kind) -> Any:
        return lambda answer: setattr(to, name, getattr(to, name) + int(answer))

    match what:
        case "state":
            pipe.getrange(key, 0, _HEADER)
            return state
        case "history":
            pipe.llen(key)
            return add("events", kind(Ref.parse(rest).kind))
        case "open":
            pipe.scard(key)
            return add("open", kind(rest))
        case "private":
            held.private.append(rest)
        case "seen":
            held.answers += 1
        case "schema":
            pipe.get(key)
            return add("schema", held)
        case "events":
            pipe.xlen(key)
            return add("stream", held)
        case "clocks":
            pipe.zcard(key)
            return add("clocks", held)
        case "fixes" if not rest:
            pipe.hlen(key)
            return add("fixes", held)
    return None


def private_of(held: dict[str, Held], region: str) -> Iterator[str]:
    """The cases of a region about which there is something personal."""
    for word in held[region].private if region in held else ():
        if (ref := Ref.parse(word)).kind == "case":
            yield ref.id
