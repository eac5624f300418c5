"""Tiles are cut once: kept in memory up to a limit, and on disk beside the region's version where that can be written.

Cutting happens in threads of its own, few of them: routing keeps its core. Who asks for a tile that is being cut waits for it.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from api.tiles.cutting import cut
from api.tiles.sheet import Sheet
from dispatch.regions import BuiltRegion
from routing import SiagaError

CUTTER = 1
"""Goes up by one when tiles of the same data come out otherwise: what is kept of older ones is then passed over."""

MEMORY_BYTES = 64 << 20
MOST_WAITING = 256
LEAST_FREE_BYTES = 1 << 30
"""Nothing is kept on a disk that has less room than this: the store needs it more."""

_LEVEL = 6
_DIGEST = 8

Place = tuple[int, int, int]
"""Zoom, column, row."""


class TilesBusyError(SiagaError, RuntimeError):
    """More tiles are asked for than can be cut; nothing is wrong with them, ask again."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_WAITING} tiles are waiting to be cut; ask again in a moment")


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is answered: compressed (gzip), nothing if it is empty; `tag` changes with its content."""

    zipped: bytes
    tag: str


def version_of(region: BuiltRegion) -> str:
    """Names what the tiles of a region show: another one after it is built anew, or cut otherwise."""
    return f"{region.folder.name}-{CUTTER}"


class Tiles:
    """The tiles of all regions that a process serves. All methods but `made` are for one event loop."""

    def __init__(self, *, workers: int | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        """Threads are started when the first tile is asked for; half of the cores, one at least, unless `workers` is given."""
        count = workers or max(1, (os.cpu_count() or 1) // 2)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="tiles")
        self._memory_bytes, self._bytes = memory_bytes, 0
        self._kept: OrderedDict[tuple[Path, Place], Tile] = OrderedDict()
        self._coming: dict[tuple[Path, Place], asyncio.Future[Tile]] = {}
        self._sheets: dict[Path, Sheet] = {}
        self._lock = threading.Lock()
        self.cuts = 0

    async def tile(self, region: BuiltRegion, place: Place) -> Tile:
        """The tile of a region in that place.

        Raises:
            TilesBusyError: too many others wait.
            OSError: the region's files can't be read.
        """
        key = region.folder, place
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        coming = self._coming.get(key)
        if coming is None:
            if len(self._coming) >= MOST_WAITING:
                raise TilesBusyError
            coming = self._coming[key] = asyncio.get_running_loop().run_in_executor(self._pool, self.made, region, place)
            coming.add_done_callback(lambda done: self._arrived(key, done))
        return await asyncio.shield(coming)  # who goes away doesn't take it from the others

    def _arrived(self, key: tuple[Path, Place], done: asyncio.Future[Tile]) -> None:
        self._coming.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._kept[key] = done.result()
        self._bytes += _weight(done.result())
        while self._bytes > self._memory_bytes and len(self._kept) > 1:
            self._bytes -= _weight(self._kept.popitem(last=False)[1])

    def made(self, region: BuiltRegion, place: Place) -> Tile:
        """The tile from disk, else cut and kept there. Takes milliseconds to a second; from any thread."""
        path = region.folder / f"tiles-{CUTTER}" / str(place[0]) / str(place[1]) / f"{place[2]}.mvt.gz"
        zipped = _read(path)
        if zipped is None:
            content = cut(self.sheet(region), *place)
            zipped = gzip.compress(content, _LEVEL, mtime=0) if content else b""
            with self._lock:
                self.cuts += 1
            _write(path, zipped)
        return Tile(zipped, f'"{xxhash.xxh3_64_hexdigest(zipped)}"')

    def sheet(self, region: BuiltRegion) -> Sheet:
        """What a region's tiles are cut from; opened when it is first asked for."""
        with self._lock:
            if region.folder not in self._sheets:
                self._sheets[region.folder] = Sheet.open(region)
            return self._sheets[region.folder]

    async def bounds(self, region: BuiltRegion) -> tuple[float, float, float, float]:
        """West, south, east, north of a region's roads, degrees."""
        sheet = self._sheets.get(region.folder)
        if sheet is None:
            sheet = await asyncio.get_running_loop().run_in_executor(self._pool, self.sheet, region)
        return sheet.bounds

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
    """Keeps a tile on disk, if that is possible."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
            return
        try:
            beside.write_bytes(xxhash.xxh3_64_digest(zipped) + zipped)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
