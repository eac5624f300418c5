"""The demo's own folder: a store and an archive that are emptied at each start, and never an office's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from routing import InputError

MARK = "this-is-a-demo"
_WORDS = "What lies in this folder belongs to `siaga demo`, is invented, and goes at its next start.\n"


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """Makes the folder, or empties it, and keeps every other demo out of it meanwhile.

    Raises:
        InputError: something lies there that no demo has made, or another demo runs in it.
        OSError: it can't be made or emptied.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder} is not a folder of its own; a demo empties it at each start, so move it away")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.is_file() and any(folder.iterdir()):
        raise InputError(f"{folder} holds something that no demo has made; a demo empties it at each start, so move it away")
    descriptor = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _lock(descriptor, folder)
        if not os.fstat(descriptor).st_size:
            os.write(descriptor, _WORDS.encode())
        for path in folder.iterdir():
            if path.name == MARK:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl  # Windows has none, and no embedded store either
    except ImportError as error:
        raise InputError("a demo keeps its cases in a store of its own, which needs Linux or macOS") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"another demo runs in {folder}; stop it first, or name another SIAGA_DATA_DIR") from None
