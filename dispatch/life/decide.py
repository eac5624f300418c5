"""What a command leads to: `decide(world, issued, facts)`; and `wanted(world, command)`, what it has to be told for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, assert_never

from dispatch.life import assigning, ending, intake, progress, referring, reporting, rosters, searching
from dispatch.life import commands as c
from dispatch.life.case import Case
from dispatch.life.commands import Command, Issued
from dispatch.life.deciding import Deciding
from dispatch.life.events import ParticularsRead, Recorded, RunSignalled
from dispatch.life.facts import NOTHING, Facts, Wanted
from dispatch.life.ringing import ring, wanted_by_ring, wanted_for_another
from dispatch.life.run import Rider
from dispatch.life.stamps import TimePoint
from dispatch.life.world import World

T = TypeVar("T")


def decide(world: World, issued: Issued, facts: Facts) -> tuple[Recorded, ...]:
    """What happens because of a command: pure; the same world, command and facts give the same events.

    Args:
        world: with everything that the command names and everything that has to do with it (`dispatch.life.world.links`).
        issued: the command.
        facts: the time, the rules, and what `wanted` asks for.

    Returns:
        Events, in order; none where nothing is to be done.

    Raises:
        RefusedError: it can't be carried out.
    """
    d = Deciding(world, issued, facts)
    _check_time(d, issued.command)
    _decide(d, issued.command)
    return tuple(d.events)


def _check_time(d: Deciding, command: Command) -> None:
    """What somebody tells of a case happened after the call, and what they tell of a run after it began."""
    case = d.world.cases.get(getattr(command, "case", ""))
    if case is not None and not isinstance(command, c.OpenCase):
        d.after_the_call(case)
    run = d.world.runs.get(getattr(command, "run", ""))
    if isinstance(command, c.DeclineJob | c.StandDown | c.EndEscort) and run is not None and run.live:
        d.in_order(run)


def _decide(d: Deciding, command: Command) -> None:
    match command:
        case c.OpenCase():
            intake.open_case(d, command)
        case c.DescribeCase():
            intake.describe_case(d, command)
        case c.AddPatient():
            intake.add_patient(d, command)
        case c.MergeCase():
            intake.merge_case(d, command)
        case c.CancelCase():
            intake.cancel_case(d, command)
        case c.EndPatient():
            intake.end_one(d, command)
        case c.Assign():
            assigning.assign(d, command)
        case c.Join():
            assigning.join(d, command)
        case c.SeekHelp():
            searching.seek_help(d, command)
        case c.AnswerHelp():
            searching.answer_help(d, command)
        case c.TryAgain():
            searching.try_again(d, command)
        case c.DeclineJob():
            searching.decline_job(d, command)
        case c.StandDown():
            searching.stand_down(d, command)
        case c.Progress():
            progress.progress(d, command)
        case c.HandOver():
            progress.hand_over(d, command)
        case c.BeginTreatment():
            progress.begin_treatment(d, command)
        case c.EndEscort():
            progress.end_escort(d, command)
        case c.CorrectTime():
            progress.correct_time(d, command)
        case c.RecordDeath():
            progress.record_death(d, command)
        case c.AskFacility():
            referring.ask_facility(d, command)
        case c.AnswerOffer():
            referring.answer_offer(d, command)
        case c.RefuseAtDoor():
            ending.refuse_at_door(d, command)
        case c.AskDesk():
            referring.ask_the_desk(d, command)
        case c.AnswerDesk():
            referring.answer_desk(d, command)
        case c.SetGoal():
            referring.set_goal(d, command)
        case c.RegisterUnit():
            rosters.register_unit(d, command)
        case c.SetUnitStatus():
            rosters.set_unit_status(d, command)
        case c.ReportBreakdown():
            rosters.report_breakdown(d, command)
        case c.RetireUnit():
            rosters.retire_unit(d, command)
        case c.RegisterOfficer():
            rosters.register_officer(d, command)
        case c.SetShift():
            rosters.set_shift(d, command)
        case c.RetireOfficer():
            rosters.retire_officer(d, command)
        case c.PostCondition():
            reporting.post_condition(d, command)
        case c.WithdrawCondition():
            reporting.withdraw_condition(d, command)
        case c.ClaimAvailability():
            reporting.claim_availability(d, command)
        case c.Reroute():
            reporting.reroute(d, command)
        case c.RecordReading():
            d.emit(ParticularsRead(command.readings, command.fields))
        case c.Signal():
            d.emit(RunSignalled(d.run(command.run).id, command.what, command.since))
        case c.Ring():
            ring(d, command)
        case _:
            assert_never(command)


def wanted(world: World, command: Command) -> Wanted:
    """Which choices have to be worked out before a command can be decided."""
    match command:
        case c.Ring():
            return wanted_by_ring(world, command)
        case c.Assign() | c.AnswerHelp():
            case = world.cases.get(command.case)
            if case is None or not case.complete:
                return NOTHING
            named = command.patients if isinstance(command, c.Assign) else ()
            who = named or tuple(one.id for one in case.waiting())
            # Also where a vehicle is named: whether it is the first choice is for the service to say.
            ranked = isinstance(command, c.Assign) and (command.first or command.unit is not None)
            return Wanted(case.id if ranked else None, facilities_for=tuple(Rider(case.id, one) for one in who))
        case c.DescribeCase():
            case = world.cases.get(command.case)
            if case is None or not command.triages:
                return NOTHING
            # Somebody else may have to take them.
            return Wanted(facilities_for=tuple(Rider(case.id, one.id) for one in case.patients if not one.ended))
        case c.Join():
            return Wanted(facilities_for=tuple(Rider(command.case, one) for one in command.patients))
        case c.TryAgain():
            case = world.cases.get(command.case)
            return NOTHING if case is None else Wanted(case.id, searching.unwilling(case))
        case c.AnswerOffer() if not command.accepted:
            attempt = _in(world, command.case, lambda case: case.attempt(command.attempt))
            return NOTHING if attempt is None else Wanted(facilities_for=(Rider(command.case, attempt.patient),))
        case c.AnswerDesk() if command.goal is None:
            request = _in(world, command.case, lambda case: case.request(command.request))
            return NOTHING if request is None else Wanted(facilities_for=(Rider(command.case, request.patient),))
        case c.RefuseAtDoor():
            return _at_door(world, command)
        case c.DeclineJob():
            run = world.runs.get(command.run)
            return NOTHING if run is None else wanted_for_another(world, run, passing_over=True)
        case c.ReportBreakdown():
            unit = world.units.get(command.unit)
            run = None if unit is None or unit.run is None else world.runs.get(unit.run)
            return NOTHING if run is None else wanted_for_another(world, run, passing_over=False)
        case c.Reroute():
            return Wanted(leg_of=command.run)
        case c.Progress():
            return _by_progress(world, command)
        case _:
            return NOTHING


def _at_door(world: World, command: c.RefuseAtDoor) -> Wanted:
    """Who is asked next; and another vehicle, if the one that brought them goes no further."""
    who = Rider(command.case, command.patient)
    patient = _in(world, command.case, lambda case: case.patient(command.patient))
    run = None if patient is None else world.runs.get(patient.run or "")
    unit = None if run is None else world.units.get(run.unit or "")
    if run is None or unit is None or not unit.out_of_order:
        return Wanted(facilities_for=(who,))
    return Wanted(command.case, frozenset((unit.id,)), (who,))


def _in(world: World, case: str, find: Callable[[Case], T | None]) -> T | None:
    here = world.cases.get(case)
    return None if here is None else find(here)


def _by_progress(world: World, command: c.Progress) -> Wanted:
    """A leg that begins is timed; whoever comes on board and has no place yet needs one."""
    run = world.runs.get(command.run)
    if run is None or not run.live:
        return NOTHING
    leg = run.id if command.point in (TimePoint.DEPARTED, TimePoint.LEFT_SCENE, TimePoint.LEFT_FACILITY) else None
    if command.point not in (TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY):
        return Wanted(leg_of=leg)
    nowhere = tuple(
        rider
        for rider, patient in world.riders(run)
        if world.cases[rider.case].open_attempt(patient.id) is None and world.cases[rider.case].open_request(patient.id) is None
    )
    return Wanted(facilities_for=nowhere, leg_of=leg)
