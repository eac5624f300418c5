"""Backups: one file with the embedded store as it was at a moment, the archive, and the settings of the installation.

How: the server writes its append-only file anew, so that nothing forgotten or cleared away is in it; then what counts of it is
copied while it goes on serving (`appendonly`), which asks nothing of it: no second copy in its memory, no pause. A scratch
server reads the copy and counts what is in it: a backup that can't be read is found now, not when it is needed. An outside
server is backed up by its own means.

What is in: every region's cases with what is personal about them, events, clocks, vehicles and fixes, people who sign in and
tokens (hashed), the archive, tables (`*.toml`, `*.csv`) of the data folder and of its `settings`, the list of the cases that
were forgotten. What is not: built regions (build them again from their sources), logs; and, unless asked for, the secrets: the
key of the archive's pseudonyms and the admin's token. The file is readable by its owner only and not encrypted: keep it like
the store.
"""

from __future__ import annotations

import asyncio
import io
import secrets as random
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from dispatch.archive.appendonly import copy_log, log_files
from dispatch.archive.columns import SCHEMA as ARCHIVE_SCHEMA
from dispatch.archive.errors import ArchiveInUseError, BackupError
from dispatch.archive.files import digest_of, locked, written_whole
from dispatch.archive.forgotten import forgotten_cases
from dispatch.archive.inventory import Held, inventory
from dispatch.archive.lists import read_list, write_list
from dispatch.archive.manifest import NAME, archived_regions, read_manifest
from dispatch.archive.places import Places
from dispatch.service.codec import STATE_SCHEMA
from dispatch.store import EmbeddedServer, Notice, open_store, running_at
from dispatch.store.directory import HeldDirectory
from dispatch.store.packing import SCHEMA as STORE_SCHEMA

FORMAT = 1
MANIFEST_NAME = "siaga-backup.json"
_LARGEST_MANIFEST = 1 << 28
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05


class Packed(Struct, frozen=True):
    """One file in a backup, by its name there: "store/…", "archive/…", "settings/…", "secrets/…"."""

    name: str
    bytes: int
    sha256: str


class BackupManifest(Struct, frozen=True):
    """What a backup says of itself; it comes first in the file.

    Attributes:
        id, made_at: which.
        holds: what is in the store, by region.
        files: what follows.
        secrets: the secrets are in it.
        store_schema, state_schema, archive_schema, format: of what wrote it.
    """

    id: str
    made_at: datetime
    holds: dict[str, Held]
    files: tuple[Packed, ...]
    secrets: bool
    store_schema: int = STORE_SCHEMA
    state_schema: int = STATE_SCHEMA
    archive_schema: int = ARCHIVE_SCHEMA
    format: int = FORMAT

    def knows(self, region: str, case: str) -> bool:
        """Whether something personal about a case may be in it: yes, unless it is told that nothing of that case is there."""
        return region in self.holds and self.holds[region].knows(case) is not False


class _Version(Struct):
    format: int
    store_schema: int
    state_schema: int
    archive_schema: int


class Listed(Struct, frozen=True):
    """A backup that was made: where it was written to."""

    id: str
    path: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made."""

    file: Path
    bytes: int
    manifest: BackupManifest


async def back_up(places: Places, file: Path, now: datetime, *, secrets: bool = False) -> BackedUp:
    """Makes a backup, also while the service runs. It must be called in the main thread (a scratch server is started).

    Args:
        places: what is backed up.
        file: made, or replaced when the backup is whole.
        now: the time.
        secrets: take the key of the pseudonyms and the admin's token as well.

    Raises:
        BackupError: it can't be made. StoreError: the store can't. ArchiveError: the archive can't be read.
        OSError: something can't be read or written.
    """
    if not log_files(places.store):
        raise BackupError(f"{places.store}: there is no embedded store here; an outside server is backed up by its own means")
    with scratch_folder(places.data) as scratch:
        async with _nobody_archives(places.archive):
            await _copy_store(places.store, scratch / "store")
            holds = await counted(scratch / "store")
            # Read after the store was copied: whoever is forgotten meanwhile is on it.
            gone = scratch / places.forgotten.name
            write_list(gone, forgotten_cases(places.forgotten))
            members = [
                *((f"store/{path.name}", path) for path in log_files(scratch / "store")),
                *_archive_files(places.archive),
                *((f"settings/{path.relative_to(places.data).as_posix()}", path) for path in places.settings()),
                (f"settings/{gone.name}", gone),
                *((f"secrets/{path.name}", path) for path in places.secrets if secrets and path.is_file()),
            ]
            packed = await asyncio.to_thread(_pack, file, members, holds, now, secrets)
    _list(places.backups, Listed(packed.id, str(file.absolute()), now))
    return BackedUp(file, file.stat().st_size, packed)


@contextmanager
def scratch_folder(data: Path) -> Iterator[Path]:
    """A folder beside the store, readable by its owner only, that goes when the block ends."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".scratch-", dir=data))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def counted(store: Path) -> dict[str, Held]:
    """What a folder holds that no server runs on: one reads it, and is stopped again. An entry cut short is dropped."""

    def silent(_notice: Notice) -> None:
        pass

    async with await EmbeddedServer.start(store, report=silent) as server:
        return await inventory(server.url)


async def _copy_store(store: Path, target: Path) -> None:
    url = running_at(store)
    if url is None:
        home = await HeldDirectory.take(store)  # nobody may start it meanwhile
        try:
            await asyncio.to_thread(copy_log, store, target)
        finally:
            home.release()
        return
    async with await open_store(url) as opened:
        await opened.rewrite_log()
    await asyncio.to_thread(copy_log, store, target)


class _nobody_archives:  # noqa: N801
    """Keeps archivists from working meanwhile: so the archive and the copy of the store fit together."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._locks = ExitStack()

    async def __aenter__(self) -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        for region in archived_regions(self._archive):
            while True:
                try:
                    self._locks.enter_context(locked(self._archive / region))
                    break
                except ArchiveInUseError:
                    if asyncio.get_running_loop().time() > deadline:
                        self._locks.close()
                        raise
                    await asyncio.sleep(_POLL_SECONDS)

    async def __aexit__(self, *_: object) -> None:
        self._locks.close()


def _archive_files(archive: Path) -> Iterator[tuple[str, Path]]:
    for region in archived_regions(archive):
        manifest = read_manifest(archive / region)
        assert manifest is not None
        for path in (*(part.path(archive / region) for part in manifest.parts), archive / region / NAME):
            yield f"archive/{path.relative_to(archive).as_posix()}", path


def _pack(file: Path, members: list[tuple[str, Path]], holds: dict[str, Held], now: datetime, secrets: bool) -> BackupManifest:
    files = tuple(Packed(name, path.stat().st_size, digest_of(path)) for name, path in members)
    manifest = BackupManifest(random.token_hex(8), now, holds, files, secrets)
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with written_whole(file.absolute()) as beside, tarfile.open(beside, "w", format=tarfile.PAX_FORMAT) as tar:
        about = _member(MANIFEST_NAME, len(told), now)
        tar.addfile(about, io.BytesIO(told))
        for entry, (_, path) in zip(files, members, strict=True):
            with path.open("rb") as source:
                tar.addfile(_member(entry.name, entry.bytes, now), source)
    return manifest


def _member(name: str, size: int, now: datetime) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(now.timestamp())
    return member


def _list(path: Path, listed: Listed) -> None:
    kept = [one for one in listed_backups(path) if one.path != listed.path]
    write_list(path, [*kept, listed])


def listed_backups(path: Path) -> list[Listed]:
    """The backups that were ever made here, by the list in the data folder.

    Raises:
        BackupError: the list is damaged.
    """
    return read_list(path, Listed, "move it away, and look after the backups by hand")


def read_backup(file: Path) -> BackupManifest:
    """What a backup says of itself; its files are not looked at.

    Raises:
        BackupError: it is no backup, or a newer release wrote it.
    """
    try:
        with tarfile.open(file, "r:") as tar:
            first = tar.next()
            source = None if first is None or first.name != MANIFEST_NAME else tar.extractfile(first)
            if first is None or source is None or first.size > _LARGEST_MANIFEST:
                raise BackupError(f"{file} is no backup of Siaga")
            told = source.read()
        version = msgspec.json.decode(told, type=_Version)
        known = (FORMAT, STORE_SCHEMA, STATE_SCHEMA, ARCHIVE_SCHEMA)
        found = (version.format, version.store_schema, version.state_schema, version.archive_schema)
        if any(one > ours for one, ours in zip(found, known, strict=True)):
            raise BackupError(
                f"{file}: a newer release of Siaga wrote it (schemas {found}, this one knows {known}); use that one"
            )
        return msgspec.json.decode(told, type=BackupManifest)
    except (tarfile.TarError, msgspec.DecodeError, EOFError) as error:
        raise BackupError(f"{file} is no backup of Siaga, or damaged: {error}") from error
    except FileNotFoundError:
        raise BackupError(f"{file}: no such file") from None
