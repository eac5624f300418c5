"""Commits: all or nothing, once, and only if nobody was faster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from dispatch.store import (
    START,
    Check,
    Commit,
    Committed,
    ConflictError,
    EventEntry,
    Loaded,
    PrivateEntry,
    Ref,
    SchemaError,
    Seen,
    Store,
    Write,
    open_store,
)
from tests.stores import Run

CASE = Ref("case", "2025-0001")
RUN = Ref("run", "R.7:a")
VEHICLE = Ref("vehicle", "B-1234")

OPENED = Commit(
    command="open-1",
    answer=b"case opened",
    fingerprint=b"\x00print",
    writes=[Write(CASE, 0, b"state\n of \xff the case", {"acknowledge": 1_000, "answer:o-1": 2_000})],
    checks=[Check(VEHICLE, 0)],
    events=[EventEntry(CASE, 1, "opened", b"{}\n\x00"), EventEntry(CASE, 1, "triaged", b"")],
    private=[PrivateEntry(CASE, b"Ibu Siti, 0812")],
)


async def everything(url: str, region: str) -> dict[str, Any]:
    """What all of a region's keys hold."""
    found: dict[str, Any] = {}
    async with Redis.from_url(url, protocol=2) as client:
        async for key in client.scan_iter(f"siaga:{{{region}}}:*"):
            match (await client.type(key)).decode():
                case "string":
                    held: Any = await client.get(key)
                case "hash":
                    held = await client.hgetall(key)
                case "list":
                    held = await client.lrange(key, 0, -1)
                case "set":
                    held = await client.smembers(key)
                case "zset":
                    held = await client.zrange(key, 0, -1, withscores=True)
                case _:
                    held = await client.xrange(key)
            found[key.decode()] = held
    return found


def test_what_is_committed_is_loaded(run: Run, store: Store, region: str) -> None:
    async def scenario() -> None:
        answer = await store.commit(region, OPENED)
        assert isinstance(answer, Committed)
        assert len(answer.event_ids) == 2
        assert await store.load(region, [RUN, CASE]) == (Loaded(0, None), Loaded(1, b"state\n of \xff the case"))
        assert await store.open_refs(region, "case") == [CASE]
        assert await store.load_open(region, "case") == {CASE: Loaded(1, b"state\n of \xff the case")}
        assert await store.open_refs(region, "run") == []
        assert await store.load_open(region, "run") == {}
        history = await store.history(region, CASE)
        assert [entry.event for entry in history] == list(OPENED.events)
        assert tuple(entry.id for entry in history) == answer.event_ids
        assert await store.events.tail(region, START) == history
        assert await store.private(region, CASE) == [b"Ibu Siti, 0812"]
        assert await store.next_due(region) == 1_000

    run(scenario())


def test_a_command_is_done_once(run: Run, store: Store, store_url: str, region: str) -> None:
    async def scenario() -> None:
        assert await store.seen(region, "open-1") is None
        await store.commit(region, OPENED)
        before = await everything(store_url, region)
        again = await store.commit(region, Commit("open-1", b"other", b"other", writes=[Write(RUN, 0, b"")]))
        assert again == Seen(answer=b"case opened", fingerprint=b"\x00print")
        assert await store.seen(region, "open-1") == again
        assert await everything(store_url, region) == before

    run(scenario())


def test_command_ids_are_forgotten_in_time(run: Run, store_url: str, region: str) -> None:
    async def scenario() -> None:
        async with Redis.from_url(store_url, protocol=2) as client:
            for days, kept_ms in ((14.0, 14 * 86_400_000), (0.5, 43_200_000)):
                store = await open_store(store_url, keep_answers_days=days)
                await store.commit(region, Commit(f"c{days}"))
                left = await client.pttl(f"siaga:{{{region}}}:seen:c{days}")
                assert kept_ms - 60_000 < left <= kept_ms
                await store.aclose()

    run(scenario())


@pytest.mark.parametrize(
    ("write", "check", "conflict"),
    [
        (Write(CASE, 0, b"x"), Check(RUN, 0), (CASE, 0, 1)),
        (Write(CASE, 7, b"x"), Check(RUN, 0), (CASE, 7, 1)),
        (Write(RUN, 3, b"x"), Check(CASE, 1), (RUN, 3, 0)),
        (Write(RUN, 0, b"x"), Check(CASE, 0), (CASE, 0, 1)),
        (Write(RUN, 0, b"x"), Check(VEHICLE, 2), (VEHICLE, 2, 0)),
    ],
)
def test_a_conflict_writes_nothing(
    run: Run, store: Store, store_url: str, region: str, write: Write, check: Check, conflict: tuple[Ref, int, int]
) -> None:
    async def scenario() -> None:
        await store.commit(region, OPENED)
        before = await everything(store_url, region)
        others = [Write(Ref("offer", "1"), 0, b"new", {"ring": 5}), write]
        events = [EventEntry(write.ref, 1, "changed", b"")]
        lost = Commit("c2", writes=others, checks=[check], events=events, private=[PrivateEntry(RUN, b"p")])
        with pytest.raises(ConflictError) as error:
            await store.commit(region, lost)
        assert (error.value.ref, error.value.expected, error.value.found) == conflict
        assert await everything(store_url, region) == before
        assert await store.seen(region, "c2") is None

    run(scenario())


def test_one_of_fifty_writers_wins_each_version(run: Run, store: Store, region: str) -> None:
    async def attempt(version: int, writer: int) -> bool:
        commit = Commit(f"{version}-{writer}", writes=[Write(CASE, version, b"%d" % writer)])
        try:
            await store.commit(region, commit)
        except ConflictError as error:
            return error.found != version + 1
        return True

    async def scenario() -> None:
        for version in range(20):
            won = await asyncio.gather(*(attempt(version, writer) for writer in range(50)))
            assert sum(won) == 1
            assert await store.load(region, [CASE]) == (Loaded(version + 1, b"%d" % won.index(True)),)

    run(scenario())


def test_closed_aggregates_leave_the_index_and_can_be_cleared_away(run: Run, store: Store, store_url: str, region: str) -> None:
    async def scenario() -> None:
        await store.commit(region, OPENED)
        assert await store.closed_before(region, 2**40) == []
        assert not await store.remove(region, CASE, 1)
        await store.commit(region, Commit("close", writes=[Write(CASE, 1, b"closed", {"look": 9_000}, open=False)]))
        assert await store.open_refs(region, "case") == []
        assert await store.closed_before(region, 2**40) == [CASE]
        assert await store.closed_before(region, 0) == []
        assert not await store.remove(region, CASE, 2), "it still has a clock"
        await store.commit(region, Commit("reopen", writes=[Write(CASE, 2, b"again")]))
        assert await store.open_refs(region, "case") == [CASE]
        assert await store.closed_before(region, 2**40) == []
        await store.commit(region, Commit("close-2", writes=[Write(CASE, 3, b"closed", open=False)]))
        with pytest.raises(ConflictError, match="version 4 found where 3"):
            await store.remove(region, CASE, 3)
        assert await store.remove(region, CASE, 4)
        assert await store.load(region, [CASE]) == (Loaded(0, None),)
        left = await everything(store_url, region)
        assert [key for key in left if str(CASE) in key] == []
        assert await store.closed_before(region, 2**40) == []

    run(scenario())


def test_private_entries_lie_nowhere_else_and_can_be_forgotten(run: Run, store: Store, store_url: str, region: str) -> None:
    async def scenario() -> None:
        await store.commit(region, OPENED)
        await store.commit(region, Commit("more", private=[PrivateEntry(CASE, b"Bapak Siti"), PrivateEntry(RUN, b"Siti!")]))
        assert await store.private(region, CASE) == [b"Ibu Siti, 0812", b"Bapak Siti"]
        holding = {key for key, held in (await everything(store_url, region)).items() if "Siti" in repr(held)}
        assert holding == {f"siaga:{{{region}}}:private:{ref}" for ref in (CASE, RUN)}
        assert await store.forget(region, CASE)
        assert not await store.forget(region, CASE)
        assert await store.private(region, CASE) == []
        assert await store.private(region, RUN) == [b"Siti!"]
        assert len(await store.history(region, CASE)) == 2

    run(scenario())


def test_regions_know_nothing_of_each_other(run: Run, store: Store, region: str) -> None:
    other = f"{region}-other"

    async def scenario() -> None:
        await store.open_region(other)
        await store.commit(region, OPENED)
        assert await store.load(other, [CASE]) == (Loaded(0, None),)
        assert isinstance(await store.commit(other, OPENED), Committed)
        assert {region, other} <= set(await store.regions())
        assert f"{region}-third" not in await store.regions()

    run(scenario())


@pytest.mark.parametrize(("schema", "said"), [("2", "a newer release"), ("0", "an older release")])
def test_a_region_of_another_release_is_refused(
    run: Run, store: Store, store_url: str, region: str, schema: str, said: str
) -> None:
    async def scenario() -> None:
        await store.open_region(region)
        await store.open_region(region)
        async with Redis.from_url(store_url, protocol=2) as client:
            await client.set(f"siaga:{{{region}}}:schema", schema)
        before = await everything(store_url, region)
        for attempt in (store.open_region(region), store.load(region, [CASE]), store.commit(region, OPENED)):
            with pytest.raises(SchemaError, match=said):
                await attempt
        assert await everything(store_url, region) == before

    run(scenario())


def test_a_server_without_the_functions_gets_them(run: Run, store: Store, store_url: str, region: str) -> None:
    async def scenario() -> None:
        async with Redis.from_url(store_url, protocol=2) as client:
            await client.execute_command("FUNCTION", "FLUSH")  # type: ignore[no-untyped-call]
        assert isinstance(await store.commit(region, OPENED), Committed)

    run(scenario())


def test_how_the_servers_are(run: Run, store: Store, store_url: str, region: str) -> None:
    async def scenario() -> None:
        assert 0 < await store.ping(region) < 3
        ((address, told),) = (await store.info()).items()
        assert store_url.endswith(address)
        assert isinstance(told, dict)
        assert told["aof_enabled"] == 1

    run(scenario())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Ref("Case", "1"),
        lambda: Ref("case", ""),
        lambda: Ref("case", "a/b"),
        lambda: Ref("case", "{other}"),
        lambda: Ref("case", "a" * 81),
        lambda: Write(CASE, -1, b""),
        lambda: Write(CASE, 0, b"", {"two words": 1}),
        lambda: Write(CASE, 0, b"", {"ring": -1}),
        lambda: EventEntry(CASE, 1, "two words", b""),
        lambda: Commit(""),
        lambda: Commit("c" * 201),
        lambda: Commit("c", writes=[Write(CASE, 0, b"")], checks=[Check(CASE, 0)]),
    ],
)
def test_names_that_would_break_keys_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"case|Case|command|clock|type|deadline|id"):
        wrong()


@pytest.mark.parametrize("region_name", ["", "a}b", "a b", "{a}", "a" * 81])
def test_region_names_that_would_break_keys_are_refused(run: Run, store: Store, region_name: str) -> None:
    with pytest.raises(ValueError, match="region"):
        run(store.open_region(region_name))
