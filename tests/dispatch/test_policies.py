"""Policies: total order, independence of the input's order, monotony, and plain cases by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.cases import Priority
from dispatch.declines import not_taken, refused_cost
from dispatch.policies import POLICIES, Problem, coverage_aware, expected_ms, expected_time, nearest, rank
from dispatch.settings import default_settings

MINUTE = 60_000.0


def problem(
    reach: list[float],
    transport: list[list[float]],
    onward: list[list[float]] | None = None,
    declined: list[float] | None = None,
    refused: list[float] | None = None,
    way: list[int] | None = None,
    loss: list[float] | None = None,
    handicap: list[float] | None = None,
    priority: Priority = Priority.YELLOW,
    scene: float = 10.0,
    **changes: object,
) -> Problem:
    """A problem in minutes; `transport` has a row for each way."""
    settings = replace(default_settings(), **changes)
    ways, facilities = len(transport), len(transport[0])
    p = np.array(declined or [0.0] * facilities)
    r = np.array(refused or [0.0] * facilities)
    roads = np.array(onward if onward is not None else np.full((facilities, facilities), 10.0)) * MINUTE
    behind = refused_cost(roads, not_taken(p, r), settings.door_ms, settings.desk_ms, settings.usual_ms, settings.tries - 1)
    return Problem(
        priority=priority,
        scene_ms=scene * MINUTE,
        reach_ms=np.array(reach) * MINUTE,
        handicap_ms=np.array(handicap or [0.0] * len(reach)) * MINUTE,
        way=np.array(way or [0] * len(reach), np.intp),
        transport_ms=np.array(transport) * MINUTE,
        refused_ms=np.tile(behind, (ways, 1)),
        sitegar_ms=np.full(ways, settings.desk_ms + settings.usual_ms),
        declined=p,
        refused=r,
        loss=np.array(loss or [0.0] * len(reach)),
        vehicle_order=np.arange(len(reach)),
        facility_order=np.arange(facilities),
        settings=settings,
    )


def chosen(given_problem: Problem, policy: str = "expected_time") -> list[tuple[int, int]]:
    ranking = rank(given_problem, POLICIES[policy](given_problem))
    return list(zip(ranking.vehicle.tolist(), ranking.facility.tolist(), strict=True))


def test_a_facility_that_declines_is_passed_over_for_a_surer_one_that_is_not_much_farther() -> None:
    world = problem([5], [[10, 12]], onward=[[0, 20], [20, 0]], declined=[0.8, 0.05], asking="at_door")
    assert chosen(world) == [(0, 1)]
    assert chosen(world, "nearest") == [(0, 0)]


def test_red_takes_the_first_to_arrive_and_yellow_the_first_to_care() -> None:
    # B arrives three minutes later but its second leg, with right of way, is eight minutes quicker.
    world = problem([5, 8], [[20], [12]], way=[0, 1])
    assert chosen(world) == [(1, 0), (0, 0)]
    assert chosen(replace(world, priority=Priority.RED)) == [(0, 0), (1, 0)]


def test_red_does_not_split_hairs() -> None:
    # Within the tolerance of the first to arrive, the time to care counts.
    world = problem([5.0, 5.9], [[20], [12]], way=[0, 1], priority=Priority.RED, red_tolerance_ms=MINUTE)
    assert chosen(world) == [(1, 0), (0, 0)]


def test_no_way_is_not_in_the_ranking() -> None:
    world = problem([5, math.inf, 7], [[10], [math.inf]], way=[0, 0, 1])
    for policy in POLICIES:
        assert chosen(world, policy) == [(0, 0)]


def test_pulling_a_run_away_counts_against_a_vehicle_but_not_as_time() -> None:
    world = problem([5, 6], [[10]], handicap=[2, 0])
    assert chosen(world) == [(1, 0), (0, 0)]
    assert expected_ms(world)[0, 0] == pytest.approx(25 * MINUTE)


def test_coverage_aware_spares_the_only_vehicle_of_a_quarter() -> None:
    world = problem([5, 9, 20], [[10]], loss=[0.4, 0.1, 0.0], standard_ms=15 * MINUTE)
    assert chosen(world, "coverage_aware") == [(1, 0), (0, 0), (2, 0)]
    late = replace(world, reach_ms=np.array([18, 17, 20]) * MINUTE)
    assert chosen(late, "coverage_aware") == [(1, 0), (0, 0), (2, 0)]


minutes = st.one_of(st.integers(0, 40).map(float), st.integers(0, 40).map(float), st.floats(0, 40), st.just(math.inf))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    vehicles, facilities, ways = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 2))

    def several(count: int, of: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(of, min_size=count, max_size=count))

    return problem(
        several(vehicles, minutes),
        [several(facilities, minutes) for _ in range(ways)],
        [several(facilities, minutes) for _ in range(facilities)],
        several(facilities, st.floats(0, 1)),
        several(facilities, st.floats(0, 0.3)),
        draw(st.lists(st.integers(0, ways - 1), min_size=vehicles, max_size=vehicles)),
        several(vehicles, st.floats(0, 1)),
        several(vehicles, st.sampled_from([0.0, 2.0])),
        priority=draw(st.sampled_from(Priority)),
        scene=draw(st.sampled_from([0.0, 3.0, 12.0])),
        asking=draw(st.sampled_from(["ahead", "on_board", "at_door"])),
        tries=draw(st.integers(1, 3)),
    )


@given(problems(), st.sampled_from(sorted(POLICIES)), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(world: Problem, policy: str, random) -> None:
    v, f = list(range(len(world.reach_ms))), list(range(len(world.declined)))
    random.shuffle(v)
    random.shuffle(f)
    shuffled = replace(
        world,
        reach_ms=world.reach_ms[v],
        handicap_ms=world.handicap_ms[v],
        way=world.way[v],
        loss=world.loss[v],
        vehicle_order=world.vehicle_order[v],
        transport_ms=world.transport_ms[:, f],
        refused_ms=world.refused_ms[:, f],
        declined=world.declined[f],
        refused=world.refused[f],
        facility_order=world.facility_order[f],
    )
    assert [(v[a], f[b]) for a, b in chosen(shuffled, policy)] == chosen(world, policy)


@given(problems(), st.sampled_from(sorted(POLICIES)))
def test_each_vehicle_that_can_serve_is_ranked_once(world: Problem, policy: str) -> None:
    can = {v for v in range(len(world.reach_ms)) if np.isfinite(expected_ms(world)[v]).any()}
    pairs = chosen(world, policy)
    assert len(pairs) == len(can)
    assert {v for v, _ in pairs} == can


@given(problems(), st.floats(0.1, 1), st.floats(0.1, 1))
def test_quicker_on_both_legs_never_ranks_lower(world: Problem, first: float, second: float) -> None:
    # A twin of the last vehicle: quicker or equal to the patient and on every road of the second leg.
    twin = len(world.reach_ms)
    assume(np.isfinite(world.reach_ms[-1]))
    way = len(world.transport_ms)
    behind = world.refused_ms[world.way[-1]]
    pair = replace(
        world,
        reach_ms=np.append(world.reach_ms, world.reach_ms[-1] * first),
        handicap_ms=np.append(world.handicap_ms, world.handicap_ms[-1]),
        way=np.append(world.way, way),
        loss=np.append(world.loss, 0.0),
        vehicle_order=np.arange(twin + 1)[::-1],
        transport_ms=np.vstack((world.transport_ms, world.transport_ms[world.way[-1]] * second)),
        refused_ms=np.vstack((world.refused_ms, behind * second)),
        sitegar_ms=np.append(world.sitegar_ms, world.sitegar_ms[world.way[-1]]),
    )
    order = [v for v, _ in chosen(pair)]
    if twin - 1 in order:
        assert order.index(twin) < order.index(twin - 1)


@given(problems())
def test_the_best_pair_is_the_best_of_all_pairs(world: Problem) -> None:
    scores = expected_time(world)
    pairs = [
        (scores.vehicle[v], scores.pair[v, f], scores.expected_ms[v, f], world.reach_ms[v], v, f)
        for v in range(len(world.reach_ms))
        for f in range(len(world.declined))
        if np.isfinite(scores.pair[v, f])
    ]
    assert chosen(world)[:1] == [(best[4], best[5]) for best in sorted(pairs)[:1]]


@given(problems(), st.floats(0, 60), st.floats(0, 1))
def test_one_more_facility_never_makes_it_later(world: Problem, transport: float, p: float) -> None:
    # With refusals at the door left out, since their cost would have to be computed anew.
    before = replace(world, refused=np.zeros(len(world.declined)))
    assume(before.settings.asking != "at_door")
    more = replace(
        before,
        transport_ms=np.pad(before.transport_ms, ((0, 0), (0, 1)), constant_values=transport * MINUTE),
        refused_ms=np.pad(before.refused_ms, ((0, 0), (0, 1))),
        declined=np.append(before.declined, p),
        refused=np.append(before.refused, 0.0),
        facility_order=np.arange(len(before.declined) + 1),
    )
    assert (expected_ms(more)[:, :-1] <= expected_ms(before) + 1e-6).all()


def test_nearest_and_coverage_give_expected_times_too() -> None:
    world = problem([5, 6], [[10, 20]], declined=[0.5, 0.1])
    for policy in (nearest, coverage_aware):
        assert policy(world).expected_ms == pytest.approx(expected_ms(world))
