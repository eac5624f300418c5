"""Restoring a backup: all of it is checked before anything is touched, and a store that is there is not overwritten unasked.

Whoever was forgotten since stays forgotten, by the list that lies here and the one in the backup. It is done before the store
is put in place, so that what was forgotten never gets there.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.archive.appendonly import FOLDER, copy_log, replace_log
from dispatch.archive.backup import BackupManifest, counted, read_backup, scratch_folder
from dispatch.archive.errors import BackupError
from dispatch.archive.files import to_disk, write_whole
from dispatch.archive.forgetting import forget_again
from dispatch.archive.forgotten import Gone, forgotten_cases, merged
from dispatch.archive.inventory import Held, differences, inventory
from dispatch.archive.lists import write_list
from dispatch.archive.manifest import archived_regions
from dispatch.archive.places import Places
from dispatch.archive.unpacking import unpack
from dispatch.store import EmbeddedServer, StoreError, open_store
from dispatch.store.directory import HeldDirectory


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was restored.

    Attributes:
        manifest: of the backup.
        archive: whether the archive was put in place as well; one that is there stays unless it was said to go: it goes on
            where it was, and may know of what has happened since.
        settings: files that were there already, and were left as they are.
        forgotten: cases that were forgotten after the backup was made, and were again.
        forgotten_left: those of them of which something stays: they are not archived yet, or open in the backup. Only what is
            personal by its nature was dropped.
    """

    manifest: BackupManifest
    archive: bool
    settings: tuple[str, ...]
    forgotten: tuple[Gone, ...]
    forgotten_left: tuple[Gone, ...]


async def restore(places: Places, file: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Restores a backup into a data folder where no service runs; to be called in the main thread.

    Args:
        places: where to.
        file: the backup.
        now: the time.
        replace: drop the store and the archive that are there.

    Raises:
        BackupError: it is damaged, or of a newer release, or something is there already, or the list of those who were
            forgotten is damaged; nothing was changed.
        StoreInUseError: the service runs. StoreError: the store can't be read; what was there is there again.
        OSError: something can't be written.
    """
    manifest = read_backup(file)
    ours = forgotten_cases(places.forgotten)
    with scratch_folder(places.data) as scratch:
        await asyncio.to_thread(unpack, file, manifest, scratch)
        held = await _readable(file, scratch / "store")
        _check_holds(file, manifest.holds, held)
        await _check_room(places, replace)
        theirs = scratch / "settings" / places.forgotten.name
        gone = merged(ours, forgotten_cases(theirs))
        theirs.unlink(missing_ok=True)
        archive = (scratch / "archive").is_dir() and (replace or not archived_regions(places.archive))
        clean = await _forget(scratch, held, gone, scratch / "archive" if archive else places.archive)
        await _put_store(places, file, clean)
        if gone != ours:
            write_list(places.forgotten, gone)
        if archive:
            await asyncio.to_thread(_put_archive, scratch / "archive", places.archive, now)
        left = _put_files(scratch, places)
    return Restored(manifest, archive, left, tuple(clean.forgotten), tuple(clean.left))


@dataclass(frozen=True, slots=True)
class _Clean:
    """A store that can be put in place: its folder, what it holds, who was forgotten in it again, and who only in part."""

    store: Path
    held: dict[str, Held]
    forgotten: list[Gone]
    left: list[Gone]


async def _forget(scratch: Path, held: dict[str, Held], gone: list[Gone], archive: Path) -> _Clean:
    """Forgets whoever was forgotten after the backup was made."""
    store = scratch / "store"
    again = [one for one in gone if one.region in held and held[one.region].knows(one.case) is not False]
    if not again:
        return _Clean(store, held, [], [])
    async with await EmbeddedServer.start(store) as server, await open_store(server.url) as opened:
        forgotten, left = await forget_again(opened, archive, again)
        held = await inventory(server.url)
    # A copy has only the files that count: not those that the server had before it wrote them anew.
    await asyncio.to_thread(copy_log, store, scratch / "clean")
    return _Clean(scratch / "clean", held, forgotten, left)


async def _readable(file: Path, store: Path) -> dict[str, Held]:
    try:
        return await counted(store)
    except StoreError as error:
        raise BackupError(f"{file}: a server can't read what it holds ({error}); nothing was changed") from error


def _check_holds(file: Path, expected: dict[str, Held], found: dict[str, Held]) -> None:
    if wrong := differences(expected, found):
        raise BackupError(f"{file} does not hold what it says: {'; '.join(wrong[:3])}")


async def _check_room(places: Places, replace: bool) -> None:
    """Raises BackupError if something is there that was not said to go."""
    if replace or not (places.store / FOLDER).is_dir():
        return
    there = [name for name, held in (await counted(places.store)).items() if not held.empty]
    if there:
        raise BackupError(
            f"{places.store} holds something already ({', '.join(there)}); restore into an empty data folder, or say --replace "
            "to drop what is there (make a backup of it first)"
        )


async def _put_store(places: Places, file: Path, clean: _Clean) -> None:
    home = await HeldDirectory.take(places.store)
    try:
        replaced = await asyncio.to_thread(replace_log, clean.store, places.store)
    finally:
        home.release()
    try:
        _check_holds(file, clean.held, await counted(places.store))
    except BaseException:
        replaced.undo()
        raise
    replaced.keep()


def _put_archive(source: Path, archive: Path, now: datetime) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    before = archive.with_name(f".{archive.name}-{now:%Y%m%dT%H%M%S}")
    for path in source.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        to_disk(path)
    source.chmod(0o700)
    if archive.exists():
        archive.rename(before)
    source.rename(archive)
    to_disk(archive.parent)
    shutil.rmtree(before, ignore_errors=True)


def _put_files(scratch: Path, places: Places) -> tuple[str, ...]:
    """Puts settings and secrets where there are none of that name; which there were."""
    left = []
    for folder in ("settings", "secrets"):
        for path in sorted(path for path in (scratch / folder).rglob("*") if path.is_file()):
            name = path.relative_to(scratch / folder)
            target = places.data / name
            if not target.exists():
                write_whole(target, path.read_bytes())
            elif target.read_bytes() != path.read_bytes():
                left.append(name.as_posix())
    return tuple(left)
