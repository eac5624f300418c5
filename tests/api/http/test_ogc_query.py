"""What is asked of a collection: boxes, times, pages; and what is no question."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from api.http.ogc_features import Row, selected
from api.http.ogc_query import (
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    Interval,
    OgcError,
    read_box,
    read_interval,
    read_items_query,
)


def at(hour: int) -> datetime:
    return datetime(2026, 11, 22, hour, tzinfo=UTC)


def row(name: str, shape: BaseGeometry | None = None, time: Interval | None = None) -> Row:
    return Row(name, shape, time, dict)


def names(rows: list[Row], query: dict[str, str], *, timed: bool = True) -> list[str]:
    return [one.id for one in selected(rows, read_items_query(list(query.items())), timed=timed)]


@pytest.mark.parametrize(
    ("box", "inside", "outside"),
    [
        ("106,-7,107,-6", [(106.5, -6.5), (106, -7), (107, -6)], [(107.1, -6.5), (106.5, -5.9)]),
        ("106,-7,0,107,-6,500", [(106.5, -6.5)], [(107.1, -6.5)]),
        ("170,-10,-170,10", [(175, 0), (-175, 0), (180, 0)], [(0, 0), (160, 0), (-160, 0)]),
        ("106,-7,106,-7", [(106, -7)], [(106, -6.9)]),
        ("106,-7,107,-7", [(106.5, -7)], [(106.5, -6.9)]),
    ],
)
def test_a_box_holds_what_lies_in_it_or_on_its_edge(
    box: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    area = read_box(box)
    assert [area.intersects(Point(place)) for place in inside] == [True] * len(inside)
    assert [area.intersects(Point(place)) for place in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    "box",
    [
        "-",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "a,b,c,d",
        "1,2,3,nan",
        "1,2,3,inf",
        "0,10,10,0",
        "0,-91,10,0",
        "-181,0,10,1",
        "0,0,500,1,1,100",
    ],
)
def test_what_is_no_box_is_refused(box: str) -> None:
    with pytest.raises(OgcError, match="bbox"):
        read_box(box)


def test_lines_and_areas_are_found_where_they_touch_the_box_and_nothing_without_a_place() -> None:
    rows = [
        row("through", LineString([(0, 5), (20, 5)])),
        row("around", Polygon([(-50, -50), (50, -50), (50, 50), (-50, 50)])),
        row("beside", LineString([(0, 20), (20, 20)])),
        row("nowhere"),
    ]
    assert names(rows, {"bbox": "5,0,10,10"}) == ["around", "through"]
    assert names(rows, {}) == ["around", "beside", "nowhere", "through"]
    assert names([], {"bbox": "5,0,10,10"}) == []


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("2026-11-22T05:00:00Z", ["always", "from 4", "until 6"]),
        ("2026-11-22T12:00:00+07:00", ["always", "from 4", "until 6"]),
        ("2026-11-22T07:00:00Z/..", ["always", "from 4"]),
        ("2026-11-22T07:00:00Z/", ["always", "from 4"]),
        ("../2026-11-22T03:00:00Z", ["always", "until 6"]),
        ("/2026-11-22T03:00:00Z", ["always", "until 6"]),
        ("2026-11-22T06:00:00Z/2026-11-22T08:00:00Z", ["always", "from 4", "until 6"]),
        ("../..", ["always", "from 4", "until 6"]),
    ],
)
def test_a_time_finds_what_holds_then(when: str, found: list[str]) -> None:
    rows = [
        row("until 6", time=Interval(None, at(6))),
        row("from 4", time=Interval(at(4), None)),
        row("always", time=Interval(None, None)),
        row("never seen"),
    ]
    assert names(rows, {"datetime": when}) == found
    assert len(names(rows, {"datetime": when}, timed=False)) == 4


@pytest.mark.parametrize(
    "when",
    ["", "yesterday", "2026-11-22T05:00:00", "2026-11-22T05:00:00Z/2026-11-22T04:00:00Z", "2026-11-22T05:00:00Z/a", "a/b/c"],
)
def test_what_is_no_time_is_refused(when: str) -> None:
    with pytest.raises(OgcError, match="datetime"):
        read_interval(when)


def test_how_many_and_from_where_on() -> None:
    asked = read_items_query([])
    assert (asked.limit, asked.offset) == (DEFAULT_LIMIT, 0)
    # Too large a limit is not wrong: the largest is taken.
    assert {read_items_query([("limit", said)]).limit for said in ("10001", "9" * 5_000)} == {LARGEST_LIMIT}
    assert read_items_query([("limit", "7"), ("offset", "14")]).offset == 14


@pytest.mark.parametrize("said", ["0", "-1", "1.5", "ten", "", " 5", "٣"])
def test_what_is_no_limit_is_refused(said: str) -> None:
    with pytest.raises(OgcError, match="limit"):
        read_items_query([("limit", said)])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("bbox-crs", "http://www.opengis.net/def/crs/EPSG/0/4326")], "CRS84"),
        ([("crs", "http://www.opengis.net/def/crs/EPSG/0/3857")], "CRS84"),
        ([("name", "RSUD")], "no parameter 'name'"),
        ([("limit", "1"), ("limit", "2")], "twice"),
    ],
)
def test_what_is_not_defined_is_refused_and_it_is_said_what_there_is(given: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(OgcError, match=said):
        read_items_query(given)
