"""The faster clock of a demo: exact, continuous, never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.service.clock import FASTEST, FastClock
from routing import InputError

BEGAN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@given(
    speed=st.floats(1, FASTEST),
    passed=st.lists(st.floats(0, 1e6), min_size=1, max_size=20),
    start=st.floats(0, 1e6),
)
def test_it_goes_on_as_many_times_as_fast_and_never_back(speed: float, passed: list[float], start: float) -> None:
    at = start
    clock = FastClock(speed, BEGAN, lambda: at)
    assert clock() == BEGAN
    told = []
    for seconds in sorted(passed):
        at = start + seconds
        told.append(clock())
        assert abs((told[-1] - BEGAN).total_seconds() - seconds * speed) < 1e-3 * speed
    assert all(one <= next_one for one, next_one in pairwise(told))


def test_it_begins_now_with_its_zone() -> None:
    before = datetime.now(UTC)
    clock = FastClock(8.0)
    assert before <= clock.began <= datetime.now(UTC)
    assert clock().utcoffset() == timedelta(0)


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.5, 601.0, float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(InputError, match="1 to 600 times"):
        FastClock(speed)
