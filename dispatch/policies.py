"""How a vehicle and a facility are chosen: policies behind one signature, swapped by name.

A policy looks at a `Problem`, which is nothing but arrays, and says how good each pair is as two numbers, smaller first: one
of the vehicle, one of the pair. Vehicles are ordered by the first, pairs of equal vehicles by the second, the rest of the
ties by expected time, by the time to reach the patient and at last by id: a total order that does not depend on the order of
the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dispatch.cases import Priority
from dispatch.declines import expected_care
from dispatch.settings import DecisionSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Problem:
    """One case, the vehicles that may go and the facilities that may take the patient.

    Attributes:
        priority: of the case.
        scene_ms: from arrival at the patient to leaving.
        reach_ms: float64[v], from the assignment to arrival at the patient, with turning out and the carry; inf: can't.
        handicap_ms: float64[v], what sending this vehicle costs others (a run pulled away), counted like time.
        way: intp[v], the row of `transport_ms` and `refused_ms` that this vehicle's second leg has.
        transport_ms: float64[w, f], from the patient to each facility; inf: can't.
        refused_ms: float64[w, f], what a refusal at each facility's door costs (`dispatch.declines.refused_cost`).
        sitegar_ms: float64[w], from the patient until care if SITEGAR names the facility (`dispatch.declines.sitegar_cost`).
        declined, refused: float64[f], chances of a decline by telephone and of a refusal at the door.
        loss: float64[v], the share of demand (0 … 1) that is covered no longer when this vehicle goes.
        closes_ms: float64[f], from the assignment until the facility closes (inf: no matter), or None: none does. Who would
            arrive later can't be taken there.
        vehicle_order, facility_order: intp[v], intp[f], the rank of each id, which settles ties.
        settings: weights and limits.

    A patient who is taken nowhere, or to a place that the caller named, has one facility with no chance of a decline; where
    none is suitable, the one facility is SITEGAR.
    """

    priority: Priority
    scene_ms: float
    reach_ms: Floats
    handicap_ms: Floats
    way: NDArray[np.intp]
    transport_ms: Floats
    refused_ms: Floats
    sitegar_ms: Floats
    declined: Floats
    refused: Floats
    loss: Floats
    vehicle_order: NDArray[np.intp]
    facility_order: NDArray[np.intp]
    settings: DecisionSettings
    closes_ms: Floats | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """What a policy thinks; smaller is better, inf is impossible.

    Attributes:
        vehicle: float64[v]. pair: float64[v, f].
        expected_ms: float64[v, f], from the assignment to definitive care, whatever the policy looks at.
    """

    vehicle: Floats
    pair: Floats
    expected_ms: Floats


Policy = Callable[[Problem], Scores]


def expected_ms(problem: Problem) -> Floats:
    """Expected milliseconds from the assignment to definitive care: float64[v, f], inf where there is no way.

    Reaching the patient, time on scene, transport, and the chance of being declined times the cost of going on.
    """
    settings = problem.settings
    never = np.full(len(problem.declined), np.inf)
    known: dict[tuple[int, float, bytes], Floats] = {}
    enough = settings.tries * settings.answer_ms
    cares = []
    for reach, way in zip(problem.reach_ms.tolist(), problem.way.tolist(), strict=True):
        if reach == np.inf:
            cares.append(never)
            continue
        slack: float | None
        match settings.asking:
            case "ahead":
                slack = min(reach + problem.scene_ms, enough)
            case "on_board":
                slack = 0.0
            case "at_door":
                slack = None
        transport, closed = problem.transport_ms[way], b""
        if problem.closes_ms is not None:
            late = reach + problem.scene_ms + transport >= problem.closes_ms
            transport, closed = np.where(late, np.inf, transport), late.tobytes()
        key = (way, -1.0 if slack is None else slack, closed)
        care = known.get(key)
        if care is None:
            care = known[key] = expected_care(
                transport,
                problem.refused_ms[way],
                problem.declined,
                problem.refused,
                slack,
                settings.answer_ms,
                float(problem.sitegar_ms[way]),
                settings.tries,
            )
        cares.append(care)
    return (problem.reach_ms + problem.scene_ms)[:, None] + np.array(cares, np.float64).reshape(len(cares), len(never))


def expected_time(problem: Problem) -> Scores:
    """The default: least expected time to definitive care; red cases put the first leg first.

    Red: vehicles are ordered by how many whole `red_tolerance_ms` they reach the patient later than the nearest one, and
    those of one such step by expected time. Everybody else: by expected time alone. A vehicle that is nowhere slower than
    another one, on the first leg and on the roads of the second, never comes after it.
    """
    expected = expected_ms(problem)
    reach = problem.reach_ms + problem.handicap_ms
    steps = np.zeros(len(reach))
    possible = np.isfinite(reach) & np.isfinite(expected).any(axis=1)
    if problem.priority is Priority.RED and possible.any():
        steps[possible] = np.floor((reach[possible] - reach[possible].min()) / problem.settings.red_tolerance_ms)
    steps[~possible] = np.inf
    return Scores(steps, expected + problem.handicap_ms[:, None], expected)


def nearest(problem: Problem) -> Scores:
    """The nearest vehicle and the nearest suitable facility, whatever the chance of a decline: for comparison."""
    expected = expected_ms(problem)
    transport = np.where(np.isfinite(expected), problem.transport_ms[problem.way], np.inf)
    return Scores(np.where(np.isfinite(expected).any(axis=1), problem.reach_ms, np.inf), transport, expected)


_LATE = 2.0


def coverage_aware(problem: Problem) -> Scores:
    """Among the vehicles that arrive within the standard time the one whose leaving uncovers least, else the nearest.

    The idea is that of Jagtenberg, Bhulai and van der Mei (2017), "Dynamic ambulance dispatching: is the closest-idle policy
    always optimal?", Health Care Management Science 20, 517-531; what "uncovers" means is the caller's `loss`, for instance
    the marginal coverage of `dispatch.coverage.coverage_loss`. It may be slower on the first leg, for red cases too.
    """
    expected = expected_ms(problem)
    in_time = problem.reach_ms <= problem.settings.standard_ms
    vehicle = np.where(in_time, problem.loss, _LATE + problem.reach_ms)
    vehicle[~np.isfinite(expected).any(axis=1)] = np.inf
    return Scores(vehicle, expected, expected)


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {"expected_time": expected_time, "nearest": nearest, "coverage_aware": coverage_aware}
)
"""The policies by name."""

DEFAULT_POLICY = "expected_time"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Vehicles in order of preference, each with its best facility; those with no way are not in it.

    Attributes:
        vehicle, facility: intp[n], positions in the problem's arrays, best first.
        expected_ms: float64[n], from the assignment to definitive care.
    """

    vehicle: NDArray[np.intp]
    facility: NDArray[np.intp]
    expected_ms: Floats


def best_facilities(problem: Problem, scores: Scores) -> NDArray[np.intp]:
    """For each vehicle its best facility: intp[v]; ties by expected time, then by id."""
    pair, expected = scores.pair, scores.expected_ms
    if pair.shape[1] == 1:
        return np.zeros(len(pair), np.intp)
    # Columns in order of ids, so that argmin's first least one settles the last tie.
    by_id = np.argsort(problem.facility_order, kind="stable")
    pair = pair[:, by_id]
    if scores.pair is not scores.expected_ms:
        expected = np.where(pair <= pair.min(axis=1, keepdims=True), expected[:, by_id], np.inf)
        return np.asarray(by_id[expected.argmin(axis=1)], np.intp)
    return np.asarray(by_id[pair.argmin(axis=1)], np.intp)


def rank(problem: Problem, scores: Scores) -> Ranking:
    """Put vehicles in order, each with its best facility."""
    facility = best_facilities(problem, scores)
    rows = np.arange(len(facility))
    pair, expected = scores.pair[rows, facility], scores.expected_ms[rows, facility]
    order = np.lexsort((problem.vehicle_order, problem.reach_ms, expected, pair, scores.vehicle))
    order = order[np.isfinite(scores.vehicle[order]) & np.isfinite(pair[order])]
    return Ranking(order, facility[order], expected[order])
