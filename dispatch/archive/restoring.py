"""Restoring a backup: all of it is checked before anything is touched, and a store that is there is not overwritten unasked."""

from __future__ import annotations

import asyncio
import shutil
import tarfile
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dispatch.archive.appendonly import FOLDER, replace_log
from dispatch.archive.backup import MANIFEST_NAME, BackupManifest, Packed, counted, read_backup, scratch_folder
from dispatch.archive.errors import BackupError
from dispatch.archive.files import to_disk, write_whole
from dispatch.archive.forgetting import Gone, forgotten_cases
from dispatch.archive.inventory import Held, differences
from dispatch.archive.manifest import archived_regions
from dispatch.archive.places import Places
from dispatch.store import EmbeddedServer, Ref, StoreError, open_store
from dispatch.store.directory import HeldDirectory

_BLOCK = 1 << 20
_FOLDERS = ("store", "archive", "settings", "secrets")


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was restored.

    Attributes:
        manifest: of the backup.
        archive: whether the archive was put in place as well; one that is there stays unless it was said to go: it goes on
            where it was, and may know of what has happened since.
        settings: files that were there already, and were left as they are.
        forgotten: cases that were forgotten after the backup was made: what is personal about them was dropped again.
    """

    manifest: BackupManifest
    archive: bool
    settings: tuple[str, ...]
    forgotten: tuple[Gone, ...]


async def restore(places: Places, file: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Restores a backup into a data folder where no service runs; to be called in the main thread.

    Args:
        places: where to.
        file: the backup.
        now: the time.
        replace: drop the store and the archive that are there.

    Raises:
        BackupError: it is damaged, or of a newer release, or something is there already; nothing was changed.
        StoreInUseError: the service runs. StoreError: the store can't be read; what was there is there again.
        OSError: something can't be written.
    """
    manifest = read_backup(file)
    with scratch_folder(places.data) as scratch:
        await asyncio.to_thread(_unpack, file, manifest, scratch)
        _check_holds(file, manifest, await _readable(file, scratch / "store"))
        await _check_room(places, replace)
        await _put_store(places, file, manifest, scratch / "store")
        archive = (scratch / "archive").is_dir() and (replace or not archived_regions(places.archive))
        if archive:
            await asyncio.to_thread(_put_archive, scratch / "archive", places.archive, now)
        left = _put_files(scratch, places)
    return Restored(manifest, archive, left, await _forget_again(places, manifest))


def check_backup(file: Path) -> BackupManifest:
    """Looks through a backup whole: every file that it names is there as it was written.

    Raises:
        BackupError: it is damaged, or of a newer release.
    """
    manifest = read_backup(file)
    _walk(file, manifest, None)
    return manifest


def _unpack(file: Path, manifest: BackupManifest, target: Path) -> None:
    _walk(file, manifest, target)
    # The server keeps its files in a folder of their own.
    store = target / "store"
    (store / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in [path for path in store.iterdir() if path.is_file()]:
        path.rename(store / FOLDER / path.name)


def _walk(file: Path, manifest: BackupManifest, target: Path | None) -> None:
    """Compares every member with the manifest, and writes it below `target`."""
    expected = {one.name: one for one in manifest.files}
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                if member.name == MANIFEST_NAME:
                    continue
                entry = expected.pop(member.name, None)
                if entry is None or not member.isreg() or not _safe(member.name):
                    raise BackupError(
                        f"{file} is damaged: it holds {member.name!r}, which it does not list; use another backup"
                    )
                _take(tar, member, entry, file, None if target is None else target / member.name)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{file} is damaged ({error}); use another backup") from error
    if expected:
        raise BackupError(f"{file} is damaged: {sorted(expected)[0]} is missing; use another backup")


def _safe(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in _FOLDERS and len(parts) > 1 and not any(part in ("", ".", "..") for part in parts)


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Packed, file: Path, target: Path | None) -> None:
    source = tar.extractfile(member)
    assert source is not None
    digest, size = sha256(), 0
    if target is not None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(0o600)
    sink = None if target is None else target.open("wb")
    try:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if sink is not None:
                sink.write(block)
    finally:
        if sink is not None:
            sink.close()
    if size != entry.bytes or digest.hexdigest() != entry.sha256:
        raise BackupError(f"{file} is damaged: {entry.name} is not what was written; use another backup")


async def _readable(file: Path, store: Path) -> dict[str, Held]:
    try:
        return await counted(store)
    except StoreError as error:
        raise BackupError(f"{file}: a server can't read what it holds ({error}); nothing was changed") from error


def _check_holds(file: Path, manifest: BackupManifest, found: dict[str, Held]) -> None:
    if wrong := differences(manifest.holds, found):
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


async def _put_store(places: Places, file: Path, manifest: BackupManifest, source: Path) -> None:
    home = await HeldDirectory.take(places.store)
    try:
        replaced = await asyncio.to_thread(replace_log, source, places.store)
    finally:
        home.release()
    try:
        _check_holds(file, manifest, await counted(places.store))
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


async def _forget_again(places: Places, manifest: BackupManifest) -> tuple[Gone, ...]:
    """Whoever was forgotten after the backup was made is forgotten still."""
    again = tuple(one for one in forgotten_cases(places.forgotten) if manifest.knows(one.region, one.case))
    if again:
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            for one in again:
                await store.forget(one.region, Ref("case", one.case))
            await store.rewrite_log()
    return again
