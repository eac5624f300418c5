"""Encoded polylines: the published example, both ways, and what is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.osrm_polyline import decode_polyline, encode_polyline

# The example of the format's own page, with 5 decimals.
PUBLISHED = [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]
PUBLISHED_TEXT = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


def test_the_published_example() -> None:
    assert encode_polyline(np.array(PUBLISHED), 5) == PUBLISHED_TEXT
    assert decode_polyline(PUBLISHED_TEXT, 5) == [pytest.approx(point) for point in PUBLISHED]


def test_a_line_without_points_is_empty() -> None:
    assert encode_polyline(np.empty((0, 2)), 5) == ""
    assert decode_polyline("", 6) == []


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30),
    st.sampled_from([5, 6]),
)
def test_what_is_encoded_decodes_to_the_same_points(points: list[tuple[float, float]], precision: int) -> None:
    decoded = decode_polyline(encode_polyline(np.array(points), precision), precision)
    np.testing.assert_allclose(decoded, points, rtol=0, atol=0.5001 * 10**-precision)


@pytest.mark.parametrize("text", ["_p~iF", "_p~iF~ps|", "_p~iF~ps|U ", "ä", "~" * 8 + "?", "_p~iF~ps|U_ulL"], ids=range(6))
def test_what_is_no_polyline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="polyline"):
        decode_polyline(text, 5)
