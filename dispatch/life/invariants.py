"""What always holds of a world, whatever was commanded; a world that breaks one was damaged from outside, or is our error."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.cases import case_kinds
from dispatch.fleet import VehicleStatus
from dispatch.life.case import NEEDS_VEHICLE, Case, PatientState
from dispatch.life.clocks import clocks_of
from dispatch.life.referral import AttemptState
from dispatch.life.referring import needs_place
from dispatch.life.rules import Rules
from dispatch.life.run import STATUS_OF, Rider, Run
from dispatch.life.units import Officer, Unit
from dispatch.life.world import World


def broken(world: World, rules: Rules) -> Iterator[str]:
    """Every rule that a world breaks, in words; a sound one breaks none.

    Args:
        world: with all cases, runs, vehicles and officers that have to do with each other.
        rules: the region's.
    """
    for case in world.cases.values():
        yield from _case(world, case, rules)
    for run in world.runs.values():
        yield from _run(world, run, rules)
    for unit in world.units.values():
        yield from _unit(world, unit)
    for officer in world.officers.values():
        if officer.run is not None and not _on(world, officer.run, officer):
            yield f"officer {officer.id} is on run {officer.run}, which does not know of it"


def _case(world: World, case: Case, rules: Rules) -> Iterator[str]:
    here = f"case {case.id}"
    if case.open == all(one.ended for one in case.patients):
        yield f"{here}: open is {case.open}, but its patients say otherwise"
    if not case.open:
        if any(one.state == "asked" for one in case.desk) or any(a.state is AttemptState.OFFERED for a in case.attempts):
            yield f"{here}: closed, and somebody is still being asked"
        return
    if (case.intake is None) != case.complete:
        yield f"{here}: complete is {case.complete}, its intake {case.intake}"
    if case.complete and (case.search is not None) != bool(case.waiting()):
        yield f"{here}: search is {case.search} with {len(case.waiting())} waiting"
    if not _moves(world, case, rules):
        yield f"{here}: at rest, and nothing will move it on"
    matched = case.kind is not None and case_kinds()[case.kind].destination == "facility"
    for patient in case.patients:
        open_ones = [one for one in case.attempts if one.patient == patient.id and one.open]
        asked = [one for one in case.desk if one.patient == patient.id and one.state == "asked"]
        if len(open_ones) > 1 or len(asked) > 1:
            yield f"{here}: patient {patient.id} has {len(open_ones)} offers and {len(asked)} requests to the desk at once"
        if needs_place(patient, rules, matched) and not open_ones and not asked:
            yield f"{here}: nobody is looking for a place for patient {patient.id}"
        if (patient.state is PatientState.WAITING) != (patient.run is None) and not patient.ended:
            yield f"{here}: patient {patient.id} is {patient.state} with run {patient.run}"
        if patient.run is not None and not patient.ended:
            run = world.runs.get(patient.run)
            if run is None or not run.live or Rider(case.id, patient.id) not in run.riders:
                yield f"{here}: patient {patient.id} has run {patient.run}, which does not know of it"
            unit = None if run is None else world.units.get(run.unit or "")
            if unit is not None and unit.out_of_order and patient.state in NEEDS_VEHICLE:
                yield f"{here}: patient {patient.id} is left: {patient.state}, and vehicle {unit.id} goes no further"
        if patient.firm and patient.goal is None:
            yield f"{here}: patient {patient.id} has a firm destination that nobody knows"


def _moves(world: World, case: Case, rules: Rules) -> bool:
    if clocks_of(case, rules):
        return True
    runs = (world.runs.get(one.run) for one in case.patients if one.run is not None and not one.ended)
    return any(run is not None and clocks_of(run, rules) for run in runs)


def _run(world: World, run: Run, rules: Rules) -> Iterator[str]:
    here = f"run {run.id}"
    times = [stamp.happened_at for stamp in run.stamps]
    if times != sorted(times):
        yield f"{here}: its time points are out of order"
    if any(stamp.happened_at > stamp.recorded_at for stamp in run.stamps):
        yield f"{here}: a time point was recorded before it happened"
    if run.called_at is not None and times[0] < run.called_at:
        yield f"{here}: it began before the call"
    if run.ended_at is not None and run.ended_at < times[-1]:
        yield f"{here}: it ended before its last time point"
    if not run.live:
        if run.riders or run.how is None:
            yield f"{here}: ended, with {len(run.riders)} riders, {run.how}"
        return
    if not clocks_of(run, rules):
        yield f"{here}: live, and no clock runs"
    if run.unit is None and not run.officers and run.helper is None:
        yield f"{here}: nobody drives it"
    if len(set(run.riders)) != len(run.riders):
        yield f"{here}: somebody is on it twice"
    for rider in run.riders:
        case = world.cases.get(rider.case)
        patient = None if case is None else case.patient(rider.patient)
        if patient is None or patient.run != run.id or patient.ended:
            yield f"{here}: {rider} does not know of it"
    if run.unit is not None:
        unit = world.units.get(run.unit)
        if unit is None or unit.run != run.id:
            yield f"{here}: vehicle {run.unit} does not know of it"
        elif unit.status not in (run.status, STATUS_OF[run.state]):  # release 0.1 showed no more than the state
            yield f"{here}: {run.state}, but vehicle {unit.id} shows {unit.status}"


_RUNNING = frozenset(STATUS_OF.values())


def _unit(world: World, unit: Unit) -> Iterator[str]:
    here = f"vehicle {unit.id}"
    if unit.run is None:
        if unit.status in _RUNNING:
            yield f"{here}: {unit.status} without a run"
        if unit.out_of_order and unit.status is not VehicleStatus.BROKEN:
            yield f"{here}: out of order, but {unit.status}"
    else:
        run = world.runs.get(unit.run)
        if run is None or not run.live or run.unit != unit.id:
            yield f"{here}: has run {unit.run}, which does not know of it"


def _on(world: World, name: str, officer: Officer) -> bool:
    run = world.runs.get(name)
    return run is not None and run.live and officer.id in run.officers
