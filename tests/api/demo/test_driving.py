"""Where a simulated vehicle is along its way, against shapely's own walk along a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point

from api.demo.driving import Drive, metres
from routing.earth import distance_m

BEGAN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
# At the equator, where a degree is as long east as north, so that shapely's plane is ours.
POINTS = st.lists(st.tuples(st.floats(100.0, 100.05), st.floats(-0.02, 0.02)), min_size=2, max_size=12)


@given(line=POINTS, seconds=st.floats(1, 3600), share=st.floats(-0.5, 1.5))
def test_it_is_where_the_share_of_the_way_says(line: list[tuple[float, float]], seconds: float, share: float) -> None:
    drive = Drive(line, BEGAN, seconds)
    found = drive.at(BEGAN + timedelta(seconds=seconds * share)).point
    wanted = LineString(line).interpolate(min(1.0, max(0.0, share)), normalized=True)
    assert Point(found).distance(wanted) < 1e-6


def test_it_stands_at_both_ends_and_points_the_way_it_goes() -> None:
    drive = Drive([(107.0, -6.0), (107.01, -6.0), (107.01, -5.99)], BEGAN, 100)
    assert drive.at(BEGAN - timedelta(seconds=1)).speed_kph == 0
    assert drive.at(BEGAN + timedelta(seconds=200)).point == drive.goal == (107.01, -5.99)
    early, late = drive.at(BEGAN + timedelta(seconds=20)), drive.at(BEGAN + timedelta(seconds=80))
    assert early.course_deg == pytest.approx(90, abs=1)
    assert min(late.course_deg, 360 - late.course_deg) < 1
    whole = distance_m(107.0, -6.0, 107.01, -6.0) + distance_m(107.01, -6.0, 107.01, -5.99)
    assert early.speed_kph == pytest.approx(whole / 100 * 3.6, rel=0.01)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_it_never_goes_back(shares: list[float]) -> None:
    drive = Drive([(107.0, -6.0), (107.02, -6.0)], BEGAN, 60)
    one, other = (drive.at(BEGAN + timedelta(seconds=60 * share)).point[0] for share in sorted(shares))
    assert one <= other


def test_a_way_that_is_a_point_is_stood_at() -> None:
    drive = Drive([(107.0, -6.0)], BEGAN, 0)
    assert drive.at(BEGAN + timedelta(seconds=5)).point == (107.0, -6.0)


@given(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_metres_are_those_of_the_sphere(east: float, north: float) -> None:
    one, other = (106.85, -6.48), (106.85 + east, -6.48 + north)
    assert metres(one, other) == pytest.approx(distance_m(*one, *other), rel=1e-3, abs=0.01)
