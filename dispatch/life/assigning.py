"""Sending somebody: a vehicle of the fleet, officers without one, or help from outside; and pulling a booked trip away."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.cases import case_kinds
from dispatch.fleet import VehicleStatus
from dispatch.life.case import Case, Patient
from dispatch.life.commands import Assign, Join
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    GoalChanged,
    OfficerMoved,
    PatientAssigned,
    RidersJoined,
    RunDue,
    RunRetriaged,
    RunStarted,
    UnitMoved,
)
from dispatch.life.facts import VehicleChoice
from dispatch.life.people import Voice
from dispatch.life.referral import Goal
from dispatch.life.referring import look_for_place, withdraw_all
from dispatch.life.refusals import ConflictError, InvalidError
from dispatch.life.releasing import end_run, is_for_later
from dispatch.life.run import Chosen, Helper, Rider, Run, RunState
from dispatch.life.units import Unit
from dispatch.reasons import Terms


def assign(d: Deciding, command: Assign) -> None:
    """The dispatcher sends a vehicle, or officers without one."""
    case = ready(d, command.case)
    patients = those(case, command.patients)
    if command.first:
        if not assign_by_itself(d, case, "recommended", patients):
            raise ConflictError("no_vehicle_free", case=case.id)
        return
    if command.unit is None and not command.officers:
        raise InvalidError("nobody_to_send")
    if not command.recommended and not command.override.strip():
        raise InvalidError("override_without_reason")
    choice = next((one for one in d.facts.ranked(case.id) if one.unit == command.unit), None)
    how: Chosen = "recommended" if command.recommended else "override"
    if command.unit is not None:
        unit = d.unit(command.unit)
        take_unit(d, unit, case, len(patients))
        # For a trip tomorrow it says nothing who is near now.
        first = None if is_for_later(d, case) else _better(d, case, unit, len(patients))
        if first is not None:
            if not command.override.strip():
                raise ConflictError("not_first_choice", vehicle=unit.name or unit.id, first=first.name or first.id)
            how = "override"
    officers = tuple(dict.fromkeys(command.officers))
    for name in officers:
        _take_officer(d, name)
    sending = Sending(command.unit, officers, None, how, command.override, _reach_ms(choice))
    start_run(d, case, patients, sending, command.goal or _goal(choice), dispatchers_goal=command.goal is not None)


def _reach_ms(choice: VehicleChoice | None) -> float | None:
    return None if choice is None else choice.reach_ms


def _goal(choice: VehicleChoice | None) -> Goal | None:
    return None if choice is None else choice.goal


def assign_by_itself(
    d: Deciding, case: Case, chosen: Chosen = "automatic", patients: tuple[Patient, ...] | None = None
) -> bool:
    """Sends the first of the vehicles ranked for a case that is still to be had, to as many of `patients` (None: all who wait)
    as it takes; False if there is none."""
    for choice, unit in _to_be_had(d, case):
        _send(d, case, unit, choice, chosen, case.waiting() if patients is None else patients)
        return True
    return False


def _to_be_had(d: Deciding, case: Case) -> Iterator[tuple[VehicleChoice, Unit]]:
    """Of the vehicles ranked for a case those that can still be sent, best first."""
    for choice in d.facts.ranked(case.id):
        unit = d.world.units.get(choice.unit)
        if unit is None or unit.retired or not (unit.free or _may_divert(d, unit, case)):
            continue
        if unit.capacity >= 1 or d.kind_of(case).destination == "none":
            yield choice, unit


def _better(d: Deciding, case: Case, unit: Unit, people: int) -> Unit | None:
    """The first choice that a vehicle is passed over for, or None: it is itself the first, or arrives at about the same time
    (positions change while somebody reads), or the first has said no, or nothing, to this case, or nobody was ranked. One
    that can't take so many people is none."""
    seated = d.kind_of(case).destination != "none"
    ranked = [one for one in _to_be_had(d, case) if one[1].capacity >= people or not seated]
    willing = [one for one in ranked if one[1].id not in case.passed_over]
    reach = next((choice.reach_ms for choice, one in ranked if one.id == unit.id), math.inf)
    firsts = (*willing[:1], *ranked[:1])
    if any(one.id == unit.id or abs(reach - choice.reach_ms) <= d.rules.as_good_ms for choice, one in firsts):
        return None
    return firsts[0][1] if firsts else None


def _send(d: Deciding, case: Case, unit: Unit, choice: VehicleChoice, chosen: Chosen, waiting: tuple[Patient, ...]) -> None:
    patients = waiting[: unit.capacity] if d.kind_of(case).destination != "none" else waiting
    take_unit(d, unit, case, len(patients))
    start_run(d, case, patients, Sending(unit.id, (), None, chosen, "", choice.reach_ms), choice.goal)


def ready(d: Deciding, name: str) -> Case:
    """The open case, if enough is known of it and somebody waits.

    Raises:
        ConflictError: it is a draft, or nobody waits.
    """
    case = d.case(name)
    if not case.complete:
        raise ConflictError("case_is_draft", case=name)
    if not case.waiting():
        raise ConflictError("nobody_waits", case=name)
    return case


def those(case: Case, names: tuple[str, ...]) -> tuple[Patient, ...]:
    """Those of the named who wait; all who wait where nobody is named.

    Raises:
        ConflictError: somebody who is named does not wait.
    """
    waiting = case.waiting()
    if not names:
        return waiting
    chosen = tuple(one for one in waiting if one.id in names)
    if missing := sorted(set(names) - {one.id for one in chosen}):
        raise ConflictError("patient_not_waiting", case=case.id, patient=missing[0])
    return chosen


def _may_divert(d: Deciding, unit: Unit, case: Case) -> bool:
    return unit.can_be_diverted and not d.kind_of(case).scheduled


def take_unit(d: Deciding, unit: Unit, case: Case, people: int) -> None:
    """Makes sure that a vehicle can go; a booked trip that it has is pulled away, and its people wait for another vehicle.

    Raises:
        ConflictError: it is somebody else's, or out of service, or too small.
    """
    kind = d.kind_of(case)
    if not unit.free and not _may_divert(d, unit, case):
        raise ConflictError("vehicle_taken", vehicle=unit.name or unit.id, status=Terms("status", (unit.status,)))
    if kind.destination != "none" and unit.capacity < people:
        raise ConflictError("vehicle_too_small", vehicle=unit.name or unit.id, capacity=unit.capacity, people=people)
    if unit.run is not None:
        end_run(d, d.world.runs[unit.run], "preempted", VehicleStatus.STANDBY, case.id)


def _take_officer(d: Deciding, name: str) -> None:
    officer = d.officer(name)
    if officer.run is not None:
        raise ConflictError("officer_taken", officer=officer.name or officer.id)
    if not officer.on_shift(d.now):
        raise ConflictError("officer_off_duty", officer=officer.name or officer.id)


@dataclass(frozen=True, slots=True)
class Sending:
    """Who is sent: a vehicle with officers, officers alone, or help from outside; who chose it, why, and how long it takes."""

    unit: str | None
    officers: tuple[str, ...]
    helper: Helper | None
    chosen: Chosen
    reason: str
    expected_ms: float | None
    voice: Voice | None = None


def start_run(
    d: Deciding,
    case: Case,
    patients: tuple[Patient, ...],
    sending: Sending,
    goal: Goal | None,
    *,
    dispatchers_goal: bool = False,
) -> Run:
    """Starts a run for some of those who wait, and has places be looked for where facilities are asked ahead.

    `dispatchers_goal`: the goal was said, not ranked: whoever is being asked already gives way to it.
    """
    assert case.kind is not None
    assert case.priority is not None
    run = d.new_id()
    riders = tuple(Rider(case.id, one.id) for one in patients)
    d.emit(
        RunStarted(
            run,
            sending.unit,
            sending.officers,
            sending.helper,
            riders,
            case.kind,
            case.priority,
            sending.chosen,
            sending.reason,
            sending.expected_ms,
            sending.voice,
            _due(d, (case,)),
            case.received_at,
        ),
        # What was told of another case may lie before the call of this one, which gets a vehicle because of it.
        max(d.at, case.received_at),
    )
    if sending.unit is not None:
        d.emit(UnitMoved(sending.unit, VehicleStatus.ASSIGNED, run, case_kinds()[case.kind].scheduled))
    for name in sending.officers:
        d.emit(OfficerMoved(name, run))
    for one in patients:
        _sent_for(d, case, one, run, goal, dispatchers_goal)
    return d.world.runs[run]


def _sent_for(d: Deciding, case: Case, patient: Patient, run: str, goal: Goal | None, dispatchers: bool) -> None:
    d.emit(PatientAssigned(case.id, patient.id, run))
    if d.kind_of(case).destination == "given" and patient.goal is None:
        d.emit(GoalChanged(case.id, patient.id, Goal("given", "given"), True, "asked_for"))
    elif goal is not None and goal.kind == "given":
        withdraw_all(d, case.id, patient.id)
        d.emit(GoalChanged(case.id, patient.id, goal, True, "chosen"))
    first = goal if goal is not None and goal.kind in ("facility", "outside") else None
    look_for_place(d, case.id, patient.id, first, dispatchers)


def join(d: Deciding, command: Join) -> None:
    """A run under way fetches waiting patients as well: a second one at the scene, or a shared trip."""
    run, case = d.run(command.run), ready(d, command.case)
    patients = those(case, command.patients)
    if run.state.rank >= RunState.ESCORTING.rank:
        raise ConflictError("run_too_far", run=run.id)
    people = len(run.riders) + len(patients)
    if run.unit is not None:
        unit = d.unit(run.unit)
        if unit.out_of_order:
            raise ConflictError("vehicle_broken", vehicle=unit.name or unit.id)
        if unit.capacity < people:
            raise ConflictError("vehicle_too_small", vehicle=unit.name or unit.id, capacity=unit.capacity, people=people)
    d.emit(RidersJoined(run.id, tuple(Rider(case.id, one.id) for one in patients)))
    for one in patients:
        _sent_for(d, case, one, run.id, None, False)
    retriage(d, run.id)


def retriage(d: Deciding, name: str) -> None:
    """Has a run be driven as the most urgent of those whom it is for, and be no booked trip once one of them is none."""
    run = d.world.runs[name]
    cases = [d.world.cases[rider.case] for rider in run.riders]
    urgent = min(cases, key=lambda one: 9 if one.priority is None else one.priority.rank, default=None)
    if urgent is not None and urgent.priority is not None and urgent.kind is not None:
        if (urgent.kind, urgent.priority) != (run.kind, run.priority):
            d.emit(RunRetriaged(name, urgent.kind, urgent.priority))
        due = _due(d, cases)
        if due != run.due_at and run.state.rank <= RunState.ACKNOWLEDGED.rank:
            d.emit(RunDue(name, due))
        d.show_unit(d.world.runs[name])


def _due(d: Deciding, cases: Sequence[Case]) -> datetime | None:
    """For what time a run for these cases is booked; None: at once, as soon as one of them waits for no other time."""
    times = [one.pickup_at for one in cases]
    ahead = [one for one in times if one is not None and one > d.now]
    return min(ahead) if len(ahead) == len(times) else None
