"""Journeys on real roads against Dijkstra on the same costs, before and after closures, for each profile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from routing.errors import PlaceError
from routing.network import CLOSED
from routing.profiles import MOTOR_PROFILES
from routing.snapping import MAX_GAP_M, Position
from tests.routing.journeys import (
    Prepared,
    hold_against_dijkstra,
    random_positions,
    segment_times,
    totals_by_networkx,
    totals_by_scipy,
)

pytestmark = pytest.mark.shared

EXTRACTS = (
    "kota-sukabumi",
    pytest.param("dki-jakarta-roads-2012", marks=pytest.mark.slow),
    pytest.param("porto", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("name", EXTRACTS)
@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_tables_and_routes_equal_dijkstra(region: Callable[[str], Prepared], name: str, profile: str) -> None:
    hold_against_dijkstra(region(name), profile, np.random.default_rng([*name.encode(), *profile.encode()]))


@pytest.mark.slow
def test_scipy_is_itself_right(region: Callable[[str], Prepared]) -> None:
    prepared = region("kota-sukabumi")
    random = np.random.default_rng(5)
    times = segment_times(prepared.live.base, "ambulance", np.arange(2 * prepared.network.links))
    weights = prepared.live.base.roads["ambulance"].metric.weights
    origins, targets = random_positions(random, times, 3), random_positions(random, times, 50)
    targets[0], targets[1] = origins[0], Position(origins[1].segment, origins[1].fraction / 2)
    found = totals_by_scipy(prepared.network, weights, times, origins, targets)
    for row, origin in enumerate(origins):
        assert found[row].tolist() == totals_by_networkx(prepared.network, weights, times, origin, targets)


@pytest.mark.parametrize("name", EXTRACTS)
def test_every_place_in_a_region_is_snapped_or_refused(region: Callable[[str], Prepared], name: str) -> None:
    prepared = region(name)
    network, router = prepared.network, prepared.router
    random = np.random.default_rng(11)
    x = random.uniform(network.junction_longitude.min() - 0.02, network.junction_longitude.max() + 0.02, 300)
    y = random.uniform(network.junction_latitude.min() - 0.02, network.junction_latitude.max() + 0.02, 300)
    many = router.snap_many(x, y, "ambulance")
    roads = router.state.roads["ambulance"]
    reached = 0
    for number in range(len(x)):
        try:
            found = router.snap(float(x[number]), float(y[number]), "ambulance")
        except PlaceError:
            assert many.link[number] < 0
            continue
        reached += 1
        assert many.gap_m[number] <= MAX_GAP_M
        assert all(roads.segment_ms.at(np.array([position.segment]))[0] < CLOSED for position in found.positions)
        assert found.carry.metres >= found.gap_m - 1.0
        assert found.carry.path[0] == pytest.approx([x[number], y[number]])
        assert found.carry.path[-1] == pytest.approx([found.stop_longitude, found.stop_latitude], abs=1e-9)
    assert reached > 20
