"""What can go wrong with the archive and with backups, as one tree.

    SiagaError
    └── ArchiveError
        ├── ArchiveSchemaError (RuntimeError)     written by a newer release
        ├── ArchiveDamagedError (OSError)         a file is missing, or is not what was written
        ├── ArchiveKeyError (LookupError)         the key of the pseudonyms is missing, open to others, or another one
        ├── ArchiveInUseError (BlockingIOError)   another process is writing to it
        ├── ForgetError (ValueError)              a case that can't be forgotten (now)
        └── BackupError (OSError)                 a backup can't be made, read or restored; nothing was changed

Every message says what is wrong, where, and what to do.
"""

from __future__ import annotations

from routing import SiagaError


class ArchiveError(SiagaError):
    """Base of everything that goes wrong with the archive."""


class ArchiveSchemaError(ArchiveError, RuntimeError):
    """A newer release wrote it."""


class ArchiveDamagedError(ArchiveError, OSError):
    """A file of the archive is missing, or is not what was written."""


class ArchiveKeyError(ArchiveError, LookupError):
    """The key of the pseudonyms can't be used."""


class ArchiveInUseError(ArchiveError, BlockingIOError):
    """Another process is writing to a region's archive."""


class ForgetError(ArchiveError, ValueError):
    """A case can't be forgotten, or not now."""


class BackupError(ArchiveError, OSError):
    """A backup can't be made, read or restored; what was there is as it was."""
