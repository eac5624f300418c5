"""The region's stream: followed without a gap, worked through by groups, trimmed only behind them."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.store import (
    START,
    Commit,
    Committed,
    EventEntry,
    Ref,
    Store,
    StoredEvent,
    StoreRefusedError,
    TrimmedError,
    is_later,
)
from tests.stores import Run


async def tell(store: Store, region: str, *names: str) -> list[str]:
    """Commit one event each; their ids."""
    ids: list[str] = []
    for name in names:
        event = EventEntry(Ref("case", name.split("-", maxsplit=1)[0]), 1, "told", name.encode())
        answer = await store.commit(region, Commit(name, events=[event]))
        assert isinstance(answer, Committed)
        ids += answer.event_ids
    return ids


def names(entries: list[StoredEvent]) -> list[str]:
    return [entry.event.body.decode() for entry in entries]


def test_a_follower_misses_and_doubles_nothing(run: Run, store: Store, region: str) -> None:
    writers, each = 8, 60

    async def follow(limit: int) -> list[str]:
        heard: list[str] = []
        after = START
        while len(heard) < writers * each:
            entries = await store.events.tail(region, after, wait_ms=300, limit=limit)
            heard += names(entries)
            after = entries[-1].id if entries else after
        return heard

    async def scenario() -> None:
        followers = [asyncio.create_task(follow(limit)) for limit in (1, 7, 1000)]
        told = [tell(store, region, *(f"w{writer}-{number}" for number in range(each))) for writer in range(writers)]
        ids = [event_id for found in await asyncio.gather(*told) for event_id in found]
        heard = await asyncio.wait_for(asyncio.gather(*followers), 60)
        assert heard[0] == heard[1] == heard[2]
        assert sorted(heard[0]) == sorted(f"w{writer}-{number}" for writer in range(writers) for number in range(each))
        assert len(set(ids)) == writers * each
        newest = max(ids, key=lambda event_id: tuple(map(int, event_id.split("-"))))
        assert await store.events.last_id(region) == newest
        assert await store.events.tail(region, newest) == []
        for writer in range(writers):
            own = await store.history(region, Ref("case", f"w{writer}"))
            assert names(own) == [f"w{writer}-{number}" for number in range(each)]

    run(scenario())


def test_waiting_longer_than_the_socket_would_is_no_error(run: Run, store: Store, region: str) -> None:
    assert run(store.events.tail(region, START, wait_ms=60_000)) == []


def test_a_follower_that_gives_up_disturbs_nobody(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        for number in range(20):
            waiting = [asyncio.create_task(store.events.tail(region, START, wait_ms=2_000)) for _ in range(5)]
            loading = [asyncio.create_task(store.history(region, Ref("case", "a"))) for _ in range(5)]
            await asyncio.sleep(0.001 * number)
            for task in waiting + loading:
                task.cancel()
            await asyncio.gather(*waiting, *loading, return_exceptions=True)
        await tell(store, region, "a")
        assert names(await store.events.tail(region, START)) == ["a"]
        assert names(await store.history(region, Ref("case", "a"))) == ["a"]

    run(scenario())


def test_ids_before_any_event(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        assert await store.events.last_id(region) == START
        assert await store.events.oldest_id(region) is None
        assert await store.events.trim(region, "99-0") == 0
        await store.events.drop_group(region, "archive")
        (first,) = await tell(store, region, "a")
        assert await store.events.oldest_id(region) == await store.events.last_id(region) == first
        assert is_later(first, START)
        assert not is_later(first, first)
        assert is_later("10-0", "9-9")
        assert is_later("9-10", "9-9")

    run(scenario())


@pytest.mark.parametrize("wrong", ["$", "", "1", "1-", "1-a", "-1-0", "0-0 "])
def test_ids_that_are_none_are_refused(run: Run, store: Store, region: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="event id"):
        run(store.events.tail(region, wrong))


def test_a_group_hands_each_event_to_one_consumer(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        told = [f"e{number}" for number in range(40)]
        await tell(store, region, *told[:10])
        await store.events.register_group(region, "effects")
        await store.events.register_group(region, "archive", after=await store.events.last_id(region))
        await store.events.register_group(region, "effects", after=await store.events.last_id(region))  # stays as it is
        got: dict[str, list[str]] = {"one": [], "two": []}

        async def consume(consumer: str) -> None:
            while sum(map(len, got.values())) < len(told):
                entries = await store.events.read_group(region, "effects", consumer, wait_ms=50, limit=3)
                got[consumer] += names(entries)
                await store.events.ack(region, "effects", [entry.id for entry in entries])

        await asyncio.wait_for(asyncio.gather(consume("one"), consume("two"), tell(store, region, *told[10:])), 30)
        assert sorted(got["one"] + got["two"]) == sorted(told)
        assert names(await store.events.read_group(region, "archive", "one")) == told[10:]

    run(scenario())


def test_what_a_dead_consumer_took_is_taken_over(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        await store.events.register_group(region, "effects")
        await tell(store, region, *"abcde")
        taken = await store.events.read_group(region, "effects", "dead", limit=4)
        assert await store.events.ack(region, "effects", [taken[1].id, taken[1].id]) == 1
        assert await store.events.ack(region, "effects", []) == 0
        assert await store.events.reclaim(region, "effects", "living", idle_ms=60_000) == []
        assert names(await store.events.reclaim(region, "effects", "living", idle_ms=0, limit=2)) == ["a", "c"]
        assert names(await store.events.reclaim(region, "effects", "living", idle_ms=0)) == ["a", "c", "d"]
        assert names(await store.events.read_group(region, "effects", "living")) == ["e"]

    run(scenario())


def test_an_unregistered_group_is_refused(run: Run, store: Store, region: str) -> None:
    with pytest.raises(StoreRefusedError, match="NOGROUP"):
        run(store.events.read_group(region, "nobody", "one"))


def test_trimming_waits_for_every_group(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        events = store.events
        for group in ("effects", "archive"):
            await events.register_group(region, group)
        ids = await tell(store, region, *"abcdef")
        assert await events.trim(region, ids[5]) == 0, "nobody has read anything"
        await events.read_group(region, "archive", "one")
        await events.read_group(region, "effects", "one", limit=4)
        await events.ack(region, "archive", ids)
        assert await events.trim(region, ids[5]) == 0, "nothing of effects is acknowledged"
        await events.ack(region, "effects", [ids[0], ids[1], ids[3]])
        assert await events.trim(region, ids[0]) == 1
        assert await events.trim(region, ids[5]) == 1, "c is still pending"
        assert await events.oldest_id(region) == ids[2]
        await events.ack(region, "effects", [ids[2]])
        assert await events.trim(region, ids[5]) == 2, "e and f were never read by effects"
        assert names(await events.tail(region, ids[3])) == ["e", "f"]
        assert names(await events.reclaim(region, "effects", "two", idle_ms=0)) == []
        assert names(await events.read_group(region, "effects", "two")) == ["e", "f"]
        await events.drop_group(region, "effects")
        assert await events.trim(region, ids[5]) == 2
        assert await events.oldest_id(region) is None
        assert await events.last_id(region) == ids[5]
        assert names(await store.history(region, Ref("case", "a"))) == ["a"]

    run(scenario())


def test_who_comes_too_late_is_told(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        ids = await tell(store, region, *"abc")
        assert await store.events.trim(region, ids[1]) == 2
        for after in (START, ids[0]):
            with pytest.raises(TrimmedError, match="gone from the stream"):
                await store.events.tail(region, after)
        assert names(await store.events.tail(region, ids[1])) == ["c"]
        assert await store.events.trim(region, ids[2]) == 1
        assert await store.events.tail(region, ids[2]) == []

    run(scenario())
