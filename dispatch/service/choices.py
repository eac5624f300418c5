"""What the core asks to be worked out: vehicles ranked for a case, facilities ranked for a patient, the time of a leg."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.cases import Priority, Requirement, requirement
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.legs import Leg, default_rules, profile_for
from dispatch.life.case import RIDING, Case, Patient, PatientState
from dispatch.life.facts import Facilities, FacilityChoice, VehicleChoice
from dispatch.life.particulars import Particulars, Position, middle_of
from dispatch.life.referral import Goal
from dispatch.life.run import Run, RunState
from dispatch.life.units import Unit
from dispatch.options import Destination
from dispatch.policies import DEFAULT_POLICY
from dispatch.recommend import Call, Recommendation, next_facility, recommend
from dispatch.service.live_region import LiveRegion, Now
from dispatch.times import without_leaps
from routing import InputError, PlaceError
from routing.routes import Route


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a vehicle was last seen: degrees, and when the position was taken."""

    longitude: float
    latitude: float
    time: datetime


Positions = Mapping[str, Seen]
"""By vehicle id; a vehicle that nobody has seen is missing."""


def vehicles_of(units: Collection[Unit], positions: Positions) -> list[Vehicle]:
    """The fleet as a recommendation looks at it."""
    fleet = []
    for unit in units:
        seen = positions.get(unit.id)
        if not unit.retired:
            fleet.append(unit.as_vehicle() if seen is None else unit.as_vehicle(seen.longitude, seen.latitude, seen.time))
    return fleet


def place_of(case: Case, particulars: Particulars, patient: str | None = None) -> Position:
    """Where a patient is to be fetched; the middle of the case's cell where the exact place is gone."""
    found = particulars.place(patient)
    if found is not None:
        return found
    if case.cell is None:
        raise InputError(f"case {case.id}: nobody has said where the patient is")
    return middle_of(case.cell)


def asked_of(case: Case) -> Requirement:
    """What a complete case asks for, for one of its patients: a vehicle takes as many as fit, and others go for the rest."""
    assert case.kind is not None
    assert case.priority is not None
    return requirement(case.kind, case.priority, 1, case.needs)


def ranked_vehicles(
    live: LiveRegion,
    now: Now,
    case: Case,
    particulars: Particulars,
    fleet: Sequence[Vehicle],
    moment: datetime,
    policy: str = DEFAULT_POLICY,
    limit: int = 5,
) -> Recommendation:
    """The recommendation for those of a case who wait, on one state of the region.

    Every vehicle with a seat is ranked, also one that can't take all: several may go, and the nearest one does not wait for a
    bigger one that is far away.

    Raises:
        InputError: nobody knows where the patient is or is to go. PlaceError: no road comes near.
    """
    waiting = case.waiting() or case.patients
    place = place_of(case, particulars, waiting[0].id if waiting else None)
    asked = asked_of(case)
    goal = None
    if asked.kind.destination == "given":
        there = particulars.goal(waiting[0].id if waiting else None) or place
        goal = ("", there.longitude, there.latitude)
    failed = frozenset(one.goal.id for patient in waiting for one in case.failed(patient.id))
    call = Call(asked, place.longitude, place.latitude, moment, goal, failed)
    found = recommend(now.facts, fleet, call, live.settings, policy, limit=limit)
    # Whoever reads it is told how many wait.
    return replace(found, decision=replace(found.decision, requirement=replace(asked, patients=max(1, len(waiting)))))


def goal_of(place: Destination) -> Goal | None:
    """A facility as the core names it; None for the desk, a given place, or nowhere: those are not asked."""
    if place.kind in ("given", "none", "referral_desk"):
        return None
    return Goal("facility", place.id, place.name, place.phone, place.longitude, place.latitude)


def vehicle_choices(found: Recommendation) -> tuple[VehicleChoice, ...]:
    """The ranked pairs as the core looks at them."""
    return tuple(VehicleChoice(one.vehicle.id, one.reach_ms, goal_of(one.destination)) for one in found.decision.options)


_HELPER = Vehicle("helper", "helper", VehicleKind.VILLAGE_AMBULANCE)
"""A vehicle from outside: nobody knows what it has, so it drives as an ordinary ambulance without a siren."""


def ranked_facilities(
    live: LiveRegion,
    now: Now,
    case: Case,
    patient: Patient,
    run: Run | None,
    vehicle: Vehicle | None,
    particulars: Particulars,
    moment: datetime,
    reach_ms: float = 0.0,
) -> Facilities:
    """Whom to ask next for a patient, from where they are or will leave from; those that failed are not asked again.

    `reach_ms`: until the vehicle is there, for a run that is only about to start.
    """
    if case.kind is None or case.priority is None:
        return Facilities()
    asked = asked_of(case)
    if asked.kind.destination != "facility":
        return Facilities()
    failed = frozenset(one.goal.id for one in case.failed(patient.id))
    # The core counts the tries; here one more is always in question, so that there is somewhere to drive meanwhile.
    settings = replace(live.settings, tries=max(live.settings.tries, len(failed) + 1))
    scene_ms = asked.seconds_on_scene * 1000
    places, leaves_in_ms = _whereabouts(case, patient, run, vehicle, particulars, moment, scene_ms, reach_ms)
    who = vehicle or _HELPER
    for place in places:
        try:
            found = next_facility(
                now.facts, who, place.longitude, place.latitude, asked, failed, moment, settings, None, leaves_in_ms
            )
        except PlaceError:
            continue
        choices = []
        for one in found.choices:
            goal = goal_of(one.destination)
            if goal is not None:
                choices.append(FacilityChoice(goal, one.transport_ms))
        return Facilities(tuple(choices), found.sitegar)
    return Facilities()


def _whereabouts(
    case: Case,
    patient: Patient,
    run: Run | None,
    vehicle: Vehicle | None,
    particulars: Particulars,
    moment: datetime,
    scene_ms: float,
    reach_ms: float,
) -> tuple[list[Position], float]:
    """From where a patient will leave, the likeliest first, and in how many milliseconds."""
    home = place_of(case, particulars, patient.id)
    if patient.state not in RIDING:
        passed = 0.0 if run is None else (moment - run.watch.since).total_seconds() * 1000
        to_scene = reach_ms if run is None else max(0.0, (run.expected_ms or 0.0) - passed)
        there = run is not None and run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT)
        return [home], scene_ms if there else to_scene + scene_ms
    places = []
    if patient.state is PatientState.AT_FACILITY and patient.goal is not None and patient.goal.longitude is not None:
        assert patient.goal.latitude is not None
        places.append(Position(patient.goal.longitude, patient.goal.latitude))
    if vehicle is not None and vehicle.longitude is not None and vehicle.latitude is not None:
        places.append(Position(vehicle.longitude, vehicle.latitude))
    return [*places, home], 0.0


@dataclass(frozen=True, slots=True)
class RunLeg:
    """The leg that a run is on: the route, to whom or where it leads, and how it is driven."""

    route: Route
    leg: Leg
    profile: str
    goal: Position
    goal_name: str
    assumed_start: bool


def leg_of(
    now: Now,
    run: Run,
    cases: Mapping[str, Case],
    particulars: Mapping[str, Particulars],
    vehicle: Vehicle | None,
) -> RunLeg | None:
    """The route of a run's present leg; None: it has none.

    Raises:
        PlaceError: there is no way.
    """
    target = None if vehicle is None else _target(run, cases, particulars)
    if target is None or vehicle is None:
        return None
    leg, place, name, start = target
    kind = asked_of(cases[run.riders[0].case]).kind
    profile = profile_for(default_rules(), vehicle, kind, run.priority, leg)
    seen = vehicle.longitude is not None and vehicle.latitude is not None
    if seen and vehicle.longitude is not None and vehicle.latitude is not None:
        start = Position(vehicle.longitude, vehicle.latitude)
    elif start is None and vehicle.base_longitude is not None and vehicle.base_latitude is not None:
        start = Position(vehicle.base_longitude, vehicle.base_latitude)
    if start is None:
        return None
    router = now.router
    begin = router.snap(start.longitude, start.latitude, profile, on_foot=False)
    end = without_leaps(router.snap(place.longitude, place.latitude, profile))
    return RunLeg(router.route(begin, end, profile), leg, profile, place, name, not seen)


_Target = tuple[Leg, Position, str, Position | None]
"""The leg, where it leads, what that is called, and from where it starts as far as anybody knows."""

_UNDER_WAY = frozenset({RunState.ASSIGNED, RunState.ACKNOWLEDGED, RunState.EN_ROUTE, RunState.CARRYING, RunState.AT_FACILITY})
"""States in which a run is on a leg, or stands where one has ended."""


def _target(run: Run, cases: Mapping[str, Case], particulars: Mapping[str, Particulars]) -> _Target | None:
    """Where a run's present leg leads.

    Whoever is still to be fetched comes before the doors of those on board: that is what the trip is shared for. Not so where
    somebody on board is more urgent than all who are to be fetched: no red patient is driven round for a green one. A run
    that stands at a door is there until those who go in are handed over.
    """
    if run.state not in _UNDER_WAY:
        return None
    riders = [(cases[one.case], patient) for one in run.riders if (patient := cases[one.case].patient(one.patient)) is not None]
    to_fetch = [one for one in riders if one[1].state in (PatientState.ASSIGNED, PatientState.MET)]
    riding = sorted((one for one in riders if one[1].state in RIDING), key=_urgency)
    arrived = [one for one in riding if _arrived(one[1])]
    onward = [one for one in riding if not _arrived(one[1])]
    waits = run.state is RunState.AT_FACILITY and bool(arrived)
    if to_fetch and not waits and not (onward and _urgency(onward[0]) < min(map(_urgency, to_fetch))):
        case, patient = to_fetch[0]
        start = _home(*riding[0], particulars) if riding else None
        return "reach", _home(case, patient, particulars), "", start
    for case, patient in (*arrived, *onward) if waits else (*onward, *arrived):
        where = None if patient.goal is None else _goal_place(patient.goal, particulars[case.id], patient.id)
        if patient.goal is not None and where is not None:
            return "carry", where, patient.goal.name, _home(case, patient, particulars)
    return None


def _urgency(rider: tuple[Case, Patient]) -> int:
    """0 for the most urgent; nothing is urgent any more for one who died on the way."""
    case, patient = rider
    return Priority.BLACK.rank if case.priority is None or patient.died_at is not None else case.priority.rank


def _arrived(patient: Patient) -> bool:
    """Whether a patient stands at the door where they are to go in; who was refused there is to go on."""
    if patient.state is not PatientState.AT_FACILITY:
        return False
    return patient.goal is None or patient.door is None or patient.goal.id == patient.door.id


def _home(case: Case, patient: Patient, particulars: Mapping[str, Particulars]) -> Position:
    return place_of(case, particulars[case.id], patient.id)


def _goal_place(goal: Goal, particulars: Particulars, patient: str) -> Position | None:
    if goal.longitude is not None and goal.latitude is not None:
        return Position(goal.longitude, goal.latitude)
    return particulars.goal(patient) if goal.kind == "given" else None
