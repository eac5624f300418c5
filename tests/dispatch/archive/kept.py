"""What the archive's tests share: stories told to a store, an archivist for them, and everything that lies in an archive."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from dispatch.archive import ArchiveSettings, Archivist, Step
from dispatch.life.commands import BeginTreatment, Issued, Progress, TryAgain
from dispatch.life.events import Recorded, Ref
from dispatch.life.evolve import apply
from dispatch.life.particulars import Note
from dispatch.life.stamps import TimePoint
from dispatch.service.codec import write_event
from dispatch.service.committing import commit_of, tag_of
from dispatch.service.loading import Scene
from dispatch.store import Commit, EventEntry, Store
from dispatch.store import Ref as StoreRef
from tests.dispatch.life.stories import TO_THE_DOOR, hand_over, press, says_yes, sent
from tests.dispatch.life.worlds import DRIVER, Desk

KEY = bytes(range(32))
JAKARTA = ZoneInfo("Asia/Jakarta")
AT_ONCE = ArchiveSettings(keep_stream=timedelta(0), keep_closed=timedelta(0))
"""Nothing is kept for followers, and closed cases go as soon as they may."""

_numbers = itertools.count()


def archivist(
    store: Store,
    region: str,
    folder: Path,
    settings: ArchiveSettings = AT_ONCE,
    told: Callable[[Step], None] = lambda _step: None,
) -> Archivist:
    """An archivist with the tests' key, in Jakarta."""
    return Archivist(store, region, JAKARTA, folder, KEY, settings, told)


def soon() -> datetime:
    """A moment after everything that was stored so far."""
    return datetime.now(UTC) + timedelta(seconds=5)


class Teller:
    """Stores what a desk has done, command by command, as the service does."""

    def __init__(self, store: Store, region: str) -> None:
        self._store, self._region = store, region
        self._scene = Scene()
        self._told = 0

    async def tell(self, desk: Desk, notes: Mapping[Ref, Sequence[Note]] | None = None) -> int:
        """Stores what has happened since the last time; how many events."""
        news = desk.log[self._told :]
        for command, group in groupby(news, key=lambda one: one.command):
            events = tuple(group)
            for recorded in events:
                self._scene.versions.setdefault(recorded.event.ref, 0)
            issued = Issued(command, events[0].actor, events[0].happened_at, TryAgain("-"))
            _, commit = commit_of(self._scene, events, issued, b"print", events[0].recorded_at, desk.rules, notes or {})
            notes = None
            await self._store.commit(self._region, commit)
            for recorded in events:
                self._scene.world = apply(self._scene.world, recorded)
            for ref in {one.event.ref for one in events}:
                self._scene.versions[ref] += 1
        self._told = len(desk.log)
        return len(news)


async def store_events(store: Store, region: str, events: Iterable[Recorded]) -> None:
    """Stores bare events, one commit for all."""
    entries = [EventEntry(StoreRef(one.event.ref.kind, one.event.ref.id), 1, tag_of(one), write_event(one)) for one in events]
    await store.commit(region, Commit(f"bare-{next(_numbers)}", events=entries))


def delivered(desk: Desk | None = None) -> Desk:
    """A case from the call to the end of the escort, its vehicle available again."""
    desk = desk or sent()
    press(desk, *TO_THE_DOOR)
    says_yes(desk)
    hand_over(desk)
    desk.wait(minutes=10)
    run = desk.run().id
    desk.give(BeginTreatment("K1", "1"), actor=DRIVER)
    desk.wait(minutes=5)
    desk.give(Progress(run, TimePoint.AVAILABLE), actor=DRIVER)
    return desk


def parts(folder: Path) -> list[Path]:
    """Every file of an archive."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table as any reader finds them: from whatever files there are."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob(f"*/{table}/*/*.parquet")):
        found += pq.ParquetFile(path).read().to_pylist()
    return found


def everything_in(folder: Path) -> bytes:
    """All that an archive says, nothing compressed: names of files, values, metadata."""
    said = io.BytesIO()
    for path in parts(folder):
        said.write(str(path.relative_to(folder)).encode() + b"\n")
        if path.suffix == ".parquet":
            table: pa.Table = pq.ParquetFile(path).read()
            pq.write_table(table, said_plain := io.BytesIO(), compression="none", use_dictionary=False)
            said.write(said_plain.getvalue() + repr(table.to_pylist()).encode() + repr(table.schema.metadata).encode())
        said.write(path.read_bytes())
    return said.getvalue()
