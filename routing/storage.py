"""Arrays and tables to files and back: what every part of a built region is kept in.

One `.npy` file per array, so that readers map it, and one JSON file for the rest.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.backdrop import Drawing
from routing.network import RoadNetwork
from routing.osm import TurnRestriction

_TABLES = "tables.json"
_POPULATE_READ = 22
"""MADV_POPULATE_READ of Linux 5.14 and later, which Python's `mmap` does not name."""


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes each array as `<name>.npy`; the folder is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))


def load_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Maps every array of a folder read-only; an empty one, which can't be mapped, is read.

    What is given out are plain arrays over the maps: numpy's own class for maps is slow to index.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            arrays[path.stem] = np.asarray(np.load(path, mmap_mode="r"))
        except ValueError:
            arrays[path.stem] = np.load(path)
    return arrays


def read_ahead(arrays: Iterable[NDArray[Any]]) -> None:
    """Makes mapped arrays ready to be touched: their pages are read and known to the process, so that no question waits for
    that. Others are passed over, and so is everything where the system can't do it: the pages then come as they are asked for.
    """
    done: set[int] = set()
    for array in arrays:
        held: object = array
        while isinstance(held, np.ndarray):
            held = held.base
        if isinstance(held, mmap.mmap) and id(held) not in done:
            done.add(id(held))
            with suppress(OSError, ValueError):
                held.madvise(_POPULATE_READ)


def save_table(path: Path, table: object) -> None:
    """Writes plain data as JSON; the folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def load_table(path: Path) -> Any:
    """Reads what `save_table` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def save_network(folder: Path, network: RoadNetwork) -> None:
    """Writes a road network into a folder."""
    values = {field.name: getattr(network, field.name) for field in fields(network)}
    save_arrays(folder, {name: value for name, value in values.items() if isinstance(value, np.ndarray)})
    table = {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}
    table["restrictions"] = [asdict(restriction) for restriction in network.restrictions]
    table["tagsets"] = [dict(tags) for tags in network.tagsets]
    save_table(folder / _TABLES, table)


def load_network(folder: Path) -> RoadNetwork:
    """Maps a road network that `save_network` wrote."""
    table = load_table(folder / _TABLES)
    table["restrictions"] = tuple(
        TurnRestriction(**{**restriction, "via": tuple(restriction["via"])}) for restriction in table["restrictions"]
    )
    table["tagsets"] = tuple(table["tagsets"])
    table["names"] = tuple(table["names"])
    table["rule_sets"] = tuple(tuple(rules) for rules in table["rule_sets"])
    values: dict[str, Any] = {**load_arrays(folder), **table}
    return RoadNetwork(**values)


def save_drawing(folder: Path, drawing: Drawing) -> None:
    """Writes a drawing into a folder."""
    values = {field.name: getattr(drawing, field.name) for field in fields(drawing)}
    save_arrays(folder, {name: value for name, value in values.items() if isinstance(value, np.ndarray)})
    save_table(folder / _TABLES, [dict(one) for one in drawing.properties])


def load_drawing(folder: Path) -> Drawing:
    """Maps a drawing that `save_drawing` wrote.

    Raises:
        OSError: it can't be read.
    """
    return Drawing(**load_arrays(folder), properties=tuple(load_table(folder / _TABLES)))
