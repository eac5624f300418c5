"""Several cases wait: which vehicle goes to which, all at once.

In the order of priorities (red before yellow before green before black): as many cases of the class as possible get a
vehicle, and then the class's scores, as the policy gives them, have the least sum: first of the vehicle's numbers, then of the
pair's. A lower class never takes a vehicle whose loss would cost a higher one anything at all. It is one assignment problem
with integer costs whose digits are those sums, most significant first; Python's integers hold them exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.policies import Policy, Problem, Scores, best_facilities

_VEHICLE_STEPS = 1_000_000
"""Fractions of a policy's vehicle number that still count: coverage losses are shares."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What one waiting case gets.

    Attributes:
        vehicle, facility: positions in the case's problem, or None if it has to wait on.
        expected_ms: from the assignment to definitive care; inf if it has to wait on.
        why: code of a reason when it waits: `waits.no_vehicle` (none could go even alone) or `waits.taken`.
    """

    vehicle: int | None
    facility: int | None
    expected_ms: float
    why: str | None = None


def least_cost(costs: Sequence[Sequence[int]]) -> list[int]:
    """Rows to columns with the least sum of costs, each row one column, no column twice.

    Shortest augmenting paths with dual prices (the Hungarian method after Jonker and Volgenant, 1987), exact in Python's
    integers, O(rows² · columns).

    Args:
        costs: rows of equal length, at least as many columns as rows.

    Returns:
        For each row its column.
    """
    rows, columns = len(costs), len(costs[0]) if costs else 0
    row_price = [0] * rows
    column_price = [0] * columns
    row_of = [-1] * columns
    for start in range(rows):
        least: list[int | None] = [None] * columns
        came_from = [-1] * columns
        done = [False] * columns
        row, column = start, -1
        while True:
            if column >= 0:
                done[column] = True
            delta: int | None = None
            nearest_column = -1
            for j in range(columns):
                if done[j]:
                    continue
                reduced = costs[row][j] - row_price[row] - column_price[j]
                known = least[j]
                if known is None or reduced < known:
                    least[j] = known = reduced
                    came_from[j] = column
                if delta is None or known < delta:
                    delta, nearest_column = known, j
            assert delta is not None, "fewer columns than rows"
            row_price[start] += delta
            for j in range(columns):
                if done[j]:
                    row_price[row_of[j]] += delta
                    column_price[j] -= delta
                elif (rest := least[j]) is not None:
                    least[j] = rest - delta
            column = nearest_column
            if row_of[column] < 0:
                break
            row = row_of[column]
        while column >= 0:
            before = came_from[column]
            row_of[column] = start if before < 0 else row_of[before]
            column = before
    chosen = [-1] * rows
    for column, row in enumerate(row_of):
        if row >= 0:
            chosen[row] = column
    return chosen


def _digits(problem: Problem, scores: Scores) -> tuple[list[tuple[int, int] | None], list[int]]:
    """Per vehicle its two whole numbers (None where there is no way), and its best facility."""
    facility = best_facilities(problem, scores)
    pair = scores.pair[np.arange(len(facility)), facility]
    possible = np.isfinite(scores.vehicle) & np.isfinite(pair)
    digits = [
        (round(float(first) * _VEHICLE_STEPS), round(float(second))) if fine else None
        for first, second, fine in zip(scores.vehicle, pair, possible, strict=True)
    ]
    return digits, facility.tolist()


def assign(problems: Sequence[Problem], policy: Policy) -> list[Assigned]:
    """Give waiting cases their vehicles, jointly.

    Args:
        problems: one for each case, over the same vehicles in the same order.
        policy: how good a pair is.

    Returns:
        For each case what it gets, in the order of `problems`.

    Raises:
        ValueError: the problems have different numbers of vehicles.
    """
    if not problems:
        return []
    vehicles = len(problems[0].reach_ms)
    if any(len(problem.reach_ms) != vehicles for problem in problems):
        raise ValueError("all problems must be over the same vehicles")
    scores = [policy(problem) for problem in problems]
    cells = [_digits(problem, score) for problem, score in zip(problems, scores, strict=True)]
    # Digits, most significant first: for each class the cases left waiting, the vehicle numbers, the pair numbers.
    count = len(problems)
    highest = [1 + max((abs(cell[k]) for row, _ in cells for cell in row if cell), default=0) for k in (0, 1)]
    bases = [count + 1, count * highest[0] + 1, count * highest[1] + 1]
    classes = sorted({problem.priority.rank for problem in problems})
    waiting_weight: dict[int, tuple[int, int, int]] = {}
    weight = 1
    for rank in reversed(classes):
        pair_weight = weight
        vehicle_weight = pair_weight * bases[2]
        wait_weight = vehicle_weight * bases[1]
        waiting_weight[rank] = (wait_weight, vehicle_weight, pair_weight)
        weight = wait_weight * bases[0]
    impossible = weight * (count + 1)
    costs = []
    for case, (problem, (row, _)) in enumerate(zip(problems, cells, strict=True)):
        wait, first, second = waiting_weight[problem.priority.rank]
        costs.append(
            [impossible if cell is None else first * cell[0] + second * cell[1] for cell in row]
            + [wait if other == case else impossible for other in range(count)]
        )
    found = []
    for case, column in enumerate(least_cost(costs)):
        row, facilities = cells[case]
        if column < vehicles:
            facility = facilities[column]
            found.append(Assigned(column, facility, float(scores[case].expected_ms[column, facility])))
        else:
            found.append(Assigned(None, None, float("inf"), "waits.taken" if any(row) else "waits.no_vehicle"))
    return found
