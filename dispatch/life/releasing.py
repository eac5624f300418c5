"""How people leave a run, runs end, and cases close; and how a vehicle begins to be looked for."""

from __future__ import annotations

from dispatch.fleet import VehicleStatus
from dispatch.life.case import RIDING, Outcome, PatientState
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    CaseClosed,
    OfficerMoved,
    PatientEnded,
    PatientReleased,
    RiderLeft,
    RunEmptied,
    RunEnded,
    SearchMoved,
)
from dispatch.life.referring import withdraw_all
from dispatch.life.run import How, Rider, Run, RunState


def begin_search(d: Deciding, case: str, why: str) -> None:
    """Has a vehicle be looked for, if somebody of a case that is complete waits for one and none is looked for yet."""
    here = d.world.cases[case]
    if not (here.open and here.complete and here.waiting()) or here.search is not None:
        return
    later = here.pickup_at is not None and here.pickup_at - d.rules.booked_ahead > d.now
    d.emit(SearchMoved(case, "booked" if later else "assign", why))


def end_run(d: Deciding, run: Run, how: How, status: VehicleStatus, why: str = "") -> None:
    """Ends a run; whoever was on it and has not got where they were going waits for another one."""
    riders = [(rider, patient) for rider, patient in d.riders(run) if not patient.ended]
    for rider, patient in riders:
        stranded = run.unit or "helper" if patient.state in RIDING and how != "completed" else None
        d.emit(PatientReleased(rider.case, rider.patient, how, stranded))
    d.emit(RunEnded(run.id, how, why))
    for officer in run.officers:
        d.emit(OfficerMoved(officer, None))
    if run.unit is not None:
        d.free_unit(run.unit, status, why)
    for rider, _patient in riders:
        begin_search(d, rider.case, how)


def leave_run(d: Deciding, case: str, patient: str, run: str) -> None:
    """A run is no longer for a patient; if it was the last one, the run ends, or is cleared up if it had got anywhere."""
    here = d.world.runs.get(run)
    rider = Rider(case, patient)
    if here is None or not here.live or rider not in here.riders:
        return
    d.emit(RiderLeft(run, rider))
    here = d.world.runs[run]
    if here.riders:
        return
    if here.state.rank <= RunState.EN_ROUTE.rank:
        moved = here.state is RunState.EN_ROUTE
        end_run(d, here, "stood_down", VehicleStatus.RETURNING if moved else VehicleStatus.STANDBY)
    elif here.state is not RunState.CLEARING:
        d.emit(RunEmptied(run))
        d.show_unit(d.world.runs[run])


def end_patient(d: Deciding, case: str, patient: str, outcome: Outcome, why: str = "", into: str | None = None) -> None:
    """Nothing is left to do for a patient; with the last one the case closes (`into`: another one goes on for it)."""
    who = d.patient(case, patient)
    if who.state is not PatientState.HANDED_OVER:
        withdraw_all(d, case, patient)
    d.emit(PatientEnded(case, patient, outcome, why))
    if who.run is not None:
        leave_run(d, case, patient, who.run)
    here = d.world.cases[case]
    if here.open and all(one.ended for one in here.patients):
        d.emit(CaseClosed(case, into))
