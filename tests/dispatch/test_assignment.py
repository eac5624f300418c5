"""Joint assignment against trying every assignment."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.assignment import assign, least_cost
from dispatch.cases import Priority
from dispatch.policies import POLICIES, Problem, Scores, rank
from dispatch.settings import default_settings

MINUTE = 60_000.0


def waiting(reach: list[float], priority: Priority, transport: float = 10.0) -> Problem:
    """A case over vehicles that reach it in so many minutes; one facility that takes everybody."""
    count = len(reach)
    return Problem(
        priority=priority,
        scene_ms=600_000.0,
        reach_ms=np.array(reach) * MINUTE,
        handicap_ms=np.zeros(count),
        way=np.zeros(count, np.intp),
        transport_ms=np.array([[transport]]) * MINUTE,
        refused_ms=np.zeros((1, 1)),
        sitegar_ms=np.full(1, 45 * MINUTE),
        declined=np.zeros(1),
        refused=np.zeros(1),
        loss=np.zeros(count),
        vehicle_order=np.arange(count),
        facility_order=np.arange(1),
        settings=default_settings(),
    )


@given(
    st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=n, max_size=n))
)
def test_least_cost_equals_enumeration(costs: list[list[int]]) -> None:
    chosen = least_cost(costs)
    assert len(set(chosen)) == len(costs)
    least = min(
        sum(row[column] for row, column in zip(costs, columns, strict=True))
        for columns in itertools.permutations(range(6), len(costs))
    )
    assert sum(row[column] for row, column in zip(costs, chosen, strict=True)) == least


def test_no_rows() -> None:
    assert least_cost([]) == []
    assert assign([], POLICIES["expected_time"]) == []


def test_two_cases_share_the_gain() -> None:
    # Alone, both would take vehicle 0; together the case for which vehicle 1 is hardly farther takes that.
    first, second = waiting([5, 6], Priority.YELLOW), waiting([4, 14], Priority.YELLOW)
    assert [got.vehicle for got in assign([first, second], POLICIES["expected_time"])] == [1, 0]


def test_red_gets_its_best_whatever_it_costs_the_others() -> None:
    red, yellow = waiting([5, 7], Priority.RED), waiting([4, 40], Priority.YELLOW)
    assert [got.vehicle for got in assign([yellow, red], POLICIES["expected_time"])] == [1, 0]


def test_the_last_vehicle_goes_to_the_most_urgent_and_the_rest_wait_with_a_reason() -> None:
    green, red = waiting([2, math.inf], Priority.GREEN), waiting([30, math.inf], Priority.RED)
    nowhere = waiting([math.inf, math.inf], Priority.RED)
    got = assign([green, red, nowhere], POLICIES["expected_time"])
    assert [one.vehicle for one in got] == [None, 0, None]
    assert [one.why for one in got] == ["waits.taken", None, "waits.no_vehicle"]
    assert got[1].expected_ms == pytest.approx(50 * MINUTE)


def test_problems_over_different_vehicles_are_refused() -> None:
    with pytest.raises(ValueError, match="same vehicles"):
        assign([waiting([1], Priority.RED), waiting([1, 2], Priority.RED)], POLICIES["nearest"])


cases = st.integers(1, 4).flatmap(
    lambda vehicles: st.lists(
        st.tuples(
            st.lists(st.one_of(st.integers(0, 20).map(float), st.just(math.inf)), min_size=vehicles, max_size=vehicles),
            st.sampled_from(Priority),
        ),
        min_size=1,
        max_size=4,
    )
)


@given(cases, st.sampled_from(sorted(POLICIES)))
def test_assignment_is_lexicographically_best(drawn: list[tuple[list[float], Priority]], name: str) -> None:
    problems = [waiting(reach, priority) for reach, priority in drawn]
    policy = POLICIES[name]
    scores = [policy(problem) for problem in problems]
    vehicles = len(problems[0].reach_ms)

    def worth(columns: tuple[int | None, ...]) -> tuple[tuple[float, float, float], ...] | None:
        sums = {priority: [0.0, 0.0, 0.0] for priority in Priority}
        for problem, score, column in zip(problems, scores, columns, strict=True):
            of_class = sums[problem.priority]
            if column is None:
                of_class[0] += 1
            elif not np.isfinite(score.pair[column, 0]) or not np.isfinite(score.vehicle[column]):
                return None
            else:
                of_class[1] += round(float(score.vehicle[column]) * 1e6)
                of_class[2] += round(float(score.pair[column, 0]))
        return tuple((a, b, c) for a, b, c in sums.values())

    everything = itertools.product([None, *range(vehicles)], repeat=len(problems))
    legal = [c for c in everything if len({x for x in c if x is not None}) == sum(x is not None for x in c)]
    best = min(found for columns in legal if (found := worth(columns)) is not None)
    assert worth(tuple(got.vehicle for got in assign(problems, policy))) == best


def test_one_case_alone_gets_what_the_ranking_says() -> None:
    for name, policy in POLICIES.items():
        problem = replace(waiting([7, 5, 9], Priority.RED), loss=np.array([0.1, 0.2, 0.05]))
        scores: Scores = policy(problem)
        assert assign([problem], policy)[0].vehicle == rank(problem, scores).vehicle[0], name
