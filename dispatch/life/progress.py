"""A run under way: departed, at the scene, with the patient, left, at the facility, handed over, available."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET

from dispatch.fleet import VehicleStatus
from dispatch.life.case import RIDING, Case, Outcome, Patient, PatientState, urgency
from dispatch.life.commands import BeginTreatment, CorrectTime, EndEscort, HandOver, Progress, RecordDeath
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    AttemptMoved,
    DeskWithdrawn,
    GoalChanged,
    PatientArrived,
    PatientBoarded,
    PatientDied,
    PatientHandedOver,
    PatientMet,
    Recorded,
    RunProgressed,
    StampCorrected,
)
from dispatch.life.evolve import corrected
from dispatch.life.referral import AttemptState, Goal
from dispatch.life.referring import at_door, look_for_place, withdraw_all
from dispatch.life.refusals import ConflictError, InvalidError
from dispatch.life.releasing import end_patient, end_run, strand
from dispatch.life.run import Rider, Run, RunState
from dispatch.life.stamps import TimePoint
from dispatch.reasons import Terms

STATE_AFTER: dict[TimePoint, RunState] = {
    TimePoint.ACKNOWLEDGED: RunState.ACKNOWLEDGED,
    TimePoint.DEPARTED: RunState.EN_ROUTE,
    TimePoint.AT_SCENE: RunState.AT_SCENE,
    TimePoint.WITH_PATIENT: RunState.WITH_PATIENT,
    TimePoint.LEFT_SCENE: RunState.CARRYING,
    TimePoint.AT_FACILITY: RunState.AT_FACILITY,
    TimePoint.LEFT_FACILITY: RunState.CARRYING,
    TimePoint.AVAILABLE: RunState.ENDED,
}
"""What the crew presses. The other points follow from what is done for the patients."""


def _named(point: TimePoint) -> Terms:
    return Terms("point", (point,))


def progress(d: Deciding, command: Progress) -> None:
    """A time point of a run. One that was forgotten may be left out: it stays missing; going back takes a correction."""
    run = d.run(command.run)
    point = command.point
    if point not in STATE_AFTER:
        raise InvalidError("not_pressed", point=_named(point))
    if point is TimePoint.AVAILABLE:
        _available(d, run)
        return
    if run.unit is not None and d.world.units[run.unit].out_of_order:
        raise ConflictError("vehicle_broken", vehicle=d.world.units[run.unit].name or run.unit)
    whom = _whom(d, run, point, command.riders)
    _check_order(run, point, [patient.state for _, patient in d.riders(run)], bool(whom))
    claimed = d.in_order(run)
    reckoned = d.facts.leg_ms
    if reckoned is None and point.rank <= TimePoint.DEPARTED.rank:
        reckoned = run.expected_ms
    d.emit(RunProgressed(run.id, point, STATE_AFTER[point], claimed, reckoned))
    _move_riders(d, point, whom)
    d.show_unit(d.world.runs[run.id])


_ABOUT: dict[TimePoint, tuple[PatientState, ...]] = {
    TimePoint.WITH_PATIENT: (PatientState.ASSIGNED,),
    TimePoint.LEFT_SCENE: (PatientState.MET, PatientState.ASSIGNED),
    TimePoint.AT_FACILITY: (PatientState.ABOARD, PatientState.MET, PatientState.ASSIGNED),
    TimePoint.LEFT_FACILITY: (PatientState.AT_FACILITY,),
}
"""Whom a point is about: those in the first of these states in which anybody is; an earlier press was forgotten."""


def _whom(d: Deciding, run: Run, point: TimePoint, named: tuple[Rider, ...]) -> list[tuple[Rider, Patient]]:
    """Whom a point is about: those who are named; else those who must be meant. Of people who wait in different places only
    the first are meant: nobody has been to the others."""
    riders = [(rider, patient) for rider, patient in d.riders(run) if not patient.ended]
    if named:
        if strange := [one for one in named if one not in run.riders]:
            raise ConflictError("not_on_run", case=strange[0].case, patient=strange[0].patient, run=run.id)
        return [(rider, patient) for rider, patient in riders if rider in named]
    for state in _ABOUT.get(point, ()):
        found = [(rider, patient) for rider, patient in riders if patient.state is state]
        if found and point is TimePoint.AT_FACILITY:
            found = _at_one_door(d, run, riders, found)
        if found and state is PatientState.ASSIGNED:
            # Pressed twice on a shared trip, a point says nothing of those to whom nobody has been yet.
            been = [one for one in riders if one[1].state.rank >= PatientState.ABOARD.rank]
            at_scene = run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT)
            same_place = [one for one in found if one[0].case == found[0][0].case]
            return [] if been and not (at_scene and point is not TimePoint.AT_FACILITY) else same_place
        if found:
            return found
    return []


def _at_one_door(
    d: Deciding, run: Run, riders: list[tuple[Rider, Patient]], found: list[tuple[Rider, Patient]]
) -> list[tuple[Rider, Patient]]:
    """Those who have arrived with the first of them: whoever is taken elsewhere has not. Pressed again while somebody stands at
    a door that nobody has left, it says nothing of the others."""
    if run.state is RunState.AT_FACILITY and any(patient.state is PatientState.AT_FACILITY for _, patient in riders):
        return []
    # As the way leads: to the door of the most urgent one who has a place.
    first = min(found, key=lambda one: (one[1].goal is None, urgency(d.world.cases[one[0].case], one[1])))
    return [one for one in found if _place(one) == _place(first)]


def _place(one: tuple[Rider, Patient]) -> tuple[str, str]:
    """Where somebody is taken; a place that a caller named is that case's own, whatever it is called."""
    rider, patient = one
    if patient.goal is None or patient.goal.kind == "given":
        return rider.case, "" if patient.goal is None else patient.goal.id
    return "", patient.goal.id


def _check_order(run: Run, point: TimePoint, states: list[PatientState], anybody: bool) -> None:
    """Raises ConflictError unless the point can follow on where the run is."""
    to_fetch = any(one in (PatientState.ASSIGNED, PatientState.MET) for one in states)
    aboard = any(one in RIDING for one in states)
    late = run.state.rank >= RunState.ESCORTING.rank
    at_scene = run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT)
    match point:
        case TimePoint.ACKNOWLEDGED | TimePoint.DEPARTED:
            fine = run.state.rank < STATE_AFTER[point].rank
        case TimePoint.AT_SCENE | TimePoint.WITH_PATIENT:
            # Somebody else may still have to be fetched with the first one on board, or in care.
            further = run.state in (RunState.CARRYING, RunState.AT_FACILITY)
            fine = not late and to_fetch and (run.state.rank < STATE_AFTER[point].rank or further)
        case TimePoint.LEFT_SCENE:
            fine = not late and (anybody or (aboard and at_scene))
        case TimePoint.AT_FACILITY:
            fine = not late and anybody
        case _:
            fine = run.state is RunState.AT_FACILITY and aboard
    if not fine:
        raise ConflictError("out_of_order", point=_named(point), state=Terms("run_state", (run.state,)))


def _move_riders(d: Deciding, point: TimePoint, whom: list[tuple[Rider, Patient]]) -> None:
    for rider, patient in whom:
        match point:
            case TimePoint.WITH_PATIENT if patient.state is PatientState.ASSIGNED:
                d.emit(PatientMet(rider.case, rider.patient))
            case TimePoint.LEFT_SCENE if patient.state in (PatientState.ASSIGNED, PatientState.MET):
                d.emit(PatientBoarded(rider.case, rider.patient))
                look_for_place(d, rider.case, rider.patient)
            case TimePoint.AT_FACILITY if patient.state in (PatientState.ASSIGNED, PatientState.MET, PatientState.ABOARD):
                if patient.state is not PatientState.ABOARD:
                    d.emit(PatientBoarded(rider.case, rider.patient))
                    look_for_place(d, rider.case, rider.patient)
                d.emit(PatientArrived(rider.case, rider.patient))
            case TimePoint.LEFT_FACILITY if patient.state is PatientState.AT_FACILITY:
                d.emit(PatientBoarded(rider.case, rider.patient))
            case _:
                pass


def _available(d: Deciding, run: Run) -> None:
    """The vehicle can take the next job; with nobody left, or only people who are in somebody else's charge."""
    if run.state is RunState.ESCORTING:
        raise ConflictError("still_escorting", run=run.id)
    if run.state is not RunState.CLEARING:
        raise ConflictError("out_of_order", point=_named(TimePoint.AVAILABLE), state=Terms("run_state", (run.state,)))
    claimed = d.in_order(run)
    d.emit(RunProgressed(run.id, TimePoint.AVAILABLE, run.state, claimed))
    end_run(d, d.world.runs[run.id], "completed", VehicleStatus.RETURNING)


def hand_over(d: Deciding, command: HandOver) -> None:
    """Somebody at the destination takes charge. At a facility the team stays until treatment begins; elsewhere that is all."""
    who = d.patient(command.case, command.patient)
    if who.run is None or who.state not in RIDING:
        raise ConflictError("not_at_a_door", patient=who.id)
    run = d.run(who.run)
    claimed = d.in_order(run)
    if who.state is PatientState.ABOARD:  # nobody pressed that they arrived
        d.emit(PatientArrived(command.case, who.id))
    place = _taken_where(d, command)
    given = place is not None and place.kind == "given"
    d.emit(PatientHandedOver(command.case, who.id, command.voice))
    others = [patient for rider, patient in d.riders(run) if rider != Rider(command.case, who.id)]
    last = all(patient.state is PatientState.HANDED_OVER for patient in others)
    state = RunState.ESCORTING if last else run.state
    d.emit(RunProgressed(run.id, TimePoint.HANDED_OVER, state, claimed))
    d.show_unit(d.world.runs[run.id])
    _taken(d, command.case, who.id, place)
    strand(d, d.world.runs[run.id])
    if given or who.died_at is not None:
        end_patient(d, command.case, who.id, Outcome.DIED if who.died_at is not None else Outcome.DELIVERED)


def _taken_where(d: Deciding, command: HandOver) -> Goal | None:
    """Who takes charge: whom the crew names, of those who were asked or to whom the patient is taken; else what is likeliest.

    Raises:
        ConflictError: nobody has asked the one that is named.
    """
    case, who = d.case(command.case), d.patient(command.case, command.patient)
    if command.facility is UNSET:
        return taken_by(case, who)
    known = [*(one.goal for one in case.attempts if one.patient == who.id), who.goal, who.door]
    found = next((one for one in known if one is not None and one.id == command.facility), None)
    if found is None:
        raise ConflictError("not_asked", patient=who.id, facility=command.facility)
    return found


def taken_by(case: Case, patient: Patient) -> Goal | None:
    """Who takes a patient now: at whose door they stand, whoever else has said yes meanwhile by telephone; unless that one has
    said no, or they are wanted at a place that needs not be asked: then nobody pressed that they drove on."""
    door, goal = patient.door, patient.goal
    if door is None or goal is None or not patient.firm:
        return door or goal
    asked = [one for one in case.attempts if one.patient == patient.id and one.goal.id == door.id]
    declined = bool(asked) and asked[-1].state is AttemptState.DECLINED
    return goal if goal.kind == "given" or declined else door


def _taken(d: Deciding, case: str, patient: str, place: Goal | None) -> None:
    """Whoever has the patient has accepted, said or not; nobody else need answer."""
    who = d.world.cases[case].patient(patient)
    assert who is not None
    here = None if place is None else at_door(d, case, patient, place)
    for one in d.world.cases[case].attempts:
        if one.id == here and one.state is not AttemptState.ACCEPTED:
            d.emit(AttemptMoved(case, one.id, AttemptState.ACCEPTED))
        elif one.patient == patient and one.open and one.id != here:
            d.emit(AttemptMoved(case, one.id, AttemptState.WITHDRAWN))
    if place is not None and who.goal != place:
        d.emit(GoalChanged(case, patient, place, True, "accepted"))
    if (request := d.world.cases[case].open_request(patient)) is not None:
        d.emit(DeskWithdrawn(case, request.id))


def begin_treatment(d: Deciding, command: BeginTreatment) -> None:
    """Treatment has begun: with the last of its patients the escort ends."""
    who = d.patient(command.case, command.patient)
    if who.state is not PatientState.HANDED_OVER or who.run is None:
        raise ConflictError("not_handed_over", patient=who.id)
    _end_escort(d, who.run, [Rider(command.case, who.id)], Outcome.TREATED, "")


def end_escort(d: Deciding, command: EndEscort) -> None:
    """The team leaves before treatment has begun for everybody."""
    run = d.run(command.run)
    if run.state is not RunState.ESCORTING:
        raise ConflictError("not_escorting", run=run.id)
    _end_escort(d, run.id, list(run.riders), Outcome.HANDED_OVER, command.why)


def _end_escort(d: Deciding, name: str, riders: list[Rider], outcome: Outcome, why: str) -> None:
    run = d.world.runs[name]
    if run.live and len(run.riders) == len(riders):
        claimed = d.in_order(run)
        d.emit(RunProgressed(name, TimePoint.ESCORT_ENDED, RunState.CLEARING, claimed))
    for rider in riders:
        end_patient(d, rider.case, rider.patient, outcome, why)
    if d.world.runs[name].live:
        d.show_unit(d.world.runs[name])


def record_death(d: Deciding, command: RecordDeath) -> None:
    """A patient has died. With the team still at the scene the case ends for them; on board the way goes on, and whoever was
    to take them is told; the dispatcher or the crew says where to."""
    who = d.patient(command.case, command.patient)
    if who.died_at is not None:
        raise ConflictError("died_already", patient=who.id)
    d.emit(PatientDied(command.case, who.id))
    if who.state in RIDING:
        withdraw_all(d, command.case, who.id)
    else:
        end_patient(d, command.case, who.id, Outcome.DIED)


def correct_time(d: Deciding, command: CorrectTime) -> None:
    """Puts a time point right, or adds one that is missing; the order of points must hold afterwards.

    Raises:
        InvalidError: it would not, or the time lies in the future or before the call; or it is not said which of several
            points of a kind is meant. ConflictError: there is none at the time that it is said to have had.
    """
    run = d.world.runs.get(command.run) or d.run(command.run)
    if command.at.tzinfo is None:
        raise InvalidError("time_without_zone")
    if command.at > d.now:
        raise InvalidError("time_ahead", seconds=round((command.at - d.now).total_seconds()))
    if command.point in (TimePoint.RECEIVED, TimePoint.RECORDED):
        raise InvalidError("not_pressed", point=_named(command.point))
    if command.point.rank > max(stamp.point.rank for stamp in run.stamps):
        raise InvalidError("not_yet", point=_named(command.point))
    _not_before_the_call(d, run, command.at)
    event = StampCorrected(run.id, command.point, command.at, command.why, _which(run, command))
    times = [one.happened_at for one in corrected(run.stamps, event, Recorded(event, d.at, d.now, d.issued.actor, d.issued.id))]
    # A run that was completed ends with its last point, wherever that is put; any other has ended when it has.
    over = run.ended_at if run.how != "completed" else None
    if times != sorted(times) or (over is not None and command.at > over):
        raise InvalidError("times_out_of_order", point=_named(command.point))
    d.emit(event)


def _not_before_the_call(d: Deciding, run: Run, at: datetime) -> None:
    called = run.called_at
    if called is None:
        called = min((d.world.cases[rider.case].received_at for rider in run.riders), default=None)
    if called is not None and at < called:
        raise InvalidError("time_before_call", seconds=round((called - at).total_seconds()))


def _which(run: Run, command: CorrectTime) -> datetime | None:
    """The time of the point that is meant; None: there is none yet. Of several people on a run each has points of their own,
    and none may be taken for another's."""
    there = [stamp.happened_at for stamp in run.stamps if stamp.point is command.point]
    times = ", ".join(one.isoformat() for one in there)
    if command.was is UNSET:
        if len(set(there)) > 1:
            raise InvalidError("which_time", point=_named(command.point), times=times)
        return there[0] if there else None
    if command.was.tzinfo is None:
        raise InvalidError("time_without_zone")
    if command.was not in there:
        raise ConflictError("no_such_time", point=_named(command.point), was=command.was.isoformat(), times=times or "-")
    return command.was


__all__ = [
    "STATE_AFTER",
    "begin_treatment",
    "correct_time",
    "end_escort",
    "hand_over",
    "progress",
    "record_death",
]
