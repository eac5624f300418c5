"""Recording a call, completing and correcting it, merging two reports of one event, and ending it."""

from __future__ import annotations

from msgspec.structs import replace

from dispatch.cases import Priority, case_kinds
from dispatch.life.assigning import retriage
from dispatch.life.case import Case, Outcome, PatientState
from dispatch.life.commands import AddPatient, CancelCase, DescribeCase, EndPatient, MergeCase, OpenCase
from dispatch.life.deciding import Deciding
from dispatch.life.events import CaseDescribed, CaseOpened, GoalChanged, ParticularsNoted, PatientAdded, SearchMoved
from dispatch.life.referring import match_anew
from dispatch.life.refusals import ConflictError, InvalidError
from dispatch.life.releasing import begin_search, end_patient, is_for_later
from dispatch.life.run import RunState
from dispatch.reasons import Terms

MOST_PATIENTS = 50
_BY_ITS_OWN_COMMAND = frozenset({Outcome.DIED, Outcome.DUPLICATE, Outcome.TREATED, Outcome.HANDED_OVER, Outcome.DELIVERED})
_NOBODY_ABOARD = frozenset({Outcome.NOT_FOUND, Outcome.BY_OTHERS, Outcome.CANCELLED})


def _check(kind: str | None, priority: Priority | None) -> None:
    kinds = case_kinds()
    if kind is not None and kind not in kinds:
        raise InvalidError("no_kind", kind=kind, known=", ".join(kinds))
    if kind is not None and kinds[kind].scheduled and priority is Priority.RED:
        raise InvalidError("scheduled_red", kind=kind)


def open_case(d: Deciding, command: OpenCase) -> None:
    """Records a call."""
    if command.case in d.world.cases:
        raise ConflictError("case_exists", case=command.case)
    if not 1 <= command.patients <= MOST_PATIENTS:
        raise InvalidError("patients", most=MOST_PATIENTS)
    _check(command.kind, command.priority)
    received = command.received_at or d.at
    if received.tzinfo is None:
        raise InvalidError("time_without_zone")
    if received - d.now > d.rules.skew:
        raise InvalidError("time_ahead", seconds=round((received - d.now).total_seconds()))
    if command.pickup_at is not None and command.pickup_at.tzinfo is None:
        raise InvalidError("time_without_zone")
    patients = tuple(str(number) for number in range(1, command.patients + 1))
    d.emit(
        CaseOpened(
            command.case,
            command.kind,
            command.priority,
            command.cell,
            patients,
            min(received, d.now),
            command.pickup_at,
            command.needs,
        )
    )
    if command.noted:
        d.emit(ParticularsNoted(command.case, command.noted, command.cell is not None))
    begin_search(d, command.case, "opened")


def describe_case(d: Deciding, command: DescribeCase) -> None:
    """Completes a draft, or puts right what was recorded."""
    case = d.case(command.case)
    _check(case.kind if command.kind is None else command.kind, command.priority or case.priority)
    if command.pickup_at is not None and command.pickup_at.tzinfo is None:
        raise InvalidError("time_without_zone")
    under_way = any(one.run is not None or one.stranded_with is not None for one in case.patients)
    if command.kind is not None and command.kind != case.kind and under_way:
        old, new = d.kind_of(case), case_kinds()[command.kind]
        worse = _no_longer_booked(case, command) and old.destination != "none" and new.destination == "facility"
        if (old.destination, old.scheduled) != (new.destination, new.scheduled) and not worse:
            raise ConflictError("kind_under_way", case=case.id)
    pickup_at = command.pickup_at
    if pickup_at is None and case.pickup_at is not None and case.pickup_at > d.at and _no_longer_booked(case, command):
        pickup_at = d.at
    changed = (command.kind, command.priority, command.cell, pickup_at, command.needs)
    if any(one is not None for one in changed):
        described = CaseDescribed(case.id, *changed, command.why)
        d.emit(described)
    if command.noted:
        d.emit(ParticularsNoted(case.id, command.noted, command.cell is not None))
    begin_search(d, case.id, "completed")
    here = d.case(case.id)
    if here.search is not None and here.search.step != "booked" and is_for_later(d, here):
        d.emit(SearchMoved(case.id, "booked", "put_off"))
    _retriage_all(d, case.id)
    if command.triages:
        _places_anew(d, case, here)


def _no_longer_booked(case: Case, command: DescribeCase) -> bool:
    """Whether a booked trip becomes something that doesn't wait."""
    kinds = case_kinds()
    if case.kind is None or command.kind is None:
        return False
    return kinds[case.kind].scheduled and not kinds[command.kind].scheduled


def _places_anew(d: Deciding, before: Case, case: Case) -> None:
    """Whoever was booked to be brought somewhere and is an emergency now is brought where they are helped."""
    if before.kind is not None and d.kind_of(before).destination == "given" and d.matched(case):
        for one in case.patients:
            if not one.ended and one.died_at is None and one.goal is not None and one.goal.kind == "given":
                d.emit(GoalChanged(case.id, one.id, None, False, "retriaged"))
    match_anew(d, case.id)


def _retriage_all(d: Deciding, case: str) -> None:
    """Has the runs under way for a case be driven as it is now."""
    for run in dict.fromkeys(one.run for one in d.world.cases[case].patients if not one.ended):
        if run is not None:
            retriage(d, run)


def add_patient(d: Deciding, command: AddPatient) -> None:
    """There is one more person, for whom a vehicle is looked for as well."""
    case = d.case(command.case)
    if len(case.patients) >= MOST_PATIENTS:
        raise InvalidError("patients", most=MOST_PATIENTS)
    d.emit(PatientAdded(case.id, str(len(case.patients) + 1)))
    begin_search(d, case.id, "patient_added")


def merge_case(d: Deciding, command: MergeCase) -> None:
    """Two calls were about one event: one case ends, the other goes on, with those people who were not in it yet.

    A vehicle that was already sent for the one that ends is called off, unless it has met somebody: then it must be the other
    way round.
    """
    if command.case == command.into:
        raise InvalidError("merge_itself")
    case, into = d.case(command.case), d.case(command.into)
    here = [one for one in case.patients if not one.ended]
    for one in here:
        met = one.state not in (PatientState.WAITING, PatientState.ASSIGNED) or one.stranded_with is not None
        if met or (one.run is not None and d.world.runs[one.run].state.rank >= RunState.AT_SCENE.rank):
            raise ConflictError("merge_met", case=case.id, patient=one.id, into=into.id)
    kinds = case_kinds()
    if case.kind and into.kind and kinds[into.kind].scheduled and not kinds[case.kind].scheduled:
        raise ConflictError("merge_kind", case=case.id, into=into.id)
    if any(one.run is not None for one in here) and all(one.run is None or one.ended for one in into.patients):
        # Somebody is on the way for this report already: that is the one which goes on.
        raise ConflictError("merge_sent", case=case.id, into=into.id)
    if strange := sorted(set(command.adds) - {one.id for one in here}):
        raise InvalidError("merge_nobody", case=case.id, patient=strange[0])
    for _ in dict.fromkeys(command.adds):
        d.emit(PatientAdded(into.id, str(len(d.world.cases[into.id].patients) + 1)))
    _complete(d, into, case)
    for one in here:
        end_patient(d, case.id, one.id, Outcome.DUPLICATE, into=into.id)
    _retriage_all(d, into.id)
    begin_search(d, into.id, "merged")


def _complete(d: Deciding, into: Case, case: Case) -> None:
    """What only one of two reports knows is known of both, and the more urgent one counts."""
    ranks = [one for one in (case.priority, into.priority) if one is not None]
    urgent = min(ranks, key=lambda one: one.rank, default=None)
    described = CaseDescribed(
        into.id,
        case.kind if into.kind is None else None,
        urgent if urgent is not into.priority else None,
        case.cell if into.cell is None else None,
        case.pickup_at if into.kind is None else None,
        case.needs if into.kind is None else None,
        "merged",
    )
    kind = into.kind or case.kind
    if kind is not None and case_kinds()[kind].scheduled and described.priority is Priority.RED:
        described = replace(described, priority=None)
    if described != CaseDescribed(into.id, why="merged"):
        d.emit(described)


def cancel_case(d: Deciding, command: CancelCase) -> None:
    """Nobody is needed after all; with somebody on board that can't be said of the whole case."""
    case = d.case(command.case)
    here = [one for one in case.patients if not one.ended]
    if on_board := [one for one in here if one.state.rank >= PatientState.ABOARD.rank or one.stranded_with is not None]:
        raise ConflictError("cancel_aboard", case=case.id, patient=on_board[0].id)
    for one in case.patients:
        if not one.ended:
            end_patient(d, case.id, one.id, Outcome.CANCELLED, command.why)


def end_one(d: Deciding, command: EndPatient) -> None:
    """A patient needs nobody any more: recovered, refused, gone, taken by others, or served where they were."""
    who = d.patient(command.case, command.patient)
    if command.outcome in _BY_ITS_OWN_COMMAND:
        raise InvalidError("outcome_by_its_own_command", outcome=Terms("outcome", (command.outcome,)))
    # Somebody's own car takes many a one from where an ambulance broke down.
    stranded = who.stranded_with is not None and command.outcome is not Outcome.BY_OTHERS
    if command.outcome in _NOBODY_ABOARD and (who.state.rank >= PatientState.ABOARD.rank or stranded):
        raise ConflictError("outcome_aboard", outcome=Terms("outcome", (command.outcome,)), patient=who.id)
    if who.state is PatientState.HANDED_OVER:
        raise ConflictError("handed_over_already", patient=who.id)
    end_patient(d, command.case, command.patient, command.outcome, command.why)
