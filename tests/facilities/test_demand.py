"""Cells of demand: where they lie, what they weigh."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box

from facilities.prepare import demand_cells, read_zones
from routing import RegisterError, RoadNetwork
from routing.build import build_network
from routing.profiles import load_profiles
from routing.read_extract import read_extract


def street(longitudes: list[float], drivable: list[bool]) -> RoadNetwork:
    """A straight street along latitude -6.9, a link between each two neighbouring longitudes."""
    links = len(longitudes) - 1
    ints, longs = np.zeros(links, dtype=np.int32), np.zeros(links, dtype=np.int64)
    shape = np.array(list(pairwise(longitudes))).reshape(-1)
    state = np.repeat(np.where(drivable, 0, -1), 2).astype(np.int32)
    none = np.empty(0, dtype=np.int32)
    return RoadNetwork(
        np.array(longitudes), np.full(links + 1, -6.9), np.zeros(links + 1, dtype=np.int64),
        np.full(links + 1, -1, dtype=np.int32),
        np.arange(links, dtype=np.int32), np.arange(1, links + 1, dtype=np.int32), np.ones(links), ints, ints, ints, longs,
        np.arange(0, 2 * links + 1, 2, dtype=np.int64), shape, np.full(2 * links, -6.9), none, 0, state,
        np.zeros(1, dtype=np.int64), none, none, np.empty(0, dtype=np.int16), none, (), (), ({},), ("",), "left",
    )  # fmt: skip


def zones(*people: float) -> gpd.GeoDataFrame:
    """Zones a hundredth of a degree wide, from longitude 106.9 on."""
    outlines = [box(106.9 + i / 100, -7, 106.9 + (i + 1) / 100, -6.8) for i in range(len(people))]
    return gpd.GeoDataFrame({"populasi": people}, geometry=outlines, crs=4326)


def test_without_people_a_cell_weighs_its_area() -> None:
    cells = demand_cells(street([106.9, 106.93], [True]))
    assert (cells.unit, cells.cell_m) == ("km2", 500.0)
    assert 6 <= len(cells) <= 8  # 3.3 km
    assert np.allclose(cells.weight, 0.25)
    assert np.allclose(cells.latitude, -6.9)
    assert ((cells.longitude > 106.9) & (cells.longitude < 106.93)).all()


def test_people_are_spread_over_the_drivable_roads_of_their_zone() -> None:
    cells = demand_cells(street([106.9, 106.91, 106.915, 106.92, 106.93], [True, True, False, True]), zones(1000, 300, 50))
    inside = [(cells.longitude > 106.9 + i / 100) & (cells.longitude <= 106.9 + (i + 1) / 100) for i in range(3)]
    assert cells.unit == "people"
    assert cells.weight.sum() == pytest.approx(1350)
    assert cells.weight[inside[0]].sum() == pytest.approx(1000, rel=0.35)  # a cell may straddle the border
    assert not ((cells.longitude > 106.9155) & (cells.longitude < 106.9195)).any()  # only feet go there


def test_what_lies_in_no_zone_has_no_weight() -> None:
    cells = demand_cells(street([106.9, 106.93], [True]), zones(500))
    assert cells.weight.sum() == pytest.approx(500)
    assert (cells.longitude < 106.9101).all()


def test_cells_grow_until_there_are_few_enough() -> None:
    longitudes = [106.0 + i / 100 for i in range(301)]
    cells = demand_cells(street(longitudes, [True] * 300))
    assert len(cells) <= 250
    assert cells.cell_m > 500


def test_zones_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    network = street([106.9, 106.93], [True])
    with pytest.raises(RegisterError, match="no column 'jiwa'; there are populasi, geometry"):
        demand_cells(network, zones(1), people="jiwa")
    with pytest.raises(RegisterError, match="row 2: populasi is missing or negative"):
        demand_cells(network, zones(1, -1))
    with pytest.raises(RegisterError, match="no zone contains"):
        demand_cells(replace(network, segment_state=np.full(2, -1, dtype=np.int32)), zones(1))
    (tmp_path / "z.geojson").write_text("{}")
    with pytest.raises(RegisterError, match="can't be read"):
        read_zones(tmp_path / "z.geojson")
    gpd.GeoDataFrame({"populasi": [1]}, geometry=[Point(1, 1)], crs=4326).to_file(tmp_path / "p.geojson")
    with pytest.raises(RegisterError, match="must be polygons"):
        read_zones(tmp_path / "p.geojson")


@pytest.mark.shared
def test_kota_sukabumis_people(shared: Path) -> None:
    network = build_network(read_extract(shared / "osm" / "kota-sukabumi.osm.pbf").ways, load_profiles())
    counted = read_zones(shared / "zones" / "kota-sukabumi-kecamatan-population.geojson")
    cells = demand_cells(network, counted)
    assert cells.weight.sum() == pytest.approx(346_325)
    assert 100 < len(cells) <= 250
    by_area = demand_cells(network)
    assert 40 < by_area.weight.sum() < 60  # the city has 48 km²
