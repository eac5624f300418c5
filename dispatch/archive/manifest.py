"""What a region's archive holds: the list of its files, and how far into the stream it has come. It is what counts.

    <archive>/<region>/manifest.json
                       events/month=2026-11/part-000001.parquet
                       cases/month=2026-11/part-000002.parquet

Files are written first, then the manifest takes them in, in one rename: a file that it does not name was left behind by a
crash, is no part of the archive, and is removed by the next one who writes. So nothing is lost or doubled, whenever the
archivist is stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from dispatch.archive.columns import SCHEMA, TABLES, Table
from dispatch.archive.errors import ArchiveDamagedError, ArchiveSchemaError
from dispatch.archive.files import NEW, write_whole
from dispatch.store import START

NAME = "manifest.json"
FORMAT = 1
"""Of the manifest and of how the folders lie."""


class Part(Struct, frozen=True):
    """One file.

    Attributes:
        table, month: what it holds; the month is the region's own, of the event or of the call: "2026-11".
        name: in the table's and month's folder.
        rows, bytes: how many.
        first, last: ids of the first and the last event that went into it.
    """

    table: Table
    month: str
    name: str
    rows: int
    bytes: int
    first: str
    last: str

    def path(self, folder: Path) -> Path:
        """Where it lies in a region's folder."""
        return folder / self.table / f"month={self.month}" / self.name


class Gap(Struct, frozen=True):
    """Events that were cleared away before they were archived: after one id, up to another."""

    after: str
    upto: str


class Manifest(Struct, frozen=True):
    """What a region's archive holds.

    Attributes:
        region, zone: whose, and its time zone: months are by that.
        upto: the last event that was archived.
        written: how many files were ever written; names them.
        parts: in the order in which they were written.
        gaps: what is missing.
        key: the mark of the key that its pseudonyms were made with.
        schema, format: of the tables, and of this.
    """

    region: str
    zone: str
    key: str
    upto: str = START
    written: int = 0
    parts: tuple[Part, ...] = ()
    gaps: tuple[Gap, ...] = ()
    schema: int = SCHEMA
    format: int = field(default=FORMAT)

    def of(self, table: Table, month: str | None = None) -> Iterator[Part]:
        """The files of a table (and a month)."""
        return (one for one in self.parts if one.table == table and month in (None, one.month))


class _Version(Struct):
    format: int
    schema: int


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in a region's folder; None if nothing was archived yet.

    Raises:
        ArchiveSchemaError: a newer release wrote it.
        ArchiveDamagedError: it can't be read.
    """
    path = folder / NAME
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArchiveDamagedError(f"{path} can't be read: {error.strerror}") from error
    try:
        version = msgspec.json.decode(packed, type=_Version)
        if version.format > FORMAT or version.schema > SCHEMA:
            raise ArchiveSchemaError(
                f"{path}: a newer release of Siaga wrote this archive (format {version.format}, schema {version.schema}); "
                f"this one knows {FORMAT} and {SCHEMA}: use that release"
            )
        return msgspec.json.decode(packed, type=Manifest)
    except msgspec.DecodeError as error:
        raise ArchiveDamagedError(f"{path} is damaged ({error}); put it back from a backup") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Puts a manifest in the place of the one before, at once."""
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1), 0o644)


def remove_leftovers(folder: Path, manifest: Manifest) -> list[Path]:
    """Removes files that a crash left behind; which. Only who has locked the folder may do so."""
    kept = {one.path(folder) for one in manifest.parts}
    found = [path for table in TABLES for path in (folder / table).glob("month=*/part-*.parquet") if path not in kept]
    found += folder.rglob(f"{NEW}*")
    for path in found:
        path.unlink(missing_ok=True)
    return found


def archived_regions(archive: Path) -> list[str]:
    """The regions of which there is an archive."""
    return sorted(path.parent.name for path in archive.glob(f"*/{NAME}"))
