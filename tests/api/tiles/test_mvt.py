"""The encoder of vector tiles, read by a decoder that is not ours."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.tiles.mvt import Kind, Shapes, encode_layer, varint, varints

Point = tuple[int, int]
Json = dict[str, Any]

values = st.one_of(st.text(max_size=8), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False))
properties = st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=4)
place = st.tuples(st.integers(-5000, 9000), st.integers(-5000, 9000))


def _shapes(kind: Kind, features: list[list[list[Point]]]) -> Shapes:
    parts = [part for feature in features for part in feature]
    first = np.cumsum([0, *(len(feature) for feature in features)])
    return Shapes(kind, first, np.cumsum([0, *map(len, parts)]), np.array([p for part in parts for p in part], np.int64))


def _decoded(tile: bytes) -> list[Json]:
    found = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    assert set(found) == {"things"}
    assert (found["things"]["version"], found["things"]["extent"]) == (2, 4096)
    features: list[Json] = found["things"]["features"]
    return features


@st.composite
def lines(draw: st.DrawFn) -> list[Point]:
    """Two points or more, no two alike in a row."""
    drawn = draw(st.lists(place, min_size=2, max_size=6))
    line = [drawn[0], *(b for a, b in pairwise(drawn) if a != b)]
    return line if len(line) > 1 else [line[0], (line[0][0] + 1, line[0][1])]


@given(st.lists(st.tuples(st.lists(lines(), min_size=1, max_size=3), properties), min_size=1, max_size=6))
def test_lines_and_properties_come_back(features: list[tuple[list[list[Point]], Json]]) -> None:
    sets = [one for _, one in features]
    shapes = _shapes(Kind.LINE, [parts for parts, _ in features])
    found = _decoded(encode_layer("things", shapes, sets, range(len(sets)), range(1, len(sets) + 1)))
    for number, ((parts, told), feature) in enumerate(zip(features, found, strict=True), 1):
        line = feature["geometry"]
        drawn = [line["coordinates"]] if line["type"] == "LineString" else line["coordinates"]
        assert [[tuple(p) for p in part] for part in drawn] == parts
        assert feature["properties"] == told
        assert {key: type(value) for key, value in feature["properties"].items()} == {k: type(v) for k, v in told.items()}
        assert feature["id"] == number


@given(st.lists(place, min_size=1, max_size=20))
def test_points_come_back(points: list[Point]) -> None:
    found = _decoded(encode_layer("things", _shapes(Kind.POINT, [[[one]] for one in points]), [{"a": 1}], [0] * len(points)))
    assert [tuple(one["geometry"]["coordinates"]) for one in found] == points
    assert all("id" not in one or not one["id"] for one in found)


def test_an_area_with_a_hole_comes_back() -> None:
    outer, hole = [(0, 0), (100, 0), (100, 80), (0, 80)], [(10, 10), (10, 20), (30, 20), (30, 10)]
    second = [(200, 0), (300, 0), (300, 90)]
    found = _decoded(encode_layer("things", _shapes(Kind.POLYGON, [[outer, hole], [second]]), [{}], [0, 0]))
    assert [one["geometry"]["type"] for one in found] == ["Polygon", "Polygon"]
    rings = [[tuple(p) for p in ring] for ring in found[0]["geometry"]["coordinates"]]
    assert rings == [[*outer, outer[0]], [*hole, hole[0]]]
    assert [tuple(p) for p in found[1]["geometry"]["coordinates"][0]] == [*second, second[0]]


def test_the_example_of_the_specification() -> None:
    # Section 4.3.5.3: LineString (2,2) (2,10) (10,10) is 9 4 4 18 0 16 16 0.
    tile = encode_layer("things", _shapes(Kind.LINE, [[[(2, 2), (2, 10), (10, 10)]]]), [{}], [0])
    assert bytes([9, 4, 4, 18, 0, 16, 16, 0]) in tile
    # 4.3.5.5: Polygon (3,6) (8,12) (20,34) is 9 6 12 18 10 12 24 44 15.
    tile = encode_layer("things", _shapes(Kind.POLYGON, [[[(3, 6), (8, 12), (20, 34)]]]), [{}], [0])
    assert bytes([9, 6, 12, 18, 10, 12, 24, 44, 15]) in tile


def test_a_layer_without_features_is_nothing() -> None:
    nothing = np.zeros(1, np.int64)
    assert encode_layer("things", Shapes(Kind.LINE, nothing, nothing, np.empty((0, 2), np.int64)), [], []) == b""


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_varints_are_those_written_one_by_one(numbers: list[int]) -> None:
    content, ends = varints(np.array(numbers, np.uint64))
    assert content == b"".join(map(varint, numbers))
    assert ends.tolist() == np.cumsum([len(varint(one)) for one in numbers]).tolist()


@pytest.mark.parametrize(("number", "written"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_a_varint_is_as_protobuf_has_it(number: int, written: bytes) -> None:
    assert varint(number) == written
