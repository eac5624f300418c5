"""Tiles are cut once: kept in memory up to a limit, and on disk beside the region's version where that can be written.

Cutting happens in threads of its own, few of them: routing keeps its core. Who asks for a tile that is being cut waits for it.
Anybody may ask for any tile in the world: beside the map nothing is cut, and what is empty is never written to disk.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from api.tiles.cutting import cut
from api.tiles.sheet import Sheet
from dispatch.regions import BuiltRegion
from routing import SiagaError

CUTTER = 2
"""Goes up by one when tiles of the same data come out otherwise: what is kept of older ones is then passed over."""

MEMORY_BYTES = 64 << 20
MOST_WAITING = 256
MOST_OF_ONE = MOST_WAITING // 2
"""So many tiles may wait for one address: the rest is for the others. An office behind one address needs less."""

LEAST_FREE_BYTES, LEAST_FREE_FILES = 1 << 30, 20_000
"""Nothing is kept on a disk that has less room than this: the store needs it more."""

_LEVEL = 6
_DIGEST = 8

Place = tuple[int, int, int]
"""Zoom, column, row."""


class TilesBusyError(SiagaError, RuntimeError):
    """More tiles are asked for than are cut meanwhile; nothing is wrong with these, ask again."""

    def __init__(self) -> None:
        super().__init__("too many tiles are waiting to be cut; ask again in a moment")


class NoMapError(SiagaError, OSError):
    """What a region's map is cut from can't be read: its version was removed, or its disk fails."""

    def __init__(self, region: str) -> None:
        super().__init__(f"the map of region {region!r} can't be read; the service has to be started again")


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is answered: compressed (gzip), nothing if it is empty; `tag`: its ETag, changes with its content."""

    zipped: bytes
    tag: str

    @staticmethod
    def of(zipped: bytes) -> Tile:
        """With its tag: weak, since who takes no gzip gets other bytes (RFC 9110, section 8.8.3)."""
        return Tile(zipped, f'W/"{xxhash.xxh3_64_hexdigest(zipped)}"')


EMPTY = Tile.of(b"")


def version_of(region: BuiltRegion) -> str:
    """Names what the tiles of a region show: another one after it is built anew, or cut otherwise."""
    return f"{region.folder.name}-{CUTTER}"


class Tiles:
    """The tiles of all regions that a process serves. For one event loop; `made` alone runs in threads."""

    def __init__(self, *, workers: int | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        """Threads are started when the first tile is asked for; half of the cores, one at least, unless `workers` is given."""
        count = workers or max(1, (os.cpu_count() or 1) // 2)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="tiles")
        self._memory_bytes, self._bytes = memory_bytes, 0
        self._kept: OrderedDict[tuple[Path, Place], Tile] = OrderedDict()
        self._coming: dict[tuple[Path, Place], asyncio.Future[Tile]] = {}
        self._waiting: Counter[str] = Counter()
        self._sheets: dict[Path, asyncio.Task[Sheet]] = {}
        self._lock = threading.Lock()
        self.cuts = 0

    async def tile(self, region: BuiltRegion, place: Place, caller: str = "") -> Tile:
        """The tile of a region in that place; `caller`: whose it is, by address.

        Raises:
            TilesBusyError: too many others wait, or too many of the caller's.
            NoMapError: the region's files can't be read.
        """
        sheet = await self.sheet(region)
        if not sheet.reaches(*place):
            return EMPTY
        key = region.folder, place
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        coming = self._coming.get(key)
        if coming is None:
            if len(self._coming) >= MOST_WAITING or self._waiting[caller] >= MOST_OF_ONE:
                raise TilesBusyError
            loop = asyncio.get_running_loop()
            coming = self._coming[key] = loop.run_in_executor(self._pool, self.made, region.folder, sheet, place)
            self._waiting[caller] += 1
            coming.add_done_callback(lambda done: self._arrived(key, caller, done))
        return await asyncio.shield(coming)  # who goes away doesn't take it from the others

    def _arrived(self, key: tuple[Path, Place], caller: str, done: asyncio.Future[Tile]) -> None:
        self._coming.pop(key, None)
        self._waiting[caller] -= 1
        if not self._waiting[caller]:
            del self._waiting[caller]
        if done.cancelled() or done.exception() is not None:
            return
        self._kept[key] = done.result()
        self._bytes += _weight(done.result())
        while self._bytes > self._memory_bytes and len(self._kept) > 1:
            self._bytes -= _weight(self._kept.popitem(last=False)[1])

    def made(self, folder: Path, sheet: Sheet, place: Place) -> Tile:
        """The tile from disk, else cut and kept there; `folder`: of the region's version. Takes milliseconds to a second."""
        path = folder / f"tiles-{CUTTER}" / str(place[0]) / str(place[1]) / f"{place[2]}.mvt.gz"
        zipped = _read(path)
        if zipped is None:
            content = cut(sheet, *place)
            zipped = gzip.compress(content, _LEVEL, mtime=0) if content else b""
            with self._lock:
                self.cuts += 1
            if zipped:
                _write(path, zipped)
        return Tile.of(zipped) if zipped else EMPTY

    async def sheet(self, region: BuiltRegion) -> Sheet:
        """What a region's tiles are cut from. A service asks for it as it starts: once open, it stays so when the region is
        built anew and its version is removed.

        Raises:
            NoMapError: the region's files can't be read.
        """
        opening = self._sheets.get(region.folder)
        if opening is None:
            # Not where tiles are cut: whoever asks what the map is would wait for them.
            opening = self._sheets[region.folder] = asyncio.create_task(asyncio.to_thread(Sheet.open, region))
        try:
            return await asyncio.shield(opening)
        except OSError as error:
            if self._sheets.get(region.folder) is opening:
                del self._sheets[region.folder]
            raise NoMapError(region.name) from error

    def close(self) -> None:
        """What is being cut is finished, what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _weight(tile: Tile) -> int:
    return len(tile.zipped) + 256  # what keeping one takes besides


def _read(path: Path) -> bytes | None:
    """What `_write` wrote; None if it isn't there, or isn't whole: a power cut may have left half of it."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, zipped = content[:_DIGEST], content[_DIGEST:]
    return zipped if digest == xxhash.xxh3_64_digest(zipped) else None


def _write(path: Path, zipped: bytes) -> None:
    """Keeps a tile on disk, if that is possible; `path`: three folders below that of the region's version.

    That folder is never made: where it isn't there, the version was removed, and would come back as an empty one.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with suppress(OSError):
        if not _has_room(path.parents[3]):
            return
        for folder in reversed(path.parents[:3]):
            folder.mkdir(exist_ok=True)
        try:
            beside.write_bytes(xxhash.xxh3_64_digest(zipped) + zipped)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _has_room(folder: Path) -> bool:
    """Whether the disk of a folder has bytes and files left; some file systems don't count files."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize >= LEAST_FREE_BYTES and (not disk.f_files or disk.f_favail >= LEAST_FREE_FILES)
