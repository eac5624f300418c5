"""What can happen to the embedded server's files: cut, damaged, no room, things to be forgotten."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from dispatch.store import (
    Commit,
    Committed,
    EmbeddedServer,
    Happening,
    Notice,
    PrivateEntry,
    Ref,
    StoreDamagedError,
    StoreUnreachableError,
    Write,
    open_store,
)
from dispatch.store.binary import check_append_only_file
from tests.dispatch.store.filled import fill, last_log, whole
from tests.stores import Run, until

CASE = Ref("case", "1")


@pytest.mark.parametrize("cut", [1, 7, 40, 300, 700])
def test_a_file_cut_mid_record_starts_and_says_so(run: Run, tmp_path: Path, cut: int) -> None:
    notices: list[Notice] = []

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            await fill(server.url, 10)
        size = last_log(tmp_path).stat().st_size
        os.truncate(last_log(tmp_path), size - cut)
        async with await EmbeddedServer.start(tmp_path, report=notices.append) as server:
            there = await whole(server.url, 10)
            assert there == 9 if cut < 300 else 7 <= there < 10
            (notice,) = notices
            assert notice.what == Happening.CUT
            gone = int(notice.text.split()[0])
            assert 0 < gone < size
            assert last_log(tmp_path).stat().st_size >= size - cut - gone
            await fill(server.url, 10)  # those that are there are seen again
            assert await whole(server.url, 10) == 10

    run(scenario())


def test_a_damaged_file_is_named_and_can_be_mended(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            await fill(server.url, 20)
        file = last_log(tmp_path)
        with file.open("r+b") as damaged:
            damaged.seek(file.stat().st_size // 2)
            damaged.write(b"\xff" * 50)
        for _ in range(2):
            with pytest.raises(StoreDamagedError, match="valkey-check-aof") as error:
                await EmbeddedServer.start(tmp_path)
            assert str(file) in str(error.value)
        with pytest.raises(StoreDamagedError, match=file.name):
            check_append_only_file(file)
        check_append_only_file(file, mend=True)
        check_append_only_file(file)
        async with await EmbeddedServer.start(tmp_path) as server:
            assert 1 <= await whole(server.url, 20) < 20

    run(scenario())


def test_a_full_disk_is_told_and_it_goes_on_once_mended(run: Run, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the server's write fails in the same place."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system can't limit another process")
    notices: list[Notice] = []

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path, report=notices.append) as server, await open_store(server.url) as store:
            room = last_log(tmp_path).stat().st_size + 20_000
            assert server.pid is not None
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (room, room))
            acknowledged = 0
            with suppress(StoreUnreachableError):
                while acknowledged < 100:
                    await store.commit("r", Commit(f"c{acknowledged}", writes=[Write(CASE, acknowledged, b"x" * 500)]))
                    acknowledged += 1
            assert 5 < acknowledged < 100

            async def back() -> bool:
                return Happening.BACK in {notice.what for notice in notices}

            await until(back, "the server")
            assert "ulimit -f" in next(notice.text for notice in notices if notice.what == Happening.DIED)
            (found,) = await store.load("r", [CASE])
            assert found.version == acknowledged
            answer = await store.commit("r", Commit(f"c{acknowledged}", writes=[Write(CASE, acknowledged, b"on it goes")]))
            assert isinstance(answer, Committed)

    run(scenario())


def test_forgotten_people_leave_the_disk(run: Run, tmp_path: Path) -> None:
    secret = b"Q7-Siti-3174050101900001"

    def on_disk() -> bool:
        return any(secret in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

    async def scenario() -> None:
        async with await EmbeddedServer.start(tmp_path) as server:
            await fill(server.url, 5)
            async with await open_store(server.url) as store:
                await store.commit("r", Commit("p", private=[PrivateEntry(Ref("person", "1"), secret)]))
                assert on_disk()
                await store.forget("r", Ref("person", "1"))
                assert on_disk()
                await asyncio.gather(store.rewrite_log(), store.rewrite_log())
                assert not on_disk()
            assert await whole(server.url, 5) == 5

    run(scenario())
