"""A clock has run out: whoever is in charge is told, and where a next step is known, it is taken."""

from __future__ import annotations

from datetime import datetime

from dispatch.life.case import NEEDS_VEHICLE, Case, urgency
from dispatch.life.clocks import clock_kind, clocks_of
from dispatch.life.commands import Ring
from dispatch.life.deciding import Deciding
from dispatch.life.events import CaseClockRang, RunClockRang, SearchMoved
from dispatch.life.facts import NOTHING, Wanted
from dispatch.life.referral import AttemptState
from dispatch.life.referring import silent_desk, unanswered
from dispatch.life.rules import ClockKind
from dispatch.life.run import Rider, Run, RunState
from dispatch.life.searching import next_choice, overdue, pass_over, unwilling
from dispatch.life.world import World


def ring(d: Deciding, command: Ring) -> None:
    """A clock rings, if it still runs and its time has come; else nothing happens."""
    state = d.world.get(command.ref)
    if state is None:
        return
    deadline = clocks_of(state, d.rules).get(command.clock)
    if deadline is None or deadline > d.now:
        return
    match state:
        case Case():
            _ring_case(d, state, command.clock, deadline)
        case Run():
            _ring_run(d, state, deadline)


def _times(d: Deciding, kind: ClockKind, rung: int, deadline: datetime) -> int:
    """How often a clock has rung by now: what nobody was there to hear counts, and is not rung one after the other."""
    return rung + 1 + (d.now - deadline) // d.rules.clocks[kind].again


def _ring_case(d: Deciding, case: Case, clock: str, deadline: datetime) -> None:
    kind, _, name = clock.partition(":")
    if kind == "answer":
        unanswered(d, case.id, name)
        return
    if kind == "search":
        assert case.search is not None
        if case.search.step == "booked":
            d.emit(SearchMoved(case.id, "assign", "due"))
            return
        times = _times(d, case.search.step, case.search.watch.rung, deadline)
        d.emit(CaseClockRang(case.id, clock, times))
        if case.search.step != "assign" or overdue(case, times, d.rules.assign_rings):
            next_choice(d, case.id)
        return
    times = _times(d, "desk" if kind == "desk" else "intake", _rung(case, kind, name), deadline)
    d.emit(CaseClockRang(case.id, clock, times))
    if kind == "desk" and 0 < d.rules.desk_rings <= times:
        request = case.request(name)
        assert request is not None
        silent_desk(d, case.id, request.patient)


def _rung(case: Case, kind: str, name: str) -> int:
    if kind == "desk":
        request = case.request(name)
        return 0 if request is None else request.watch.rung
    return 0 if case.intake is None else case.intake.rung


def _ring_run(d: Deciding, run: Run, deadline: datetime) -> None:
    kind = clock_kind(run)
    d.emit(RunClockRang(run.id, kind, _times(d, kind, run.watch.rung, deadline)))
    if run.state is RunState.ASSIGNED:
        pass_over(d, d.world.runs[run.id], "unacknowledged", "")


def wanted_by_ring(world: World, command: Ring) -> Wanted:
    """What is to be worked out before a clock rings."""
    state = world.get(command.ref)
    kind, _, name = command.clock.partition(":")
    match state:
        case Case() if kind == "answer":
            attempt = state.attempt(name)
            if attempt is not None and attempt.state is AttemptState.OFFERED:
                return Wanted(facilities_for=(Rider(state.id, attempt.patient),))
        case Case() if kind == "desk":
            request = state.request(name)
            if request is not None and request.state == "asked":
                return Wanted(facilities_for=(Rider(state.id, request.patient),))
        case Case() if kind == "search" and state.search is not None and state.search.step != "booked":
            return Wanted(state.id, unwilling(state), tuple(Rider(state.id, one.id) for one in state.waiting()))
        case Run() if state.state is RunState.ASSIGNED:
            return wanted_for_another(world, state, passing_over=True)
        case _:
            pass
    return NOTHING


def wanted_for_another(world: World, run: Run, passing_over: bool) -> Wanted:
    """Another vehicle for those of a run, not the one that it has, nor one that has been passed over before."""
    if not run.live or not run.riders:
        return NOTHING
    waits = [(world.cases[rider.case], patient) for rider, patient in world.riders(run) if patient.state in NEEDS_VEHICLE]
    case = min(waits, key=lambda one: urgency(*one))[0] if waits else world.cases[run.riders[0].case]
    out = frozenset((run.unit,)) if run.unit else frozenset[str]()
    return Wanted(case.id, out | frozenset(case.passed_over) if passing_over else out, run.riders)
