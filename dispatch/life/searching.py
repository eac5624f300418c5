"""When nobody can be sent: the next choice by itself, neighbouring units, PSC 119, the queue."""

from __future__ import annotations

from dispatch.fleet import VehicleStatus
from dispatch.life.assigning import Sending, assign_by_itself, ready, start_run, those
from dispatch.life.case import Case, PatientState, SearchStep
from dispatch.life.commands import AnswerHelp, DeclineJob, SeekHelp, StandDown, TryAgain
from dispatch.life.deciding import Deciding
from dispatch.life.events import HelpRefused, RunProgressed, SearchMoved, VehiclePassedOver
from dispatch.life.refusals import ConflictError
from dispatch.life.releasing import end_run
from dispatch.life.run import Helper, How, Run, RunState
from dispatch.life.stamps import TimePoint


def next_step(d: Deciding, case: Case) -> SearchStep:
    """What is tried after the present step; the queue comes last and stays."""
    order = d.rules.no_vehicle
    if case.search is None or case.search.step not in order:
        return order[0]
    return order[min(order.index(case.search.step) + 1, len(order) - 1)]


def next_choice(d: Deciding, case: str) -> None:
    """The next vehicle by itself, or, with none free, the next means."""
    here = d.world.cases[case]
    if here.search is None or here.search.step == "booked" or d.facts.vehicles_for != case:
        return  # nobody waits; or nobody has looked who could come: then its clock has the dispatcher choose
    if not assign_by_itself(d, here):
        _step_on(d, here, "no_vehicle")


def _step_on(d: Deciding, case: Case, why: str) -> None:
    step = next_step(d, case)
    if case.search is None or case.search.step != step:
        d.emit(SearchMoved(case.id, step, why))


def seek_help(d: Deciding, command: SeekHelp) -> None:
    """The dispatcher goes on to the next means."""
    case = ready(d, command.case)
    if case.search is not None and case.search.step == "queue":
        raise ConflictError("queue_is_last", case=case.id)
    d.emit(SearchMoved(case.id, next_step(d, case), command.why or "dispatcher"))


def answer_help(d: Deciding, command: AnswerHelp) -> None:
    """Somebody from outside comes, as a run like any other, or cannot."""
    case = ready(d, command.case)
    if not command.accepted:
        assert case.search is not None
        d.emit(HelpRefused(case.id, case.search.step, command.voice))
        if case.search.step in d.rules.no_vehicle:
            _step_on(d, case, "help_refused")
        return
    helper = Helper(command.helper, command.name, "" if command.voice is None else command.voice.phone)
    expected = None if command.expected_seconds is None else command.expected_seconds * 1000
    sending = Sending(None, (), helper, "help", "", expected, command.voice)
    run = start_run(d, case, those(case, command.patients), sending, None)
    d.emit(RunProgressed(run.id, TimePoint.ACKNOWLEDGED, RunState.ACKNOWLEDGED, expected_ms=expected))


def try_again(d: Deciding, command: TryAgain) -> None:
    """A vehicle may have become free: a case in the queue (or for which help is still being asked) gets it."""
    case = d.world.cases.get(command.case)
    if case is None or not case.open or case.search is None or case.search.step not in d.rules.no_vehicle:
        return
    assign_by_itself(d, case)


def pass_over(d: Deciding, run: Run, how: How, why: str) -> None:
    """The crew can't go or does not answer: the next choice by itself."""
    if run.state.rank >= RunState.AT_SCENE.rank:
        raise ConflictError("run_too_far", run=run.id)
    cases = dict.fromkeys(rider.case for rider in run.riders)
    for case in cases:
        if run.unit is not None:
            d.emit(VehiclePassedOver(case, run.unit))
    end_run(d, run, how, VehicleStatus.RETURNING if run.state is RunState.EN_ROUTE else VehicleStatus.STANDBY, why)
    for case in cases:
        next_choice(d, case)


def decline_job(d: Deciding, command: DeclineJob) -> None:
    """The crew can't go."""
    pass_over(d, d.run(command.run), "declined", command.why)


def stand_down(d: Deciding, command: StandDown) -> None:
    """A run is called off before anybody is on board; the dispatcher chooses anew. Help from outside may also give up later:
    nobody else could say so."""
    run = d.run(command.run)
    aboard = any(patient.state.rank >= PatientState.ABOARD.rank for _, patient in d.riders(run))
    broken = run.unit is not None and d.world.units[run.unit].out_of_order
    if run.helper is None and not broken and (aboard or run.state.rank >= RunState.CARRYING.rank):
        raise ConflictError("run_too_far", run=run.id)
    moved = run.state.rank >= RunState.EN_ROUTE.rank
    how: How = "broken_down" if aboard else "stood_down"
    end_run(d, run, how, VehicleStatus.RETURNING if moved else VehicleStatus.STANDBY, command.why)


def overdue(case: Case, rung: int, assign_rings: int) -> bool:
    """Whether a case that nobody assigns is to get the first choice by itself."""
    return case.search is not None and case.search.step == "assign" and 0 < assign_rings <= rung


__all__ = [
    "answer_help",
    "decline_job",
    "next_choice",
    "next_step",
    "overdue",
    "pass_over",
    "seek_help",
    "stand_down",
    "try_again",
]


_PATIENCE = 2


def unwilling(case: Case) -> frozenset[str]:
    """Vehicles that are not sent by themselves: they declined this case or did not answer. Once the queue's clock has rung a
    few times and nobody else has come, they are asked again."""
    if case.search is not None and case.search.step == "queue" and case.search.watch.rung >= _PATIENCE:
        return frozenset()
    return frozenset(case.passed_over)
