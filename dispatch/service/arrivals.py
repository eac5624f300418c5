"""When a patient is expected at a facility: the present leg, the time with the patient, the way from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from dispatch.fleet import Vehicle
from dispatch.legs import Leg, default_rules, profile_for
from dispatch.life.case import RIDING, Case, Patient, PatientState
from dispatch.life.particulars import Particulars, Position
from dispatch.life.referral import Goal
from dispatch.life.run import Run, RunState
from dispatch.service.choices import asked_of, known_place, place_of
from dispatch.service.run_legs import way_of
from dispatch.times import without_leaps
from routing.router import Router

_NOT_LEFT = frozenset({RunState.ASSIGNED, RunState.ACKNOWLEDGED})
_WITH_THEM = frozenset({RunState.AT_SCENE, RunState.WITH_PATIENT})


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a patient is expected somewhere.

    Attributes:
        ms: milliseconds from now; 0 for one who stands at the door.
        assumed: the vehicle's position is not known, or too old to be now: reckoned from where it was last seen, from its
            base, or from where the patient was fetched.
    """

    ms: float
    assumed: bool


def arrival_at(
    router: Router,
    run: Run,
    cases: Mapping[str, Case],
    particulars: Mapping[str, Particulars],
    vehicle: Vehicle | None,
    case: Case,
    patient: Patient,
    goal: Goal,
    moment: datetime,
    fresh_seconds: float,
) -> Arrival | None:
    """When a patient of a run is expected at a facility.

    It is the soonest: whoever is fetched on the way after the present leg, or taken to another door, makes it later.

    Args:
        router: on the state of the roads that is to be used.
        run, cases, particulars, vehicle: as for `run_legs.way_of`.
        case, patient, goal: who is expected where.
        moment: now.
        fresh_seconds: a position older than this is not now.

    Returns:
        None: nobody is under way (no vehicle of the region's, a trip that is booked for later), or nobody knows where the
        facility is.

    Raises:
        PlaceError: there is no way. InputError: nobody knows where the patient is.
    """
    there = known_place(goal)
    booked = run.due_at is not None and run.due_at > moment and run.state in _NOT_LEFT
    if there is None or vehicle is None or not run.live or booked:
        return None
    door = patient.door or patient.goal
    if patient.state is PatientState.AT_FACILITY and door is not None and door.id == goal.id:
        return Arrival(0.0, False)
    old = vehicle.fix_time is None or (moment - vehicle.fix_time).total_seconds() > fresh_seconds
    way = way_of(run, cases, particulars, vehicle)
    home, asked = place_of(case, particulars[case.id], patient.id), asked_of(case)
    to_them, with_them = (profile_for(default_rules(), vehicle, asked.kind, run.priority, leg) for leg in get_args(Leg))
    passed_ms, at = 0.0, _position(vehicle) or home
    if way is not None:
        passed_ms, at = float(way.on(router).route.duration_ms), way.goal
        if way.leg == "reach" and patient.state in RIDING:
            passed_ms += asked.seconds_on_scene * 1000
    if patient.state not in RIDING:
        if way is not None:
            passed_ms += _drive_ms(router, at, home, to_them)
        stood_ms = (moment - run.watch.since).total_seconds() * 1000 if run.state in _WITH_THEM else 0.0
        passed_ms, at = passed_ms + max(0.0, asked.seconds_on_scene * 1000 - stood_ms), home
    return Arrival(passed_ms + _drive_ms(router, at, there, with_them), old or (way is not None and way.assumed_start))


def _drive_ms(router: Router, start: Position, end: Position, profile: str) -> float:
    if start == end:
        return 0.0
    begin = router.snap(start.longitude, start.latitude, profile, on_foot=False)
    stop = without_leaps(router.snap(end.longitude, end.latitude, profile))
    return float(router.route(begin, stop, profile).duration_ms)


def _position(vehicle: Vehicle) -> Position | None:
    if vehicle.longitude is None or vehicle.latitude is None:
        return None
    return Position(vehicle.longitude, vehicle.latitude)
