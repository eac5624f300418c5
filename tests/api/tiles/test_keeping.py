"""A tile is cut once: in memory, on disk, and by whoever asks for it at the same time."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.tiles import Sheet, Tiles, TilesBusyError, cut
from api.tiles.grid import tile_at
from api.tiles.keeping import CUTTER, MOST_WAITING
from dispatch.regions import BuiltRegion, open_region


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


def test_a_tile_with_facilities_names_them(region: BuiltRegion) -> None:
    names = {one.id for one in region.facilities.facilities}
    sheet = Sheet.open(region)
    assert {one["id"] for one in sheet.layers["facilities"].drawing.properties} == names
    assert len(names) > 5


@pytest.mark.parametrize("harm", [lambda whole: whole[:-3], lambda _: b"", lambda whole: whole[:20] + b"x" + whole[21:]])
def test_what_is_damaged_on_disk_is_cut_again(region: BuiltRegion, harm: object) -> None:
    assert callable(harm)
    place = _middle(region, 14)
    tiles = Tiles()
    right = tiles.made(region, place)
    (file,) = (region.folder / f"tiles-{CUTTER}").rglob("*.mvt.gz")
    file.write_bytes(harm(file.read_bytes()))
    assert tiles.made(region, place) == right
    assert tiles.cuts == 2
    assert tiles.made(region, place) == right
    assert tiles.cuts == 2
    tiles.close()


def test_a_folder_that_cannot_be_written_changes_nothing(region: BuiltRegion) -> None:
    (region.folder / f"tiles-{CUTTER}").write_text("in the way")
    tiles = Tiles()
    assert tiles.made(region, _middle(region, 13)) == tiles.made(region, _middle(region, 13))
    assert tiles.cuts == 2
    tiles.close()


def test_an_empty_tile_is_kept_too(region: BuiltRegion) -> None:
    tiles = Tiles()
    assert tiles.made(region, (12, 0, 0)).zipped == b""
    assert tiles.made(region, (12, 0, 0)).zipped == b""
    assert tiles.cuts == 1
    tiles.close()


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


def test_too_many_at_once_are_told_to_come_again(region: BuiltRegion) -> None:
    async def asked() -> None:
        tiles = Tiles(workers=1)
        hold = threading.Event()
        tiles._pool.submit(hold.wait)
        waiting = [asyncio.ensure_future(tiles.tile(region, (15, number, 0))) for number in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TilesBusyError):
            await tiles.tile(region, (15, MOST_WAITING, 0))
        hold.set()
        await asyncio.gather(*waiting)
        await tiles.tile(region, (15, MOST_WAITING, 0))
        tiles.close()

    asyncio.run(asked())


def test_who_goes_away_does_not_take_it_from_the_others(region: BuiltRegion) -> None:
    async def asked() -> None:
        tiles = Tiles(workers=1)
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
