"""From a call to a recommendation: gathers the facts (times, facilities, vehicles, demand) and has them decided.

The facts are taken once, from one state of the roads; the decision itself is `dispatch.decision`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

import numpy as np

from dispatch.cases import Requirement
from dispatch.decision import asked_next, decide, problem_of
from dispatch.destinations import Pair, Places, given_place, match_facilities, matched_places, named_place, to_given, weighed
from dispatch.facts import COVER_PROFILE, Call, Region
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.legs import Leg, LegRule, default_rules, profile_for
from dispatch.options import Decision, FacilityChoice, Tables, Way
from dispatch.policies import DEFAULT_POLICY, POLICIES
from dispatch.reasons import reason
from dispatch.screening import Candidate, LeftOut, screen
from dispatch.settings import DecisionSettings, default_settings
from dispatch.standing import cover, covering_vehicles, drives, stand
from dispatch.times import Floats, without_leaps
from routing import InputError, PlaceError
from routing.snapping import Snap

__all__ = ["COVER_PROFILE", "Call", "NextFacility", "Recommendation", "Region", "next_facility", "recommend"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A decision and the facts it was made with.

    Attributes:
        region, call, settings: what it was made for and by.
        decision: ranked pairs and why the others lost.
        stops: where vehicles of each profile stop for the patient.
        road_state: number of the state of the roads.
        metrics: number of the metric by profile, of the profiles that were asked.
        demand, demand_unit: all demand of the region, "people", "km2" or "" if nobody knows.
        invented_fleet: some vehicle does not exist.
    """

    region: Region
    call: Call
    settings: DecisionSettings
    decision: Decision
    stops: Mapping[str, Snap]
    road_state: int
    metrics: Mapping[str, int]
    demand: float
    demand_unit: str
    invented_fleet: bool


@dataclass(frozen=True, slots=True)
class NextFacility:
    """Where to go on with a patient who is on board, or is about to be.

    Attributes:
        choices: who may be asked next, best first; `transport_ms` and `expected_ms` count from where the vehicle is.
        sitegar: the referral desk names one now: the tries are used up, nothing is left, or it is quicker.
        sitegar_ms: until care when it does.
        left_out: the facilities that are not asked, and why.
        road_state: number of the state of the roads.
    """

    choices: tuple[FacilityChoice, ...]
    sitegar: bool
    sitegar_ms: float
    left_out: tuple[LeftOut, ...]
    road_state: int


def _stops(region: Region, call: Call, profiles: Sequence[str]) -> tuple[dict[str, Snap], dict[str, Snap]]:
    """Where each profile stops for the patient; those that can't come near are missing.

    The second: for a patient on an island, on the shore that faces it, should nobody be on the island.

    Raises:
        PlaceError: none can.
    """
    found, shore, refused = {}, {}, None
    for profile in profiles:
        try:
            stop = region.times.router.snap(call.longitude, call.latitude, profile)
            found[profile] = without_leaps(stop)
            if stop.instead is not None and found[profile].instead is None:
                shore[profile] = stop.instead
        except PlaceError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return found, shore


def _legs(rules: Sequence[LegRule], candidates: Iterable[Candidate], requirement: Requirement) -> list[Pair]:
    """The profiles of both legs of each; rules look at no more than a vehicle's kind and equipment."""
    case, priority = requirement.kind, requirement.priority
    matters = frozenset[str]().union(*(rule.equipment for rule in rules))
    known: dict[tuple[VehicleKind, frozenset[str]], Pair] = {}
    legs = []
    for candidate in candidates:
        vehicle = candidate.vehicle
        key = (vehicle.kind, vehicle.equipment & matters)
        pair = known.get(key)
        if pair is None:
            reach, carry = (profile_for(rules, vehicle, case, priority, leg) for leg in get_args(Leg))
            pair = known[key] = (reach, carry)
        legs.append(pair)
    return legs


def _reach_ms(candidate: Candidate, drive_ms: float, stop: Snap | None) -> float:
    """From the assignment to arrival at the patient, inf where there is no way."""
    return np.inf if stop is None else candidate.turnout_ms + candidate.doubt_ms + drive_ms + stop.carry.seconds * 1000


def _ways(region: Region, pairs: Sequence[Pair], stops: Mapping[str, Snap], places: Places) -> tuple[Way, ...]:
    """Each pair of profiles as a way."""
    onward: dict[str, Floats] = {}
    ways = []
    for reach, carry in pairs:
        stop, drive = stops[reach], places.drives[reach, carry]
        if carry not in onward:
            onward[carry] = np.zeros((1, 1)) if places.which is None else region.times.between(carry, places.which)
        carry_ms = stop.carry.seconds * 1000
        back_ms = 0.0 if places.nowhere else carry_ms
        to_places = drive if places.which is None else drive[places.which]
        carried = stop.carry
        ways.append(Way(reach, carry, carry_ms, back_ms, carried.metres, carried.kind, to_places, onward[carry]))
    return tuple(ways)


def recommend(
    region: Region,
    fleet: Sequence[Vehicle],
    call: Call,
    settings: DecisionSettings | None = None,
    policy: str = DEFAULT_POLICY,
    rules: Sequence[LegRule] | None = None,
    limit: int = 5,
) -> Recommendation:
    """Which vehicle to send and where to take the patient, and why not the others.

    Args:
        region: prepared, on the state of the roads that is to be used.
        fleet: every vehicle, free or not.
        call: what is asked.
        settings, rules: None takes those that ship with Siaga.
        policy: name of one of `dispatch.policies.POLICIES`.
        limit: how many options to work out.

    Raises:
        PlaceError: the patient, or the named destination, is too far from any road.
        InputError: no such policy, a time without a zone, or the kind of case needs a named destination.
    """
    settings = settings or default_settings()
    rules = default_rules() if rules is None else rules
    if call.now.tzinfo is None:
        raise InputError(f"the time {call.now} has no zone")
    if policy not in POLICIES:
        raise InputError(f"no policy {policy!r}; there are {', '.join(POLICIES)}")
    requirement = call.requirement
    given = given_place(call)
    candidates, vehicles_out = screen(fleet, requirement, call.now, settings)
    legs = _legs(rules, candidates, requirement)
    profiles = sorted({COVER_PROFILE, *(reach for reach, _ in legs)})
    stops, shore = _stops(region, call, profiles)
    covering = covering_vehicles(fleet, candidates, call.now, settings)
    driving = {name: [one for one, (reach, _) in zip(candidates, legs, strict=True) if reach == name] for name in profiles}
    driving[COVER_PROFILE] += covering
    standing = {name: stand(region.times, ones, name, settings) for name, ones in driving.items()}
    drive, on_road = drives(region.times, candidates, [reach for reach, _ in legs], standing, stops)
    if shore and not np.isfinite(drive).any():
        stops |= shore
        drive, on_road = drives(region.times, candidates, [reach for reach, _ in legs], standing, stops)
    if not on_road.all():
        off = [candidates[v].vehicle for v in np.flatnonzero(~on_road).tolist()]
        vehicles_out += [LeftOut(one.id, one.name, (reason("vehicle.off_road"),)) for one in off]
        kept = np.flatnonzero(on_road).tolist()
        candidates, legs = [candidates[v] for v in kept], [legs[v] for v in kept]
        drive = drive[on_road]
    # With nobody to send, the facilities are still matched and explained, as for a vehicle that stops where it can.
    nobody = next(iter(stops))
    pairs = sorted({leg for leg in legs if leg[0] in stops}) or [(nobody, nobody)]
    reach_ms = min(map(_reach_ms, candidates, drive.tolist(), (stops.get(reach) for reach, _ in legs)), default=np.inf)
    if reach_ms == np.inf:
        reach_ms = settings.turnout_ms
    if given is None:
        places = matched_places(region, call, pairs, stops, reach_ms, settings)
    else:
        rides = {(reach, carry): to_given(region, given, stops[reach], carry) for reach, carry in pairs}
        places = named_place(region, call, given, rides, reach_ms, settings)

    row = {pair: number for number, pair in enumerate(pairs)}
    alone, loss = cover(region.times, covering, standing[COVER_PROFILE], settings)
    ids = [candidate.vehicle.id for candidate in candidates]
    demand = region.times.demand
    tables = Tables(
        drive_ms=drive,
        way=np.array([row.get(leg, 0) for leg in legs], np.intp),
        ways=_ways(region, pairs, stops, places),
        uncovered=np.array([alone.get(name, 0.0) for name in ids], np.float64),
        loss=np.array([loss.get(name, 0.0) for name in ids], np.float64),
        demand=0.0 if demand is None else demand.total,
        demand_unit="" if demand is None else demand.unit,
        closes_ms=places.closes_ms,
    )
    decision = decide(
        requirement,
        candidates,
        places.destinations,
        tables,
        replace(settings, tries=max(1, settings.tries - len(call.tried))),
        policy,
        vehicles_out,
        places.out,
        places.describe,
        limit,
    )
    state = region.times.router.state
    used = sorted({COVER_PROFILE, *(name for pair in pairs for name in pair)})
    return Recommendation(
        region=region,
        call=call,
        settings=settings,
        decision=decision,
        stops=stops,
        road_state=state.number,
        metrics={name: state.roads[name].metric.number for name in used},
        demand=tables.demand,
        demand_unit=tables.demand_unit,
        invented_fleet=any(vehicle.invented for vehicle in fleet),
    )


def next_facility(
    region: Region,
    vehicle: Vehicle,
    longitude: float,
    latitude: float,
    requirement: Requirement,
    tried: frozenset[str],
    now: datetime,
    settings: DecisionSettings | None = None,
    rules: Sequence[LegRule] | None = None,
    leaves_in_ms: float = 0.0,
) -> NextFacility:
    """Who is asked next after a decline: from where the vehicle with the patient is, or will leave from.

    Args:
        region: prepared, on the state of the roads that is to be used.
        vehicle: that carries the patient.
        longitude, latitude: where it is, or where the patient waits, degrees.
        requirement: what the case asks for.
        tried: ids of facilities that have declined in this case.
        now: with a time zone.
        settings, rules: None takes those that ship with Siaga.
        leaves_in_ms: how long until the vehicle leaves with the patient; 0 if it has.

    Raises:
        PlaceError: the vehicle is too far from any road.
    """
    settings = settings or default_settings()
    rules = default_rules() if rules is None else rules
    profile = profile_for(rules, vehicle, requirement.kind, requirement.priority, "carry")
    stop = without_leaps(region.times.router.snap(longitude, latitude, profile, on_foot=False))
    drive, estimated = region.times.to_facilities(stop, profile)
    leaving = now + timedelta(milliseconds=leaves_in_ms)
    matches = match_facilities(region, requirement, drive, estimated, leaving, tried, settings)
    which, destinations, out, describe = weighed(region, matches, settings)
    way = Way(profile, profile, 0.0, 0.0, 0.0, "street", drive[which], region.times.between(profile, which))
    nothing = np.zeros(0)
    tables = Tables(nothing, np.zeros(0, np.intp), (way,), nothing, nothing)
    tries_left = settings.tries - len(tried)
    problem = problem_of(requirement, [], destinations, tables, replace(settings, tries=max(1, tries_left)))
    cost, desk = asked_next(problem, 0, leaves_in_ms if settings.asking == "ahead" else 0.0, (), tries_left)
    order = np.lexsort((problem.facility_order, cost))
    choices = tuple(
        FacilityChoice(destinations[f], float(problem.transport_ms[0, f]), float(cost[f]), describe(destinations[f]))
        for f in order.tolist()
        if np.isfinite(cost[f])
    )
    sitegar = not choices or choices[0].expected_ms > desk
    return NextFacility(choices, sitegar, desk, out, region.times.router.state.number)
