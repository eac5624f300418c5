"""What the core asks to be worked out: vehicles ranked for a case, facilities ranked for a patient."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dispatch.cases import Requirement, requirement
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.life.case import RIDING, Case, Patient, PatientState
from dispatch.life.facts import Facilities, FacilityChoice, VehicleChoice
from dispatch.life.particulars import Particulars, Position, middle_of
from dispatch.life.referral import Goal
from dispatch.life.run import Run, RunState
from dispatch.life.units import Unit
from dispatch.options import Destination
from dispatch.policies import DEFAULT_POLICY
from dispatch.recommend import Call, NextFacility, Recommendation, next_facility, recommend
from dispatch.service.live_region import LiveRegion, Now
from facilities import Value
from routing import InputError, PlaceError


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
    patients: Collection[str] = (),
) -> Recommendation:
    """The recommendation for those of a case who wait (of these `patients`, if any are named), on one state of the region.

    Every vehicle with a seat is ranked, also one that can't take all: several may go, and the nearest one does not wait for a
    bigger one that is far away.

    Raises:
        InputError: nobody knows where the patient is or is to go. PlaceError: no road comes near.
    """
    waiting = [one for one in case.waiting() if not patients or one.id in patients] or case.patients
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


def known_place(goal: Goal) -> Position | None:
    """Where a facility or a place is, as far as it says so itself."""
    return None if goal.longitude is None or goal.latitude is None else Position(goal.longitude, goal.latitude)


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
    suggested = suggested_facilities(live, now, case, patient, run, vehicle, particulars, moment, reach_ms)
    if suggested is None:
        return Facilities()
    choices = []
    for one in suggested.found.choices:
        goal = goal_of(one.destination)
        if goal is not None:
            choices.append(FacilityChoice(goal, one.transport_ms))
    return Facilities(tuple(choices), suggested.found.sitegar, _lacking(now, case, patient, asked_of(case)))


StartKind = Literal["door", "vehicle", "patient"]
"""From where a patient leaves: the door where they stand, where the vehicle with them was last seen, where they are fetched."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """Who may be asked next, and why not the others; from where it was reckoned."""

    found: NextFacility
    start: StartKind


def suggested_facilities(
    live: LiveRegion,
    now: Now,
    case: Case,
    patient: Patient,
    run: Run | None,
    vehicle: Vehicle | None,
    particulars: Particulars,
    moment: datetime,
    reach_ms: float = 0.0,
) -> Suggested | None:
    """As `ranked_facilities`, with everything that is known of them; None: there is nowhere to take anybody, or no way.

    Raises:
        InputError: nobody knows where the patient is.
    """
    if case.kind is None or case.priority is None:
        return None
    asked = asked_of(case)
    if asked.kind.destination != "facility":
        return None
    failed = frozenset(one.goal.id for one in case.failed(patient.id))
    # The core counts the tries; here one more is always in question, so that there is somewhere to drive meanwhile.
    settings = replace(live.settings, tries=max(live.settings.tries, len(failed) + 1))
    scene_ms = asked.seconds_on_scene * 1000
    places, leaves_in_ms = _whereabouts(case, patient, run, vehicle, particulars, moment, scene_ms, reach_ms)
    who = vehicle or _HELPER
    for start, place in places:
        try:
            found = next_facility(
                now.facts, who, place.longitude, place.latitude, asked, failed, moment, settings, None, leaves_in_ms
            )
        except PlaceError:
            continue
        return Suggested(found, start)
    return None


def _lacking(now: Now, case: Case, patient: Patient, asked: Requirement) -> bool:
    """Whether whoever is being asked, or has said yes, is known to lack what the patient needs."""
    attempt, table = case.open_attempt(patient.id), now.facts.facilities
    at = None if attempt is None else table.index.get(attempt.goal.id)
    if at is None or not asked.needed_capabilities:
        return False
    there = table.facilities[at]
    return all(any(there.value(one) is Value.NO for one in together) for together in asked.needed_capabilities)


def _whereabouts(
    case: Case,
    patient: Patient,
    run: Run | None,
    vehicle: Vehicle | None,
    particulars: Particulars,
    moment: datetime,
    scene_ms: float,
    reach_ms: float,
) -> tuple[list[tuple[StartKind, Position]], float]:
    """From where a patient will leave, the likeliest first, and in how many milliseconds."""
    home = place_of(case, particulars, patient.id)
    if patient.state not in RIDING:
        passed = 0.0 if run is None else (moment - run.watch.since).total_seconds() * 1000
        to_scene = reach_ms if run is None else max(0.0, (run.expected_ms or 0.0) - passed)
        there = run is not None and run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT)
        return [("patient", home)], scene_ms if there else to_scene + scene_ms
    places: list[tuple[StartKind, Position]] = []
    door = patient.door or patient.goal
    if patient.state is PatientState.AT_FACILITY and door is not None and (at := known_place(door)) is not None:
        places.append(("door", at))
    if vehicle is not None and vehicle.longitude is not None and vehicle.latitude is not None:
        places.append(("vehicle", Position(vehicle.longitude, vehicle.latitude)))
    return [*places, ("patient", home)], 0.0
