"""What a map shows besides roads: read from small extracts that can be checked by eye, kept in files, joined way by way."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from routing.assembly import assemble
from routing.backdrop import LAYERS, Drawing, Layer, Sketch, taken
from routing.build import build_with_report
from routing.map_tags import area_of, line_of, place_of, road_of
from routing.osm import Source
from routing.osm_backdrop import sea_areas
from routing.osm_rings import between
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from routing.read_place import WANTED_TAGS, elements_of_answer
from routing.road_lines import road_lines
from routing.sample import invented_town
from routing.storage import load_drawing, save_drawing
from tests.world import draw

# A street; a lake, its ring in two ways, with an island and a pond on that; a river; a wood; a railway; a border; the coast in
# the south.
NODES = {
    1: (0, 10),
    2: (40, 10),
    11: (5, 20),
    12: (15, 20),
    13: (15, 30),
    14: (5, 30),
    15: (8, 23),
    16: (12, 23),
    17: (12, 27),
    18: (8, 27),
    21: (20, 20),
    22: (25, 26),
    23: (30, 28),
    31: (30, 12),
    32: (38, 12),
    33: (38, 18),
    34: (30, 18),
    41: (-5, 4),
    42: (20, 5),
    43: (45, 4),
    51: (10, 15),
    52: (12, 14),
    61: (20, 0),
    71: (9, 24),
    72: (11, 24),
    73: (11, 26),
    74: (9, 26),
}
WAYS: dict[int, tuple[list[int], dict[str, str]]] = {
    101: ([1, 2], {"highway": "primary", "name": "Jl. Raya", "ref": "1", "oneway": "yes", "bridge": "yes"}),
    102: ([11, 12, 13], {}),
    103: ([13, 14, 11], {}),
    104: ([15, 16, 17, 18, 15], {}),
    105: ([21, 22, 23], {"waterway": "river", "name": "Ciliwung"}),
    106: ([31, 32, 33, 34, 31], {"natural": "wood"}),
    107: ([1, 42], {"railway": "rail"}),
    108: ([21, 23], {"railway": "abandoned"}),
    109: ([41, 42, 43], {"natural": "coastline"}),
    110: ([31, 33], {"waterway": "stream", "tunnel": "culvert"}),
    111: ([11, 21], {}),
    112: ([1, 61], {"highway": "service", "name": "Dermaga"}),
    113: ([71, 72, 73, 74, 71], {}),
}
RELATIONS: dict[int, tuple[list[tuple[str, int, str]], dict[str, str]]] = {
    201: ([("way", 102, "outer"), ("way", 103, "outer"), ("way", 104, "inner"), ("way", 113, "outer")],
          {"type": "multipolygon", "natural": "water", "water": "pond", "name": "Situ"}),
    202: ([("way", 111, "outer")], {"type": "boundary", "boundary": "administrative", "admin_level": "7", "name": "Ciriung"}),
    203: ([("way", 111, "outer")], {"type": "boundary", "boundary": "administrative", "admin_level": "6", "name": "Cibinong"}),
}  # fmt: skip
TAGGED = {51: {"place": "village", "name": "Kp. Sawah"}, 52: {"addr:housenumber": "12A"}}


def _degrees(node: int) -> tuple[float, float]:
    x, y = NODES[node]
    return 106.8 + x / 1000, -6.5 + y / 1000


def _xml() -> str:
    said = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for node in NODES:
        longitude, latitude = _degrees(node)
        said.append(f'<node id="{node}" lon="{longitude:.7f}" lat="{latitude:.7f}">{_tags(TAGGED.get(node, {}))}</node>')
    for way, (nodes, tags) in WAYS.items():
        said.append(f'<way id="{way}">{"".join(f"""<nd ref="{one}"/>""" for one in nodes)}{_tags(tags)}</way>')
    for relation, (members, tags) in RELATIONS.items():
        inside = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        said.append(f'<relation id="{relation}">{inside}{_tags(tags)}</relation>')
    return "\n".join([*said, "</osm>"])


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def _answer() -> dict[str, Any]:
    elements: list[dict[str, Any]] = []
    for node in NODES:
        longitude, latitude = _degrees(node)
        elements.append({"type": "node", "id": node, "lon": longitude, "lat": latitude, "tags": TAGGED.get(node, {})})
    elements += [{"type": "way", "id": way, "nodes": nodes, "tags": tags} for way, (nodes, tags) in WAYS.items()]
    for relation, (members, tags) in RELATIONS.items():
        told = [{"type": kind, "ref": ref, "role": role} for kind, ref, role in members]
        elements.append({"type": "relation", "id": relation, "members": told, "tags": tags})
    return {"elements": elements}


def _things(drawing: Drawing, layer: Layer) -> list[tuple[dict[str, Any], Any]]:
    """Properties and shape (thousandths of a degree from the corner) of each thing of a layer."""
    found = []
    for thing in np.flatnonzero(drawing.layer == LAYERS.index(layer)).tolist():
        parts = []
        for part in range(int(drawing.part_first[thing]), int(drawing.part_first[thing + 1])):
            points = slice(int(drawing.point_first[part]), int(drawing.point_first[part + 1]))
            parts.append(np.column_stack((drawing.x[points] / 1e7 - 106.8, drawing.y[points] / 1e7 + 6.5)) * 1000)
        if layer in ("water", "landuse"):
            shape: Any = Polygon(parts[0], parts[1:])
        else:
            shape = Point(parts[0][0]) if layer in ("places", "housenumbers") else shapely.MultiLineString(parts)
        found.append((dict(drawing.properties[int(drawing.properties_of[thing])]), shape))
    return found


@pytest.fixture(params=["file", "overpass"])
def drawing(request: pytest.FixtureRequest, tmp_path: Path) -> Drawing:
    """Of the little world, read both ways."""
    if request.param == "overpass":
        source = Source("town", None, None, False, "")
        return assemble(elements_of_answer(_answer(), "town"), source).backdrop.drawing
    path = tmp_path / "town.osm"
    path.write_text(_xml(), encoding="utf-8")
    return read_extract(path).backdrop.drawing


def test_water_has_its_island_and_the_pond_on_it(drawing: Drawing) -> None:
    waters = [(told, shape) for told, shape in _things(drawing, "water") if told["class"] == "pond"]
    assert [told for told, _ in waters] == [{"class": "pond", "name": "Situ"}] * 2
    lake = shapely.union_all([shape for _, shape in waters])
    assert lake.area == pytest.approx(100 - 16 + 4)
    assert lake.contains(Point(10, 25))
    assert not lake.contains(Point(8.5, 25))


def test_a_feature_has_its_island_and_the_pond_on_it(tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text(_xml(), encoding="utf-8")
    (lake,) = (one for one in read_extract(path).features if one.tags.get("name") == "Situ")
    assert lake.area is not None
    assert lake.area.area * 1e6 == pytest.approx(100 - 16 + 4)


@given(st.lists(st.integers(1, 9), unique=True, max_size=9), st.lists(st.integers(0, 8), unique=True, max_size=9))
def test_rings_within_rings_take_turns(sizes: list[int], shifts: list[int]) -> None:
    """Squares within squares, outer and inner in turn, beside others of the kind: the area is what the sizes say."""
    outer: list[Polygon] = []
    inner: list[Polygon] = []
    expected = 0
    for shift in shifts:
        for turn, size in enumerate(sorted(sizes, reverse=True)):
            ring = shapely.box(shift * 20 - size, -size, shift * 20 + size, size)
            (inner if turn % 2 else outer).append(ring)
            expected += (-1) ** turn * 4 * size * size
    assert between(outer, inner).area == pytest.approx(expected)


def test_the_sea_is_on_the_right_of_the_coast(drawing: Drawing) -> None:
    (sea,) = [shape for told, shape in _things(drawing, "water") if told["class"] == "sea"]
    assert all(sea.contains(Point(place)) for place in ((10, 3), (35, 2), (20, -5), (60, 1)))
    assert not any(sea.contains(Point(place)) for place in ((10, 6), (20, 30), (60, 6)))


def test_lines_green_and_borders(drawing: Drawing) -> None:
    assert [told for told, _ in _things(drawing, "waterways")] == [{"class": "river", "name": "Ciliwung"}]
    assert [told for told, _ in _things(drawing, "railways")] == [{"class": "rail"}]
    ((told, wood),) = _things(drawing, "landuse")
    assert (told, wood.area) == ({"class": "forest"}, pytest.approx(48))
    ((told, border),) = _things(drawing, "boundaries")
    assert told == {"level": 6}  # of both that it bounds, the greater
    assert border.length == pytest.approx(15)


def test_names_and_numbers(drawing: Drawing) -> None:
    names = [told["name"] for told, _ in _things(drawing, "places")]
    assert names == ["Kp. Sawah"]  # the borders aren't whole, so nobody knows where their middle is
    ((told, place),) = _things(drawing, "housenumbers")
    assert told == {"number": "12A"}
    assert (place.x, place.y) == pytest.approx((12, 14), abs=1e-3)


def test_bridges_are_told_of_roads(tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text(_xml(), encoding="utf-8")
    extract = read_extract(path)
    assert extract.backdrop.bridges.tolist() == [101]
    assert extract.backdrop.tunnels.tolist() == []


def test_overpass_is_asked_for_all_that_is_drawn() -> None:
    for key, value in (("natural", "water"), ("natural", "coastline"), ("waterway", "river"), ("landuse", "forest"),
                       ("railway", "rail"), ("landuse", "residential"), ("aeroway", "aerodrome")):  # fmt: skip
        asked = WANTED_TAGS[key]
        assert asked is True or (isinstance(asked, list) and value in asked), (key, value)


BOX = (0.0, 0.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("coast", "sea", "land"),
    [
        # Westward: land is on its left, in the south.
        ([[(12, 5), (-2, 5)]], [(5, 7), (-0.2, 7), (5, 10.2)], [(5, 3), (5, -0.2)]),
        ([[(-2, 5), (12, 5)]], [(5, 3)], [(5, 7)]),
        # A bay in two ways.
        ([[(12, 5), (5, 5)], [(5, 5), (5, -2)]], [(4, 4), (2, 8), (8, 8)], [(8, 2)]),
        # An island, counterclockwise, before a coast.
        ([[(12, 2), (-2, 2)], [(4, 4), (6, 4), (6, 6), (4, 6), (4, 4)]], [(2, 8), (8, 5)], [(5, 5), (5, 1)]),
    ],
)
def test_where_the_sea_is(coast: list[list[Any]], sea: list[Any], land: list[Any]) -> None:
    found = shapely.union_all(sea_areas([np.array(one, np.float64) for one in coast], BOX))
    assert all(found.contains(Point(place)) for place in sea)
    assert not any(found.intersects(Point(place)) for place in land)


def test_where_there_is_no_coast_there_is_no_sea() -> None:
    assert sea_areas([], BOX) == []
    assert sea_areas([np.array([(20.0, 5), (30, 5)])], BOX) == []


@pytest.mark.parametrize("coast", [[(10, 5), (15, 5)], [(5, 15), (15, 5)], [(-5, 5), (0, 5), (-5, 7), (0, 9), (-5, 9)]])
def test_a_coast_that_touches_the_box_in_points_gives_no_sea(coast: list[tuple[float, float]]) -> None:
    assert sea_areas([np.array(coast, np.float64)], BOX) == []


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"landuse": "farmland", "crop": "rice"}, ("landuse", {"class": "paddy"})),
        ({"landuse": "reservoir", "name": "Waduk"}, ("water", {"class": "reservoir", "name": "Waduk"})),
        ({"amenity": "university"}, ("landuse", {"class": "education"})),
        ({"building": "yes"}, None),
    ],
)
def test_what_an_area_is(tags: dict[str, str], found: object) -> None:
    assert area_of(tags) == found


def test_what_lines_and_roads_are() -> None:
    assert line_of({"railway": "rail", "service": "yard", "tunnel": "yes"}) == (
        "railways", {"class": "rail", "tunnel": True, "service": True})  # fmt: skip
    assert road_of({"highway": "trunk_link", "oneway": "-1"}) == {"class": "trunk", "link": True, "oneway": -1}
    assert road_of({"highway": "living_street"}) == {"class": "residential"}
    assert road_of({"highway": "tertiary", "junction": "roundabout"}) == {"class": "tertiary", "oneway": 1}
    assert road_of({"route": "ferry"}) == {"class": "ferry"}
    assert road_of({"highway": "steps"}) == {"class": "path"}
    assert place_of({"place": "town", "name": "Bogor", "population": "1.043.070"}) == (
        {"kind": "town", "name": "Bogor", "rank": 2}, 1_043_070)  # fmt: skip
    assert place_of({"place": "town"}) is None


# -- roads ----------------------------------------------------------------------------------------------------------------


def test_each_way_is_one_thing_with_its_links_joined() -> None:
    world = draw(
        """
        A---B---C
            |
            D
        """,
        streets={"A B C": "highway=primary name='Jalan Raya' ref=1 oneway=yes"},
    ).build()
    town = invented_town(60).backdrop
    roads = road_lines(world.network, town)
    found = {dict(roads.properties[int(of)])["class"]: int(thing) for thing, of in enumerate(roads.properties_of)}
    assert len(roads) == 2
    raya = found["primary"]
    assert dict(roads.properties[int(roads.properties_of[raya])]) == {
        "class": "primary", "name": "Jalan Raya", "ref": "1", "oneway": 1}  # fmt: skip
    assert int(roads.part_first[raya + 1] - roads.part_first[raya]) == 1
    part = int(roads.part_first[raya])
    x = roads.x[roads.point_first[part] : roads.point_first[part + 1]]
    assert len(x) >= 3
    assert (np.diff(x) > 0).all()  # from A by way of B to C


@pytest.mark.parametrize("junctions", [200, 900])
def test_the_lines_of_ways_are_their_links(junctions: int) -> None:
    town = invented_town(junctions)
    network, _ = build_with_report(town.ways, load_profiles())
    roads = road_lines(network, town.backdrop)
    assert sorted(roads.osm_id.tolist()) == sorted(set(network.link_way.tolist()))
    pieces: Counter[tuple[int, tuple[int, int], tuple[int, int]]] = Counter()
    for link in range(network.links):
        shape = np.rint(network.segment_shape(2 * link) * 1e7).astype(int).tolist()
        pieces.update((int(network.link_way[link]), tuple(a), tuple(b)) for a, b in pairwise(shape))
    for thing, way in enumerate(roads.osm_id.tolist()):
        for part in range(int(roads.part_first[thing]), int(roads.part_first[thing + 1])):
            span = slice(int(roads.point_first[part]), int(roads.point_first[part + 1]))
            line = list(zip(roads.x[span].tolist(), roads.y[span].tolist(), strict=True))
            pieces.subtract((way, a, b) for a, b in pairwise(line))
    assert not any(pieces.values())


# -- drawings -------------------------------------------------------------------------------------------------------------


def _same(a: Drawing, b: Drawing) -> bool:
    arrays = [one.name for one in fields(Drawing) if one.name != "properties"]
    return a.properties == b.properties and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)


def test_a_drawing_is_kept_as_it_is(tmp_path: Path) -> None:
    drawing = invented_town(600).backdrop.drawing
    save_drawing(tmp_path / "map", drawing)
    assert _same(load_drawing(tmp_path / "map"), drawing)
    save_drawing(tmp_path / "none", Sketch().drawn())
    assert len(load_drawing(tmp_path / "none")) == 0


def test_some_of_a_drawing_are_the_same_things() -> None:
    drawing = invented_town(600).backdrop.drawing
    which = np.arange(len(drawing))[::-3]
    some = taken(drawing, which)
    for new, old in enumerate(which.tolist()):
        assert (some.box[new] == drawing.box[old]).all()
        assert _same(taken(some, np.array([new])), taken(drawing, np.array([old])))


def test_larger_areas_come_first_and_all_are_valid() -> None:
    sketch = Sketch()
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])  # crosses itself
    sketch.area("landuse", {"class": "park"}, Polygon([(5, 5), (6, 5), (6, 6)]))
    sketch.area("landuse", {"class": "forest"}, bow)
    sketch.area("landuse", {"class": "grass"}, Polygon([(7, 0), (9, 0), (9, 2), (7, 2)]))
    drawing = sketch.drawn()
    assert (np.diff(drawing.size) <= 0).all()
    assert drawing.size.tolist() == [4, 1, 1, 0.5]
    assert drawing.box[0].tolist() == [70_000_000, 0, 90_000_000, 20_000_000]
