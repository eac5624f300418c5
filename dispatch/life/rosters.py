"""The fleet and the officers: who there is, what they do without a run, breakdowns."""

from __future__ import annotations

from dispatch.fleet import VehicleStatus
from dispatch.life.commands import (
    RegisterOfficer,
    RegisterUnit,
    ReportBreakdown,
    RetireOfficer,
    RetireUnit,
    SetShift,
    SetUnitStatus,
)
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    OfficerRegistered,
    OfficerRetired,
    ShiftSet,
    UnitBroke,
    UnitMoved,
    UnitRegistered,
    UnitRetired,
)
from dispatch.life.refusals import ConflictError, InvalidError
from dispatch.life.releasing import end_run, strand
from dispatch.life.run import RunState
from dispatch.life.searching import next_choice
from dispatch.life.units import Unit
from dispatch.reasons import Terms

BY_HAND = frozenset({VehicleStatus.STANDBY, VehicleStatus.RETURNING, VehicleStatus.ON_BREAK, VehicleStatus.BROKEN})
"""What a vehicle without a run may be; the rest follows from its run."""


def register_unit(d: Deciding, command: RegisterUnit) -> None:
    """A vehicle joins the fleet, or what is known of it is put right."""
    if not 0 <= command.capacity <= 100:
        raise InvalidError("capacity", vehicle=command.unit)
    d.emit(
        UnitRegistered(
            command.unit,
            command.name,
            command.kind,
            command.equipment,
            command.capacity,
            command.base,
            command.base_longitude,
            command.base_latitude,
            command.phone,
            command.invented,
        )
    )


def set_unit_status(d: Deciding, command: SetUnitStatus) -> None:
    """What a vehicle without a run does."""
    unit = d.unit(command.unit)
    if command.status not in BY_HAND:
        raise InvalidError("status_by_run", status=Terms("status", (command.status,)))
    if unit.run is not None:
        raise ConflictError("vehicle_has_run", vehicle=unit.name or unit.id)
    if unit.status is not command.status:
        d.emit(UnitMoved(unit.id, command.status, None, False, command.why))


def report_breakdown(d: Deciding, command: ReportBreakdown) -> None:
    """A vehicle goes no further: whoever it was under way for gets another one, told where they are now. A team that stays
    with somebody in care stays; its vehicle is out of order when it is done."""
    unit = d.unit(command.unit)
    if unit.out_of_order or (unit.run is None and unit.status is VehicleStatus.BROKEN):
        raise ConflictError("broken_already", vehicle=unit.name or unit.id)
    _not_before_the_last(d, unit)
    d.emit(UnitBroke(unit.id))
    if unit.run is None:
        d.free_unit(unit.id, VehicleStatus.BROKEN, command.why)
        return
    run = d.world.runs[unit.run]
    if run.state.rank >= RunState.AT_FACILITY.rank:
        cases = strand(d, run)
    else:
        cases = tuple(dict.fromkeys(rider.case for rider in run.riders))
        end_run(d, run, "broken_down", VehicleStatus.BROKEN, command.why)
    for case in cases:
        next_choice(d, case)


def _not_before_the_last(d: Deciding, unit: Unit) -> None:
    """A breakdown that is told late counts from the last that is known of the vehicle: it is never turned away, for somebody
    may be on board."""
    run = None if unit.run is None else d.world.runs[unit.run]
    d.at = max(d.at, unit.since if run is None else run.last_point)


def retire_unit(d: Deciding, command: RetireUnit) -> None:
    """A vehicle leaves the fleet."""
    unit = d.unit(command.unit)
    if unit.run is not None:
        raise ConflictError("vehicle_has_run", vehicle=unit.name or unit.id)
    d.emit(UnitRetired(unit.id))


def register_officer(d: Deciding, command: RegisterOfficer) -> None:
    """Somebody joins, or what is known of them is put right."""
    d.emit(OfficerRegistered(command.officer, command.name, command.skills))


def set_shift(d: Deciding, command: SetShift) -> None:
    """When somebody is on duty."""
    officer = d.officer(command.officer)
    if (command.begins is None) != (command.ends is None):
        raise InvalidError("shift_half", officer=officer.id)
    if command.begins is not None and command.ends is not None:
        if command.begins.tzinfo is None or command.ends.tzinfo is None:
            raise InvalidError("time_without_zone")
        if command.begins >= command.ends:
            raise InvalidError("shift_backwards", officer=officer.id)
    d.emit(ShiftSet(officer.id, command.begins, command.ends))


def retire_officer(d: Deciding, command: RetireOfficer) -> None:
    """Somebody leaves."""
    officer = d.officer(command.officer)
    if officer.run is not None:
        raise ConflictError("officer_taken", officer=officer.name or officer.id)
    d.emit(OfficerRetired(officer.id))
