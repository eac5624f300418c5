"""Pseudonyms: the ids of the archive, made from the store's with a secret key, so that nobody without it can join the two.

The key is a file of its own, readable by its owner only, and no part of the archive, nor of a backup unless one asks for it.
Who has the key and the store can tell which row was which case; when the key is destroyed, nobody can any more (except by the
times, which an open store holds as well).
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

from dispatch.archive.errors import ArchiveKeyError
from dispatch.archive.files import to_disk

KEY_NAME = "archive.key"
_BYTES = 32
_SHOWN = 32

Hidden = Literal["case", "run", "attempt", "request", "condition"]


class Pseudonyms:
    """Makes pseudonyms for one region.

    Attributes:
        mark: tells keys apart without giving them away.
    """

    def __init__(self, key: bytes, region: str) -> None:
        self._key = key
        self._region = region
        self.mark = self._of("key", "mark")[:16]

    def _of(self, kind: str, name: str) -> str:
        return hmac.new(self._key, "\0".join((self._region, kind, name)).encode(), sha256).hexdigest()[:_SHOWN]

    def hide(self, kind: Hidden, name: str) -> str:
        """The pseudonym of something: 32 hexadecimal digits, the same every time."""
        return self._of(kind, name)


def open_key(path: Path) -> bytes:
    """The key in a file; it is made, readable by its owner only, if there is none.

    Raises:
        ArchiveKeyError: others can read it, or it is no key.
    """
    try:
        return read_key(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)  # unlike a rename it leaves a key that somebody else has just made
    finally:
        beside.unlink()
    to_disk(path.parent)
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises:
        FileNotFoundError: there is none.
        ArchiveKeyError: others can read it, or it is no key.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ArchiveKeyError(
            f"{path} can be read by others (mode {mode:04o}); `chmod 600` it, and think about who has seen it"
        )
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise ArchiveKeyError(f"{path} holds no key; put the right one back from where it is kept safe") from error
    if len(key) != _BYTES:
        raise ArchiveKeyError(f"{path} holds {len(key)} bytes where a key has {_BYTES}; put the right one back")
    return key
