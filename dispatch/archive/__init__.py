"""The archive: history out of the store as GeoParquet, without anything personal; and backups, and forgetting.

`Archivist` writes it, `read_cases` and `read_events` read it, `clear_closed` clears the store of what lies in it.
Importing this imports neither pyarrow nor geopandas.
"""

from __future__ import annotations

from dispatch.archive.archivist import GROUP, Archived, ArchiveSettings, Archivist, Step
from dispatch.archive.backup import BackedUp, BackupManifest, back_up, listed_backups, read_backup
from dispatch.archive.clearing import clear_closed
from dispatch.archive.columns import CASES, EVENTS, SCHEMA
from dispatch.archive.errors import (
    ArchiveDamagedError,
    ArchiveError,
    ArchiveInUseError,
    ArchiveKeyError,
    ArchiveSchemaError,
    BackupError,
    ForgetError,
)
from dispatch.archive.forgetting import Forgotten, forget_case
from dispatch.archive.forgotten import Gone, forgotten_cases
from dispatch.archive.keys import archive_key
from dispatch.archive.places import Places
from dispatch.archive.pseudonyms import KEY_NAME, open_key, read_key
from dispatch.archive.reading import read_cases, read_events
from dispatch.archive.restoring import Restored, restore
from dispatch.archive.unpacking import check_backup

__all__ = [
    "CASES",
    "EVENTS",
    "GROUP",
    "KEY_NAME",
    "SCHEMA",
    "ArchiveDamagedError",
    "ArchiveError",
    "ArchiveInUseError",
    "ArchiveKeyError",
    "ArchiveSchemaError",
    "ArchiveSettings",
    "Archived",
    "Archivist",
    "BackedUp",
    "BackupError",
    "BackupManifest",
    "ForgetError",
    "Forgotten",
    "Gone",
    "Places",
    "Restored",
    "Step",
    "archive_key",
    "back_up",
    "check_backup",
    "clear_closed",
    "forget_case",
    "forgotten_cases",
    "listed_backups",
    "open_key",
    "read_backup",
    "read_cases",
    "read_events",
    "read_key",
    "restore",
]
