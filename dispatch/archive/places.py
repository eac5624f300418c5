"""Where things lie in the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dispatch.archive.pseudonyms import KEY_NAME

ADMIN_TOKEN_NAME = "admin-token"


@dataclass(frozen=True, slots=True)
class Places:
    """The data folder.

    Attributes:
        data: the folder.
        store: the embedded store's.
        archive: all regions' archives.
        regions: the built regions.
        backups: the list of the backups that were made.
        forgotten: the list of the cases that were forgotten.
        key: of the archive's pseudonyms.
        secrets: files that nobody but their owner may read.
    """

    data: Path

    @property
    def store(self) -> Path:
        return self.data / "store"

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def regions(self) -> Path:
        return self.data / "regions"

    @property
    def backups(self) -> Path:
        return self.data / "backups.json"

    @property
    def forgotten(self) -> Path:
        return self.data / "forgotten.json"

    @property
    def key(self) -> Path:
        return self.data / KEY_NAME

    @property
    def secrets(self) -> tuple[Path, ...]:
        return self.key, self.data / ADMIN_TOKEN_NAME

    def settings(self) -> list[Path]:
        """Files with settings of this installation: tables and lists beside the folders, and each region's own."""
        folders = (self.data, self.data / "settings")
        return sorted(path for folder in folders for ending in ("toml", "csv") for path in folder.glob(f"*.{ending}"))
