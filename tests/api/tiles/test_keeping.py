"""A tile is cut once: in memory, on disk, and by whoever asks for it at the same time."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.tiles import NoMapError, Sheet, Tiles, TilesBusyError, cut, keeping
from api.tiles.grid import E7
from api.tiles.keeping import CUTTER, EMPTY, LEAST_FREE_BYTES, LEAST_FREE_FILES, MOST_OF_ONE, MOST_WAITING
from dispatch.regions import BuiltRegion, open_region
from tests.api.tiles.places import tile_at


@pytest.fixture
def region(data_folder: Path, tmp_path: Path) -> BuiltRegion:
    """A region whose version lies in a folder of its own."""
    built = open_region(data_folder / "regions", "kota", datetime(2026, 3, 2, tzinfo=UTC))
    return replace(built, folder=Path(shutil.copytree(built.folder, tmp_path / built.folder.name)))


def _middle(region: BuiltRegion, zoom: int) -> tuple[int, int, int]:
    return (zoom, *tile_at(zoom, *region.about["middle"]))


def test_a_tile_is_cut_once_and_is_what_cutting_gives(region: BuiltRegion) -> None:
    place = _middle(region, 13)

    async def asked() -> None:
        tiles = Tiles()
        first, second = await asyncio.gather(tiles.tile(region, place), tiles.tile(region, place))
        assert first is second
        assert await tiles.tile(region, place) is first
        assert tiles.cuts == 1
        assert gzip.decompress(first.zipped) == cut(Sheet.open(region), *place)
        anew = Tiles()  # another process, or after a start
        assert await anew.tile(region, place) == first
        assert anew.cuts == 0
        tiles.close()
        anew.close()

    asyncio.run(asked())


def _on_disk(region: BuiltRegion) -> list[Path]:
    return list((region.folder / f"tiles-{CUTTER}").rglob("*"))


@pytest.mark.parametrize("harm", [lambda whole: whole[:-3], lambda _: b"", lambda whole: whole[:20] + b"x" + whole[21:]])
def test_what_is_damaged_on_disk_is_cut_again(region: BuiltRegion, harm: object) -> None:
    assert callable(harm)
    place, sheet = _middle(region, 14), Sheet.open(region)
    tiles = Tiles()
    right = tiles.made(region.folder, sheet, place)
    (file,) = (one for one in _on_disk(region) if one.is_file())
    file.write_bytes(harm(file.read_bytes()))
    assert tiles.made(region.folder, sheet, place) == right
    assert tiles.cuts == 2
    assert tiles.made(region.folder, sheet, place) == right
    assert tiles.cuts == 2
    tiles.close()


def test_a_folder_that_cannot_be_written_changes_nothing(region: BuiltRegion) -> None:
    (region.folder / f"tiles-{CUTTER}").write_text("in the way")
    tiles, sheet, place = Tiles(), Sheet.open(region), _middle(region, 13)
    assert tiles.made(region.folder, sheet, place) == tiles.made(region.folder, sheet, place)
    assert tiles.cuts == 2
    tiles.close()


@pytest.mark.parametrize("place", [(12, 0, 0), (4, 0, 15), (15, 30_000, 30_000)])
def test_beside_the_map_nothing_is_cut(region: BuiltRegion, place: tuple[int, int, int]) -> None:
    async def asked() -> None:
        tiles = Tiles(workers=1)
        hold = threading.Event()
        tiles._pool.submit(hold.wait)
        assert await tiles.tile(region, place) == EMPTY  # at once, while others wait to be cut
        hold.set()
        tiles.close()
        assert (tiles.cuts, len(tiles._kept), _on_disk(region)) == (0, 0, [])

    asyncio.run(asked())


def _empty_place(sheet: Sheet) -> tuple[int, int, int]:
    """A tile between what is drawn, with nothing in it."""
    assert sheet.reach is not None
    west, south, east, north = (one / E7 for one in sheet.reach)
    (left, top), (right, low) = tile_at(15, west, north), tile_at(15, east, south)
    return next((15, x, y) for x in range(left, right + 1) for y in range(top, low + 1) if not cut(sheet, 15, x, y))


def test_an_empty_tile_is_kept_in_memory_but_not_on_disk(region: BuiltRegion) -> None:
    place = _empty_place(Sheet.open(region))

    async def asked() -> None:
        tiles = Tiles()
        assert await tiles.tile(region, place) == EMPTY
        assert await tiles.tile(region, place) == EMPTY
        assert (tiles.cuts, _on_disk(region)) == (1, [])
        tiles.close()

    asyncio.run(asked())


@pytest.mark.parametrize(
    ("free_bytes", "counts_files", "free_files", "kept"),
    [
        (LEAST_FREE_BYTES, True, LEAST_FREE_FILES, True),
        (LEAST_FREE_BYTES - 4096, True, LEAST_FREE_FILES, False),
        (LEAST_FREE_BYTES, True, LEAST_FREE_FILES - 1, False),
        (LEAST_FREE_BYTES, False, 0, True),
    ],
)
def test_the_store_is_left_its_room(
    region: BuiltRegion, monkeypatch: pytest.MonkeyPatch, free_bytes: int, *, counts_files: bool, free_files: int, kept: bool
) -> None:
    disk = SimpleNamespace(
        f_bavail=free_bytes // 4096, f_frsize=4096, f_files=1_000_000 if counts_files else 0, f_favail=free_files
    )
    monkeypatch.setattr(keeping.os, "statvfs", lambda _folder: disk)
    tiles = Tiles()
    assert tiles.made(region.folder, Sheet.open(region), _middle(region, 13)).zipped
    assert bool(_on_disk(region)) == kept
    tiles.close()


def test_a_version_that_was_removed_is_still_drawn_and_does_not_come_back(region: BuiltRegion) -> None:
    async def asked() -> None:
        tiles = Tiles()
        await tiles.sheet(region)  # as a service does when it starts
        shutil.rmtree(region.folder)
        assert (await tiles.tile(region, _middle(region, 13))).zipped
        assert not region.folder.exists()
        anew = Tiles()
        for _ in range(2):
            with pytest.raises(NoMapError, match="kota"):
                await anew.tile(region, _middle(region, 13))
        tiles.close()
        anew.close()

    asyncio.run(asked())


def test_memory_is_bounded(region: BuiltRegion) -> None:
    zoom, x, y = _middle(region, 15)

    async def asked() -> None:
        tiles = Tiles(memory_bytes=20_000)
        for step in range(12):
            await tiles.tile(region, (zoom, x + step % 4, y + step // 4))
        assert 0 < sum(len(tile.zipped) for tile in tiles._kept.values()) <= 20_000
        assert tiles._bytes == sum(len(tile.zipped) + 256 for tile in tiles._kept.values())
        tiles.close()

    asyncio.run(asked())


def _around(region: BuiltRegion, count: int) -> list[tuple[int, int, int]]:
    """So many tiles of the map."""
    zoom, x, y = _middle(region, 15)
    return [(zoom, x + step % 32 - 16, y + step // 32 - 4) for step in range(count)]


def test_too_many_at_once_are_told_to_come_again(region: BuiltRegion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sheet, "reaches", lambda *_: True)

    async def asked() -> None:
        tiles = Tiles(workers=1)
        await tiles.sheet(region)
        hold = threading.Event()
        tiles._pool.submit(hold.wait)
        *some, last = _around(region, MOST_WAITING + 1)
        first, rest = some[:MOST_OF_ONE], some[MOST_OF_ONE:]
        waiting = [asyncio.ensure_future(tiles.tile(region, place, "192.0.2.1")) for place in first]
        await asyncio.sleep(0)
        with pytest.raises(TilesBusyError):  # one address leaves room for the others
            await tiles.tile(region, last, "192.0.2.1")
        waiting += [asyncio.ensure_future(tiles.tile(region, place, f"198.51.100.{n}")) for n, place in enumerate(rest)]
        await asyncio.sleep(0)
        with pytest.raises(TilesBusyError):
            await tiles.tile(region, last, "203.0.113.9")
        hold.set()
        await asyncio.gather(*waiting)
        await tiles.tile(region, last, "192.0.2.1")
        assert not tiles._waiting
        tiles.close()

    asyncio.run(asked())


def test_what_the_map_is_does_not_wait_for_tiles(region: BuiltRegion) -> None:
    async def asked() -> None:
        tiles = Tiles(workers=1)
        hold = threading.Event()
        tiles._pool.submit(hold.wait)
        west, south, east, north = (await asyncio.wait_for(tiles.sheet(region), 60)).bounds
        assert west < east
        assert south < north
        hold.set()
        tiles.close()

    asyncio.run(asked())


def test_who_goes_away_does_not_take_it_from_the_others(region: BuiltRegion) -> None:
    async def asked() -> None:
        tiles = Tiles(workers=1)
        await tiles.sheet(region)
        hold = threading.Event()
        tiles._pool.submit(hold.wait)
        leaving, staying = (asyncio.ensure_future(tiles.tile(region, _middle(region, 13))) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        hold.set()
        assert (await staying).zipped
        assert tiles.cuts == 1
        tiles.close()

    asyncio.run(asked())
