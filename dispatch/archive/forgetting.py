"""Forgetting a case: everything personal about it leaves the store, on disk as well; the archive keeps the numbers.

What is personal: the particulars (names, telephones, NIK, addresses, exact places, complaints: all of it kept apart); whatever
people wrote into reasons and notes of its events, and who was on the telephone; and where the vehicles were on its runs: a
trail that stops at a door is an address. So, once the case has been archived, it leaves the store with its runs and their
events, and the fixes of those hours leave the vehicles' trails. What stays: the rows of the archive, which name nobody, and in
the store who was shown the particulars and when (a duty of its own).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from dispatch.archive.case_rows import Story, is_over, riders_of, runs_of, told
from dispatch.archive.errors import ArchiveError, ForgetError
from dispatch.archive.forgotten import Gone, forgotten_cases, remember
from dispatch.archive.holders import holders
from dispatch.archive.manifest import read_manifest
from dispatch.life.case import Case
from dispatch.life.run import Run
from dispatch.service.codec import read_event
from dispatch.store import ConflictError, Ref, Store, StoredEvent, is_later


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a case that was to be forgotten.

    Attributes:
        there: whether the store had anything of it; if not, it was forgotten before, or cleared away when it was old.
        particulars: whether there were any.
        cleared: the case and its runs have left the store as well; False: it has not been archived yet, and only what is
            personal by its nature went.
        runs_left: runs that stay, since other cases that are still there were on them.
        stream_left: events of it are still in the region's stream, where followers read them, until that is trimmed.
        trails: vehicles of whose trails a part was dropped.
        goes_on: the case that goes on for it, which has particulars of its own.
        in_backups: backups that still hold it: they must be destroyed, or made anew.
        unread_backups: backups that can't be looked into; they may hold it.
    """

    there: bool
    particulars: bool
    cleared: bool
    runs_left: tuple[str, ...]
    stream_left: bool
    trails: tuple[str, ...]
    goes_on: str | None
    in_backups: tuple[Path, ...]
    unread_backups: tuple[Path, ...]


async def forget_case(
    store: Store, region: str, case: str, *, archive: Path, backups: Iterable[Path], forgotten: Path, now: datetime
) -> Forgotten:
    """Forgets a case that is closed. Done again, it does what is still to be done; to be called in the main thread.

    One that was cleared away long ago is put on the list if a backup still holds it: whoever restores that is held to it.

    Args:
        store, region, case: which.
        archive: the folder of all regions' archives; run the archivist first, so that the numbers are in it.
        backups: files that may hold it.
        forgotten: the list of the cases that were forgotten, in the data folder: a backup that is restored later is held to it.
        now: the time.

    Raises:
        ForgetError: neither the store nor a backup has such a case, or it is still open.
        BackupError: the list of the forgotten ones is damaged.
        StoreError: the store can't. ArchiveError: the archive can't be read.
    """
    ref = Ref("case", case)
    story = _story(await store.history(region, ref))
    known = any(one.region == region and one.case == case for one in forgotten_cases(forgotten))
    if story is not None and isinstance(story.state, Case) and story.state.open:
        raise ForgetError(f"case {case} is still open: close it first; whoever is on the way needs the address")
    inside, unread = await holders(backups, region, case, forgotten.parent)
    if story is None and not known and not inside:
        dark = f" ({', '.join(map(str, unread))} can't be looked into)" if unread else ""
        raise ForgetError(
            f"region {region} has no case {case} in the store, and no backup that is known here holds it{dark}; if it was "
            "closed long ago it has been cleared away"
        )
    remember(forgotten, Gone(region, case, now))
    done = await _Forgetting(store, region, archive / region).forget(case)
    await store.rewrite_log()
    return replace(done, in_backups=inside, unread_backups=unread)


async def forget_again(store: Store, archive: Path, gone: Iterable[Gone]) -> tuple[list[Gone], list[Gone]]:
    """Forgets cases again that a backup has brought back, as far as can be, also on disk.

    Args:
        store: what was brought back.
        archive: the folder of all regions' archives that go with it.
        gone: the cases that were forgotten.

    Returns:
        Those of which there was anything, and those of them of which something stays: it has not been archived yet, is open
        there, or can't be read.

    Raises:
        StoreError: the store can't.
    """
    there = [one for one in gone if await left_of(store, one.region, one.case) is not None]
    for one in there:
        try:
            await _Forgetting(store, one.region, archive / one.region).forget(one.case)
        except (ArchiveError, ValueError):  # the archive, or an event, can't be read: only the particulars went; that is told
            continue
    if there:
        await store.rewrite_log()
    return there, [one for one in there if await left_of(store, one.region, one.case) is not None]


async def left_of(store: Store, region: str, case: str) -> Literal["open", "closed"] | None:
    """What the store has of a case: one that is open, or something of a closed one; None: nothing.

    Raises:
        StoreError: the store can't be asked.
    """
    ref = Ref("case", case)
    (found,) = await store.load(region, [ref])
    if found.version:
        return "open" if ref in await store.open_refs(region, "case") else "closed"
    return "closed" if await store.history(region, ref) or await store.private(region, ref) else None


def _story(history: Iterable[StoredEvent]) -> Story | None:
    return told(read_event(one.event.body) for one in history)


class _Forgetting:
    def __init__(self, store: Store, region: str, folder: Path) -> None:
        self._store, self._region, self._folder = store, region, folder
        self._upto: str | None = None

    async def forget(self, case: str) -> Forgotten:
        """Drops what can be dropped of a case in the store; backups are not looked at."""
        ref = Ref("case", case)
        particulars = await self._store.forget(self._region, ref)  # first: whatever goes wrong with the rest
        manifest = read_manifest(self._folder)
        self._upto = None if manifest is None else manifest.upto
        history = await self._store.history(self._region, ref)
        # A short number that went with a command could be guessed from its fingerprint.
        await self._store.blank_prints(self._region, {read_event(one.event.body).command for one in history})
        story = _story(history)
        if story is None:
            return Forgotten(particulars, particulars, True, (), False, (), None, (), ())
        trails = await self._trails(story)
        last = [history[-1].id, *await self._run_ends(story)]
        cleared, left = await self._clear(story)
        stream_left = await self._trim(last)
        goes_on = story.state.merged_into if isinstance(story.state, Case) else None
        return Forgotten(True, particulars, cleared, left, stream_left, trails, goes_on, (), ())

    async def _runs(self, case: Story) -> dict[str, Story]:
        found = {}
        for name in runs_of(case):
            story = _story(await self._store.history(self._region, Ref("run", name)))
            if story is not None:
                found[name] = story
        return found

    async def _trails(self, case: Story) -> tuple[str, ...]:
        """Drops where vehicles were on the case's runs from their trails."""
        dropped = []
        for story in (await self._runs(case)).values():
            run = story.state
            if not isinstance(run, Run) or run.unit is None or run.ended_at is None or not run.stamps:
                continue
            first, last = (int(moment.timestamp() * 1000) for moment in (run.stamps[0].happened_at, run.ended_at))
            fixes = await self._store.fixes.trail(self._region, run.unit)
            kept = [fix for fix in fixes if not first <= fix.fix_ms <= last]
            if len(kept) < len(fixes):
                await self._store.fixes.drop(self._region, run.unit)
                # The newest first: it is the latest, and no follower is told of the others.
                await self._store.fixes.put(self._region, sorted(kept, key=lambda fix: fix.fix_ms, reverse=True))
                dropped.append(run.unit)
        return tuple(dict.fromkeys(dropped))

    async def _archived(self, ref: Ref) -> bool:
        history = await self._store.history(self._region, ref)
        return self._upto is not None and not any(is_later(one.id, self._upto) for one in history)

    async def _clear(self, case: Story) -> tuple[bool, tuple[str, ...]]:
        """Clears the case away, and those of its runs that nobody else is on; whether it did, and the runs that stay."""
        runs = await self._runs(case)
        assert isinstance(case.state, Case)
        refs = [Ref("case", case.state.id), *(Ref("run", name) for name in runs)]
        if not is_over(case, runs) or not all([await self._archived(ref) for ref in refs]):
            return False, tuple(runs)
        if not await self._remove(refs[0]):
            return False, tuple(runs)
        left = []
        for name, story in runs.items():
            others = sorted({rider.case for rider in riders_of(story)} - {case.state.id})
            if any([await self._there(Ref("case", one)) for one in others]) or not await self._remove(Ref("run", name)):
                left.append(name)
        return True, tuple(left)

    async def _there(self, ref: Ref) -> bool:
        (found,) = await self._store.load(self._region, [ref])
        return found.version > 0

    async def _remove(self, ref: Ref) -> bool:
        (found,) = await self._store.load(self._region, [ref])
        try:
            return bool(found.version) and await self._store.remove(self._region, ref, found.version)
        except ConflictError:
            return False

    async def _run_ends(self, case: Story) -> list[str]:
        """The last event of each of its runs: a run may end after the case is closed, and somebody writes why."""
        histories = [await self._store.history(self._region, Ref("run", name)) for name in runs_of(case)]
        return [history[-1].id for history in histories if history]

    async def _trim(self, last: list[str]) -> bool:
        """Trims the stream as far as any of these events, if it may be; whether something up to them is left there."""
        for event_id in last:
            if self._upto is not None and not is_later(event_id, self._upto):
                await self._store.events.trim(self._region, event_id)
        oldest = await self._store.events.oldest_id(self._region)
        return oldest is not None and not all(is_later(oldest, event_id) for event_id in last)


__all__ = ["Forgotten", "forget_again", "forget_case", "left_of"]
