"""Clearing the store of what was closed long ago and lies in the archive; never before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from dispatch.archive.case_rows import Story, riders_of, runs_of, told
from dispatch.archive.manifest import read_manifest
from dispatch.service.codec import read_event
from dispatch.store import ConflictError, Ref, Store, is_later


async def clear_closed(
    store: Store,
    region: str,
    folder: Path,
    before: datetime,
    *,
    at_once: int = 500,
) -> int:
    """Removes from the store what was closed before a moment and has been archived, with what is personal about it.

    A case goes only with all of its runs closed for as long, a run only when every case that it was for is gone: their rows in
    the archive are made of all of these. If anything went, the append-only file is written anew, so that it leaves the disk.

    Args:
        store, region: whose.
        folder: of the region's archive.
        before: what was closed, or changed afterwards, later than this stays.
        at_once: so many are looked at in one go.

    Returns:
        How many aggregates went.

    Raises:
        ArchiveError: the archive can't be read. StoreError: the store can't. CodecError: it holds what can't be read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return 0
    clearing = _Clearing(store, region, manifest.upto)
    limit, removed = at_once, 0
    while True:
        closed = await store.closed_before(region, int(before.timestamp()), limit)
        went = await clearing.clear(closed)
        removed += went
        if len(closed) < limit:
            break
        if not went:
            limit *= 2  # all of these wait for something: look behind them
    if removed:
        await store.rewrite_log()
    return removed


class _Clearing:
    def __init__(self, store: Store, region: str, upto: str) -> None:
        self._store, self._region, self._upto = store, region, upto

    async def clear(self, closed: Iterable[Ref]) -> int:
        known = set(closed)
        cases = [ref for ref in known if ref.kind == "case"]
        runs = [ref for ref in known if ref.kind == "run"]
        removed = 0
        for ref in sorted(cases):
            removed += await self._case_may_go(ref, known) and await self._remove(ref)
        for ref in sorted(runs):
            removed += await self._run_may_go(ref) and await self._remove(ref)
        for ref in sorted(known.difference(cases, runs)):
            removed += await self._archived(ref) and await self._remove(ref)
        return removed

    async def _remove(self, ref: Ref) -> bool:
        (found,) = await self._store.load(self._region, [ref])
        try:
            return bool(found.version) and await self._store.remove(self._region, ref, found.version)
        except ConflictError:
            return False  # somebody has just put something right about it

    async def _archived(self, ref: Ref) -> bool:
        history = await self._store.history(self._region, ref)
        return not any(is_later(one.id, self._upto) for one in history)

    async def _story(self, ref: Ref) -> Story | None:
        return told(read_event(one.event.body) for one in await self._store.history(self._region, ref))

    async def _there(self, ref: Ref) -> bool:
        (found,) = await self._store.load(self._region, [ref])
        return found.version > 0

    async def _case_may_go(self, ref: Ref, closed: set[Ref]) -> bool:
        story = await self._story(ref)
        if story is None or not await self._archived(ref):
            return False
        for name in runs_of(story):
            run = Ref("run", name)
            if not (run in closed and await self._archived(run)) and await self._there(run):
                return False
        return True

    async def _run_may_go(self, ref: Ref) -> bool:
        story = await self._story(ref)
        if story is None or not await self._archived(ref):
            return False
        cases = sorted({rider.case for rider in riders_of(story)})
        return not any([await self._there(Ref("case", name)) for name in cases])


__all__ = ["clear_closed"]
