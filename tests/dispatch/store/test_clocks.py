"""Clocks: replaced with the state, leased to one worker, fired once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from dispatch.store import Commit, Committed, DueClock, Ref, Seen, Store, Write
from tests.stores import Run, until

CASE = Ref("case", "1")


def due(name: str, ms: int) -> DueClock:
    return DueClock(CASE, name, ms)


def test_clocks_ring_in_order_and_with_their_own_deadline(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        clocks = {"late": 3_000, "a:b.c-d": 1_000, "later": 2_000}
        await store.commit(region, Commit("1", writes=[Write(CASE, 0, b"", clocks)]))
        assert await store.claim_due(region, now_ms=999, lease_ms=100) == []
        assert await store.claim_due(region, now_ms=2_999, lease_ms=5_000, limit=1) == [due("a:b.c-d", 1_000)]
        assert await store.claim_due(region, now_ms=2_999, lease_ms=5_000) == [due("later", 2_000)]
        assert await store.next_due(region) == 3_000
        asked = [(CASE, "late"), (CASE, "never"), (CASE, "a:b.c-d"), (Ref("case", "2"), "late")]
        assert await store.deadlines(region, asked) == [3_000, None, 1_000, None]  # that one is leased changes nothing
        assert await store.deadlines(region, []) == []
        assert await store.claim_due(region, now_ms=7_998, lease_ms=5_000) == [due("late", 3_000)]
        assert await store.next_due(region) == 7_999
        assert await store.claim_due(region, now_ms=7_999, lease_ms=5_000) == [due("a:b.c-d", 1_000), due("later", 2_000)]

    run(scenario())


def test_a_write_replaces_all_clocks_of_its_aggregate_only(run: Run, store: Store, region: str) -> None:
    other = Ref("case", "10")

    async def scenario() -> None:
        both = [Write(CASE, 0, b"", {"x": 10, "y": 20, "z": 30}), Write(other, 0, b"", {"x": 40})]
        await store.commit(region, Commit("1", writes=both))
        await store.commit(region, Commit("2", writes=[Write(CASE, 1, b"", {"z": 35, "new": 5})]))
        assert await store.claim_due(region, 100, 1_000) == [due("new", 5), due("z", 35), DueClock(other, "x", 40)]
        await store.commit(region, Commit("3", writes=[Write(CASE, 2, b"")]))
        assert await store.claim_due(region, 10_000, 1_000) == [DueClock(other, "x", 40)]
        await store.commit(region, Commit("4", writes=[Write(other, 1, b"", open=False)]))
        assert await store.next_due(region) is None

    run(scenario())


def test_setting_a_clock_as_it_was_keeps_its_lease(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        await store.commit(region, Commit("1", writes=[Write(CASE, 0, b"", {"x": 10, "y": 10})]))
        assert len(await store.claim_due(region, 100, 1_000)) == 2
        await store.commit(region, Commit("2", writes=[Write(CASE, 1, b"", {"x": 10, "y": 50})]))
        assert await store.claim_due(region, 101, 1_000) == [due("y", 50)]
        assert await store.claim_due(region, 1_100, 1_000) == [due("x", 10)]

    run(scenario())


def test_each_clock_fires_once_among_workers_of_which_some_die(run: Run, store: Store, region: str) -> None:
    cases = [Ref("case", f"{number}") for number in range(60)]
    fired: Counter[Ref] = Counter()
    left = len(cases)

    async def worker(number: int) -> None:
        nonlocal left
        dies = number % 3 == 0
        while left:
            for clock in await store.claim_due(region, int(time.time() * 1000), lease_ms=150, limit=4):
                if dies:
                    return  # with clocks in its hands
                version = (await store.load(region, [clock.ref]))[0].version
                command = f"{clock.ref}/{clock.name}/{clock.deadline_ms}"
                answer = await store.commit(region, Commit(command, writes=[Write(clock.ref, version, b"rung")]))
                if isinstance(answer, Committed):
                    fired[clock.ref] += 1
                    left -= 1
            await asyncio.sleep(0.005)

    async def scenario() -> None:
        writes = [Write(ref, 0, b"", {"ring": 1 + number}) for number, ref in enumerate(cases)]
        await store.commit(region, Commit("set", writes=writes))
        await asyncio.wait_for(asyncio.gather(*map(worker, range(9))), 30)
        assert fired == Counter(cases)
        assert await store.next_due(region) is None

    run(scenario())


def test_a_clock_fired_twice_is_stored_once(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        await store.commit(region, Commit("set", writes=[Write(CASE, 0, b"", {"ring": 1})]))
        fire = Commit("case/1/ring/1", writes=[Write(CASE, 1, b"rung")])
        answers = await asyncio.gather(*(store.commit(region, fire) for _ in range(8)))
        assert sorted(type(answer).__name__ for answer in answers) == ["Committed"] + ["Seen"] * 7
        assert isinstance(await store.commit(region, fire), Seen)

    run(scenario())


def test_a_dead_workers_clock_comes_back(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        await store.commit(region, Commit("set", writes=[Write(CASE, 0, b"", {"ring": 1})]))
        assert await store.claim_due(region, int(time.time() * 1000), lease_ms=100) == [due("ring", 1)]

        async def back() -> bool:
            return await store.claim_due(region, int(time.time() * 1000), lease_ms=100) == [due("ring", 1)]

        await until(back, "the clock of a dead worker")

    run(scenario())
