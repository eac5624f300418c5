"""Versioned folders of files that are written whole or not at all, and checked when they are opened.

A home holds the versions of one thing, one folder each, and a file `current` that names the one in use:

    <home>/20261122T043500Z/manifest.json     what the version is: format, fingerprint, size and checksum of every file
    <home>/20261122T043500Z/checked.json      how the files looked when their checksums were last found right
    <home>/20261122T043500Z/...               its files
    <home>/current                            "20261122T043500Z"

A version is filled in a folder beside, and appears under its name by one rename, after everything is on disk. Readers map
the files; a version that is replaced stays for those who have it open.

A checksum is worked out again only for a file that looks otherwise than when it was last found right: size, inode, times of
change. Whoever writes to it, copies or restores it changes one of these; what a failing disk does in silence is found by
`thorough`. So a large region opens without being read whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xxhash

from routing.errors import RegionError

_MANIFEST = "manifest.json"
_CHECKED = "checked.json"
_CURRENT = "current"
_BUILDING = ".building-"
_KEPT_VERSIONS = 2
_BLOCK = 1 << 20  # fits the processor's cache, so that what is read is hashed from there


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version, opened and checked: its folder and what its manifest says of it."""

    path: Path
    version: str
    about: Mapping[str, Any]


def _checksum(path: Path) -> str:
    digest = xxhash.xxh3_64()
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def _checksums(paths: list[Path]) -> list[str]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(_checksum, paths))


def _looks(path: Path) -> list[int]:
    """What changes whenever a file does: writing sets the time of status change to now, and nobody can set it back."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _known_right(folder: Path) -> dict[str, list[int]]:
    """How the files looked when they were last found right; nothing if that is not known."""
    try:
        known = json.loads((folder / _CHECKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (_MANIFEST, _CHECKED))


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.write_text(text, encoding="utf-8")
    _to_disk(beside)
    beside.replace(path)
    _to_disk(path.parent)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_leftovers(home: Path) -> None:
    """Removes what builds that were killed left behind."""
    for folder in home.glob(f"{_BUILDING}*"):
        process = folder.name.removeprefix(_BUILDING).split("-")[0]
        if not (process.isdigit() and _alive(int(process))):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_version(home: Path, *, now: datetime, format_number: int, fingerprint: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Gives an empty folder to fill and a dictionary to describe it; publishes both if the block ends well.

    If the block raises, nothing of it stays and the version that was current before still is.

    Args:
        home: where the versions lie; made if missing.
        now: an aware time; names the version.
        format_number: of the files' layout; `open_version` refuses another.
        fingerprint: of the tables that went into the files; `open_version` refuses another as stale.

    Raises:
        RegionError: the folder can't be written (permission, disk full).
    """
    about: dict[str, Any] = {}
    try:
        home.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(home)
        building = home / f"{_BUILDING}{os.getpid()}-{now:%Y%m%dT%H%M%S%f}"
        building.mkdir()
    except OSError as error:
        raise RegionError(f"{home}: can't be written: {error.strerror or error}") from error
    try:
        yield building, about
        files = _files(building)
        looks = [_looks(path) for path in files]
        listing = {
            path.relative_to(building).as_posix(): {"bytes": path.stat().st_size, "xxh3": checksum}
            for path, checksum in zip(files, _checksums(files), strict=True)
        }
        manifest = {"format": format_number, "fingerprint": fingerprint, "about": about, "files": listing}
        (building / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        (building / _CHECKED).write_text(json.dumps(dict(zip(listing, looks, strict=True))), encoding="utf-8")
        for path in [*files, building / _MANIFEST, building]:
            _to_disk(path)
        version = _free_name(home, f"{now:%Y%m%dT%H%M%SZ}")
        building.rename(home / version)
        _write_whole(home / _CURRENT, version)
    except OSError as error:
        raise RegionError(f"{home}: writing it failed, nothing was changed: {error.strerror or error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    _remove_old(home, keep=version)


def _free_name(home: Path, wanted: str) -> str:
    name, number = wanted, 1
    while (home / name).exists():
        number += 1
        name = f"{wanted}-{number}"
    return name


def _versions(home: Path) -> list[str]:
    return sorted(path.parent.name for path in home.glob(f"*/{_MANIFEST}") if not path.parent.name.startswith("."))


def _remove_old(home: Path, *, keep: str) -> None:
    old = [version for version in _versions(home) if version != keep]
    for version in old[: max(0, len(old) - (_KEPT_VERSIONS - 1))]:
        shutil.rmtree(home / version, ignore_errors=True)


def has_version(home: Path) -> bool:
    """Whether a version was ever published here (it may still be stale or damaged)."""
    return (home / _CURRENT).is_file()


def read_about(home: Path) -> Mapping[str, Any]:
    """What the current version says of itself, without checking its files.

    Raises:
        RegionError: there is none, or its manifest can't be read.
    """
    return dict(_manifest(home)[1]["about"])


def _manifest(home: Path) -> tuple[Path, dict[str, Any]]:
    if not has_version(home):
        raise RegionError(f"{home}: no such region has been built")
    try:
        folder = home / (home / _CURRENT).read_text(encoding="utf-8").strip()
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or not {"format", "fingerprint", "about", "files"} <= manifest.keys():
            raise ValueError("entries are missing")
    except (OSError, ValueError) as error:
        raise RegionError(f"{home}: damaged, its manifest can't be read ({error}); build the region again") from error
    return folder, manifest


def open_version(home: Path, *, format_number: int, fingerprint: str, thorough: bool = False) -> Bundle:
    """Opens the current version after checking that it is whole, undamaged and of today's format and tables.

    Args:
        home: where the versions lie.
        format_number, fingerprint: what is asked for.
        thorough: work out every checksum, also of files that look as they did when it was last found right.

    Raises:
        RegionError: it is missing, stale or damaged; the message names the region, the file and the mend.
    """
    folder, manifest = _manifest(home)
    if manifest["format"] != format_number:
        raise RegionError(
            f"region {home.name!r} is stale: built in format {manifest['format']}, this Siaga reads {format_number}; "
            "build the region again"
        )
    if manifest["fingerprint"] != fingerprint:
        raise RegionError(
            f"region {home.name!r} is stale: the tables it was built with (profiles, facilities) have changed since; "
            "build the region again"
        )
    entries = manifest["files"]
    looks: dict[str, list[int]] = {}
    for name, entry in entries.items():
        path = folder / name
        looks[name] = _looks(path) if path.is_file() else []
        if looks[name][:1] != [entry["bytes"]]:
            raise RegionError(f"region {home.name!r} is damaged: {path} is missing or has another size; build the region again")
    known = {} if thorough else _known_right(folder)
    doubtful = [name for name in entries if known.get(name) != looks[name]]
    for name, checksum in zip(doubtful, _checksums([folder / name for name in doubtful]), strict=True):
        if checksum != entries[name]["xxh3"]:
            raise RegionError(
                f"region {home.name!r} is damaged: {folder / name} has changed since it was written; build the region again"
            )
    if doubtful:
        with suppress(OSError):  # who may not write here checks again the next time
            _write_whole(folder / _CHECKED, json.dumps(looks))
    return Bundle(folder, folder.name, manifest["about"])
