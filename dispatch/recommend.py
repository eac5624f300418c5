"""From a call to a recommendation: gathers the facts (times, facilities, vehicles, demand) and has them decided.

The facts are taken once, from one state of the roads; the decision itself is `dispatch.decision`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dispatch.cases import Requirement, case_kinds
from dispatch.coverage import coverage_loss, covered, uncovered
from dispatch.decision import Decision, FacilityChoice, Tables, Way, asked_next, decide, problem_of
from dispatch.destinations import Pair, Places, given_place, match_facilities, matched_places, to_given, weighed
from dispatch.facts import COVER_PROFILE, Call, Region
from dispatch.fleet import FREE, Vehicle
from dispatch.legs import LegRule, default_rules, profile_for
from dispatch.policies import DEFAULT_POLICY, POLICIES
from dispatch.reasons import Reason, reason
from dispatch.screening import Candidate, LeftOut, locate, screen
from dispatch.settings import DecisionSettings, default_settings
from dispatch.times import Floats, milliseconds
from routing import InputError, PlaceError
from routing.snapping import Snap, Snaps

__all__ = ["COVER_PROFILE", "Call", "NextFacility", "Recommendation", "Region", "next_facility", "recommend"]

_COVER_CASE = "emergency"


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


def _stops(region: Region, call: Call, profiles: Sequence[str]) -> dict[str, Snap]:
    """Where each profile stops for the patient; those that can't come near are missing.

    Raises:
        PlaceError: none can.
    """
    found, refused = {}, None
    for profile in profiles:
        try:
            found[profile] = region.times.router.snap(call.longitude, call.latitude, profile)
        except PlaceError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return found


def _snapped(region: Region, candidates: Sequence[Candidate], profile: str, settings: DecisionSettings) -> Snaps:
    longitude = np.array([candidate.longitude for candidate in candidates], np.float64)
    latitude = np.array([candidate.latitude for candidate in candidates], np.float64)
    return region.times.router.snap_many(longitude, latitude, profile, max_gap_m=settings.off_road_m)


def _to_street_ms(snaps: Snaps, settings: DecisionSettings) -> Floats:
    """Over yards and car parks to the street: float64[v], inf where there is none near."""
    return np.rint(snaps.gap_m * settings.off_road_ms_per_m)


def _legs(rules: Sequence[LegRule], vehicle: Vehicle, requirement: Requirement) -> Pair:
    """The profiles of both legs."""
    case, priority = requirement.kind, requirement.priority
    return profile_for(rules, vehicle, case, priority, "reach"), profile_for(rules, vehicle, case, priority, "carry")


def _drives(
    region: Region,
    candidates: Sequence[Candidate],
    profiles: Sequence[str],
    stops: Mapping[str, Snap],
    settings: DecisionSettings,
) -> tuple[Floats, NDArray[np.bool_]]:
    """From each vehicle to where it stops for the patient: float64[v], inf where there is no way; and bool[v], which of them
    stand on or near a street that they can use."""
    drive, on_road = np.full(len(candidates), np.inf), np.ones(len(candidates), np.bool_)
    for profile, stop in stops.items():
        mine = np.array([v for v, name in enumerate(profiles) if name == profile], np.intp)
        if len(mine):
            snaps = _snapped(region, [candidates[v] for v in mine], profile, settings)
            times = milliseconds(region.times.router.eta_table(snaps, [stop], profile).ms)[:, 0]
            drive[mine], on_road[mine] = times + _to_street_ms(snaps, settings), snaps.link >= 0
    return drive, on_road


def _cover(
    region: Region, fleet: Sequence[Vehicle], known: Sequence[Candidate], now: datetime, settings: DecisionSettings
) -> tuple[dict[str, float], dict[str, float]]:
    """What each free emergency vehicle, by id, alone covers, and the expected coverage that goes with it."""
    demand = region.times.demand
    kinds = case_kinds()[_COVER_CASE].vehicles
    places: dict[str, Candidate | Reason] = {candidate.vehicle.id: candidate for candidate in known}
    located = []
    for vehicle in fleet:
        if vehicle.status in FREE and vehicle.kind in kinds:
            found = places.get(vehicle.id) or locate(vehicle, now, settings)
            if isinstance(found, Candidate):
                located.append(found)
    if demand is None or not located:
        return {}, {}
    snaps = _snapped(region, located, COVER_PROFILE, settings)
    before = np.array([candidate.turnout_ms + candidate.doubt_ms for candidate in located]) + _to_street_ms(snaps, settings)
    covers = covered(region.times.to_cells(snaps, COVER_PROFILE) + before[:, None], settings.standard_ms)
    ids = [candidate.vehicle.id for candidate in located]
    alone, loss = uncovered(covers, demand.weight), coverage_loss(covers, demand.weight, settings.busy_share)
    return dict(zip(ids, alone.tolist(), strict=True)), dict(zip(ids, loss.tolist(), strict=True))


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
        ways.append(
            Way(
                reach,
                carry,
                carry_ms,
                back_ms,
                stop.carry.metres,
                stop.carry.kind,
                drive if places.which is None else drive[places.which],
                onward[carry],
            )
        )
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
    legs = [_legs(rules, candidate.vehicle, requirement) for candidate in candidates]
    stops = _stops(region, call, sorted({COVER_PROFILE, *(reach for reach, _ in legs)}))
    drive, on_road = _drives(region, candidates, [reach for reach, _ in legs], stops, settings)
    if not on_road.all():
        off = [candidates[v].vehicle for v in np.flatnonzero(~on_road).tolist()]
        vehicles_out += [LeftOut(one.id, one.name, (reason("vehicle.off_road"),)) for one in off]
        kept = np.flatnonzero(on_road).tolist()
        candidates, legs = [candidates[v] for v in kept], [legs[v] for v in kept]
        drive = drive[on_road]
    # With nobody to send, the facilities are still matched and explained, as for a vehicle that stops where it can.
    nobody = next(iter(stops))
    pairs = sorted({leg for leg in legs if leg[0] in stops}) or [(nobody, nobody)]
    if given is None:
        reached = drive[np.isfinite(drive)]
        reach_ms = settings.turnout_ms + (float(reached.min()) if len(reached) else 0.0)
        places = matched_places(region, call, pairs, stops, reach_ms, settings)
    else:
        drives = {(reach, carry): to_given(region, given, stops[reach], carry) for reach, carry in pairs}
        places = Places(None, (given,), (), drives)

    row = {pair: number for number, pair in enumerate(pairs)}
    alone, loss = _cover(region, fleet, candidates, call.now, settings)
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
    stop = region.times.router.snap(longitude, latitude, profile, on_foot=False)
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
