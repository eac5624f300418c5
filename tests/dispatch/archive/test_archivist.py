"""Everything that happened is archived once, whenever the archivist is stopped, and only then leaves the stream."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import geopandas
import pyarrow.parquet as pq
import pytest

from dispatch.archive import (
    ArchiveInUseError,
    ArchiveKeyError,
    ArchiveSchemaError,
    ArchiveSettings,
    Archivist,
    Step,
    read_events,
)
from dispatch.archive.manifest import read_manifest
from dispatch.life.commands import CorrectTime
from dispatch.life.events import CaseClosed
from dispatch.life.stamps import TimePoint
from dispatch.store import START, Ref, Store, open_store
from tests.dispatch.archive.kept import AT_ONCE, JAKARTA, KEY, Teller, archivist, delivered, parts, rows, soon, store_events
from tests.dispatch.life.stories import sent
from tests.stores import SAFE, OutsideServer, Run, outside_server, until


class Stopped(Exception):  # noqa: N818
    """Somebody pulled the plug."""


def test_a_case_is_archived_and_leaves_the_stream(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = delivered()

    async def scenario() -> None:
        count = await Teller(store, region).tell(desk)
        done = await archivist(store, region, tmp_path).archive(soon())
        assert (done.events, done.case_rows, done.trimmed) == (count, 1, count)
        assert await store.events.oldest_id(region) is None
        again = await archivist(store, region, tmp_path).archive(soon())
        assert (again.events, again.case_rows, again.trimmed) == (0, 0, 0)
        assert rows(tmp_path, "events")[0]["type"] == "unit_registered"
        assert len(rows(tmp_path, "events")) == count

    run(scenario())


def test_followers_keep_the_last_days(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        count = await Teller(store, region).tell(delivered())
        settings = ArchiveSettings(keep_stream=timedelta(hours=1))
        assert (await archivist(store, region, tmp_path, settings).archive(soon())).trimmed == 0
        assert len(await store.events.tail(region, START)) == count
        assert (await archivist(store, region, tmp_path, settings).archive(soon() + timedelta(hours=1))).trimmed == count

    run(scenario())


def test_another_group_that_lags_is_waited_for(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await store.events.register_group(region, "reactions")
        count = await Teller(store, region).tell(delivered())
        assert (await archivist(store, region, tmp_path).archive(soon())).trimmed == 0
        done = await store.events.read_group(region, "reactions", "w", limit=1000)
        await store.events.ack(region, "reactions", [one.id for one in done])
        assert (await archivist(store, region, tmp_path).archive(soon())).trimmed == count

    run(scenario())


@pytest.mark.parametrize("at_once", [3, 7, 5000])
@pytest.mark.parametrize("step", list(Step))
def test_stopped_at_any_step_it_goes_on(run: Run, store: Store, region: str, tmp_path: Path, step: Step, at_once: int) -> None:
    """Stopped there again and again, a few events further each time, and once more after more has happened."""
    desk = sent()
    settings = ArchiveSettings(keep_stream=timedelta(0), at_once=at_once, merge_at=2)

    def stop(reached: Step) -> None:
        if reached is step and left:
            left.pop()
            raise Stopped

    async def until_done() -> None:
        for _ in range(100):
            try:
                await archivist(store, region, tmp_path, settings, stop).archive(soon())
                return
            except Stopped:
                pass
        raise AssertionError("it is stopped for ever")

    async def scenario() -> None:
        teller = Teller(store, region)
        count = await teller.tell(desk)
        await until_done()
        left.extend(range(3))
        delivered(desk)
        count += await teller.tell(desk)
        await until_done()
        ids = [one["event"] for one in rows(tmp_path, "events")]
        assert sorted(Counter(ids).values()) == [1] * count
        assert len(rows(tmp_path, "cases")) == 1
        assert await store.events.oldest_id(region) is None
        manifest = read_manifest(tmp_path / region)
        assert manifest is not None
        assert {one.path(tmp_path / region) for one in manifest.parts} == {
            path for path in parts(tmp_path) if path.suffix == ".parquet"
        }

    left = list(range(4))
    run(scenario())


def test_nothing_is_lost_or_doubled_while_others_write(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    settings = ArchiveSettings(keep_stream=timedelta(0), at_once=4)
    desk = delivered()

    async def archives(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await archivist(store, region, tmp_path, settings).archive(soon())
            except ArchiveInUseError:
                await asyncio.sleep(0)

    async def scenario() -> None:
        stop = asyncio.Event()
        workers = [asyncio.create_task(archives(stop)) for _ in range(3)]
        count = await Teller(store, region).tell(desk)
        stop.set()
        await asyncio.gather(*workers)
        await archivist(store, region, tmp_path).archive(soon())
        ids = [one["event"] for one in rows(tmp_path, "events")]
        assert len(ids) == len(set(ids)) == count
        assert len(rows(tmp_path, "cases")) == 1

    run(scenario())


def test_two_at_once_are_kept_apart(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await Teller(store, region).tell(sent())
        refused: list[Exception] = []

        async def second() -> None:
            try:
                await archivist(store, region, tmp_path).archive(soon())
            except ArchiveInUseError as error:
                refused.append(error)

        seconds: list[asyncio.Task[None]] = []

        def meanwhile(step: Step) -> None:
            if step is Step.FOLDED:
                seconds.append(asyncio.create_task(second()))

        await archivist(store, region, tmp_path, told=meanwhile).archive(soon())
        await asyncio.gather(*seconds)
        assert len(refused) == 1

    run(scenario())


def test_small_files_are_merged(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    settings = ArchiveSettings(keep_stream=timedelta(0), at_once=2, merge_at=4)

    async def scenario() -> None:
        count = await Teller(store, region).tell(delivered())
        await archivist(store, region, tmp_path, settings).archive(soon())
        assert len(list(tmp_path.glob("*/events/*/*.parquet"))) <= 2
        assert len({one["event"] for one in rows(tmp_path, "events")}) == count == len(rows(tmp_path, "events"))
        events = read_events(tmp_path)
        assert list(events["event"]) == sorted(events["event"], key=lambda one: tuple(map(int, one.split("-"))))
        for path in tmp_path.glob("*/events/*/*.parquet"):
            whole = geopandas.read_parquet(path)
            told = json.loads(pq.read_schema(path).metadata[b"geo"])["columns"]["geometry"].get("bbox")
            assert (told is None) == whole.geometry.isna().all()
            assert told is None or told == pytest.approx(list(whole.total_bounds))

    run(scenario())


def test_only_its_own_leftovers_are_removed(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await Teller(store, region).tell(delivered())
        await archivist(store, region, tmp_path).archive(soon())
        folder = tmp_path / region / "events" / "month=2026-03"
        for name in ("part-999999.parquet", ".new-1-x-part-000009.parquet.tmp", "catatan.txt"):
            (folder / name).write_text("x")
        await archivist(store, region, tmp_path).archive(soon())
        assert sorted(path.name for path in folder.iterdir()) == ["catatan.txt", "part-000001.parquet"]

    run(scenario())


def test_a_time_put_right_afterwards_changes_the_row(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = delivered()

    async def scenario() -> None:
        teller = Teller(store, region)
        await teller.tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        (before,) = rows(tmp_path, "cases")
        earlier = before["at_scene_at"] - timedelta(seconds=20)
        (name,) = desk.world.runs
        desk.give(CorrectTime(name, TimePoint.AT_SCENE, earlier, "salah tekan"))
        await teller.tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        (after,) = rows(tmp_path, "cases")
        assert after["at_scene_at"] == earlier
        assert after == {**before, "at_scene_at": earlier, "corrected": 1}

    run(scenario())


def test_what_was_cleared_away_unarchived_is_told(
    run: Run, store: Store, region: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = sent()

    async def scenario() -> None:
        teller = Teller(store, region)
        await teller.tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        shutil.rmtree(tmp_path / region)  # an archive that is lost, or older than the stream
        delivered(desk)
        count = await teller.tell(desk)
        with caplog.at_level(logging.WARNING):
            await archivist(store, region, tmp_path).archive(soon())
        assert "has a gap" in caplog.text
        manifest = read_manifest(tmp_path / region)
        assert manifest is not None
        assert [gap.after for gap in manifest.gaps] == [START]
        assert len(rows(tmp_path, "events")) == count
        assert len(rows(tmp_path, "cases")) == 1  # its history is still in the store

    run(scenario())


def test_another_key_and_a_newer_release_are_refused(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await Teller(store, region).tell(sent())
        await archivist(store, region, tmp_path).archive(soon())
        with pytest.raises(ArchiveKeyError, match="another key"):
            await Archivist(store, region, JAKARTA, tmp_path, KEY[::-1], AT_ONCE).archive(soon())
        manifest = tmp_path / region / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"schema": 1', '"schema": 2'))
        with pytest.raises(ArchiveSchemaError, match="newer release"):
            await archivist(store, region, tmp_path).archive(soon())

    run(scenario())


def test_a_history_that_makes_no_sense_stops_nothing(
    run: Run, store: Store, region: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = delivered()

    async def scenario() -> None:
        teller = Teller(store, region)
        closing = [one for one in desk.log if isinstance(one.event, CaseClosed)]
        await store_events(store, region, closing)
        count = 1 + await teller.tell(desk)
        done = await archivist(store, region, tmp_path).archive(soon())
        assert (done.events, done.case_rows) == (count, 0)
        assert "makes no sense" in caplog.text
        assert len(await store.history(region, Ref("case", "K1"))) > 1

    run(scenario())


def test_it_goes_on_by_itself(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    """Round after round: what happens is archived, and what was closed leaves the store, until it is told to stop."""
    desk = sent()
    at_once = timedelta(0)
    settings = ArchiveSettings(timedelta(milliseconds=20), keep_stream=at_once, keep_closed=at_once, clear_every=at_once)

    async def scenario() -> None:
        teller = Teller(store, region)
        working = asyncio.create_task(archivist(store, region, tmp_path, settings).run(soon))
        await teller.tell(desk)
        delivered(desk)
        count = await teller.tell(desk)
        assert count

        async def cleared() -> bool:
            (case,) = await store.load(region, [Ref("case", "K1")])
            return case.version == 0

        await until(cleared, "the case has left the store")
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert len(rows(tmp_path, "events")) == len(desk.log)
        assert len(rows(tmp_path, "cases")) == 1

    run(scenario())


def test_it_goes_on_when_the_store_and_the_disk_are_back(
    run: Run, region: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ArchiveSettings(every=timedelta(milliseconds=20), keep_stream=timedelta(0))
    folder = tmp_path / "archive"

    async def scenario(server: OutsideServer) -> None:
        await server.tell("PING")
        async with await open_store(server.url) as store:
            count = await Teller(store, region).tell(delivered())
            server.kill()
            folder.write_text("no folder")
            working = asyncio.create_task(archivist(store, region, folder, settings).run(soon))

            async def said(word: str) -> bool:
                return word in caplog.text

            await until(lambda: said("Not a directory"), "the disk is not there")
            folder.unlink()
            await until(lambda: said("does not answer"), "the store is not there")
            server.start()

            async def done() -> bool:
                return len(rows(folder, "cases")) == 1

            await until(done, "it is archived")
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            assert len(rows(folder, "events")) == count

    with outside_server(tmp_path / "server", *SAFE) as server:
        run(scenario(server))
