"""Rows to GeoParquet files and back. (pyarrow takes a fifth of a second to import, so only who needs it does.)

The files follow GeoParquet 1.1: geopandas, DuckDB, Spark with Sedona and QGIS open them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import shapely

from dispatch.archive.columns import ATTEMPT, SCHEMA, Column, Table, Type, columns_of
from dispatch.archive.errors import ArchiveDamagedError, ArchiveSchemaError
from dispatch.archive.event_rows import Row
from dispatch.archive.files import written_whole
from dispatch.life.case import Cell
from dispatch.life.particulars import middle_of

_SCHEMA_KEY = b"siaga:schema"
_TABLE_KEY = b"siaga:table"
_GEOMETRY = "geometry"

_WGS84: dict[str, Any] = {
    "type": "GeographicCRS",
    "name": "WGS 84",
    "datum": {
        "type": "GeodeticReferenceFrame",
        "name": "World Geodetic System 1984",
        "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6378137, "inverse_flattening": 298.257223563},
    },
    "coordinate_system": {
        "subtype": "ellipsoidal",
        "axis": [
            {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
            {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
        ],
    },
    "id": {"authority": "EPSG", "code": 4326},
}
"""EPSG:4326 as PROJJSON. Whatever its axes say, GeoParquet puts the longitude first."""


def arrow(part: str = "pyarrow") -> Any:
    """pyarrow, or a part of it, once somebody needs it; it tells nothing of its types."""
    return import_module(part)


def bounds_of(cell: Cell) -> tuple[float, float, float, float]:
    """West, south, east, north of a 250 m cell, degrees."""
    middle, beside = middle_of(cell), middle_of(Cell(cell.row, cell.column + 1))
    width, height = beside.longitude - middle.longitude, middle_of(Cell(cell.row + 1, 0)).latitude - middle.latitude
    west, south = middle.longitude - width / 2, middle.latitude - height / 2
    return west, south, west + width, south + height


def _arrow_type(kind: Type) -> Any:
    pa = arrow()

    match kind:
        case "text":
            return pa.string()
        case "time":
            return pa.timestamp("ms", "UTC")
        case "whole":
            return pa.int32()
        case "number":
            return pa.float64()
        case "flag":
            return pa.bool_()
        case "cell":
            return pa.binary()
        case "attempts":
            return pa.list_(pa.struct([pa.field(one.name, _arrow_type(one.type)) for one in ATTEMPT]))


def _arrow_schema(table: Table, bounds: list[float] | None) -> Any:
    pa = arrow()

    def field(column: Column) -> Any:
        return pa.field(column.name, _arrow_type(column.type), metadata={"meaning": column.meaning} if column.meaning else None)

    shape: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": _WGS84}
    if bounds is not None:
        shape["bbox"] = bounds
    about = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: shape}}
    told = {b"geo": json.dumps(about).encode(), _SCHEMA_KEY: b"%d" % SCHEMA, _TABLE_KEY: table.encode()}
    return pa.schema([field(one) for one in columns_of(table)], metadata=told)


def write_rows(path: Path, table: Table, rows: Sequence[Row]) -> int:
    """Writes rows into a file, whole or not at all; how many bytes it has.

    Raises:
        ValueError: a row has something that is not to be archived.
        OSError: it can't be written.
    """
    names = [one.name for one in columns_of(table)]
    if strange := {name for row in rows for name in row} - set(names):
        raise ValueError(f"{sorted(strange)[0]!r} is no column of the archive's {table}: see dispatch.archive.columns")
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in names}
    bounds = [
        None if row is None else bounds_of(Cell(row, column))
        for row, column in zip(columns["cell_row"], columns["cell_column"], strict=True)
    ]
    columns[_GEOMETRY] = [None if one is None else shapely.to_wkb(shapely.box(*one)) for one in bounds]
    known = [one for one in bounds if one is not None]
    around = [f(one[i] for one in known) for i, f in enumerate((min, min, max, max))] if known else None
    return _write(path, table, columns, around)


def _write(path: Path, table: Table, columns: dict[str, list[Any]], bounds: list[float] | None) -> int:
    schema = _arrow_schema(table, bounds)
    return _put(path, arrow().Table.from_pydict(columns, schema=schema))


def _put(path: Path, rows: Any) -> int:
    with written_whole(path, 0o644) as beside:
        arrow("pyarrow.parquet").write_table(rows, beside, compression="zstd")
    return path.stat().st_size


def merge_files(paths: Sequence[Path], target: Path, table: Table) -> int:
    """Writes one file with the rows of several, in order; how many bytes it has.

    Raises:
        ArchiveSchemaError, ArchiveDamagedError: as `read_tables`. OSError: it can't be written.
    """
    parts = read_tables(paths, table)
    boxes = [box for part in parts if (box := _box(part.schema.metadata)) is not None]
    around = [f(box[i] for box in boxes) for i, f in enumerate((min, min, max, max))] if boxes else None
    bare = [part.replace_schema_metadata(None) for part in parts]
    whole = arrow().concat_tables(bare).replace_schema_metadata(_arrow_schema(table, around).metadata)
    return _put(target, whole)


def _box(told: dict[bytes, bytes]) -> list[float] | None:
    found: list[float] | None = json.loads(told[b"geo"])["columns"][_GEOMETRY].get("bbox")
    return found


def read_rows(paths: Iterable[Path], table: Table) -> list[Row]:
    """The rows of files, in order, as they were written (without their polygons).

    Raises:
        ArchiveSchemaError, ArchiveDamagedError: as `read_tables`.
    """
    found: list[Row] = []
    for one in read_tables(paths, table):
        found += one.drop_columns([_GEOMETRY]).to_pylist()
    return found


def words_in(path: Path, table: Table, column: str) -> set[str]:
    """What stands in one column of a file, without reading the others.

    Raises:
        ArchiveSchemaError, ArchiveDamagedError: as `read_tables`.
    """
    (found,) = read_tables([path], table, [column])
    return {word for word in found.column(column).unique().to_pylist() if word is not None}


def read_tables(paths: Iterable[Path], table: Table, columns: Sequence[str] | None = None) -> list[Any]:
    """Files as pyarrow tables, one each; `columns`: only these.

    Raises:
        ArchiveSchemaError: a newer release wrote one.
        ArchiveDamagedError: one is missing, or is not what was written.
    """
    pa, pq = arrow(), arrow("pyarrow.parquet")
    found = []
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                _check_schema(path, table, file.schema_arrow.metadata or {})
                found.append(file.read(columns=columns))
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, ArchiveDamagedError):
                raise
            raise ArchiveDamagedError(f"{path} can't be read ({error}); put it back from a backup") from error
    return found


def _check_schema(path: Path, table: Table, told: dict[bytes, bytes]) -> None:
    schema = told.get(_SCHEMA_KEY, b"")
    if not schema.isdigit() or told.get(_TABLE_KEY) != table.encode():
        raise ArchiveDamagedError(f"{path} is no file of the archive's {table}")
    if int(schema) > SCHEMA:
        raise ArchiveSchemaError(
            f"{path}: a newer release of Siaga wrote it (schema {int(schema)}); this one reads {SCHEMA}: use that release"
        )


def empty_table(table: Table) -> Any:
    """A pyarrow table without rows."""
    return _arrow_schema(table, None).empty_table()
