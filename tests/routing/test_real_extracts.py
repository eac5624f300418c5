"""Journeys on real roads against Dijkstra on the same costs, before and after closures, for each profile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from routing.conditions import Around, Closed, RoadCondition, Slower, TopSpeed
from routing.errors import PlaceError
from routing.network import CLOSED, RESTRICTED_ENTRY_MS
from routing.profiles import MOTOR_PROFILES
from routing.snapping import MAX_GAP_M, Position
from tests.routing.journeys import (
    Prepared,
    random_positions,
    segment_times,
    totals_by_networkx,
    totals_by_scipy,
)

pytestmark = pytest.mark.shared

NOON = datetime(2026, 5, 4, 5, tzinfo=UTC)
EXTRACTS = (
    "kota-sukabumi",
    pytest.param("dki-jakarta-roads-2012", marks=pytest.mark.slow),
    pytest.param("porto", marks=pytest.mark.slow),
)


def some_conditions(prepared: Prepared, random: np.random.Generator) -> list[RoadCondition]:
    """A flood, a market and a slow stretch around random junctions."""
    network = prepared.network
    effects = (Closed(), Slower(2.5), TopSpeed(10))
    conditions = []
    for number, effect in enumerate(effects):
        junction = int(random.integers(network.junctions))
        where = Around(float(network.junction_longitude[junction]), float(network.junction_latitude[junction]), 250.0)
        conditions.append(RoadCondition(str(number), "flood", where, effect, "test"))
    return conditions


@pytest.mark.parametrize("name", EXTRACTS)
@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_tables_and_routes_equal_dijkstra(region: Callable[[str], Prepared], name: str, profile: str) -> None:
    prepared = region(name)
    network = prepared.network
    random = np.random.default_rng([*name.encode(), *profile.encode()])
    for state in (prepared.live.base, prepared.live.apply(some_conditions(prepared, random), NOON)):
        router = prepared.router.at(state)
        times = segment_times(state, profile, np.arange(2 * network.links))
        weights = state.roads[profile].metric.weights
        origins, targets = random_positions(random, times, 20), random_positions(random, times, 50)
        targets[0] = Position(origins[0].segment, origins[0].fraction / 2)
        expected = totals_by_scipy(network, weights, times, origins, targets)
        table = router.eta_table(origins, targets, profile)
        closed = expected >= CLOSED
        assert (table.ms == np.where(closed, CLOSED, expected % RESTRICTED_ENTRY_MS)).all()
        assert (table.restricted == np.where(closed, 0, expected // RESTRICTED_ENTRY_MS)).all()
        for row, column in zip(*np.nonzero(~closed), strict=True):
            if (row + column) % 20 == 0:
                route = router.route(origins[row], targets[column], profile)
                assert route.duration_ms == table.ms[row, column]
                assert len(route.restricted) == table.restricted[row, column]
        assert (~closed).mean() > 0.3


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
