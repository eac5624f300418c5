"""A cluster of three nodes on loopback: regions spread over them, and one node's loss stops only its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dispatch.store import (
    START,
    Commit,
    Committed,
    EventEntry,
    Fix,
    Loaded,
    PrivateEntry,
    Ref,
    Seen,
    Store,
    StoreError,
    StoreUnreachableError,
    Write,
    open_store,
    store_problems,
)
from dispatch.store.keys import Keys
from tests.stores import SAFE, OutsideServer, Run, free_ports, fresh_region, until

CASE = Ref("case", "1")
SLOTS = [(0, 5460), (5461, 10922), (10923, 16383)]
SETTINGS = (*SAFE, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "1000")


@asynccontextmanager
async def cluster(directory: Path) -> AsyncIterator[list[OutsideServer]]:
    """Three nodes that know each other, a third of the slots each."""
    nodes = [OutsideServer(directory / f"{port}", *SETTINGS, port=port) for port in free_ports(3)]
    try:
        for node in nodes:
            node.start()
        for node, (first, last) in zip(nodes, SLOTS, strict=True):
            assert await node.tell("CLUSTER", "ADDSLOTSRANGE", first, last) == b"+OK"
            assert await node.tell("CLUSTER", "MEET", "127.0.0.1", nodes[0].port) == b"+OK"

        async def formed() -> bool:
            return [await knows(node) for node in nodes] == [("ok", 16384, 3)] * 3

        await until(formed, "the cluster")
        yield nodes
    finally:
        for node in nodes:
            node.kill()


async def knows(node: OutsideServer) -> tuple[str, int, int]:
    """How a node thinks the cluster is, how many slots it knows to be well, and how many nodes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(b"CLUSTER INFO\r\n")
    size = int((await reader.readline())[1:])
    told = dict(line.split(":") for line in (await reader.readexactly(size)).decode().split())
    writer.close()
    await writer.wait_closed()
    return told["cluster_state"], int(told["cluster_slots_ok"]), int(told["cluster_known_nodes"])


def region_on(number: int) -> str:
    """A region whose slot the cluster's node has."""
    first, last = SLOTS[number]
    while not first <= Keys(region := fresh_region()).slot <= last:
        pass
    return region


async def use(store: Store, region: str, number: int) -> None:
    """Everything a region does, once."""
    event = EventEntry(CASE, number + 1, "written", b"%d" % number)
    writes = [Write(CASE, number, b"%d" % number, {"ring": number})]
    commit = Commit(f"{number}", writes=writes, events=[event], private=[PrivateEntry(CASE, b"p")])
    assert isinstance(await store.commit(region, commit), Committed)
    assert isinstance(await store.commit(region, commit), Seen)
    assert await store.load(region, [CASE, Ref("run", "1")]) == (Loaded(number + 1, b"%d" % number), Loaded(0, None))
    (clock,) = await store.claim_due(region, number, lease_ms=1)
    assert clock.deadline_ms == number
    (told,) = await store.events.read_group(region, "effects", "one", wait_ms=500)
    assert told.event == event
    await store.events.ack(region, "effects", [told.id])
    assert await store.events.tail(region, told.id, wait_ms=10) == []
    assert await store.fixes.put(region, [Fix("B-1", number, b"%d" % number)]) == (True,)
    assert set(await store.fixes.latest(region)) == {"B-1"}


async def try_use(store: Store, region: str, number: int) -> bool:
    try:
        await use(store, region, number)
    except StoreError:
        return False
    return True


def test_three_regions_work_and_a_lost_node_stops_only_its_own(run: Run, tmp_path: Path) -> None:
    regions = [region_on(number) for number in range(3)]

    async def scenario() -> None:
        async with cluster(tmp_path) as nodes:
            url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
            assert await store_problems(url) == []
            async with await open_store(url) as store:
                for region in regions:
                    await store.events.register_group(region, "effects")
                    await use(store, region, 0)
                assert await store.regions() == sorted(regions)
                assert len(await store.info()) == 3

                # The first node, which the client began with, is the one a careless client can't do without.
                nodes[0].kill()
                await lost(store, url, 1)
                nodes[0].start()

                async def back() -> bool:
                    try:
                        await store.load(regions[0], [CASE])
                    except StoreError:
                        return False
                    return True

                await until(back, "the lost node's region")
                assert await store.load(regions[0], [CASE]) == (Loaded(1, b"0"),)
                await use(store, regions[0], 1)

    async def lost(store: Store, url: str, since: int) -> None:
        """For a while after the loss: its region says so at once, the others notice nothing."""
        end = time.monotonic() + 3.0  # longer than the cluster needs to see it
        number = since
        while time.monotonic() < end:
            start = time.monotonic()
            with pytest.raises(StoreError):
                await store.load(regions[0], [CASE])
            assert time.monotonic() - start < 2.0
            for region in regions[1:]:
                await use(store, region, number)
            number += 1
        assert number > since + 5
        # A service that starts now serves the others.
        async with await open_store(url) as other:
            assert (await other.load(regions[1], [CASE]))[0].version == number
            with pytest.raises(StoreUnreachableError):
                await other.load(regions[0], [CASE])
            unreachable = [told for told in (await other.info()).values() if isinstance(told, StoreError)]
            assert len(unreachable) == 1
        (problem,) = await store_problems(url)
        assert "does not answer" in problem

    run(scenario())


def test_a_slot_that_moved_is_found(run: Run, tmp_path: Path) -> None:
    region = region_on(0)
    slot = Keys(region).slot

    async def scenario() -> None:
        async with cluster(tmp_path) as nodes, await open_store(f"redis+cluster://127.0.0.1:{nodes[2].port}") as store:
            assert await store.events.last_id(region) == START  # it has learnt the table
            identity = await node_id(nodes[1])
            for node in (nodes[1], nodes[0], nodes[2]):
                assert await node.tell("CLUSTER", "SETSLOT", slot, "NODE", identity) == b"+OK"
            await store.commit(region, Commit("1", writes=[Write(CASE, 0, b"moved")]))
            assert await store.load(region, [CASE]) == (Loaded(1, b"moved"),)

    async def node_id(node: OutsideServer) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(b"CLUSTER MYID\r\n")
        await reader.readline()
        found = (await reader.readline()).decode().strip()
        writer.close()
        await writer.wait_closed()
        return found

    run(scenario())
