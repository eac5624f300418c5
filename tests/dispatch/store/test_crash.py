"""The server is killed under load: nothing acknowledged is lost, nothing is done twice, nothing is done by half."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from dispatch.store import (
    Commit,
    Committed,
    EmbeddedServer,
    EventEntry,
    Loaded,
    PrivateEntry,
    Ref,
    Seen,
    Store,
    Write,
    open_store,
)
from tests.stores import Run, persistently

WRITERS = 16
SHARED = Ref("vehicle", "all-write-it")


class Writer:
    """Writes its own aggregate up, one version a command, and with every fifth the one all writers share.

    Attributes:
        acknowledged: how many of its commands.
        seen: how many of them only when asked again: applied, but the answer was lost.
    """

    def __init__(self, number: int) -> None:
        self.ref = Ref("case", f"{number}")
        self.acknowledged = 0
        self.seen = 0

    def command(self, number: int) -> str:
        return f"{self.ref.id}-{number}"

    def state(self, number: int) -> bytes:
        return b"%d " % number + b"x" * 400

    async def write(self, store: Store) -> None:
        number = self.acknowledged
        event = EventEntry(self.ref, number + 1, "written", self.command(number).encode())
        commit = Commit(
            self.command(number),
            answer=b"%d" % number,
            writes=[Write(self.ref, number, self.state(number), {"ring": 10**13 + number})],
            events=[event],
            private=[PrivateEntry(self.ref, event.body)],
        )
        answer = await persistently(lambda: store.commit("r", commit))
        if isinstance(answer, Seen):
            assert answer.answer == b"%d" % number
            self.seen += 1
        self.acknowledged += 1


async def write_on(store: Store, writer: Writer, over: asyncio.Event) -> None:
    while not over.is_set():
        await writer.write(store)


async def kill_now_and_then(server: EmbeddedServer, store: Store, rounds: int, rng: random.Random) -> None:
    for number in range(rounds):
        if number % 4:  # else it may still be starting
            await persistently(lambda: store.ping("r"))
        await asyncio.sleep(rng.uniform(0.02, 0.5))  # the moment is the test's random input, not a wait for something
        if (pid := server.pid) is not None:
            os.kill(pid, signal.SIGKILL)


async def all_is_there(store: Store, writers: list[Writer], now_ms: int) -> None:
    """Exactly what was acknowledged: states, histories, private entries, clocks, and the region's stream."""
    stream: list[bytes] = []
    after = "0-0"
    while entries := await store.events.tail("r", after):
        stream += [entry.event.body for entry in entries]
        after = entries[-1].id
    expected = [writer.command(number).encode() for writer in writers for number in range(writer.acknowledged)]
    assert sorted(stream) == sorted(expected)
    for writer in writers:
        count = writer.acknowledged
        assert await store.load("r", [writer.ref]) == (Loaded(count, writer.state(count - 1)),)
        own = [writer.command(number).encode() for number in range(count)]
        history = await store.history("r", writer.ref)
        assert [entry.event.body for entry in history] == own
        assert [entry.event.version for entry in history] == list(range(1, count + 1))
        assert await store.private("r", writer.ref) == own
    due = await store.claim_due("r", now_ms, 1)
    assert {(clock.ref, clock.deadline_ms) for clock in due} == {
        (writer.ref, 10**13 + writer.acknowledged - 1) for writer in writers
    }


async def crash(directory: Path, rounds: int, seed: int) -> tuple[int, int]:
    """Writers at work while the server is killed again and again; how many commands were acknowledged, and seen again."""
    writers = [Writer(number) for number in range(WRITERS)]
    async with await EmbeddedServer.start(directory) as server, await open_store(server.url) as store:
        over = asyncio.Event()
        work = [asyncio.create_task(write_on(store, writer, over)) for writer in writers]
        await kill_now_and_then(server, store, rounds, random.Random(seed))
        over.set()
        await asyncio.gather(*work)
        await persistently(lambda: store.ping("r"))  # every writer may have been answered before the last kill
        await all_is_there(store, writers, 10**14)
    async with await EmbeddedServer.start(directory) as server, await open_store(server.url) as store:
        await all_is_there(store, writers, 2 * 10**14)
    return sum(writer.acknowledged for writer in writers), sum(writer.seen for writer in writers)


def test_a_killed_server_loses_and_doubles_nothing(run: Run, tmp_path: Path) -> None:
    acknowledged, _ = run(crash(tmp_path, rounds=3, seed=1))
    assert acknowledged > 10 * WRITERS


@pytest.mark.slow
def test_a_server_killed_twenty_times_loses_and_doubles_nothing(run: Run, tmp_path: Path) -> None:
    acknowledged, seen = run(crash(tmp_path, rounds=20, seed=2))
    assert acknowledged > 100 * WRITERS
    assert seen > 0, "no commit was applied without its answer: the test has missed what it is for"


def test_a_commit_that_gets_no_answer_is_repeated_safely(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server, await open_store(server.url) as store:
            commit = Commit("1", writes=[Write(SHARED, 0, b"once")])
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            asking = [asyncio.create_task(persistently(lambda: store.commit("r", commit))) for _ in range(5)]
            await asyncio.sleep(0)
            os.kill(server.pid, signal.SIGKILL)
            answers = await asyncio.gather(*asking)
            assert sum(isinstance(answer, Committed) for answer in answers) <= 1
            assert await store.load("r", [SHARED]) == (Loaded(1, b"once"),)

    run(scenario())
