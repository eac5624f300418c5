"""Whether the key of the pseudonyms that lies here is the one that an archive was written with."""

from __future__ import annotations

from pathlib import Path

from dispatch.archive.errors import ArchiveKeyError
from dispatch.archive.manifest import Manifest, archived_regions
from dispatch.archive.places import Places
from dispatch.archive.pseudonyms import Pseudonyms, open_key, read_key


def archive_key(places: Places) -> bytes:
    """The key of the archive. Where there is none it is made, unless an archive was written with one: with another one,
    the rows of a case from before and those from now on would be of different cases.

    Raises:
        ArchiveKeyError: it is missing, others can read it, or it is no key.
    """
    if not places.key.exists() and archived_regions(places.archive):
        raise ArchiveKeyError(
            f"{places.key} is missing, and {places.archive} was written with it: put it back from where it is kept. "
            f"If it is lost for good, move {places.archive} away, so that a new archive begins"
        )
    return open_key(places.key)


def check_key(hidden: Pseudonyms, manifest: Manifest, folder: Path) -> None:
    """Whether an archive was written with this key.

    Raises:
        ArchiveKeyError: it was written with another one.
    """
    if manifest.key != hidden.mark:
        raise ArchiveKeyError(
            f"{folder} was written with another key of the pseudonyms: put that key back. If it is lost for good, "
            "move the folder away, so that a new archive begins"
        )


def check_key_of(places: Places, manifest: Manifest) -> None:
    """Whether the archive of a manifest was written with the key that lies in a data folder.

    Raises:
        ArchiveKeyError: there is no key, it can't be read, or it is another one.
    """
    if places.key.exists():
        check_key(Pseudonyms(read_key(places.key), manifest.region), manifest, places.archive / manifest.region)
    else:
        archive_key(places)
