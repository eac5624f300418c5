"""Positions: the latest wins, trails are short, watchers hear of what is new."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from dispatch.store import START, Fix, Store
from dispatch.store.fixes import TRAIL_LENGTH
from tests.stores import Run, until


def test_the_latest_fix_is_the_newest_trusted_one(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        fixes = [
            Fix("B-1", 1_000, b"a b\n\x00"),
            Fix("B-2", 5_000, b"other"),
            Fix("B-1", 900, b"late"),
            Fix("B-1", 1_000, b"same time"),
            Fix("B-1", 2_000, b"jump", trusted=False),
            Fix("B-1", 1_500, b"newer"),
        ]
        assert await store.fixes.put(region, fixes) == (True, True, False, False, False, True)
        assert await store.fixes.latest(region) == {"B-1": fixes[5], "B-2": fixes[1]}
        assert await store.fixes.latest_of(region, "B-1") == fixes[5]
        assert await store.fixes.latest_of(region, "B-3") is None
        assert await store.fixes.trail(region, "B-1") == [fixes[2], fixes[0], fixes[5], fixes[4]]
        live = await store.fixes.tail(region, START)
        assert [entry.fix for entry in live] == [fixes[0], fixes[1], fixes[5]]
        assert await store.fixes.tail(region, live[-1].id) == []
        assert await store.fixes.last_id(region) == live[-1].id
        assert await store.fixes.put(region, []) == ()
        await store.fixes.drop(region, "B-1")
        assert await store.fixes.latest(region) == {"B-2": fixes[1]}
        assert await store.fixes.trail(region, "B-1") == []
        assert [entry.fix for entry in await store.fixes.tail(region, START)] == [fixes[1]]
        await store.fixes.put(region, [Fix("B-2", ms, b"") for ms in range(6_000, 8_500)])
        await store.fixes.drop(region, "B-2")
        assert await store.fixes.tail(region, START) == []

    run(scenario())


def test_the_order_of_arrival_does_not_matter(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        fixes = [Fix("B-1", ms, b"%d" % ms) for ms in range(1, 200)]
        random.Random(3).shuffle(fixes)
        await asyncio.gather(*(store.fixes.put(region, fixes[at : at + 10]) for at in range(0, len(fixes), 10)))
        assert (await store.fixes.latest(region))["B-1"].fix_ms == 199
        assert [fix.fix_ms for fix in await store.fixes.trail(region, "B-1")] == list(range(1, 200))

    run(scenario())


def test_a_trail_keeps_the_last_ones_and_no_future(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        future = int(time.time() * 1000) + 10**9
        await store.fixes.put(region, [Fix("B-1", future + at, b"", trusted=False) for at in range(TRAIL_LENGTH)])

        async def kept() -> bool:
            fix = Fix("B-1", int(time.time() * 1000), b"true")
            await store.fixes.put(region, [fix])
            return fix in await store.fixes.trail(region, "B-1")

        await until(kept, "a true fix after too many from the future")
        assert len(await store.fixes.trail(region, "B-1")) == TRAIL_LENGTH
        await store.fixes.put(region, [Fix("B-2", number, b"x") for number in range(TRAIL_LENGTH + 50)])
        trail = await store.fixes.trail(region, "B-2")
        assert [fix.fix_ms for fix in trail] == list(range(50, TRAIL_LENGTH + 50))
        assert (await store.fixes.latest(region))["B-1"].fix_ms < future

    run(scenario())


def test_a_region_without_fixes(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        assert await store.fixes.latest(region) == {}
        assert await store.fixes.last_id(region) == START
        assert await store.fixes.tail(region, START, wait_ms=50) == []

    run(scenario())


def test_wrong_fixes_are_refused() -> None:
    for vehicle, ms in (("", 1), ("a b", 1), ("A", -1)):
        with pytest.raises(ValueError, match=r"vehicle|time"):
            Fix(vehicle, ms, b"")
