"""From a call to a recommendation: gathers the facts (times, facilities, vehicles, demand) and has them decided.

The facts are taken once, from one state of the roads; the decision itself is `dispatch.decision`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dispatch.cases import Requirement, case_kinds
from dispatch.coverage import coverage_loss, covered, uncovered
from dispatch.decision import (
    Decision,
    Destination,
    FacilityChoice,
    Tables,
    Way,
    asked_next,
    decide,
    no_remarks,
    problem_of,
)
from dispatch.fleet import FREE, Vehicle
from dispatch.legs import LegRule, default_rules, profile_for
from dispatch.policies import DEFAULT_POLICY, POLICIES
from dispatch.reasons import AnyReason, Reason, reason
from dispatch.screening import Candidate, LeftOut, locate, screen
from dispatch.settings import DecisionSettings, default_settings, learned
from dispatch.times import Floats, RegionTimes, milliseconds
from facilities import AvailabilityBoard, FacilityTable, Matches, match
from facilities import Requirement as FacilityRequirement
from routing import InputError, PlaceError
from routing.snapping import Snap, Snaps

COVER_PROFILE = "ambulance"
"""How a vehicle reaches the next call that nobody knows of yet: as an ordinary car."""

_COVER_CASE = "emergency"


@dataclass(frozen=True, slots=True)
class Region:
    """What a recommendation knows of a region; one per state of the roads.

    Attributes:
        name: of the region.
        times: prepared times, on one state of the roads.
        facilities: as arrays, in the order of `times`.
        availability: what has been claimed of them, or None.
        record: by facility id, how many of how many offers it has declined.
        invented: none of it exists.
        attribution: whose data this is, to be shown with it.
    """

    name: str
    times: RegionTimes
    facilities: FacilityTable
    availability: AvailabilityBoard | None = None
    record: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    invented: bool = False
    attribution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked.

    Attributes:
        requirement: kind, priority and what they need.
        longitude, latitude: where the patient is, degrees.
        now: with a time zone.
        destination: name, longitude, latitude of where the caller wants to go, or None: a facility is matched.
        tried: ids of facilities that have declined, or SITEGAR has spoken against, in this case.
    """

    requirement: Requirement
    longitude: float
    latitude: float
    now: datetime
    destination: tuple[str, float, float] | None = None
    tried: frozenset[str] = frozenset()


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


def _prior(region: Region, asked: FacilityRequirement, settings: DecisionSettings) -> Floats:
    """The chance that each facility declines before anything is known of this case: float64[n]."""
    base = settings.declined if asked.needs_room else settings.declined_without_room
    prior = np.full(len(region.facilities), base)
    for name, (declined, offered) in region.record.items():
        if (at := region.facilities.index.get(name)) is not None:
            prior[at] = learned(base, settings.prior_strength, declined, offered)
    return prior


def _match(
    region: Region,
    requirement: Requirement,
    travel_ms: Floats,
    estimated: NDArray[np.bool_],
    leaving: datetime,
    tried: frozenset[str],
    settings: DecisionSettings,
) -> Matches:
    asked = FacilityRequirement(requirement.needed_capabilities, requirement.priority)
    prior = _prior(region, asked, settings)
    return match(asked, region.facilities, travel_ms, leaving, region.availability, tried, prior, estimated)


def _places(
    region: Region, matches: Matches, settings: DecisionSettings
) -> tuple[NDArray[np.intp], tuple[Destination, ...], tuple[LeftOut, ...]]:
    """The facilities to be weighed (index and destination), and those that are not, with reasons."""
    table = region.facilities
    best = matches.best
    which = best.facility_index[: settings.considered].astype(np.intp)
    chances = best.decline_probability[: settings.considered].tolist()
    destinations = []
    for f, chance in zip(which.tolist(), chances, strict=True):
        found = table.facilities[f]
        destinations.append(
            Destination(found.id, found.name, found.kind, found.longitude, found.latitude, chance, settings.refused_at_door)
        )
    out = [LeftOut(one.facility.id, one.facility.name, one.reasons) for one in matches.left_out]
    if len(matches.candidates):
        passed_over = reason("facility.passed_over_uncertain")
        for f in matches.uncertain.facility_index.tolist():
            found = table.facilities[f]
            out.append(LeftOut(found.id, found.name, (passed_over, *matches.reasons(f))))
    for f, travel in zip(
        best.facility_index[settings.considered :].tolist(), best.travel_ms[settings.considered :].tolist(), strict=True
    ):
        found = table.facilities[f]
        later = round((travel - int(best.travel_ms[0])) / 60_000, 1)
        out.append(LeftOut(found.id, found.name, (reason("facility.farther", minutes=later),)))
    return which, tuple(destinations), tuple(out)


def _describe(matches: Matches) -> Callable[[Destination], tuple[AnyReason, ...]]:
    """What is old, unknown or contradictory about a facility that is shown."""
    unsure: tuple[AnyReason, ...] = () if len(matches.candidates) else (reason("facility.uncertain"),)

    def remarks(place: Destination) -> tuple[AnyReason, ...]:
        at = matches.table.index.get(place.id)
        return () if at is None else (*unsure, *matches.reasons(at), *matches.remarks(at))

    return remarks


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


def _snapped(region: Region, candidates: Sequence[Candidate], profile: str) -> Snaps:
    longitude = np.array([candidate.longitude for candidate in candidates], np.float64)
    latitude = np.array([candidate.latitude for candidate in candidates], np.float64)
    return region.times.router.snap_many(longitude, latitude, profile)


def _legs(rules: Sequence[LegRule], vehicle: Vehicle, requirement: Requirement) -> tuple[str, str]:
    """The profiles of both legs."""
    case, priority = requirement.kind, requirement.priority
    return profile_for(rules, vehicle, case, priority, "reach"), profile_for(rules, vehicle, case, priority, "carry")


def _drives(region: Region, candidates: Sequence[Candidate], profiles: Sequence[str], stops: Mapping[str, Snap]) -> Floats:
    """From each vehicle to where it stops for the patient: float64[v], inf where there is no way."""
    drive = np.full(len(candidates), np.inf)
    for profile, stop in stops.items():
        mine = np.array([v for v, name in enumerate(profiles) if name == profile], np.intp)
        if len(mine):
            snaps = _snapped(region, [candidates[v] for v in mine], profile)
            drive[mine] = milliseconds(region.times.router.eta_table(snaps, [stop], profile).ms)[:, 0]
    return drive


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
    snaps = _snapped(region, located, COVER_PROFILE)
    before = np.array([candidate.turnout_ms + candidate.doubt_ms for candidate in located])
    covers = covered(region.times.to_cells(snaps, COVER_PROFILE) + before[:, None], settings.standard_ms)
    ids = [candidate.vehicle.id for candidate in located]
    alone, loss = uncovered(covers, demand.weight), coverage_loss(covers, demand.weight, settings.busy_share)
    return dict(zip(ids, alone.tolist(), strict=True)), dict(zip(ids, loss.tolist(), strict=True))


def _given(call: Call) -> Destination | None:
    """The place that the caller named, or nowhere for a case that takes nobody anywhere."""
    if call.destination is not None:
        name, longitude, latitude = call.destination
        return Destination("given", name, "given", longitude, latitude)
    kind = call.requirement.kind
    if kind.destination == "given":
        raise InputError(f"a case of kind {kind.name!r} needs a destination: say where the person is to be taken")
    return Destination("none", "", "none") if kind.destination == "none" else None


def _to_given(region: Region, place: Destination, stop: Snap, profile: str) -> Floats:
    """Milliseconds to the place that the caller named: float64[1]."""
    if place.longitude is None or place.latitude is None:
        return np.zeros(1)
    router = region.times.router
    there = router.snap(place.longitude, place.latitude, profile)
    drive = milliseconds(router.eta_table([stop], [there], profile).ms)
    return np.asarray(drive[0] + there.carry.seconds * 1000, np.float64)


Pair = tuple[str, str]
"""The profiles of both legs."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the patient may be taken.

    `which`: intp[f], index of each destination among the facilities, None for a given place. `drives`: by pair of profiles,
    milliseconds from where the vehicle stops to every facility (or to the given place).
    """

    which: NDArray[np.intp] | None
    destinations: tuple[Destination, ...]
    out: tuple[LeftOut, ...]
    drives: Mapping[Pair, Floats]
    describe: Callable[[Destination], tuple[AnyReason, ...]] = no_remarks


def _matched(
    region: Region, call: Call, pairs: Sequence[Pair], stops: Mapping[str, Snap], reach_ms: float, settings: DecisionSettings
) -> _Places:
    """The suitable facilities; hours are judged at the arrival of the vehicle that can be there first."""
    asked = {(reach, carry): region.times.to_facilities(stops[reach], carry) for reach, carry in pairs}
    drives = {pair: drive for pair, (drive, _) in asked.items()}
    soonest = np.min([drives[pair] + stops[pair[0]].carry.seconds * 1000 for pair in pairs], axis=0)
    estimated = np.logical_and.reduce([guessed for _, guessed in asked.values()])
    leaving = call.now + timedelta(milliseconds=reach_ms, seconds=call.requirement.seconds_on_scene)
    matches = _match(region, call.requirement, soonest, estimated, leaving, call.tried, settings)
    which, destinations, out = _places(region, matches, settings)
    if len(call.tried) >= settings.tries:
        which, destinations = which[:0], ()
    return _Places(which, destinations, out, drives, _describe(matches))


def _ways(region: Region, pairs: Sequence[Pair], stops: Mapping[str, Snap], places: _Places) -> tuple[Way, ...]:
    """Each pair of profiles as a way."""
    onward: dict[str, Floats] = {}
    ways = []
    for reach, carry in pairs:
        stop, drive = stops[reach], places.drives[reach, carry]
        if carry not in onward:
            onward[carry] = np.zeros((1, 1)) if places.which is None else region.times.between(carry, places.which)
        on_foot = stop.carry.seconds * 1000, stop.carry.metres, stop.carry.kind
        ways.append(Way(reach, carry, *on_foot, drive if places.which is None else drive[places.which], onward[carry]))
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
    given = _given(call)
    candidates, vehicles_out = screen(fleet, requirement, call.now, settings)
    legs = [_legs(rules, candidate.vehicle, requirement) for candidate in candidates]
    stops = _stops(region, call, sorted({COVER_PROFILE, *(reach for reach, _ in legs)}))
    drive = _drives(region, candidates, [reach for reach, _ in legs], stops)
    # With nobody to send, the facilities are still matched and explained, as for a vehicle that stops where it can.
    nobody = next(iter(stops))
    pairs = sorted({leg for leg in legs if leg[0] in stops}) or [(nobody, nobody)]
    if given is None:
        reached = drive[np.isfinite(drive)]
        reach_ms = settings.turnout_ms + (float(reached.min()) if len(reached) else 0.0)
        places = _matched(region, call, pairs, stops, reach_ms, settings)
    else:
        drives = {(reach, carry): _to_given(region, given, stops[reach], carry) for reach, carry in pairs}
        places = _Places(None, (given,), (), drives)

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
    matches = _match(region, requirement, drive, estimated, leaving, tried, settings)
    which, destinations, out = _places(region, matches, settings)
    way = Way(profile, profile, 0.0, 0.0, "street", drive[which], region.times.between(profile, which))
    nothing = np.zeros(0)
    tables = Tables(nothing, np.zeros(0, np.intp), (way,), nothing, nothing)
    tries_left = settings.tries - len(tried)
    problem = problem_of(requirement, [], destinations, tables, replace(settings, tries=max(1, tries_left)))
    cost, desk = asked_next(problem, 0, leaves_in_ms if settings.asking == "ahead" else 0.0, (), tries_left)
    order = np.lexsort((problem.facility_order, cost))
    describe = _describe(matches)
    choices = tuple(
        FacilityChoice(destinations[f], float(problem.transport_ms[0, f]), float(cost[f]), describe(destinations[f]))
        for f in order.tolist()
        if np.isfinite(cost[f])
    )
    sitegar = not choices or choices[0].expected_ms > desk
    return NextFacility(choices, sitegar, desk, out, region.times.router.state.number)
