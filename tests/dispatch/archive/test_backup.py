"""A backup that was made while the service worked gives the same store again; a damaged one changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.archive import (
    BackupError,
    Places,
    back_up,
    check_backup,
    forget_case,
    listed_backups,
    open_key,
    read_backup,
    read_cases,
    restore,
)
from dispatch.archive.appendonly import log_files, replace_log
from dispatch.archive.checkup import check_archive
from dispatch.archive.files import write_whole
from dispatch.archive.inventory import inventory
from dispatch.store import (
    Commit,
    Committed,
    EmbeddedServer,
    EventEntry,
    PrivateEntry,
    Ref,
    Store,
    StoreInUseError,
    Write,
    open_store,
)
from tests.dispatch.archive.filled import SECRET, everything, fill, some_day
from tests.dispatch.archive.kept import KEY, Teller, archivist, rows, soon
from tests.dispatch.life.worlds import Desk
from tests.stores import Run

REGION = "cibinong"


async def filled(places: Places) -> None:
    async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
        await fill(store, REGION)
        await archivist(store, REGION, places.archive).archive(soon())


async def whole(places: Places) -> dict[str, object]:
    async with await EmbeddedServer.start(places.store) as server:
        return await everything(server.url)


def test_what_was_backed_up_is_restored(run: Run, tmp_path: Path) -> None:
    old, new = Places(tmp_path / "old"), Places(tmp_path / "new")
    file = tmp_path / "backups" / "one.tar"

    async def scenario() -> None:
        await filled(old)
        before = await whole(old)
        done = await back_up(old, file, some_day())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert read_backup(file) == check_backup(file) == done.manifest
        assert [one.path for one in listed_backups(old.backups)] == [str(file)]
        assert list(old.data.glob(".scratch-*")) == []
        restored = await restore(new, file, some_day())
        assert restored.archive
        assert await whole(new) == before
        assert len(before) > 50
        assert len(read_cases(new.archive)) == 1
        assert list(new.data.glob(".*")) == []

    run(scenario())


def test_counts_say_what_is_there(run: Run, tmp_path: Path) -> None:
    places = Places(tmp_path)

    async def scenario() -> None:
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            desk = await fill(store, REGION)
            held = (await inventory(server.url))[REGION]
            assert held.kinds["case"].count == 2
            assert held.kinds["case"].open == 1
            assert held.kinds["run"].count == len(desk.world.runs)
            assert sum(one.events for one in held.kinds.values()) == len(desk.log) == held.stream
            assert held.last == await store.events.last_id(REGION)
            assert held.private == ["case/K1", "case/K2"]
            assert (held.schema, held.clocks, held.fixes) == (1, len(desk.clocks()), 2)
            versions = [one.version for one in await store.load(REGION, [Ref("case", "K1"), Ref("case", "K2")])]
            assert held.kinds["case"].versions == sum(versions)

    run(scenario())


def test_a_backup_under_load_has_everything_acknowledged_before(run: Run, tmp_path: Path) -> None:
    places, new = Places(tmp_path / "old"), Places(tmp_path / "new")
    file = tmp_path / "one.tar"
    acknowledged = [0] * 8

    async def writes(store: Store, mine: int, stop: asyncio.Event) -> None:
        ref = Ref("case", f"{mine}")
        while not stop.is_set():
            version = acknowledged[mine]
            write = Write(ref, version, b"%d" % version * 50, {"ring": 10**12 + version})
            event = EventEntry(ref, version + 1, "described", b"%d" % version)
            command = Commit(f"{mine}-{version}", b"answer", b"print", [write], (), [event], [PrivateEntry(ref, b"p")])
            assert isinstance(await store.commit(REGION, command), Committed)
            acknowledged[mine] = version + 1

    async def scenario() -> None:
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            stop = asyncio.Event()
            workers = [asyncio.create_task(writes(store, mine, stop)) for mine in range(len(acknowledged))]
            while min(acknowledged) < 20:
                await asyncio.sleep(0.01)
            before = list(acknowledged)
            rewriting = asyncio.create_task(store.rewrite_log())  # in the midst of that, of all things
            await back_up(places, file, some_day())
            after = list(acknowledged)
            await rewriting
            stop.set()
            await asyncio.gather(*workers)
        await restore(new, file, some_day())
        async with await EmbeddedServer.start(new.store) as server, await open_store(server.url) as store:
            for mine in range(len(acknowledged)):
                ref = Ref("case", f"{mine}")
                (found,) = await store.load(REGION, [ref])
                assert before[mine] <= found.version <= after[mine] + 1
                assert found.state == b"%d" % (found.version - 1) * 50
                history = [one.event.version for one in await store.history(REGION, ref)]
                assert history == list(range(1, found.version + 1))
                assert len(await store.private(REGION, ref)) == found.version
                assert await store.seen(REGION, f"{mine}-{found.version - 1}") is not None
                assert await store.seen(REGION, f"{mine}-{found.version}") is None
            due = {one.ref.id: one.deadline_ms for one in await store.claim_due(REGION, 2 * 10**12, 1)}
            loaded = await store.load(REGION, [Ref("case", f"{mine}") for mine in range(8)])
            assert due == {f"{mine}": 10**12 + one.version - 1 for mine, one in enumerate(loaded)}
            assert len(await store.events.tail(REGION, "0-0", limit=10**6)) == sum(one.version for one in loaded)
        assert sum(after) > sum(before)  # the service was not held up

    run(scenario())


def flip(at: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with file.open("r+b") as opened:
            opened.seek(int(file.stat().st_size * at))
            byte = opened.read(1)
            opened.seek(-1, os.SEEK_CUR)
            opened.write(bytes([byte[0] ^ 0xFF]))

    return damage


def cut(share: float) -> Callable[[Path], None]:
    return lambda file: os.truncate(file, int(file.stat().st_size * share))


def newer(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"state_schema": 1', b'"state_schema": 9', 1))


def evil(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"store/appendonly.aof.manifest", b"store/../../x/.manifest-oops1"))


def lying(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"clocks": 2', b'"clocks": 7', 1))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut at the start": cut(0.1),
    "cut in the middle": cut(0.5),
    "cut near the end": cut(0.8),
    "empty": cut(0),
    "a newer release": newer,
    "a path that leads outside": evil,
    "other counts": lying,
    "not there": lambda file: file.unlink(),
    "no backup": lambda file: file.write_bytes(b"hello" * 1000),
}


@pytest.mark.parametrize("name", [*DAMAGES, *(f"flipped at {share}" for share in (20, 40, 60))])
def test_a_damaged_backup_is_refused_and_touches_nothing(run: Run, tmp_path: Path, name: str) -> None:
    old, new = Places(tmp_path / "old"), Places(tmp_path / "new")
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        await filled(old)
        await back_up(old, file, some_day())
        async with await EmbeddedServer.start(new.store) as server, await open_store(server.url) as store:
            await store.commit("r", Commit("c", writes=[Write(Ref("case", "1"), 0, b"mine")]))
        before = await whole(new)
        damage = DAMAGES.get(name) or flip(int(name.split()[-1]) / 100)
        damage(file)
        with pytest.raises(BackupError, match=r"one\.tar"):
            await restore(new, file, some_day(), replace=True)
        assert await whole(new) == before
        assert not new.archive.exists()

    run(scenario())


def test_a_store_that_is_there_is_not_overwritten_unasked(run: Run, tmp_path: Path) -> None:
    old, new = Places(tmp_path / "old"), Places(tmp_path / "new")
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        await filled(old)
        before = await whole(old)
        await back_up(old, file, some_day())
        async with await EmbeddedServer.start(new.store) as server, await open_store(server.url) as store:
            await store.commit("r", Commit("c", writes=[Write(Ref("case", "1"), 0, b"mine")]))
            with pytest.raises(StoreInUseError):
                await restore(new, file, some_day(), replace=True)
        with pytest.raises(BackupError, match=r"holds something already \(r\).*--replace"):
            await restore(new, file, some_day())
        assert "siaga:{r}:state:case/1" in await whole(new)
        for _ in range(2):
            await restore(new, file, some_day(), replace=True)
            assert await whole(new) == before
        assert len(list((new.store / "appendonlydir").iterdir())) <= 4  # what was replaced is gone
        await back_up(new, tmp_path / "two.tar", some_day())

    run(scenario())


def test_what_was_put_in_place_can_be_taken_back(run: Run, tmp_path: Path) -> None:
    """As when the store can't be read afterwards: also what a server has written meanwhile goes."""
    old, new = Places(tmp_path / "old"), Places(tmp_path / "new")

    async def scenario() -> None:
        await filled(old)
        async with await EmbeddedServer.start(new.store) as server, await open_store(server.url) as store:
            await store.commit("r", Commit("c", writes=[Write(Ref("case", "1"), 0, b"mine")]))
        before, files = await whole(new), log_files(new.store)
        replaced = replace_log(old.store, new.store)
        async with await EmbeddedServer.start(new.store) as server, await open_store(server.url) as store:
            assert await store.regions() == [REGION]
            await store.rewrite_log()
        replaced.undo()
        assert log_files(new.store) == files == sorted((new.store / "appendonlydir").iterdir())
        assert await whole(new) == before
        empty = Places(tmp_path / "empty")
        replace_log(old.store, empty.store).undo()
        assert log_files(empty.store) == list((empty.store / "appendonlydir").iterdir()) == []

    run(scenario())


def test_an_archive_that_is_there_goes_on(run: Run, tmp_path: Path) -> None:
    """The store is lost and the archive is not: it knows more than the backup, and nothing of it is lost or doubled."""
    places, file = Places(tmp_path / "data"), tmp_path / "one.tar"

    async def scenario() -> None:
        await filled(places)
        await back_up(places, file, some_day())
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            later = Desk()
            later.count = 500
            later.opened(case="K9")
            await Teller(store, REGION).tell(later)
            await archivist(store, REGION, places.archive).archive(soon())
        before = [one["event"] for one in rows(places.archive, "events")]
        shutil.rmtree(places.store)
        assert not (await restore(places, file, some_day())).archive
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            write_whole(places.key, f"{KEY.hex()}\n".encode(), 0o600)
            assert (await check_archive(store, REGION, places, some_day())).grade == "ok"
            assert (await archivist(store, REGION, places.archive).archive(soon())).events == 0
            later.opened(case="K10")
            later.log = later.log[-2:]
            count = await Teller(store, REGION).tell(later)
            await archivist(store, REGION, places.archive).archive(soon())
        after = [one["event"] for one in rows(places.archive, "events")]
        assert len(after) == len(set(after)) == len(before) + count
        assert (await restore(places, file, some_day(), replace=True)).archive
        assert len(rows(places.archive, "events")) < len(before)

    run(scenario())


def test_secrets_are_in_it_only_if_asked_for(run: Run, tmp_path: Path) -> None:
    old, new, other = (Places(tmp_path / name) for name in ("old", "new", "other"))

    async def scenario() -> None:
        await filled(old)
        key = open_key(old.key)
        (old.data / "admin-token").write_text("siaga_secret")
        (old.data / "local.toml").write_text("a = 1")
        await back_up(old, tmp_path / "one.tar", some_day())
        done = await back_up(old, tmp_path / "two.tar", some_day(), secrets=True)
        assert key.hex().encode() not in (tmp_path / "one.tar").read_bytes()
        assert b"siaga_secret" not in (tmp_path / "one.tar").read_bytes()
        assert {"secrets/archive.key", "secrets/admin-token", "settings/local.toml"} < {one.name for one in done.manifest.files}
        await restore(new, tmp_path / "one.tar", some_day())
        assert not new.key.exists()
        await restore(other, tmp_path / "two.tar", some_day())
        assert open_key(other.key) == key
        assert (other.data / "local.toml").read_text() == "a = 1"
        (other.data / "local.toml").write_text("a = 2")
        again = await restore(other, tmp_path / "two.tar", some_day(), replace=True)
        assert again.settings == ("local.toml",)
        assert (other.data / "local.toml").read_text() == "a = 2"

    run(scenario())


def test_there_must_be_an_embedded_store(run: Run, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="its own means"):
        run(back_up(Places(tmp_path), tmp_path / "one.tar", some_day()))
    assert not (tmp_path / "one.tar").exists()


def test_whoever_was_forgotten_is_not_brought_back(run: Run, tmp_path: Path) -> None:
    places = Places(tmp_path / "old")
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        await filled(places)
        await back_up(places, file, some_day())
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            await forget_case(
                store, REGION, "K1", archive=places.archive, backups=[file], forgotten=places.forgotten, now=some_day()
            )
        done = await restore(places, file, some_day(), replace=True)
        assert [one.case for one in done.forgotten] == ["K1"]
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            assert await store.private(REGION, Ref("case", "K1")) == []
            assert len(await store.private(REGION, Ref("case", "K2"))) == 3
        assert not any(SECRET.encode() in path.read_bytes() for path in places.store.rglob("*") if path.is_file())

    run(scenario())
