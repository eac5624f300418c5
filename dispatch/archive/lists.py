"""Lists that are kept as one JSON file: of the backups that were made, of the cases that were forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from dispatch.archive.errors import BackupError
from dispatch.archive.files import write_whole

T = TypeVar("T", bound=msgspec.Struct)


def read_list(path: Path, shape: type[T], advice: str) -> list[T]:
    """What a list holds; nothing if there is none.

    Raises:
        BackupError: it is damaged; `advice` says what to do.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[shape])  # type: ignore[valid-type]
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise BackupError(f"{path} is damaged ({error}); {advice}") from error


def write_list(path: Path, entries: Sequence[T]) -> None:
    """Puts a list in place of what was there, whole or not at all."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(entries), indent=1))
