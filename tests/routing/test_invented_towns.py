"""Journeys in invented towns against Dijkstra on the same costs, before and after closures, for each profile."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from routing.build import build_network
from routing.network import CLOSED, RESTRICTED_ENTRY_MS
from routing.profiles import MOTOR_PROFILES, load_profiles
from routing.sample import invented_town
from tests.routing.journeys import (
    Prepared,
    hold_against_dijkstra,
    prepare,
    random_positions,
    segment_times,
    totals_by_networkx,
)

TOWNS = (
    (300, 1),
    (2_000, 2),
    pytest.param(2_000, 3, marks=pytest.mark.slow),
    pytest.param(20_000, 4, marks=pytest.mark.slow),
)


@cache
def town(junctions: int, seed: int) -> Prepared:
    return prepare(build_network(invented_town(junctions, seed=seed).ways, load_profiles()))


@pytest.mark.parametrize(("junctions", "seed"), TOWNS)
@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_tables_and_routes_equal_dijkstra(junctions: int, seed: int, profile: str) -> None:
    hold_against_dijkstra(town(junctions, seed), profile, np.random.default_rng([junctions, seed, *profile.encode()]))


@pytest.mark.parametrize("profile", MOTOR_PROFILES)
def test_a_table_equals_networkx(profile: str) -> None:
    prepared = town(300, 1)
    state = prepared.live.base
    times = segment_times(state, profile, np.arange(2 * prepared.network.links))
    random = np.random.default_rng([*profile.encode()])
    origins, targets = random_positions(random, times, 20), random_positions(random, times, 50)
    targets[:20] = origins
    found = prepared.router.eta_table(origins, targets, profile)
    for row, origin in enumerate(origins):
        expected = totals_by_networkx(prepared.network, state.roads[profile].metric.weights, times, origin, targets)
        totals = np.where(
            found.ms[row] < CLOSED, found.ms[row] + found.restricted[row].astype(np.int64) * RESTRICTED_ENTRY_MS, CLOSED
        )
        assert totals.tolist() == expected
