"""How people leave a run, runs end, and cases close; and how a vehicle begins to be looked for."""

from __future__ import annotations

from dispatch.fleet import VehicleStatus
from dispatch.life.case import NEEDS_VEHICLE, RIDING, Case, Outcome, PatientState
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    CaseClosed,
    OfficerMoved,
    PatientEnded,
    PatientReleased,
    RiderLeft,
    RunEmptied,
    RunEnded,
    RunTurned,
    SearchMoved,
)
from dispatch.life.referring import withdraw_all
from dispatch.life.run import How, Rider, Run, RunState


def begin_search(d: Deciding, case: str, why: str) -> None:
    """Has a vehicle be looked for, if somebody of a case that is complete waits for one and none is looked for yet."""
    here = d.world.cases[case]
    if not (here.open and here.complete and here.waiting()) or here.search is not None:
        return
    d.emit(SearchMoved(case, "booked" if is_for_later(d, here) else "assign", why))


def is_for_later(d: Deciding, case: Case) -> bool:
    """Whether a case is booked for a time so far ahead that nobody need be sent yet."""
    return case.pickup_at is not None and case.pickup_at - d.rules.booked_ahead > d.now


def end_run(d: Deciding, run: Run, how: How, status: VehicleStatus, why: str = "") -> None:
    """Ends a run. Whoever was on it and has not got where they were going waits for another one; who is in somebody else's
    charge already is left there."""
    left = [(rider, patient) for rider, patient in d.riders(run) if patient.state is PatientState.HANDED_OVER]
    riders = [(rider, patient) for rider, patient in d.riders(run) if not (patient.ended or (rider, patient) in left)]
    for rider, patient in riders:
        stranded = run.unit or "helper" if patient.state in RIDING and how != "completed" else patient.stranded_with
        d.emit(PatientReleased(rider.case, rider.patient, how, stranded))
    # Told in hindsight, it may be why nobody need go on; the run itself went on until its last point.
    at = max(d.at, run.last_point)
    d.emit(RunEnded(run.id, how, why), at)
    for officer in run.officers:
        d.emit(OfficerMoved(officer, None), at)
    if run.unit is not None:
        d.free_unit(run.unit, status, why, at)
    for rider, _patient in left:
        _finish(d, rider.case, rider.patient, Outcome.HANDED_OVER, why)
    for rider, _patient in riders:
        begin_search(d, rider.case, how)


def strand(d: Deciding, run: Run) -> tuple[str, ...]:
    """Those in a vehicle that goes no further, and those whom it was still to fetch, wait for another one; who is at a door
    can still go in, and who is in care is.

    Returns:
        The cases of those who wait.
    """
    if run.unit is None or not d.world.units[run.unit].out_of_order:
        return ()
    cases: dict[str, None] = {}
    for rider, patient in tuple(d.riders(run)):
        if patient.state in NEEDS_VEHICLE:
            stranded = run.unit if patient.state is PatientState.ABOARD else patient.stranded_with
            d.emit(PatientReleased(rider.case, rider.patient, "broken_down", stranded))
            leave_run(d, rider.case, rider.patient, run.id)
            begin_search(d, rider.case, "broken_down")
            cases[rider.case] = None
    return tuple(cases)


def leave_run(d: Deciding, case: str, patient: str, run: str) -> None:
    """A run is no longer for a patient; if it was the last one, the run ends, or is cleared up if it had got anywhere."""
    here = d.world.runs.get(run)
    rider = Rider(case, patient)
    if here is None or not here.live or rider not in here.riders:
        return
    d.emit(RiderLeft(run, rider))
    here = d.world.runs[run]
    if here.riders:
        _turn(d, here)
    elif here.state.rank <= RunState.EN_ROUTE.rank:
        moved = here.state is RunState.EN_ROUTE
        end_run(d, here, "stood_down", VehicleStatus.RETURNING if moved else VehicleStatus.STANDBY)
    elif here.state is not RunState.CLEARING:
        d.emit(RunEmptied(run))
        d.show_unit(d.world.runs[run])


def _turn(d: Deciding, run: Run) -> None:
    """What a run does now that somebody has left it: stays with those in care, or drives on with those on board."""
    states = {patient.state for _, patient in d.riders(run)}
    at_scene = run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT)
    if states == {PatientState.HANDED_OVER} and run.state.rank < RunState.ESCORTING.rank:
        d.emit(RunTurned(run.id, RunState.ESCORTING))
    elif at_scene and states & RIDING and not states & {PatientState.ASSIGNED, PatientState.MET}:
        d.emit(RunTurned(run.id, RunState.CARRYING))
    d.show_unit(d.world.runs[run.id])


def end_patient(d: Deciding, case: str, patient: str, outcome: Outcome, why: str = "", into: str | None = None) -> None:
    """Nothing is left to do for a patient; with the last one the case closes (`into`: another one goes on for it)."""
    who = d.patient(case, patient)
    if who.state is not PatientState.HANDED_OVER:
        withdraw_all(d, case, patient)
    _finish(d, case, patient, outcome, why, into)
    if who.run is not None:
        leave_run(d, case, patient, who.run)


def _finish(d: Deciding, case: str, patient: str, outcome: Outcome, why: str, into: str | None = None) -> None:
    d.emit(PatientEnded(case, patient, outcome, why))
    here = d.world.cases[case]
    if here.open and all(one.ended for one in here.patients):
        d.emit(CaseClosed(case, into))
