"""Forgetting a case: everything personal about it leaves the store, on disk as well; the archive keeps the numbers.

What is personal: the particulars (names, telephones, NIK, addresses, exact places, complaints: all of it kept apart); whatever
people wrote into reasons and notes of its events, and who was on the telephone; and where the vehicles were on its runs: a
trail that stops at a door is an address. So, once the case has been archived, it leaves the store with its runs and their
events, and the fixes of those hours leave the vehicles' trails. What stays: the rows of the archive, which name nobody, and in
the store who was shown the particulars and when (a duty of its own).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dispatch.archive.case_rows import Story, is_over, riders_of, runs_of, told
from dispatch.archive.errors import BackupError, ForgetError
from dispatch.archive.lists import read_list, write_list
from dispatch.archive.manifest import read_manifest
from dispatch.life.case import Case
from dispatch.life.run import Run
from dispatch.service.codec import read_event
from dispatch.store import ConflictError, Ref, Store, StoredEvent, is_later


class Gone(Struct, frozen=True):
    """A case that was forgotten; its id says nothing about anybody."""

    region: str
    case: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a case that was to be forgotten.

    Attributes:
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
    """Forgets a case that is closed. Done again, it does what is still to be done.

    Args:
        store, region, case: which.
        archive: the folder of all regions' archives; run the archivist first, so that the numbers are in it.
        backups: files that may hold it.
        forgotten: the list of the cases that were forgotten: a backup that is restored later is held to it.
        now: the time.

    Raises:
        ForgetError: there is no such case, or it is still open.
        StoreError: the store can't. ArchiveError: the archive can't be read.
    """
    ref = Ref("case", case)
    history = await store.history(region, ref)
    story = _story(history)
    known = any(one.region == region and one.case == case for one in forgotten_cases(forgotten))
    if story is None and not known:
        raise ForgetError(
            f"region {region} has no case {case} in the store; if it was closed long ago it has been cleared away"
        )
    if story is not None and isinstance(story.state, Case) and story.state.open:
        raise ForgetError(f"case {case} is still open: close it first; whoever is on the way needs the address")
    _remember(forgotten, Gone(region, case, now))
    particulars = await store.forget(region, ref)
    cleared, stream_left = story is None, False
    left: tuple[str, ...] = ()
    trails: tuple[str, ...] = ()
    if story is not None:
        forgetting = _Forgetting(store, region, archive / region)
        trails = await forgetting.trails(story)
        cleared, left = await forgetting.clear(story)
        stream_left = await forgetting.trim(history)
    await store.rewrite_log()
    inside, unread = _look_into(backups, region, case)
    goes_on = story.state.merged_into if story is not None and isinstance(story.state, Case) else None
    return Forgotten(particulars, cleared, left, stream_left, trails, goes_on, inside, unread)


def _story(history: Iterable[StoredEvent]) -> Story | None:
    return told(read_event(one.event.body) for one in history)


class _Forgetting:
    def __init__(self, store: Store, region: str, folder: Path) -> None:
        self._store, self._region = store, region
        manifest = read_manifest(folder)
        self._upto = None if manifest is None else manifest.upto

    async def _runs(self, case: Story) -> dict[str, Story]:
        found = {}
        for name in runs_of(case):
            story = _story(await self._store.history(self._region, Ref("run", name)))
            if story is not None:
                found[name] = story
        return found

    async def trails(self, case: Story) -> tuple[str, ...]:
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

    async def clear(self, case: Story) -> tuple[bool, tuple[str, ...]]:
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

    async def trim(self, history: list[StoredEvent]) -> bool:
        """Trims the stream as far as the case's last event, if it may be; whether something of it is left there."""
        last = history[-1].id
        if self._upto is not None and not is_later(last, self._upto):
            await self._store.events.trim(self._region, last)
        oldest = await self._store.events.oldest_id(self._region)
        return oldest is not None and not is_later(oldest, last)


def forgotten_cases(path: Path) -> list[Gone]:
    """The cases that were forgotten.

    Raises:
        BackupError: the list is damaged.
    """
    return read_list(path, Gone, "mend it: backups are held to it when they are restored")


def _remember(path: Path, gone: Gone) -> None:
    kept = [one for one in forgotten_cases(path) if (one.region, one.case) != (gone.region, gone.case)]
    write_list(path, [*kept, gone])


def _look_into(backups: Iterable[Path], region: str, case: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    from dispatch.archive.backup import read_backup

    inside, unread = [], []
    for path in dict.fromkeys(backups):
        try:
            if read_backup(path).knows(region, case):
                inside.append(path)
        except (BackupError, OSError):
            unread.append(path)
    return tuple(inside), tuple(unread)


__all__ = ["Forgotten", "Gone", "forget_case", "forgotten_cases"]
