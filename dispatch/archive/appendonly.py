"""The embedded server's append-only files: copying them while it writes, and putting others in their place.

`appendonly.aof.manifest` names the files that count: one base, and increments after it. A base never changes; of the increments
only the last one grows, at its end. So a copy of what the manifest names, each file as long as it is at a moment, is the store
at that moment: every commit that was acknowledged is in it as a whole, and one that was being written is cut off when it is
read. To put other files in place, they are laid beside under higher numbers, and the manifest is replaced in one rename.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dispatch.archive.errors import BackupError
from dispatch.archive.files import to_disk, write_whole

FOLDER = "appendonlydir"
MANIFEST = "appendonly.aof.manifest"
_TRIES = 100
_LINE = re.compile(r"file (?P<name>\S+) seq (?P<seq>\d+) type (?P<type>[bhi])(?P<rest>.*)")
_NAME = re.compile(r"appendonly\.aof\.\d+\.(base\.rdb|base\.aof|incr\.aof)")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    seq: int
    type: str
    rest: str

    @property
    def line(self) -> str:
        return f"file {self.name} seq {self.seq} type {self.type}{self.rest}\n"


def _entries(text: str, where: Path) -> list[_Entry]:
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or not _NAME.fullmatch(match["name"]):
            raise BackupError(f"{where}: {line!r} is not understood; is this the folder of an embedded store?")
        found.append(_Entry(match["name"], int(match["seq"]), match["type"], match["rest"]))
    return found


def log_files(store: Path) -> list[Path]:
    """The files that count in a store's folder, the manifest last; none if nothing was ever written.

    Raises:
        BackupError: the manifest can't be read.
    """
    manifest = store / FOLDER / MANIFEST
    if not manifest.exists():
        return []
    entries = _entries(manifest.read_text(encoding="utf-8"), manifest)
    return [*(manifest.with_name(one.name) for one in entries if one.type != "h"), manifest]


def copy_log(store: Path, target: Path) -> None:
    """Copies the store as it is at this moment, also while its server writes, into another folder.

    Raises:
        BackupError: there is none, or it is being rewritten all the time.
    """
    manifest = store / FOLDER / MANIFEST
    (target / FOLDER).mkdir(mode=0o700, parents=True)
    for _ in range(_TRIES):
        try:
            text = manifest.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise BackupError(f"{store}: there is no embedded store here that could be backed up") from None
        entries = [one for one in _entries(text, manifest) if one.type != "h"]
        with ExitStack() as opened:
            try:
                files = [opened.enter_context(manifest.with_name(one.name).open("rb")) for one in entries]
            except FileNotFoundError:
                continue  # it was rewritten in between
            if manifest.read_text(encoding="utf-8") != text:
                continue
            for entry, file in zip(entries, files, strict=True):
                _copy(file.fileno(), os.fstat(file.fileno()).st_size, target / FOLDER / entry.name)
        write_whole(target / FOLDER / MANIFEST, "".join(one.line for one in entries).encode())
        return
    raise BackupError(f"{store}: its append-only file is rewritten again and again; try once more")


def _copy(source: int, size: int, target: Path) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        at = 0
        while at < size and (block := os.pread(source, min(_BLOCK, size - at), at)):
            file.write(block)
            at += len(block)


@dataclass(frozen=True, slots=True)
class Replaced:
    """Files that were put in place, and what was there before: `keep` drops that, `undo` brings it back."""

    store: Path
    before: bytes | None
    old: tuple[Path, ...]
    new: tuple[Path, ...]

    def keep(self) -> None:
        for path in self.old:
            path.unlink(missing_ok=True)
        to_disk(self.store / FOLDER)

    def undo(self) -> None:
        manifest = self.store / FOLDER / MANIFEST
        # What the server may have added since belongs to the new files as well.
        added = set(log_files(self.store)) - {*self.old, manifest}
        if self.before is None:
            manifest.unlink(missing_ok=True)
        else:
            write_whole(manifest, self.before)
        for path in {*added, *self.new}:
            path.unlink(missing_ok=True)


def replace_log(source: Path, store: Path) -> Replaced:
    """Puts the files of one folder in the place of a store's; nobody may be running it. It is done at once, or not at all.

    Raises:
        BackupError: a manifest can't be read. OSError: something can't be written; the store is as it was.
    """
    manifest = store / FOLDER / MANIFEST
    manifest.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = manifest.read_bytes() if manifest.exists() else None
    old = tuple(path for path in log_files(store) if path != manifest)
    numbers = [
        int(path.name.split(".")[2]) for path in manifest.parent.glob("appendonly.aof.*.*") if _NAME.fullmatch(path.name)
    ]
    shift = max(numbers, default=0)
    added: list[_Entry] = []
    new: list[Path] = []
    come_from = source / FOLDER / MANIFEST
    try:
        for entry in _entries(come_from.read_text(encoding="utf-8"), come_from):
            seq = entry.seq + shift
            name = re.sub(r"\.\d+\.", f".{seq}.", entry.name, count=1)
            new.append(manifest.with_name(name))
            shutil.copyfile(come_from.with_name(entry.name), new[-1])
            new[-1].chmod(0o600)
            to_disk(new[-1])
            added.append(_Entry(name, seq, entry.type, entry.rest))
        to_disk(manifest.parent)
        write_whole(manifest, "".join(one.line for one in added).encode())
    except BaseException:
        for path in new:
            path.unlink(missing_ok=True)
        raise
    return Replaced(store, before, old, tuple(new))
