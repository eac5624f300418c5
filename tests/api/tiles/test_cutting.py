"""Tiles of whole worlds: everything is in them, where it lies, and as the standard wants it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box, shape

from api.tiles import MAX_ZOOM, MIN_ZOOM, Sheet, cut
from api.tiles.grid import EXTENT, project, tile_box
from facilities.prepare import lay_over, parse_register
from routing import Feature
from routing.backdrop import Drawing, Layer, Sketch
from routing.build import build_with_report
from routing.network import RoadNetwork
from routing.profiles import load_profiles
from routing.road_lines import road_lines
from routing.sample import invented_town
from tests.api.tiles.places import tile_at

Json = dict[str, Any]
WEST, SOUTH = 106.8, -6.5
HALF_UNIT = 0.5 * 2**0.5 + 1e-6  # to whole units, in both directions


def _decoded(tile: bytes) -> dict[str, list[Json]]:
    found = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True}) if tile else {}
    return {name: layer["features"] for name, layer in found.items()}


def _sheet(sketch: Sketch) -> Sheet:
    roads, backdrop = Sketch(), sketch.drawn()
    return Sheet.of(roads.drawn(), backdrop)


def _around(sheet_box: tuple[float, float, float, float], zoom: int) -> list[tuple[int, int]]:
    """The tiles that a box (degrees) touches."""
    west, south, east, north = sheet_box
    (left, top), (right, low) = tile_at(zoom, west, north), tile_at(zoom, east, south)
    return [(x, y) for x in range(left, right + 1) for y in range(top, low + 1)]


@cache
def _town() -> tuple[RoadNetwork, Sheet]:
    town = invented_town(600, seed=3)
    network, _ = build_with_report(town.ways, load_profiles())
    return network, Sheet.of(road_lines(network, town.backdrop), town.backdrop.drawing)


def test_every_link_is_where_it_lies_at_the_last_zoom() -> None:
    network, sheet = _town()
    found: dict[int, list[Any]] = {}
    for x, y in _around(sheet.bounds, MAX_ZOOM):
        corner = np.array([x, y]) * EXTENT
        for feature in _decoded(cut(sheet, MAX_ZOOM, x, y)).get("roads", []):
            found.setdefault(feature["id"], []).append(shapely.transform(shape(feature["geometry"]), lambda p, c=corner: p + c))
    drawn = {way: shapely.union_all(parts) for way, parts in found.items()}
    assert set(drawn) == set(network.link_way.tolist())
    for link in range(network.links):
        line = np.rint(network.segment_shape(2 * link) * 1e7).astype(np.int64)
        true = shapely.LineString(project(line[:, 0], line[:, 1], MAX_ZOOM, 0, 0))
        whole = drawn[int(network.link_way[link])]
        assert shapely.segmentize(true, 50).hausdorff_distance(true) < 1e-6
        off = max(Point(p).distance(whole) for p in shapely.segmentize(true, 200).coords)
        assert off <= HALF_UNIT, f"link {link} is {off} units off"


def test_properties_of_ways_are_those_of_the_network() -> None:
    network, sheet = _town()
    names = {int(way): network.names[name] for way, name in zip(network.link_way, network.link_name, strict=True)}
    one_way = 0
    for x, y in _around(sheet.bounds, MAX_ZOOM):
        for feature in _decoded(cut(sheet, MAX_ZOOM, x, y)).get("roads", []):
            assert feature["properties"].get("name", "") == names[feature["id"]]
            assert feature["properties"].get("oneway", 1) in (1, -1)
            one_way += "oneway" in feature["properties"]
    assert one_way > 0


@pytest.mark.parametrize("zoom", [9, 11, 12, 13, 14, 15])
def test_a_town_has_what_it_should_at_every_zoom(zoom: int) -> None:
    _, sheet = _town()
    layers: dict[str, list[Json]] = {}
    for x, y in _around(sheet.bounds, zoom):
        tile = cut(sheet, zoom, x, y)
        assert tile == cut(sheet, zoom, x, y)
        for name, features in _decoded(tile).items():
            layers.setdefault(name, []).extend(features)
    classes = {one["properties"]["class"] for one in layers["roads"]}
    assert ("residential" in classes) == (zoom >= 12)
    assert ("path" in classes) == (zoom >= 14)
    assert "secondary" in classes or "primary" in classes
    assert bool(layers.get("housenumbers")) == (zoom == MAX_ZOOM)
    if zoom >= 11:
        assert {"landuse", "water", "waterways", "boundaries", "places"} <= set(layers)


def _rings_are_right(geometry: Json) -> None:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            # Section 4.3.4.4: by the surveyor's formula, y down, outer rings are positive, holes negative.
            area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
            assert area != 0
            assert (area > 0) == (number == 0)


@st.composite
def areas(draw: st.DrawFn) -> shapely.Polygon:
    """Rough areas, some with a hole, from tiny to many tiles wide."""
    x, y = draw(st.floats(0, 0.02)), draw(st.floats(0, 0.02))
    size = draw(st.sampled_from([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.0]))
    radii = draw(st.lists(st.floats(0.2, 1), min_size=3, max_size=14))
    turn = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    ring = np.column_stack((np.cos(turn), np.sin(turn))) * np.array(radii)[:, None]
    hole = [ring * 0.3 * size + [WEST + x, SOUTH + y]] if draw(st.booleans()) else []
    return shapely.Polygon(ring * size + [WEST + x, SOUTH + y], hole)


@settings(max_examples=60)
@given(st.lists(areas(), min_size=1, max_size=6), st.integers(MIN_ZOOM, MAX_ZOOM))
def test_areas_are_valid_and_cover_what_they_should(drawn: list[shapely.Polygon], zoom: int) -> None:
    sketch = Sketch()
    for area in drawn:
        sketch.area("water", {"class": "lake"}, area)
    sheet = _sheet(sketch)
    x, y = tile_at(zoom, WEST + 0.01, SOUTH + 0.01)
    found = _decoded(cut(sheet, zoom, x, y)).get("water", [])
    for feature in found:
        _rings_are_right(feature["geometry"])
        assert shape(feature["geometry"]).is_valid
        assert box(-65, -65, EXTENT + 65, EXTENT + 65).contains(shape(feature["geometry"]))
    if zoom == MAX_ZOOM:
        true = shapely.union_all([_in_units(area, zoom, x, y) for area in drawn]).intersection(box(0, 0, EXTENT, EXTENT))
        cover = shapely.union_all([shape(feature["geometry"]) for feature in found]).intersection(box(0, 0, EXTENT, EXTENT))
        # Rounding moves an outline by less than a unit, and what is smaller than that may be missing.
        assert cover.difference(true.buffer(1.5)).is_empty
        assert true.buffer(-2).difference(cover.buffer(1.5)).is_empty


def _in_units(area: shapely.Polygon, zoom: int, x: int, y: int) -> Any:
    whole = shapely.make_valid(shapely.transform(area, lambda p: np.rint(p * 1e7)))
    moved = shapely.transform(whole, lambda p: project(p[:, 0].astype(np.int64), p[:, 1].astype(np.int64), zoom, x, y))
    return shapely.make_valid(moved)


@given(
    st.lists(st.tuples(st.floats(0, 0.03), st.floats(0, 0.03)), min_size=2, max_size=6, unique=True),
    st.sampled_from(["waterways", "railways"]),
)
def test_lines_are_in_every_tile_that_they_touch(points: list[tuple[float, float]], layer: Layer) -> None:
    line = np.array(points) + np.array((WEST, SOUTH))
    sketch = Sketch()
    sketch.lines(layer, {"class": "river" if layer == "waterways" else "rail"}, [line])
    sheet = _sheet(sketch)
    whole = np.rint(line * 1e7).astype(np.int64)
    for x, y in _around((WEST, SOUTH, WEST + 0.03, SOUTH + 0.03), MAX_ZOOM):
        inside = shapely.LineString(project(whole[:, 0], whole[:, 1], MAX_ZOOM, x, y)).intersection(box(0, 0, EXTENT, EXTENT))
        found = _decoded(cut(sheet, MAX_ZOOM, x, y)).get(layer, [])
        drawn = shapely.union_all([shape(one["geometry"]) for one in found])
        for part in shapely.get_parts(inside):
            if part.length > 2:
                assert all(Point(p).distance(drawn) <= HALF_UNIT for p in shapely.segmentize(part, 300).coords)


def test_an_edge_that_has_no_corner_in_a_tile_is_there() -> None:
    sketch = Sketch()
    sketch.lines("railways", {"class": "rail"}, [np.array([[WEST - 2, SOUTH], [WEST + 2, SOUTH + 0.001]])])
    sheet = _sheet(sketch)
    for zoom in range(8, MAX_ZOOM + 1):
        x, y = tile_at(zoom, WEST, SOUTH + 0.0005)
        (rail,) = _decoded(cut(sheet, zoom, x, y))["railways"]
        west, _, east, _ = shape(rail["geometry"]).bounds
        assert (west, east) == (-64, EXTENT + 64)


@given(st.lists(st.tuples(st.floats(0, 0.05), st.floats(0, 0.05)), min_size=1, max_size=12))
def test_each_point_is_in_one_tile(points: list[tuple[float, float]]) -> None:
    sketch = Sketch()
    for number, (x, y) in enumerate(points):
        sketch.point("places", {"kind": "town", "name": str(number), "rank": 2}, WEST + x, SOUTH + y)
    sheet = _sheet(sketch)
    names = [
        feature["properties"]["name"]
        for x, y in _around((WEST - 0.01, SOUTH - 0.01, WEST + 0.06, SOUTH + 0.06), 13)
        for feature in _decoded(cut(sheet, 13, x, y)).get("places", [])
    ]
    assert sorted(names, key=int) == [str(number) for number in range(len(points))]


def test_nothing_is_in_a_tile_elsewhere() -> None:
    _, sheet = _town()
    assert cut(sheet, 12, 0, 0) == b""


@given(st.integers(0, MAX_ZOOM), st.floats(-179.9, 179.9), st.floats(-85, 85))
def test_a_place_is_in_the_box_of_its_tile(zoom: int, longitude: float, latitude: float) -> None:
    x, y = tile_at(zoom, longitude, latitude)
    west, south, east, north = tile_box(zoom, x, y, 0)
    assert west <= round(longitude * 1e7) <= east
    assert south <= round(latitude * 1e7) <= north


def test_alike_ways_are_one_feature_while_they_are_small() -> None:
    roads = Sketch()
    for number in range(5):
        line = np.array([[WEST + number * 0.001, SOUTH], [WEST + (number + 1) * 0.001, SOUTH]])
        roads.lines("roads", {"class": "primary", "name": "Jl. Raya", "oneway": 1}, [line], osm_id=number + 1)
    sheet = Sheet.of(roads.drawn(), _empty())
    x, y = tile_at(12, WEST + 0.001, SOUTH)
    (road,) = _decoded(cut(sheet, 12, x, y))["roads"]
    assert road["geometry"]["type"] == "LineString"
    assert road["properties"] == {"class": "primary", "name": "Jl. Raya"}
    x, y = tile_at(14, WEST + 0.001, SOUTH)
    assert [one["id"] for one in _decoded(cut(sheet, 14, x, y))["roads"]] == [1, 2, 3, 4, 5]


def test_of_facilities_there_is_only_what_osm_has() -> None:
    """The map is for anybody: neither a shelter that only an office's register has, nor what it says of one that OSM has."""
    features = [Feature("node", 7, WEST + 0.001, SOUTH + 0.001, {"amenity": "clinic", "name": "Klinik Sehat"})]
    head = "kode,nama,jenis,telepon,lon,lat\n"
    rows = (
        f"3201,Klinik Sehat Utama,Klinik Utama,021-1,{WEST + 0.0012},{SOUTH + 0.001}\n"
        f"3202,Rumah Aman Melati,Rumah Singgah,021-2,{WEST + 0.005},{SOUTH + 0.005}\n"
    )
    found = lay_over(features, [parse_register(head + rows, "dinsos.csv")]).facilities
    assert sorted(one.name for one in found) == ["Klinik Sehat Utama", "Rumah Aman Melati"]
    sheet = Sheet.of(_empty(), _empty(), found)
    ((west, south, *_),) = sheet.layers["facilities"].box.tolist()
    assert (west / 1e7, south / 1e7) == pytest.approx((WEST + 0.001, SOUTH + 0.001), abs=1e-7)
    assert list(sheet.layers["facilities"].drawing.properties) == [
        {"id": "osm:node/7", "name": "Klinik Sehat", "kind": "clinic"}
    ]


def _empty() -> Drawing:
    return Sketch().drawn()
