"""What a store holds, counted: so that a backup can be compared with what was backed up, and a restored store with both."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from msgspec import Struct

from dispatch.life.events import RidersJoined, RunStarted
from dispatch.service.codec import CodecError, read_event
from dispatch.store import EventEntry, Ref
from dispatch.store.connect import Client
from dispatch.store.keys import Keys, region_of
from dispatch.store.opening import link_to
from dispatch.store.packing import unpack_event, unpack_history

_AT_ONCE = 2_000
_EVERY_KEY = "siaga:{*}:*"
_HEADER = 40
"""A version has at most 16 digits, and stands first."""
_WITH_RIDERS = frozenset(str(kind.__struct_config__.tag) for kind in (RunStarted, RidersJoined))


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
        cases: of which there is anything at all: a state, events (also in the stream), particulars, a run that was for it. All
            of these may hold what people said and wrote. None: not told; release 0.1 did not, and an event may be unreadable.
    """

    schema: int = 0
    kinds: dict[str, Kind] = {}
    stream: int = 0
    last: str = ""
    clocks: int = 0
    answers: int = 0
    fixes: int = 0
    private: list[str] = []
    cases: list[str] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was ever stored for it."""
        return not (self.kinds or self.stream or self.private or self.clocks)

    def knows(self, case: str) -> bool | None:
        """Whether there is anything of a case; None: that is not told."""
        if f"case/{case}" in self.private:
            return True
        return None if self.cases is None else case in self.cases


def differences(expected: dict[str, Held], found: dict[str, Held]) -> list[str]:
    """Where two counts differ, in words; known command ids may have become fewer meanwhile."""
    told = [f"region {name} is missing" for name in sorted(expected.keys() - found.keys())]
    told += [f"region {name} was not there" for name in sorted(found.keys() - expected.keys())]
    for name in sorted(expected.keys() & found.keys()):
        one, other = expected[name], found[name]
        if other.answers > one.answers:
            told.append(f"region {name}: {other.answers} known command ids where there were {one.answers}")
        for what in ("schema", "kinds", "stream", "last", "clocks", "fixes", "private", "cases"):
            if what == "cases" and one.cases is None:
                continue
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


@dataclass(slots=True)
class _Cases:
    """The cases that are met while counting, by region; `unread`: where an event could not be read."""

    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unread: set[str] = field(default_factory=set)

    def meet(self, region: str, ref: Ref) -> None:
        if ref.kind == "case":
            self.named[region].add(ref.id)

    def meet_riders(self, region: str, entry: EventEntry) -> None:
        """Of a run's event, those whom it is for: the run may still be there when their case is not."""
        if entry.type not in _WITH_RIDERS:
            return
        try:
            event = read_event(entry.body).event
        except CodecError:
            self.unread.add(region)
            return
        if isinstance(event, RunStarted | RidersJoined):
            self.named[region].update(rider.case for rider in event.riders)


async def _count(client: Client, found: dict[str, Held]) -> None:
    cases = _Cases()
    async for keys in _batches(client):
        pipe = client.pipeline(transaction=False)
        counters = [counter for key in keys if (counter := _counter(pipe, key, found, cases)) is not None]
        for count, answer in zip(counters, await pipe.execute(raise_on_error=True), strict=True):
            count(answer)
    for name, held in found.items():
        held.private.sort()
        if held.stream or held.kinds:
            held.last = await _last(client, Keys(name).events)
        if held.stream:
            await _meet_stream(client, name, cases)
        held.cases = None if name in cases.unread else sorted(cases.named[name])


async def _meet_stream(client: Client, region: str, cases: _Cases) -> None:
    """What has left the store may still be in its stream."""
    after = "-"
    while entries := await client.xrange(Keys(region).events, after, "+", count=_AT_ONCE):
        for event_id, fields in entries:
            entry = unpack_event(event_id, fields).event
            cases.meet(region, entry.ref)
            cases.meet_riders(region, entry)
        after = f"({entries[-1][0].decode()}"


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


def _counter(pipe: Any, key: str, found: dict[str, Held], cases: _Cases) -> Any:
    """Asks for what is to be counted of a key; gives what counts the answer, or None: nothing is."""
    region = region_of(key)
    held = found.setdefault(region, Held(kinds={}, private=[]))
    what, _, rest = key.partition("}:")[2].partition(":")

    def kind(name: str) -> Kind:
        return held.kinds.setdefault(name, Kind())

    def state(answer: bytes) -> None:
        one = kind(Ref.parse(rest).kind)
        one.count += 1
        one.versions += int(answer.split(maxsplit=1)[0])

    def add(name: str, to: Held | Kind) -> Any:
        return lambda answer: setattr(to, name, getattr(to, name) + int(answer))

    def run_history(answer: list[bytes]) -> None:
        kind("run").events += len(answer)
        for packed in answer:
            cases.meet_riders(region, unpack_history(Ref.parse(rest), packed).event)

    if what in ("state", "history", "private"):
        cases.meet(region, Ref.parse(rest))
    match what:
        case "state":
            pipe.getrange(key, 0, _HEADER)
            return state
        case "history" if Ref.parse(rest).kind == "run":
            pipe.lrange(key, 0, -1)
            return run_history
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
