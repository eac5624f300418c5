"""State from events: `evolve(state, recorded)` is what `state` has become."""

from __future__ import annotations

from msgspec.structs import replace

from dispatch.fleet import VehicleStatus
from dispatch.life import events as e
from dispatch.life.case import Case, Patient, PatientState, Search
from dispatch.life.events import Recorded
from dispatch.life.people import Voice
from dispatch.life.referral import Attempt, AttemptState, DeskRequest
from dispatch.life.reports import Claims, Condition, Readings
from dispatch.life.run import Run, RunState
from dispatch.life.stamps import Stamp, TimePoint, Watch
from dispatch.life.units import Officer, Unit
from dispatch.life.world import Aggregate, World


def apply(world: World, recorded: Recorded) -> World:
    """The world after an event.

    Raises:
        ValueError: the event speaks of something that the world does not hold.
    """
    ref = recorded.event.ref
    return world.with_(ref, evolve(world.get(ref), recorded))


def evolve(state: Aggregate | None, recorded: Recorded) -> Aggregate:
    """The state after an event; None: before the first one.

    Raises:
        ValueError: the event does not belong to the state.
    """
    match recorded.event:
        case e.CaseOpened() as event:
            return _opened(event, recorded)
        case e.RunStarted() as event:
            return _started(event, recorded)
        case e.UnitRegistered() as event:
            return _registered(state if isinstance(state, Unit) else None, event, recorded)
        case e.OfficerRegistered() as event:
            known = state if isinstance(state, Officer) else Officer(event.officer, event.name, event.skills)
            return replace(known, name=event.name, skills=event.skills, retired=False)
        case e.ConditionPosted() as event:
            return event.posted
        case e.ConditionWithdrawn() if isinstance(state, Condition):
            return replace(state, withdrawn_at=recorded.happened_at)
        case e.AvailabilityClaimed() as event:
            return _claimed(state if isinstance(state, Claims) else Claims(event.claims, event.facility), event)
        case e.ParticularsRead() as event:
            known_readings = state if isinstance(state, Readings) else Readings(event.case)
            return replace(known_readings, count=known_readings.count + 1)
        case e.CaseEvent() as event if isinstance(state, Case):
            return evolve_case(state, event, recorded)
        case e.RunEvent() as event if isinstance(state, Run):
            return evolve_run(state, event, recorded)
        case e.UnitEvent() as event if isinstance(state, Unit):
            return evolve_unit(state, event, recorded)
        case e.OfficerEvent() as event if isinstance(state, Officer):
            return evolve_officer(state, event)
    raise ValueError(f"{type(recorded.event).__name__} of {recorded.event.ref} can't follow on {state!r}")


def _claimed(known: Claims, event: e.AvailabilityClaimed) -> Claims:
    others = tuple(one for one in known.claims if one.capability != event.claim.capability)
    return replace(known, claims=(*others, event.claim))


def _opened(event: e.CaseOpened, recorded: Recorded) -> Case:
    complete = None not in (event.kind, event.priority, event.cell)
    return Case(
        id=event.case,
        kind=event.kind,
        priority=event.priority,
        cell=event.cell,
        received_at=event.received_at,
        recorded_at=recorded.recorded_at,
        needs=event.needs,
        pickup_at=event.pickup_at,
        patients=tuple(Patient(name) for name in event.patients),
        intake=None if complete else Watch(recorded.recorded_at),
    )


def _settled(case: Case) -> Case:
    """Without an intake that is complete and a search that nobody needs."""
    if case.intake is not None and (case.complete or not case.open):
        case = replace(case, intake=None)
    if case.search is not None and not (case.open and case.waiting()):
        case = replace(case, search=None)
    return case


def evolve_case(case: Case, event: e.CaseEvent, recorded: Recorded) -> Case:
    """A case after an event."""
    return _settled(_case(case, event, recorded))


def _case(case: Case, event: e.CaseEvent, recorded: Recorded) -> Case:
    now = recorded.recorded_at
    match event:
        case e.CaseDescribed():
            return replace(
                case,
                kind=event.kind or case.kind,
                priority=event.priority or case.priority,
                cell=event.cell or case.cell,
                pickup_at=event.pickup_at or case.pickup_at,
                needs=case.needs if event.needs is None else event.needs,
            )
        case e.PatientAdded():
            return replace(case, patients=(*case.patients, Patient(event.patient)))
        case e.SearchMoved():
            return replace(case, search=Search(event.step, Watch(now)))
        case e.VehiclePassedOver():
            return replace(case, passed_over=(*case.passed_over, event.unit))
        case e.FacilityAsked():
            attempt = Attempt(event.attempt, event.patient, event.goal, event.via, event.state, Watch(now))
            return replace(case, attempts=(*case.attempts, attempt))
        case e.AttemptMoved():
            return _with_attempt(case, event)
        case e.DeskAsked():
            request = DeskRequest(event.request, event.patient, event.because, "asked", Watch(now))
            return replace(case, desk=(*case.desk, request))
        case e.DeskAnswered():
            state = "nothing_found" if event.attempt is None else "answered"
            return _with_request(case, event.request, state=state, attempt=event.attempt, voice=event.voice)
        case e.DeskWithdrawn():
            return _with_request(case, event.request, state="withdrawn")
        case e.CaseClosed():
            return replace(case, closed_at=recorded.happened_at, merged_into=event.into)
        case e.CaseClockRang():
            return _rung(case, event.clock, event.count)
        case e.ParticularsNoted() | e.HelpRefused():
            return case
        case _:
            return _with_patient(case, event, recorded)


def _with_attempt(case: Case, event: e.AttemptMoved) -> Case:
    found = tuple(
        replace(one, state=event.state, why=event.why, voice=_voice(one, event)) if one.id == event.attempt else one
        for one in case.attempts
    )
    return replace(case, attempts=found)


def _voice(attempt: Attempt, event: e.AttemptMoved) -> Voice | None:
    """Whose word the last answer was: a withdrawal is none, and leaves it."""
    answered = event.state in (AttemptState.ACCEPTED, AttemptState.DECLINED)
    return event.voice if answered or event.voice is not None else attempt.voice


def _with_request(case: Case, name: str, **changes: object) -> Case:
    return replace(case, desk=tuple(replace(one, **changes) if one.id == name else one for one in case.desk))


def _with_patient(case: Case, event: e.CaseEvent, recorded: Recorded) -> Case:
    changes: dict[str, object]
    match event:
        case e.PatientAssigned():
            changes = {"state": PatientState.ASSIGNED, "run": event.run}
        case e.PatientMet():
            changes = {"state": PatientState.MET}
        case e.PatientBoarded():
            changes = {"state": PatientState.ABOARD, "stranded_with": None, "door": None}
        case e.PatientArrived():
            known = case.patient(event.patient)
            changes = {"state": PatientState.AT_FACILITY, "door": None if known is None else known.goal}
        case e.PatientHandedOver():
            changes = {"state": PatientState.HANDED_OVER}
        case e.PatientReleased():
            changes = {
                "state": PatientState.WAITING,
                "run": None,
                "stranded_with": event.stranded_with,
                "door": None,
            }
        case e.PatientDied():
            changes = {"died_at": recorded.happened_at}
        case e.PatientEnded():
            changes = {"state": PatientState.ENDED, "outcome": event.outcome}
        case e.GoalChanged():
            changes = {"goal": event.goal, "firm": event.firm}
        case _:
            raise ValueError(f"no case event {event!r}")
    return replace(case, patients=tuple(replace(one, **changes) if one.id == event.patient else one for one in case.patients))


def _rung(case: Case, clock: str, count: int) -> Case:
    """The same after one of its clocks rang; `clocks.clocks_of` names them."""
    kind, _, name = clock.partition(":")
    match kind:
        case "intake" if case.intake is not None:
            return replace(case, intake=case.intake.after(count))
        case "search" if case.search is not None:
            return replace(case, search=replace(case.search, watch=case.search.watch.after(count)))
        case "desk":
            asked = (replace(one, watch=one.watch.after(count)) if one.id == name else one for one in case.desk)
            return replace(case, desk=tuple(asked))
    raise ValueError(f"case {case.id} has no clock {clock!r}")


def _started(event: e.RunStarted, recorded: Recorded) -> Run:
    return Run(
        id=event.run,
        unit=event.unit,
        officers=event.officers,
        helper=event.helper,
        riders=event.riders,
        kind=event.kind,
        priority=event.priority,
        state=RunState.ASSIGNED,
        watch=Watch(recorded.recorded_at),
        stamps=(Stamp(TimePoint.ASSIGNED, recorded.happened_at, recorded.recorded_at),),
        expected_ms=event.expected_ms,
        chosen=event.chosen,
        reason=event.reason,
        due_at=event.due_at,
        called_at=event.called_at,
    )


def evolve_run(run: Run, event: e.RunEvent, recorded: Recorded) -> Run:
    """A run after an event."""
    now = recorded.recorded_at
    match event:
        case e.RunProgressed():
            stamp = Stamp(event.point, recorded.happened_at, now, event.claimed_at)
            expected = event.expected_ms if event.state is not run.state else event.expected_ms or run.expected_ms
            watch = Watch(now) if event.state is not run.state else run.watch
            return replace(run, state=event.state, watch=watch, expected_ms=expected, stamps=(*run.stamps, stamp))
        case e.RunRerouted():
            # A crew that has not set out has no more time to answer because its way has changed.
            watch = Watch(now) if run.state in (RunState.EN_ROUTE, RunState.CARRYING) else run.watch
            return replace(run, watch=watch, expected_ms=event.expected_ms)
        case e.RunRetriaged():
            return replace(run, kind=event.kind, priority=event.priority)
        case e.RunDue():
            # Whoever was told of another time, or of a booked trip that is none any more, has time to answer from now on.
            return replace(run, due_at=event.due_at, watch=Watch(now))
        case e.RunTurned():
            return replace(run, state=event.state, watch=Watch(now), expected_ms=None)
        case e.RidersJoined():
            return replace(run, riders=(*run.riders, *event.riders))
        case e.RiderLeft():
            return replace(run, riders=tuple(one for one in run.riders if one != event.rider))
        case e.RunEmptied():
            return replace(run, state=RunState.CLEARING, watch=Watch(now), expected_ms=None)
        case e.RunEnded():
            return replace(run, state=RunState.ENDED, how=event.how, ended_at=recorded.happened_at, riders=())
        case e.StampCorrected():
            # It ended with its last point; of what a release before put right, that was not said.
            ends = event.point is TimePoint.AVAILABLE and event.was is not None
            ended_at = event.at if ends and not run.live else run.ended_at
            return replace(run, stamps=corrected(run.stamps, event, recorded), ended_at=ended_at)
        case e.RunSignalled():
            return run
        case e.RunClockRang():
            return replace(run, watch=run.watch.after(event.count))
        case _:
            raise ValueError(f"no run event {event!r}")


def corrected(stamps: tuple[Stamp, ...], event: e.StampCorrected, recorded: Recorded) -> tuple[Stamp, ...]:
    """Stamps with the one of a point that is meant put right (the last one, where that was not said), or, where there is none,
    one added in its place."""
    put = Stamp(event.point, event.at, recorded.recorded_at, corrected=True)
    meant = [number for number, one in enumerate(stamps) if one.point is event.point and event.was in (None, one.happened_at)]
    if meant:
        # Of two at the same time the first one was earlier, if one of them was.
        number = meant[0] if event.was is not None and event.at < event.was else meant[-1]
        return (*stamps[:number], put, *stamps[number + 1 :])
    before = sum(1 for one in stamps if one.point.rank < event.point.rank)
    return (*stamps[:before], put, *stamps[before:])


def _registered(known: Unit | None, event: e.UnitRegistered, recorded: Recorded) -> Unit:
    return Unit(
        id=event.unit,
        name=event.name,
        kind=event.kind,
        equipment=event.equipment,
        capacity=event.capacity,
        base=event.base,
        base_longitude=event.base_longitude,
        base_latitude=event.base_latitude,
        status=VehicleStatus.STANDBY if known is None or known.retired else known.status,
        since=recorded.happened_at if known is None or known.retired else known.since,
        phone=event.phone,
        run=None if known is None else known.run,
        scheduled_run=known is not None and known.scheduled_run,
        out_of_order=known is not None and known.out_of_order,
        invented=event.invented,
    )


def evolve_unit(unit: Unit, event: e.UnitEvent, recorded: Recorded) -> Unit:
    """A vehicle after an event."""
    match event:
        case e.UnitMoved():
            return replace(
                unit,
                status=event.status,
                run=event.run,
                scheduled_run=event.scheduled_run,
                out_of_order=unit.out_of_order and event.run is not None,
                since=recorded.happened_at,
            )
        case e.UnitBroke():
            return replace(unit, out_of_order=True)
        case e.UnitRetired():
            return replace(unit, retired=True)
        case _:
            raise ValueError(f"no vehicle event {event!r}")


def evolve_officer(officer: Officer, event: e.OfficerEvent) -> Officer:
    """An officer after an event."""
    match event:
        case e.ShiftSet():
            return replace(officer, shift_from=event.begins, shift_until=event.ends)
        case e.OfficerMoved():
            return replace(officer, run=event.run)
        case e.OfficerRetired():
            return replace(officer, retired=True)
        case _:
            raise ValueError(f"no officer event {event!r}")


__all__ = ["apply", "corrected", "evolve", "evolve_case", "evolve_officer", "evolve_run", "evolve_unit"]
