"""Reading the archive: for planners, as tables with places. geopandas is imported only here, when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from dispatch.archive.columns import Table, columns_of
from dispatch.archive.manifest import archived_regions, read_manifest
from dispatch.archive.parquet import arrow, empty_table, read_tables
from routing import InputError

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def read_cases(archive: Path, months: Sequence[str] | None = None, regions: Sequence[str] | None = None) -> GeoDataFrame:
    """Closed cases: one row a patient and run (`dispatch.archive.columns.CASES`); of each patient one row is `final`.

    Args:
        archive: the folder of all regions' archives.
        months: of the call, by the region's own time, as "2026-11"; None: all there are.
        regions: by name; None: all there are.

    Returns:
        In EPSG:4326; `geometry` is the 250 m cell of the patient, or None. Times are UTC; a missing one is NaT.

    Raises:
        InputError: a month is not one, or there is no archive of a region.
        ArchiveSchemaError: a newer release wrote it. ArchiveDamagedError: it can't be read.
    """
    return _read(archive, "cases", months, regions)


def read_events(archive: Path, months: Sequence[str] | None = None, regions: Sequence[str] | None = None) -> GeoDataFrame:
    """Events, one row each (`dispatch.archive.columns.EVENTS`); arguments and errors as `read_cases`, months of when it was."""
    return _read(archive, "events", months, regions)


def _read(archive: Path, table: Table, months: Sequence[str] | None, regions: Sequence[str] | None) -> GeoDataFrame:
    from geopandas import GeoDataFrame

    if wrong := [one for one in months or () if not _MONTH.fullmatch(one)]:
        raise InputError(f"{wrong[0]!r} is no month; write it as 2026-11")
    found = read_tables(_paths(archive, table, months, regions), table)
    whole = arrow().concat_tables([empty_table(table), *found], promote_options="default")
    shapes = shapely.from_wkb(whole.column("geometry").to_numpy())
    frame = GeoDataFrame(whole.drop_columns(["geometry"]).to_pandas(), geometry=shapes, crs="EPSG:4326")
    return frame[[one.name for one in columns_of(table)]]


def _paths(archive: Path, table: Table, months: Sequence[str] | None, regions: Sequence[str] | None) -> Iterator[Path]:
    there = archived_regions(archive)
    for region in there if regions is None else regions:
        manifest = read_manifest(archive / region) if region in there else None
        if manifest is None:
            raise InputError(f"{archive}: nothing of region {region!r} was archived; there are {', '.join(there) or 'none'}")
        for part in manifest.of(table):
            if months is None or part.month in months:
                yield part.path(archive / region)
