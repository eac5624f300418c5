"""Files that are written whole or not at all, and what keeps two writers apart."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from dispatch.archive.errors import ArchiveInUseError

_BLOCK = 1 << 20
_LOCK_NAME = ".lock"
NEW = ".new-"
"""How the name of a file begins that is not whole yet; it ends in `.tmp`, so that nobody who looks for `*.parquet` finds it."""


def to_disk(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def written_whole(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """Gives a file beside to write; it takes the name when the block ends well, and is on disk then. Else nothing stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{NEW}{os.getpid()}-{secrets.token_hex(4)}-{path.name}.tmp")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield beside
        to_disk(beside)
        beside.replace(path)
        to_disk(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Writes a file whole or not at all."""
    with written_whole(path, mode) as beside:
        beside.write_bytes(content)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it."""
    digest = sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps every other process from writing into a folder meanwhile.

    Raises:
        ArchiveInUseError: another one is at it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            import fcntl
        except ImportError:  # Windows has none, and no embedded store either: one service, one archivist
            yield
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveInUseError(f"another process is writing to the archive in {folder}; wait until it is done") from None
        yield
    finally:
        os.close(descriptor)
