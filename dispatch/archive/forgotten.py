"""The list of the cases that were forgotten: a backup that is restored is held to it. It goes into every backup as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dispatch.archive.lists import read_list, write_list


class Gone(Struct, frozen=True):
    """A case that was forgotten; its id says nothing about anybody."""

    region: str
    case: str
    at: datetime


def forgotten_cases(path: Path) -> list[Gone]:
    """The cases that were forgotten.

    Raises:
        BackupError: the list is damaged.
    """
    return read_list(path, Gone, "mend it: backups are held to it when they are restored")


def remember(path: Path, gone: Gone) -> None:
    """Puts a case on the list, or tells that it was forgotten again."""
    kept = [one for one in forgotten_cases(path) if (one.region, one.case) != (gone.region, gone.case)]
    write_list(path, [*kept, gone])


def merged(ours: Sequence[Gone], others: Iterable[Gone]) -> list[Gone]:
    """Every case that is on one of two lists; of one that is on both, what the first says."""
    found = {(one.region, one.case): one for one in (*ours, *others)}
    found |= {(one.region, one.case): one for one in ours}
    return list(found.values())


__all__ = ["Gone", "forgotten_cases", "merged", "remember"]
