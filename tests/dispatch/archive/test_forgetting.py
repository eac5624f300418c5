"""Whoever was forgotten is gone, and stays gone: backups that still hold anything are named, and held to it when restored."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.archive import (
    BackupError,
    Forgotten,
    Places,
    back_up,
    clear_closed,
    forget_case,
    forgotten_cases,
    read_backup,
    restore,
)
from dispatch.archive.backup import MANIFEST_NAME
from dispatch.archive.checkup import Finding, check_forgotten
from dispatch.archive.errors import ForgetError
from dispatch.archive.holders import holders
from dispatch.archive.inventory import inventory
from dispatch.life.commands import CancelCase, CorrectTime, DescribeCase
from dispatch.life.events import Ref as LifeRef
from dispatch.life.stamps import TimePoint
from dispatch.store import EmbeddedServer, Fix, Ref, Store, open_store
from tests.dispatch.archive.filled import AT_DOOR, SECRET, everything, notes, some_day
from tests.dispatch.archive.kept import Teller, archivist, delivered, rows, soon
from tests.dispatch.archive.test_clearing import shared_trip
from tests.dispatch.life.stories import sent
from tests.dispatch.life.worlds import START as BEGIN
from tests.dispatch.life.worlds import Desk
from tests.stores import Run
from tests.written_before.releases import Release, releases
from tests.written_before.served import REGION as KOTA

REGION = "cibinong"
K1 = Ref("case", "K1")
SAID, SAID_AFTER = "Kenari di rumah Siti", "Kenari pagar hijau"
"""What somebody wrote into an event of the case, and into one of its run when the case was long closed."""
WORDS = (SECRET, SAID, SAID_AFTER, str(AT_DOOR))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """An installation."""
    return Places(tmp_path / "data")


async def tell(store: Store) -> Desk:
    """A case that is over, with particulars, reasons and a trail."""
    desk = sent()
    desk.give(DescribeCase("K1", needs=(frozenset({"oxygen"}),), why=SAID))
    delivered(desk)
    (name,) = desk.world.runs
    desk.give(CorrectTime(name, TimePoint.AT_SCENE, BEGIN + timedelta(minutes=4), SAID_AFTER))
    await Teller(store, REGION).tell(desk, {LifeRef("case", "K1"): notes()})
    first = int(BEGIN.timestamp() * 1000)
    away = [Fix("a1", first - 600_000, b"before"), Fix("a1", first + 10_000_000, b"after")]
    await store.fixes.put(REGION, [*away, Fix("a1", first + 240_000, str(AT_DOOR).encode())])
    return desk


@asynccontextmanager
async def opened(places: Places) -> AsyncIterator[Store]:
    """The installation's store."""
    async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
        yield store


async def archive(store: Store, places: Places) -> None:
    await archivist(store, REGION, places.archive).archive(soon() - timedelta(days=1))


async def forget(store: Store, places: Places, *backups: Path, case: str = "K1") -> Forgotten:
    lists = {"archive": places.archive, "forgotten": places.forgotten}
    return await forget_case(store, REGION, case, backups=backups, now=some_day(), **lists)


async def check(places: Places) -> Finding:
    async with opened(places) as store:
        return await check_forgotten(store, REGION, places)


async def said(places: Places) -> list[str]:
    """The words that are left, in the server's memory but for the stream of positions, or on disk."""
    async with await EmbeddedServer.start(places.store) as server:
        kept = {name: value for name, value in (await everything(server.url)).items() if not name.endswith(":fixes:live")}
    return [word for word in WORDS if word in repr(kept)]


def without_cases(file: Path) -> None:
    """As release 0.1 wrote it: the manifest does not tell which cases are in it."""
    with tarfile.open(file) as tar:
        members = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        packed = [(member, b"" if source is None else source.read()) for member, source in members]
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for member, body in packed:
            if member.name == MANIFEST_NAME:
                manifest = json.loads(body)
                for held in manifest["holds"].values():
                    del held["cases"]
                body = json.dumps(manifest).encode()
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))


def test_a_case_that_has_been_cleared_away_is_looked_for_in_the_backups(run: Run, places: Places, tmp_path: Path) -> None:
    before, after, lost = tmp_path / "before.tar", tmp_path / "after.tar", tmp_path / "lost.tar"

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
            await back_up(places, before, some_day())
            await archivist(store, REGION, places.archive).archive(soon())
            assert await clear_closed(store, REGION, places.archive / REGION, soon()) == 2
            await back_up(places, after, some_day())
            with pytest.raises(ForgetError, match=r"no case K1 .* no backup .*lost\.tar can't be looked into"):
                await forget(store, places, after, lost)
            assert forgotten_cases(places.forgotten) == []
            done = await forget(store, places, before, after, lost)
            assert (done.there, done.particulars, done.cleared) == (False, False, True)
            assert (done.in_backups, done.unread_backups) == ((before,), (lost,))
            with pytest.raises(ForgetError, match="no case K9"):
                await forget(store, places, before, after, case="K9")
        assert [one.case for one in forgotten_cases(places.forgotten)] == ["K1"]
        assert [one.case for one in (await restore(places, before, some_day(), replace=True)).forgotten] == ["K1"]

    run(scenario())


@pytest.mark.parametrize("old", [False, True], ids=["told", "as 0.1 wrote it"])
def test_a_backup_between_two_forgettings_is_named(run: Run, places: Places, tmp_path: Path, old: bool) -> None:
    """The particulars are gone by then; the events are not."""
    between, after = tmp_path / "between.tar", tmp_path / "after.tar"

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
            assert not (await forget(store, places)).cleared
            held = (await back_up(places, between, some_day())).manifest.holds[REGION]
            assert (held.private, held.cases) == ([], ["K1"])
            await archive(store, places)
            assert (await forget(store, places, between)).in_backups == (between,)
            await back_up(places, after, some_day())
            if old:
                for file in (between, after):
                    without_cases(file)
                    assert read_backup(file).knows(REGION, "K1")
            done = await forget(store, places, between, after)
            assert (done.in_backups, done.unread_backups) == ((between,), ())
            os.truncate(between, between.stat().st_size - 20_000)
            done = await forget(store, places, between, after)
            assert (done.in_backups, done.unread_backups) == (((), (between,)) if old else ((between,), ()))
        assert list(places.data.glob(".scratch-*")) == []

    run(scenario())


@pytest.mark.parametrize("release", releases(), ids=lambda release: release.folder.name)
def test_backups_of_earlier_releases_are_looked_into(run: Run, release: Release, tmp_path: Path) -> None:
    _, backup = release.unpack(tmp_path)
    expected = release.expected["states"]
    cases = [one["id"] for one in expected if one["kind"] == "case"]

    async def scenario() -> None:
        for case in cases:
            assert await holders([backup], KOTA, case, tmp_path) == ((backup,), ())
        assert await holders([backup], KOTA, "KNEVER", tmp_path) == ((), ())
        assert await holders([backup], "elsewhere", cases[0], tmp_path) == ((), ())

    run(scenario())


def test_a_run_and_the_stream_hold_a_case_as_well(run: Run, store: Store, store_url: str, region: str, tmp_path: Path) -> None:
    desk = shared_trip()

    async def told() -> list[str] | None:
        return (await inventory(store_url))[region].cases

    async def lose(*refs: Ref) -> None:
        for ref, found in zip(refs, await store.load(region, refs), strict=True):
            assert await store.remove(region, ref, found.version)

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        await archivist(store, region, tmp_path).archive(soon() - timedelta(days=1))
        await lose(Ref("case", "K1"))
        assert await told() == ["K1", "K2"]
        await store.events.trim(region, await store.events.last_id(region))
        assert await told() == ["K1", "K2"]  # by the run that both were on
        await lose(*(Ref("run", name) for name in desk.world.runs))
        assert await told() == ["K2"]
        desk.opened(case="K3")
        desk.give(CancelCase("K3", "batal"))
        desk.log = [one for one in desk.log if one.event.ref == LifeRef("case", "K3")]
        await Teller(store, region).tell(desk)
        await lose(Ref("case", "K3"))
        assert await told() == ["K2", "K3"]  # by the stream

    run(scenario())


def test_a_restored_case_is_forgotten_whole(run: Run, places: Places, tmp_path: Path) -> None:
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
            await archive(store, places)
            await back_up(places, file, some_day())
            assert (await forget(store, places, file)).cleared
        assert await said(places) == []
        done = await restore(places, file, some_day(), replace=True)
        assert ([one.case for one in done.forgotten], done.forgotten_left) == (["K1"], ())
        assert await said(places) == []
        files = [path for path in places.store.rglob("*") if path.is_file()]
        assert not any(word.encode() in path.read_bytes() for path in files for word in (SECRET, SAID, SAID_AFTER))
        async with opened(places) as store:
            assert [fix.body for fix in await store.fixes.trail(REGION, "a1")] == [b"before", b"after"]
            assert await store.events.oldest_id(REGION) is None
        assert (await check(places)).grade == "ok"
        assert len(rows(places.archive, "cases")) == 1
        assert list(places.data.glob(".scratch-*")) == []

    run(scenario())


def test_what_can_not_be_forgotten_again_yet_is_told_until_it_is(run: Run, places: Places, tmp_path: Path) -> None:
    """The backup is from before the case was archived, and its archive takes the place of the one that had it."""
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
            await back_up(places, file, some_day())
            await archive(store, places)
            await forget(store, places, file)
        (places.archive / REGION).rename(tmp_path / "moved")
        done = await restore(places, file, some_day(), replace=True)
        assert [one.case for one in done.forgotten] == [one.case for one in done.forgotten_left] == ["K1"]
        assert SECRET not in await said(places)
        warned = await check(places)
        assert (warned.grade, warned.facts) == ("warning", {"count": 1, "all": 1})
        assert warned.details == (f"case K1: siaga case forget K1 --region {REGION}",)
        async with opened(places) as store:
            await archive(store, places)
            assert (await forget(store, places, file)).cleared
        assert await said(places) == []
        assert (await check(places)).grade == "ok"

    run(scenario())


def test_a_case_that_is_open_in_the_backup_is_to_be_closed(run: Run, places: Places, tmp_path: Path) -> None:
    file = tmp_path / "one.tar"
    desk = Desk()
    desk.opened()

    async def scenario() -> None:
        async with opened(places) as store:
            teller = Teller(store, REGION)
            await teller.tell(desk, {LifeRef("case", "K1"): notes()})
            await archive(store, places)
            await back_up(places, file, some_day())
            desk.give(CancelCase("K1", SAID))
            await teller.tell(desk)
            await archive(store, places)
            assert (await forget(store, places, file)).cleared
        done = await restore(places, file, some_day(), replace=True)
        assert [one.case for one in done.forgotten_left] == ["K1"]
        assert await said(places) == []
        assert (await check(places)).details == (f"case K1: close it, then siaga case forget K1 --region {REGION}",)

    run(scenario())


def test_the_list_goes_with_the_backup(run: Run, places: Places, tmp_path: Path) -> None:
    """On another machine an older backup is held to what a newer one has told; the list there is kept as well."""
    older, newer, other = tmp_path / "older.tar", tmp_path / "newer.tar", Places(tmp_path / "other")

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
            await archive(store, places)
            await back_up(places, older, some_day())
            await forget(store, places, older)
            await back_up(places, newer, some_day())
        (mine,) = forgotten_cases(places.forgotten)
        async with opened(other) as store:
            await tell(store)
            await archivist(store, "elsewhere", other.archive).archive(soon())
            await forget(store, other)
        (theirs,) = forgotten_cases(other.forgotten)
        other.forgotten.write_text(other.forgotten.read_text().replace(REGION, "elsewhere"))
        done = await restore(other, newer, some_day(), replace=True)
        assert (done.forgotten, done.settings) == ((), ())
        told = {(one.region, one.case, one.at) for one in forgotten_cases(other.forgotten)}
        assert told == {(REGION, "K1", mine.at), ("elsewhere", "K1", theirs.at)}
        assert other.forgotten.stat().st_mode & 0o077 == 0
        done = await restore(other, older, some_day(), replace=True)
        assert (done.forgotten, done.forgotten_left) == ((mine,), ())
        assert await said(other) == []
        fresh = Places(tmp_path / "fresh")
        await restore(fresh, newer, some_day())
        assert forgotten_cases(fresh.forgotten) == [mine]

    run(scenario())


def test_a_damaged_list_is_told_before_anything_is_touched(run: Run, places: Places, tmp_path: Path) -> None:
    file = tmp_path / "one.tar"

    async def scenario() -> None:
        async with opened(places) as store:
            await tell(store)
        await back_up(places, file, some_day())
        places.forgotten.write_text("[{")
        for doing in (restore(places, file, some_day(), replace=True), back_up(places, tmp_path / "two.tar", some_day())):
            with pytest.raises(BackupError, match=r"forgotten\.json is damaged"):
                await doing
        assert set(await said(places)) == set(WORDS)
        assert (await check(places)).grade == "error"

    run(scenario())


def test_nothing_can_be_guessed_from_the_prints_of_its_commands(run: Run, store: Store, places: Places) -> None:
    async def prints(commands: set[str]) -> set[bytes]:
        found = [await store.seen(REGION, one) for one in commands]
        return {one.fingerprint for one in found if one is not None}

    async def scenario() -> None:
        desk = await tell(store)
        commands = {one.command for one in desk.log if one.event.ref == LifeRef("case", "K1")}
        assert await prints(commands) == {b"print"}
        await archivist(store, REGION, places.archive).archive(soon())
        await forget_case(store, REGION, "K1", archive=places.archive, backups=[], forgotten=places.forgotten, now=some_day())
        assert await prints(commands) == {b""}

    run(scenario())
