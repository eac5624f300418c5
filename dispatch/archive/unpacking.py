"""Taking a backup apart: every file of it is compared with what the backup says of itself, before anybody uses it."""

from __future__ import annotations

import tarfile
from hashlib import sha256
from pathlib import Path

from dispatch.archive.appendonly import FOLDER
from dispatch.archive.backup import MANIFEST_NAME, BackupManifest, Packed, read_backup
from dispatch.archive.errors import BackupError

_BLOCK = 1 << 20
_FOLDERS = ("store", "archive", "settings", "secrets")


def check_backup(file: Path) -> BackupManifest:
    """Looks through a backup whole: every file that it names is there as it was written.

    Raises:
        BackupError: it is damaged, or of a newer release.
    """
    manifest = read_backup(file)
    _walk(file, manifest, None)
    return manifest


def unpack(file: Path, manifest: BackupManifest, target: Path) -> None:
    """Lays everything that is in a backup into a folder.

    Raises:
        BackupError: it is damaged.
    """
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


__all__ = ["check_backup", "unpack"]
