"""Which backups still hold a case: whoever is to be forgotten is in them as well, until they are destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from dispatch.archive.backup import BackupManifest, counted, read_backup, scratch_folder
from dispatch.archive.errors import BackupError
from dispatch.archive.unpacking import unpack
from dispatch.store import StoreError


async def holders(backups: Iterable[Path], region: str, case: str, scratch: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The backups that hold something of a case, and those that may hold it but can't be looked into.

    One whose manifest does not tell (release 0.1 wrote it) is unpacked, and a server reads it: call it in the main thread.

    Args:
        backups: the files.
        region, case: which.
        scratch: a folder where one can be unpacked.
    """
    inside, unread = [], []
    for path in dict.fromkeys(backups):
        try:
            manifest = read_backup(path)
            if not manifest.knows(region, case):
                continue
            knows = manifest.holds[region].knows(case)
            if knows is None:
                knows = await _look(path, manifest, region, case, scratch)
        except (BackupError, StoreError, OSError):
            knows = None
        if knows is None:
            unread.append(path)
        elif knows:
            inside.append(path)
    return tuple(inside), tuple(unread)


async def _look(path: Path, manifest: BackupManifest, region: str, case: str, scratch: Path) -> bool | None:
    with scratch_folder(scratch) as folder:
        await asyncio.to_thread(unpack, path, manifest, folder)
        held = (await counted(folder / "store")).get(region)
    return None if held is None else held.knows(case)


__all__ = ["holders"]
