"""The archivist: takes a region's events out of the store into GeoParquet, and only then lets them be cleared away.

One round: read events after the last archived one → rows → files on disk → manifest → acknowledge → trim. Stopped anywhere,
the next round goes on with nothing lost or doubled: the manifest alone says what has been archived, and it changes in one
rename. The named group holds trimming back until then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dispatch.archive.case_rows import Story, case_rows, is_over, riders_of, runs_of, told
from dispatch.archive.clearing import clear_closed
from dispatch.archive.columns import Table
from dispatch.archive.errors import ArchiveError, ArchiveInUseError
from dispatch.archive.event_rows import Row, event_row
from dispatch.archive.files import locked
from dispatch.archive.keys import check_key
from dispatch.archive.manifest import Gap, Manifest, Part, read_manifest, remove_leftovers, write_manifest
from dispatch.archive.parquet import merge_files, read_rows, words_in, write_rows
from dispatch.archive.pseudonyms import Pseudonyms
from dispatch.life import events as e
from dispatch.life.case import Case
from dispatch.life.events import Recorded
from dispatch.service.codec import read_event
from dispatch.service.outage import Outage
from dispatch.store import Ref, Store, StoredEvent, StoreError, TrimmedError, is_later
from routing import SiagaError

GROUP = "archive"
_CONSUMER = "archivist"
_ACK_AT_ONCE = 1_000
_MOST_BEFORE = (1 << 64) - 1
"""The highest number behind the milliseconds of an event id."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """How the archive is kept.

    Attributes:
        every: from one round to the next.
        keep_stream: so long archived events stay in the stream, for those who follow it and were away.
        keep_closed: so long closed cases stay in the store, with what is personal about them.
        clear_every: so often what was closed that long ago is cleared away; the append-only file is written anew then.
        at_once: events in one step; more of them take more memory.
        merge_at: so many files of a month with about as many rows are made one.
    """

    every: timedelta = timedelta(minutes=1)
    keep_stream: timedelta = timedelta(hours=48)
    keep_closed: timedelta = timedelta(days=30)
    clear_every: timedelta = timedelta(days=1)
    at_once: int = 1_000
    merge_at: int = 10


class Step(StrEnum):
    """How far a round has got."""

    READ = "read"
    FOLDED = "folded"
    WRITTEN = "written"
    LISTED = "listed"
    ACKNOWLEDGED = "acknowledged"
    TRIMMED = "trimmed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Archived:
    """What a round did: events and rows of cases archived, events trimmed from the stream."""

    events: int = 0
    case_rows: int = 0
    trimmed: int = 0


class Archivist:
    """Archives one region. Several processes may have one: one works at a time.

    Attributes:
        folder: of the region's archive.
    """

    def __init__(
        self,
        store: Store,
        region: str,
        zone: ZoneInfo,
        archive: Path,
        key: bytes,
        settings: ArchiveSettings | None = None,
        told: Callable[[Step], None] = lambda _step: None,
    ) -> None:
        """
        Args:
            store: where the events are.
            region, zone: whose, and its time zone.
            archive: the folder of all regions' archives.
            key: of the pseudonyms (`dispatch.archive.keys.archive_key`).
            settings: how the archive is kept.
            told: is told of every step.
        """
        self._store, self._region, self._zone = store, region, zone
        self._hidden = Pseudonyms(key, region)
        self._settings = settings or ArchiveSettings()
        self._told = told
        self.folder = archive / region

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Archives until it is cancelled; what goes wrong is logged and tried again."""
        cleared: datetime | None = None
        outage = Outage(log, f"region {self._region}: events can't be archived; nothing is lost, and nothing is cleared away")
        while True:
            try:
                now = clock()
                await self.archive(now)
                outage.over()
                if cleared is None or now - cleared >= self._settings.clear_every:
                    before = now - self._settings.keep_closed
                    await clear_closed(self._store, self._region, self.folder, before)
                    cleared = now
            except ArchiveInUseError:
                pass  # another process is at it
            except (StoreError, ArchiveError) as error:
                outage.goes_on(error)
            except (SiagaError, OSError):
                log.exception("region %s: events can't be archived; nothing is lost, and nothing is cleared away", self._region)
            # A cancellation that comes while redis-py reads may be lost in there; the task still knows of it.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError
            await asyncio.sleep(self._settings.every.total_seconds())

    async def archive(self, now: datetime) -> Archived:
        """Archives every event that there is by now, and trims the stream.

        Args:
            now: events older than `keep_stream` by then may be trimmed.

        Raises:
            ArchiveInUseError: another process is at it.
            ArchiveSchemaError, ArchiveDamagedError, ArchiveKeyError: what is there can't be gone on with.
            StoreError: the store can't. CodecError: it holds something that this release can't read.
            OSError: files can't be written.
        """
        with locked(self.folder):
            manifest = await asyncio.to_thread(self._opened)
            await self._store.events.register_group(self._region, GROUP)
            events = rows = 0
            while True:
                manifest, found = await self._read(manifest)
                if not found:
                    break
                manifest, written = await self._keep(manifest, found)
                events, rows = events + len(found), rows + written
                if len(found) < self._settings.at_once:
                    break
            await self._acknowledge(manifest.upto)
            self._told(Step.ACKNOWLEDGED)
            trimmed = await self._trim(manifest.upto, now)
            self._told(Step.TRIMMED)
            await asyncio.to_thread(self._merge, manifest)
            return Archived(events, rows, trimmed)

    # -- the archive as it is -----------------------------------------------------------------------------------------------

    def _opened(self) -> Manifest:
        manifest = read_manifest(self.folder)
        if manifest is None:
            manifest = Manifest(self._region, self._zone.key, self._hidden.mark)
        check_key(self._hidden, manifest, self.folder)
        for path in remove_leftovers(self.folder, manifest):
            log.info("region %s: %s was left behind by a crash, and is written anew", self._region, path.name)
        return manifest

    async def _read(self, manifest: Manifest) -> tuple[Manifest, list[StoredEvent]]:
        events, limit = self._store.events, self._settings.at_once
        try:
            found = await events.tail(self._region, manifest.upto, limit=limit)
        except TrimmedError:
            oldest = await events.oldest_id(self._region)
            upto = await events.last_id(self._region) if oldest is None else _just_before(oldest)
            log.warning(
                "region %s: events after %s up to %s were cleared away before they were archived; the archive has a gap",
                *(self._region, manifest.upto, upto),
            )
            manifest = replace(manifest, gaps=(*manifest.gaps, Gap(manifest.upto, upto)), upto=upto)
            await asyncio.to_thread(write_manifest, self.folder, manifest)
            found = await events.tail(self._region, upto, limit=limit)
        self._told(Step.READ)
        return manifest, found

    # -- rows ---------------------------------------------------------------------------------------------------------------

    async def _keep(self, manifest: Manifest, found: list[StoredEvent]) -> tuple[Manifest, int]:
        """Archives some events; the manifest after that, and how many rows of cases there are in it for them.

        Whatever takes time is done in a thread: the service goes on meanwhile.
        """
        happened = await asyncio.to_thread(lambda: [read_event(one.event.body) for one in found])
        rows = await asyncio.to_thread(self._event_rows, found, happened)
        stories = await self._stories(happened, found[-1].id)
        cases = await asyncio.to_thread(self._case_rows, stories)
        self._told(Step.FOLDED)
        manifest = await asyncio.to_thread(self._write, manifest, rows, cases, found[0].id, found[-1].id)
        return manifest, sum(map(len, cases.values()))

    def _event_rows(self, found: list[StoredEvent], happened: list[Recorded]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        for one, recorded in zip(found, happened, strict=True):
            row = event_row(self._region, one.id, one.event.type, recorded, self._hidden)
            rows.setdefault(self._month(recorded.happened_at), []).append(row)
        return rows

    def _case_rows(self, stories: list[tuple[Story, dict[str, Story]]]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        for case, runs in stories:
            assert isinstance(case.state, Case)
            month = self._month(case.state.received_at)
            rows.setdefault(month, []).extend(case_rows(self._region, case, runs, self._hidden))
        return rows

    def _month(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m}"

    async def _stories(self, happened: list[Recorded], upto: str) -> list[tuple[Story, dict[str, Story]]]:
        """The cases that are over by these events, or whose rows have changed by them, each with its runs."""
        ended = dict.fromkeys(one.event.run for one in happened if isinstance(one.event, e.RunEnded | e.StampCorrected))
        names = dict.fromkeys(one.event.case for one in happened if isinstance(one.event, e.CaseClosed))
        runs: dict[str, Story] = {}
        for name in ended:
            if (run := await self._story(Ref("run", name), upto)) is not None:
                runs[name] = run
                names.update(dict.fromkeys(sorted(rider.case for rider in riders_of(run))))
        found = []
        for name in names:
            case = await self._story(Ref("case", name), upto)
            if case is None:
                log.warning("region %s: a case is no longer in the store; its rows stay as they are", self._region)
                continue
            for run_name in runs_of(case):
                if run_name not in runs and (run := await self._story(Ref("run", run_name), upto)) is not None:
                    runs[run_name] = run
            own = {run_name: runs[run_name] for run_name in runs_of(case) if run_name in runs}
            if is_over(case, own):
                found.append((case, own))
        return found

    async def _story(self, ref: Ref, upto: str) -> Story | None:
        """As it was after an event: what came later is of a later step."""
        history = await self._store.history(self._region, ref)
        try:
            return await asyncio.to_thread(_told_until, history, upto)
        except ValueError:
            # One damaged history must not keep everything else from being archived; its events are, one by one.
            log.exception("region %s: what happened to %s makes no sense; it gets no row among the cases", self._region, ref)
            return None

    # -- files --------------------------------------------------------------------------------------------------------------

    def _write(
        self, manifest: Manifest, rows: dict[str, list[Row]], cases: dict[str, list[Row]], first: str, last: str
    ) -> Manifest:
        added: list[Part] = []
        dropped: set[Part] = set()
        number = manifest.written

        def add(table: Table, month: str, kept: list[Row], first: str, last: str) -> None:
            nonlocal number
            if kept:
                number += 1
                part = Part(table, month, f"part-{number:06d}.parquet", len(kept), 0, first, last)
                added.append(replace(part, bytes=write_rows(part.path(self.folder), table, kept)))

        for month, kept in rows.items():
            add("events", month, kept, first, last)
        for month, kept in cases.items():
            named = {row["case"] for row in kept}
            for part in manifest.of("cases", month):
                # A time that was put right after the case was archived: its rows are written anew.
                if named & words_in(part.path(self.folder), "cases", "case"):
                    dropped.add(part)
                    earlier = read_rows([part.path(self.folder)], "cases")
                    add("cases", month, [row for row in earlier if row["case"] not in named], part.first, part.last)
            add("cases", month, kept, first, last)
        self._told(Step.WRITTEN)
        parts = (*(one for one in manifest.parts if one not in dropped), *added)
        manifest = replace(manifest, parts=parts, written=number, upto=last)
        write_manifest(self.folder, manifest)
        self._told(Step.LISTED)
        _unlink(self.folder, dropped)
        return manifest

    def _merge(self, manifest: Manifest) -> Manifest:
        """Makes one file of many small ones: ten of a size become one of the next."""
        for many in _mergeable(manifest, self._settings.merge_at):
            first, number, rows = many[0], manifest.written + 1, sum(one.rows for one in many)
            part = Part(first.table, first.month, f"part-{number:06d}.parquet", rows, 0, first.first, many[-1].last)
            paths = [one.path(self.folder) for one in many]
            part = replace(part, bytes=merge_files(paths, part.path(self.folder), part.table))
            parts = (*(one for one in manifest.parts if one not in many), part)
            manifest = replace(manifest, parts=parts, written=number)
            write_manifest(self.folder, manifest)
            self._told(Step.MERGED)
            _unlink(self.folder, many)
        return manifest

    # -- the stream ---------------------------------------------------------------------------------------------------------

    async def _acknowledge(self, upto: str) -> None:
        events = self._store.events
        while True:
            found = await events.reclaim(self._region, GROUP, _CONSUMER, idle_ms=0, limit=_ACK_AT_ONCE)
            done = [one.id for one in found if not is_later(one.id, upto)]
            if not await events.ack(self._region, GROUP, done):
                break
        while True:
            found = await events.read_group(self._region, GROUP, _CONSUMER, limit=_ACK_AT_ONCE)
            done = [one.id for one in found if not is_later(one.id, upto)]
            await events.ack(self._region, GROUP, done)
            if len(done) < _ACK_AT_ONCE:
                break

    async def _trim(self, upto: str, now: datetime) -> int:
        old = f"{max(0, int((now - self._settings.keep_stream).timestamp() * 1000))}-0"
        return await self._store.events.trim(self._region, old if is_later(upto, old) else upto)


def _told_until(history: list[StoredEvent], upto: str) -> Story | None:
    return told(read_event(one.event.body) for one in history if not is_later(one.id, upto))


def _just_before(event_id: str) -> str:
    ms, number = (int(part) for part in event_id.split("-"))
    return f"{ms}-{number - 1}" if number else f"{ms - 1}-{_MOST_BEFORE}"


def _unlink(folder: Path, parts: Iterable[Part]) -> None:
    for part in parts:
        part.path(folder).unlink(missing_ok=True)


def _mergeable(manifest: Manifest, count: int) -> list[list[Part]]:
    def alike(part: Part) -> tuple[Any, ...]:
        return part.table, part.month, len(str(part.rows))

    groups = (list(group) for _, group in groupby(sorted(manifest.parts, key=alike), key=alike))
    return [group for group in groups if len(group) >= count]
