"""Map tiles: what Siaga takes for a whole tile, and for encoding alone beside mapbox-vector-tile on the same content."""

from __future__ import annotations

import gzip
import random
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import mapbox_vector_tile
from shapely.geometry import shape

from api.tiles import Sheet, cut
from api.tiles.cutting import contents, encode
from routing.build import build_with_report
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from routing.road_lines import road_lines
from routing.sample import invented_town
from tests.api.tiles.places import tile_at

ZOOMS = (8, 10, 12, 13, 14, 15)
TILES = 12
INVENTED_JUNCTIONS = 50_000

TILE_NOTES = """\
Whole: find what lies in the tile, clip, simplify, encode. Encode: the last of these alone; mapbox-vector-tile is given the
same features, clipped and simplified, and its time is told as so many times Siaga's. Medians over tiles around random roads,
each the best of three, in turn. Facilities are not in these tiles."""


@dataclass(slots=True)
class TileResults:
    """What was measured: by zoom, for each tile the seconds of the whole, of encoding, of mapbox-vector-tile's encoding,
    features, and bytes gzipped."""

    name: str
    rows: dict[int, list[tuple[float, float, float, int, int]]] = field(default_factory=dict)
    different: int = 0

    def markdown(self) -> str:
        """As a table."""
        peer = f"mapbox-vector-tile {version('mapbox-vector-tile')}"
        lines = [
            f"| {self.name}, zoom | features | gzipped | whole (p95) | encode | {peer} |",
            "|---:|---:|---:|---:|---:|---:|",
        ]
        for zoom, found in self.rows.items():
            ours = [one[0] * 1000 for one in found]
            late = quantiles(ours, n=20)[-1] if len(ours) > 1 else ours[0]
            size, features = median(one[4] for one in found) / 1000, median(one[3] for one in found)
            ratio, encoding = median(one[2] / one[1] for one in found), median(one[1] for one in found) * 1000
            whole = f"{median(ours):.1f} ms ({late:.1f} ms)"
            lines.append(f"| {zoom} | {features:,.0f} | {size:.1f} kB | {whole} | {encoding:.1f} ms | {ratio:.0f} |")
        return "\n".join(lines)


def measure_tiles(osm: Path | None, seed: int, *, quick: bool) -> TileResults:
    """Cuts tiles of an extract, or of an invented region where there is none."""
    extract = invented_town(INVENTED_JUNCTIONS, seed=seed) if osm is None else read_extract(osm)
    network, _ = build_with_report(extract.ways, load_profiles())
    sheet = Sheet.of(road_lines(network, extract.backdrop), extract.backdrop.drawing)
    results, dice = TileResults(extract.source.description), random.Random(seed)
    for zoom in ZOOMS:
        for _ in range(2 if quick else TILES):
            at = dice.randrange(network.junctions)
            place = tile_at(zoom, float(network.junction_longitude[at]), float(network.junction_latitude[at]))
            content = cut(sheet, zoom, *place)
            if not content:
                continue
            layers = _layers(content)
            theirs_content = mapbox_vector_tile.encode(layers, default_options=_OPTIONS)
            results.different += _counts(theirs_content) != _counts(content)
            mine = contents(sheet, zoom, *place)
            whole, ours, theirs = [], [], []
            for _ in range(3):
                whole.append(_seconds(lambda place=place: cut(sheet, zoom, *place)))  # noqa: B023
                ours.append(_seconds(lambda mine=mine: encode(mine)))
                theirs.append(_seconds(lambda layers=layers: mapbox_vector_tile.encode(layers, default_options=_OPTIONS)))
            features = sum(len(layer["features"]) for layer in layers)
            row = min(whole), min(ours), min(theirs), features, len(gzip.compress(content, 6))
            results.rows.setdefault(zoom, []).append(row)
    return results


_OPTIONS = {"y_coord_down": True, "extents": 4096}


def _layers(content: bytes) -> list[dict[str, Any]]:
    found = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    return [
        {
            "name": name,
            "features": [
                {"geometry": shape(one["geometry"]), "properties": one["properties"], "id": one.get("id")}
                for one in layer["features"]
            ],
        }
        for name, layer in found.items()
    ]


def _counts(content: bytes) -> dict[str, int]:
    return {name: len(layer["features"]) for name, layer in mapbox_vector_tile.decode(content).items()}


def _seconds(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
