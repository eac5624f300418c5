"""The decision: requirement, vehicles, facilities, times → ranked pairs (vehicle, facility), and why the others lost.

Pure: nothing is read, asked or drawn here; the same facts give the same answer. `problem_of` and a policy are enough for
whoever needs only the choice (the simulation); `decide` explains it as well.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dispatch.cases import Requirement
from dispatch.declines import expected_care, not_taken, refused_cost, sitegar_cost
from dispatch.options import Decision, Describe, Destination, FacilityChoice, Floats, Option, Tables, no_remarks, referral_desk
from dispatch.policies import DEFAULT_POLICY, POLICIES, Problem, Ranking, Scores, rank
from dispatch.reasons import AnyReason, Reason, reason
from dispatch.screening import Candidate, LeftOut
from dispatch.settings import DecisionSettings


def _ranks(ids: Sequence[str]) -> NDArray[np.intp]:
    order = np.empty(len(ids), np.intp)
    order[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return order


def with_referral_desk(
    destinations: Sequence[Destination], tables: Tables, settings: DecisionSettings, cut_off: bool = False
) -> tuple[Sequence[Destination], Tables]:
    """The same, with SITEGAR as one more destination for those ways that lead to none (or where there is none).

    `cut_off`: some were left out for no other reason than that no road leads there.
    """
    stranded = [not np.isfinite(way.drive_ms).any() for way in tables.ways]
    if not any(stranded):
        return destinations, tables
    count = len(destinations)
    onward = {id(way.onward_ms): np.pad(way.onward_ms, ((0, 1), (0, 1)), constant_values=np.inf) for way in tables.ways}
    desk = settings.desk_ms + settings.usual_ms
    ways = tuple(
        replace(way, drive_ms=np.append(way.drive_ms, desk if lost else np.inf), onward_ms=onward[id(way.onward_ms)])
        for way, lost in zip(tables.ways, stranded, strict=True)
    )
    closes = None if tables.closes_ms is None else np.append(tables.closes_ms, np.inf)
    why = "facility.none_reachable" if count or cut_off else "facility.none_suitable"
    return (*destinations, referral_desk(reason(why))), replace(tables, ways=ways, closes_ms=closes)


def problem_of(
    requirement: Requirement,
    candidates: Sequence[Candidate],
    destinations: Sequence[Destination],
    tables: Tables,
    settings: DecisionSettings,
) -> Problem:
    """The facts as the arrays that policies look at.

    Raises:
        ValueError: the tables don't fit the vehicles and destinations.
    """
    vehicles, places = len(candidates), len(destinations)
    if tables.drive_ms.shape != (vehicles,) or tables.way.shape != (vehicles,):
        raise ValueError(f"tables for {len(tables.drive_ms)} vehicles, but there are {vehicles}")
    if any(way.drive_ms.shape != (places,) or way.onward_ms.shape != (places, places) for way in tables.ways):
        raise ValueError(f"tables do not fit {places} destinations")
    declined = np.array([place.declined for place in destinations], np.float64)
    refused = np.array([place.refused for place in destinations], np.float64)
    never = not_taken(declined, refused)
    behind: dict[int, Floats] = {}
    for way in tables.ways:
        if id(way.onward_ms) not in behind:
            behind[id(way.onward_ms)] = refused_cost(
                way.onward_ms, never, settings.door_ms, settings.desk_ms, settings.usual_ms, settings.tries - 1
            )
    carry = np.array([way.carry_ms for way in tables.ways], np.float64)
    before = np.array([candidate.turnout_ms + candidate.doubt_ms for candidate in candidates], np.float64)
    return Problem(
        priority=requirement.priority,
        scene_ms=requirement.seconds_on_scene * 1000,
        reach_ms=before + tables.drive_ms + carry[tables.way],
        handicap_ms=np.array([candidate.handicap_ms for candidate in candidates], np.float64),
        way=tables.way,
        transport_ms=np.array([way.drive_ms + way.back_ms for way in tables.ways]).reshape(len(tables.ways), places),
        refused_ms=np.array([behind[id(way.onward_ms)] for way in tables.ways]).reshape(len(tables.ways), places),
        sitegar_ms=np.array(
            [sitegar_cost(way.drive_ms, settings.desk_ms, settings.usual_ms, settings.tries) for way in tables.ways]
        ),
        declined=declined,
        refused=refused,
        loss=tables.loss,
        closes_ms=tables.closes_ms,
        vehicle_order=_ranks([candidate.vehicle.id for candidate in candidates]),
        facility_order=_ranks([place.id for place in destinations]),
        settings=settings,
    )


def asked_next(
    problem: Problem, way: int, slack_ms: float, tried: Collection[int], tries_left: int, leaving_ms: float = 0.0
) -> tuple[Floats, float]:
    """What asking each facility next would come to, from where the patient is now.

    Args:
        problem: the facts; row `way` of its second-leg tables counts.
        slack_ms: until the vehicle leaves with the patient; 0 if it has.
        tried: facilities that have had their chance.
        tries_left: how many may still be asked before SITEGAR names one.
        leaving_ms: from the assignment until the vehicle leaves with the patient; those that close too early are left out.

    Returns:
        float64[f], expected milliseconds from leaving to care, inf for those tried or out of reach; and the same for SITEGAR.
    """
    settings = problem.settings
    count = len(problem.declined)
    desk = float(problem.sitegar_ms[way])
    cost = np.full(count, np.inf)
    possible = np.ones(count, np.bool_)
    possible[list(tried)] = False
    if problem.closes_ms is not None:
        possible &= leaving_ms + problem.transport_ms[way] < problem.closes_ms
    left = np.flatnonzero(possible)
    if tries_left > 0 and len(left):
        cost[left] = expected_care(
            problem.transport_ms[way, left],
            problem.refused_ms[way, left],
            problem.declined[left],
            problem.refused[left],
            None if settings.asking == "at_door" else slack_ms,
            settings.answer_ms,
            desk,
            min(tries_left, settings.tries),
        )
    return cost, desk


_Asked = dict[tuple[int, int, float, float], int]


def _next_destination(
    problem: Problem, destinations: Sequence[Destination], v: int, f: int, known: _Asked
) -> Destination | None:
    """Who is asked after facility f has declined: None if no more than one place is in question."""
    settings = problem.settings
    if problem.declined[f] == 0.0 and problem.refused[f] == 0.0:
        return None
    slack = 0.0
    if settings.asking == "ahead":
        enough = settings.tries * settings.answer_ms
        slack = max(0.0, min(enough, float(problem.reach_ms[v]) + problem.scene_ms) - settings.answer_ms)
    leaving = 0.0 if problem.closes_ms is None else float(problem.reach_ms[v]) + problem.scene_ms
    key = (int(problem.way[v]), f, slack, leaving)
    if key not in known:
        cost, desk = asked_next(problem, key[0], slack, (f,), settings.tries - 1, leaving)
        best = int(cost.argmin())
        known[key] = best if cost[best] <= desk else -1
    return referral_desk() if known[key] < 0 else destinations[known[key]]


def told_minutes(ms: float) -> float:
    """A difference in minutes: never told as none while it decides."""
    tenths = int(ms / 6_000 + 0.5)
    return tenths / 10 if tenths else 0.1


def _lost(
    problem: Problem, candidates: Sequence[Candidate], scores: Scores, ranking: Ranking, policy: str
) -> tuple[LeftOut, ...]:
    """Why each vehicle of the ranking but the first was not the first."""
    order = ranking.vehicle
    columns = (problem.reach_ms[order], scores.vehicle[order], problem.loss[order], problem.handicap_ms[order])
    rows = list(zip(order.tolist(), ranking.expected_ms.tolist(), *(column.tolist() for column in columns), strict=True))
    _, expected, reach, score, loss, handicap = rows[0]
    lost = []
    for v, its_expected, its_reach, its_score, its_loss, its_handicap in rows[1:]:
        if policy == "coverage_aware" and its_loss > loss:
            why = reason("vehicle.uncovers_more", percent=round(100 * (its_loss - loss), 1))
        elif its_score > score and its_reach > reach:
            why = Reason("vehicle.later_at_patient", (("minutes", told_minutes(its_reach - reach)),))
        elif its_expected > expected:
            why = Reason("vehicle.later_at_care", (("minutes", told_minutes(its_expected - expected)),))
        else:
            why = reason("vehicle.would_be_diverted" if its_handicap > handicap else "vehicle.no_better")
        lost.append(LeftOut(candidates[v].vehicle.id, candidates[v].vehicle.name, (why,)))
    return tuple(lost)


def _why_nowhere(problem: Problem, v: int) -> str:
    """Why a vehicle is in no pair."""
    if np.isinf(problem.reach_ms[v]):
        return "vehicle.unreachable"
    return "vehicle.no_way_on" if np.isinf(problem.transport_ms[problem.way[v]]).all() else "vehicle.after_closing"


def _option(
    problem: Problem,
    candidates: Sequence[Candidate],
    destinations: Sequence[Destination],
    tables: Tables,
    ranking: Ranking,
    place: int,
    known: _Asked,
    describe: Describe,
) -> Option:
    v, f = int(ranking.vehicle[place]), int(ranking.facility[place])
    candidate, way, destination = candidates[v], tables.ways[tables.way[v]], destinations[f]
    transport, expected = float(problem.transport_ms[problem.way[v], f]), float(ranking.expected_ms[place])
    remarks: list[AnyReason] = list(candidate.remarks)
    if candidate.vehicle.invented:
        remarks.append(reason("vehicle.invented"))
    if way.carry_kind == "straight":
        remarks.append(reason("carry.unchecked", metres=round(way.carry_m), minutes=told_minutes(way.carry_ms)))
    elif way.carry_kind == "footways":
        remarks.append(reason("carry.on_foot", metres=round(way.carry_m), minutes=told_minutes(way.carry_ms)))
    return Option(
        vehicle=candidate.vehicle,
        destination=destination,
        start=(candidate.longitude, candidate.latitude),
        reach_profile=way.reach_profile,
        carry_profile=way.carry_profile,
        turnout_ms=candidate.turnout_ms,
        drive_ms=float(tables.drive_ms[v]),
        carry_ms=way.carry_ms,
        doubt_ms=candidate.doubt_ms,
        back_ms=way.back_ms,
        carry_m=way.carry_m,
        carry_kind=way.carry_kind,
        scene_ms=problem.scene_ms,
        transport_ms=transport,
        going_on_ms=expected - float(problem.reach_ms[v]) - problem.scene_ms - transport,
        expected_ms=expected,
        if_declined=_next_destination(problem, destinations, v, f, known),
        uncovered=float(tables.uncovered[v]),
        loss=float(tables.loss[v]),
        diverts=candidate.diverts,
        vehicle_remarks=tuple(remarks),
        facility_remarks=tuple(dict.fromkeys((*destination.remarks, *describe(destination)))),
    )


def _facilities(
    problem: Problem,
    destinations: Sequence[Destination],
    way: int,
    scored: Floats,
    expected_ms: Floats,
    describe: Describe,
    limit: int,
) -> tuple[list[FacilityChoice], list[LeftOut]]:
    """The facilities for a vehicle, by its score of each and the expected time; and why each but the first is not."""
    pair, expected = scored.tolist(), expected_ms.tolist()
    transport = problem.transport_ms[way].tolist()
    order = np.lexsort((problem.facility_order, expected_ms, scored)).tolist()
    choices: list[FacilityChoice] = []
    lost: list[LeftOut] = []
    first = -1
    for f in order:
        place = destinations[f]
        if pair[f] == math.inf:
            why = reason("facility.unreachable" if transport[f] == math.inf else "facility.closes_before")
            lost.append(LeftOut(place.id, place.name, (why, *place.remarks)))
            continue
        if first < 0:
            first = f
        else:
            later, farther = expected[f] - expected[first], transport[f] - transport[first]
            if later > 0:
                chance = round(100 * place.declined)
                why = Reason("facility.later_at_care", (("minutes", told_minutes(later)), ("chance", chance)))
            elif farther > 0:
                why = reason("facility.farther", minutes=told_minutes(farther))
            else:
                why = reason("facility.no_better")
            lost.append(LeftOut(place.id, place.name, (why, *place.remarks)))
        if len(choices) < limit:
            choices.append(FacilityChoice(place, transport[f], expected[f], describe(place)))
    return choices, lost


def decide(
    requirement: Requirement,
    candidates: Sequence[Candidate],
    destinations: Sequence[Destination],
    tables: Tables,
    settings: DecisionSettings,
    policy: str = DEFAULT_POLICY,
    vehicles_out: Sequence[LeftOut] = (),
    facilities_out: Sequence[LeftOut] = (),
    describe: Describe = no_remarks,
    limit: int = 5,
) -> Decision:
    """Rank the pairs (vehicle, facility) and say why the others lost.

    Args:
        requirement: what the case asks for.
        candidates: vehicles that may go (`dispatch.screening.screen`).
        destinations: where the patient may be taken; where none is suitable or none can be reached, SITEGAR stands in.
        tables: times, for these vehicles and destinations.
        settings: weights and limits.
        policy: name of one of `dispatch.policies.POLICIES`.
        vehicles_out, facilities_out: left out before, with their reasons; passed through.
        describe: what is old, unknown or contradictory about a destination; asked for those that are shown.
        limit: how many options and facilities to work out; the others are in `vehicles_lost` and `facilities_lost`.

    Raises:
        ValueError: the tables don't fit.
        KeyError: no such policy.
    """
    cut_off = not destinations and any([why.code for why in one.reasons] == ["unreachable"] for one in facilities_out)
    destinations, tables = with_referral_desk(destinations, tables, settings, cut_off)
    problem = problem_of(requirement, candidates, destinations, tables, settings)
    scores = POLICIES[policy](problem)
    ranking = rank(problem, scores)
    ranked = set(ranking.vehicle.tolist())
    nowhere = [
        LeftOut(
            candidate.vehicle.id,
            candidate.vehicle.name,
            (reason(_why_nowhere(problem, v)),),
        )
        for v, candidate in enumerate(candidates)
        if v not in ranked
    ]
    if not ranked:
        cost, _ = asked_next(problem, 0, 0.0, (), settings.tries)
        choices, facilities_lost = _facilities(problem, destinations, 0, cost, cost, describe, limit)
        return Decision(
            requirement=requirement,
            policy=policy,
            options=(),
            facilities=tuple(choices),
            vehicles_lost=(),
            facilities_lost=tuple(facilities_lost),
            vehicles_out=(*vehicles_out, *nowhere),
            facilities_out=tuple(facilities_out),
        )
    known: _Asked = {}
    options = tuple(
        _option(problem, candidates, destinations, tables, ranking, place, known, describe)
        for place in range(min(limit, len(ranking.vehicle)))
    )
    best = int(ranking.vehicle[0])
    choices, facilities_lost = _facilities(
        problem, destinations, int(problem.way[best]), scores.pair[best], scores.expected_ms[best], describe, limit
    )
    return Decision(
        requirement=requirement,
        policy=policy,
        options=options,
        facilities=tuple(choices),
        vehicles_lost=_lost(problem, candidates, scores, ranking, policy),
        facilities_lost=tuple(facilities_lost),
        vehicles_out=(*vehicles_out, *nowhere),
        facilities_out=tuple(facilities_out),
    )
