"""After a restart, what was reported about roads holds at once, also where the events that brought it are cleared away; and an
event that can't be read holds nothing up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dispatch.fleet import VehicleStatus
from dispatch.life.commands import OpenCase, PostCondition, SeekHelp, SetUnitStatus, WithdrawCondition
from dispatch.life.reports import Condition
from dispatch.regions import BuiltRegion
from dispatch.service.board import Board
from dispatch.service.feed import Feed
from dispatch.service.following import Follower
from dispatch.service.live_region import LiveRegion, Now
from dispatch.service.worker import GROUP
from dispatch.store import Commit, EventEntry, Store, Write
from dispatch.store import Ref as StoreRef
from tests.services import Office, office
from tests.stores import Run, until


async def closed(desk: Office) -> None:
    """A road is closed, and much happens after it."""
    longitude, latitude = desk.spot(3)
    where = {"type": "Point", "coordinates": [longitude, latitude]}
    await desk.give(PostCondition(Condition("C1", "flood", "closed", where, reach_m=80.0)))
    await desk.give(OpenCase("K1", None, None, None))


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels tasks until they end: before Python 3.12 one may be lost in `wait_for`, with which redis-py writes."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)


async def begun_anew(desk: Office, seconds: float = 10.0) -> list[str]:
    """Another process follows the region until it knows of the closure; the words with which it tells the crews."""
    store, words = desk.service.store, []
    live = LiveRegion(desk.live.built, desk.live.rules, desk.live.settings, desk.now)
    feed = Feed(store, desk.region)

    async def changed(_before: Now, _after: Now, word: str) -> None:
        words.append(word)

    tasks = [
        asyncio.create_task(feed.run()),
        asyncio.create_task(Follower(store, live, feed, desk.service.clock, changed).run()),
    ]

    async def known() -> bool:
        return [one.id for one in live.now.conditions] == ["C1"] and bool(words)

    try:
        await until(known, "the closure", seconds)
        await desk.give(WithdrawCondition("C1"))

        async def open_again() -> bool:
            return not live.now.conditions and len(words) == 2

        await until(open_again, "the road is open again", seconds)
    finally:
        await ended(tasks)
    return words


def test_a_closure_holds_at_once_after_a_restart(run: Run, store: Store, town: BuiltRegion, region: str) -> None:
    async def story() -> None:
        desk = office(store, town, region)
        await closed(desk)
        (posted, *_) = await store.events.tail(region, "0-0")
        # The word is that of the report: crews who were told before the restart are not told again.
        assert (await begun_anew(desk))[0] == posted.id

    run(story())


def test_a_closure_holds_after_its_event_is_cleared_away(run: Run, store: Store, town: BuiltRegion, region: str) -> None:
    async def story() -> None:
        desk = office(store, town, region)
        await closed(desk)
        assert await store.events.trim(region, await store.events.last_id(region)) == 2
        await begun_anew(desk)

    run(story())


def test_an_event_that_cannot_be_read_holds_nothing_up(run: Run, store: Store, town: BuiltRegion, region: str) -> None:
    async def story() -> None:
        desk = office(store, town, region)
        feed = Feed(store, region)
        board = Board(store, feed)
        await store.events.register_group(region, GROUP)
        tasks = [asyncio.create_task(one) for one in (feed.run(), board.run(), desk.worker().reactions())]

        async def followed() -> bool:
            return board.as_of is not None

        try:
            await until(followed, "the board")
            strange = StoreRef("unit", "A9")
            event = EventEntry(strange, 1, "unit_moved", b'{"of": "another release"}')
            await store.commit(region, Commit("strange", writes=[Write(strange, 0, b"1 {}", open=False)], events=[event]))
            # Somebody waits for a vehicle, and one becomes free after that.
            await desk.fleet(1)
            await desk.call()
            await desk.give(SetUnitStatus("A1", VehicleStatus.ON_BREAK))
            await desk.give(SeekHelp("K1"))
            await desk.give(SetUnitStatus("A1", VehicleStatus.STANDBY))

            async def sent() -> bool:
                run_of_it = board.world.cases["K1"].patients[0].run if "K1" in board.world.cases else None
                return run_of_it is not None and run_of_it in board.world.runs

            await until(sent, "the vehicle is sent, and the board knows")
        finally:
            await ended(tasks)

    run(story())
