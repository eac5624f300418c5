"""Finding a place for a patient: asking facilities one after the other, and the referral desk."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET

from dispatch.life.case import RIDING, Patient, PatientState
from dispatch.life.commands import AnswerDesk, AnswerOffer, AskDesk, AskFacility, RefuseAtDoor, SetGoal
from dispatch.life.deciding import Deciding
from dispatch.life.events import (
    AttemptMoved,
    DeskAnswered,
    DeskAsked,
    DeskWithdrawn,
    FacilityAsked,
    GoalChanged,
    PatientBoarded,
    RunRerouted,
)
from dispatch.life.facts import Facilities
from dispatch.life.people import Voice
from dispatch.life.referral import OPEN_ATTEMPT, Attempt, AttemptState, Because, Goal, Via
from dispatch.life.refusals import ConflictError, InvalidError, UnknownError
from dispatch.life.rules import Rules


def needs_place(patient: Patient, rules: Rules, matched: bool) -> bool:
    """Whether somebody must be found by now who takes the patient; `matched`: the kind of case has a matched facility."""
    if not matched or patient.ended or patient.state is PatientState.HANDED_OVER or patient.died_at is not None:
        return False
    if patient.goal is not None and patient.goal.kind == "given":
        return False
    if patient.state is PatientState.WAITING and patient.stranded_with is None:
        return False
    return rules.asking == "ahead" or patient.state in RIDING or patient.stranded_with is not None


def look_for_place(d: Deciding, case: str, patient: str, first: Goal | None = None, chosen: bool = False) -> None:
    """Has somebody be asked for a patient, if it is time and nobody is; `first`: whom, and `chosen`: the dispatcher wants it,
    whoever is being asked."""
    here = d.case(case)
    who = here.patient(patient)
    assert who is not None
    if not needs_place(who, d.rules, d.matched(here)):
        return
    open_one = here.open_attempt(patient)
    if chosen and first is not None and (open_one is None or open_one.goal.id != first.id):
        withdraw_all(d, case, patient)
        ask(d, case, patient, first, "dispatcher")
    elif open_one is None and here.open_request(patient) is None:
        if first is not None:
            ask(d, case, patient, first, "ranking")
        else:
            go_on(d, case, patient, "region_asks_desk")


def ask(d: Deciding, case: str, patient: str, goal: Goal, via: Via, accepted: bool = False, voice: Voice | None = None) -> str:
    """Asks a facility (or heads for it, where nobody telephones); it is the patient's interim destination meanwhile.

    Returns:
        The id of the attempt.
    """
    attempt = d.new_id()
    state = AttemptState.UNASKED if d.rules.asking == "at_door" and via == "ranking" else AttemptState.OFFERED
    d.emit(FacilityAsked(case, attempt, patient, goal, via, state))
    if accepted:
        d.emit(AttemptMoved(case, attempt, AttemptState.ACCEPTED, voice=voice))
        head_for(d, case, patient, goal, True, "accepted")
    else:
        head_for(d, case, patient, goal, False, "asked")
    return attempt


def head_for(d: Deciding, case: str, patient: str, goal: Goal | None, firm: bool, why: str) -> None:
    """Changes where a patient is taken; a run that carries them goes there from now on."""
    who = d.world.cases[case].patient(patient)
    assert who is not None
    if who.goal == goal and who.firm == firm:
        return
    d.emit(GoalChanged(case, patient, goal, firm, why))
    if who.goal != goal and who.state in RIDING and who.run is not None and d.world.runs[who.run].live:
        d.emit(RunRerouted(who.run, why, _drive_ms(d, case, patient, goal)))


def _drive_ms(d: Deciding, case: str, patient: str, goal: Goal | None) -> float | None:
    """How long the way to a facility takes from where the patient is, if that was worked out."""
    choices = d.facts.places(case, patient).choices
    return next((one.transport_ms for one in choices if goal is not None and one.goal.id == goal.id), None)


def _left(d: Deciding, case: str, patient: str) -> Facilities:
    """Whom to ask next, without those who have not taken the patient: what was ranked may be older than the last decline."""
    ranking = d.facts.places(case, patient)
    out = {one.goal.id for one in d.world.cases[case].failed(patient)}
    return replace(ranking, choices=tuple(one for one in ranking.choices if one.goal.id not in out))


def go_on(d: Deciding, case: str, patient: str, because: Because) -> None:
    """Somebody has not taken the patient, or nobody was asked yet: the next facility, or the desk, by the region's rule.

    Nobody else is asked for somebody who has died, or for whom no vehicle is on its way any more.
    """
    here, left = d.case(case), _left(d, case, patient)
    who = here.patient(patient)
    assert who is not None
    if not needs_place(who, d.rules, d.matched(here)):
        return
    used = sum(1 for _ in here.failed(patient))
    by_desk = d.rules.after_decline == "sitegar" and used > 0
    if left.choices and not left.desk and used < d.rules.tries and not by_desk:
        ask(d, case, patient, left.choices[0].goal, "ranking")
        return
    if not left.choices:
        because = "none_left"
    elif used >= d.rules.tries:
        because = "tries_used"
    elif left.desk:
        because = "quicker"
    ask_desk(d, case, patient, because)


def ask_desk(d: Deciding, case: str, patient: str, because: Because) -> None:
    """Asks the referral desk; the interim destination is the nearest suitable facility that is not out of question."""
    here, left = d.case(case), _left(d, case, patient)
    if here.open_request(patient) is None:
        d.emit(DeskAsked(case, d.new_id(), patient, because))
    who = here.patient(patient)
    assert who is not None
    if left.choices:
        head_for(d, case, patient, left.choices[0].goal, False, "desk_asked")
    elif who.goal is not None and who.firm:
        # Nowhere better to drive meanwhile: the way to it is not given up, but it is no promise.
        head_for(d, case, patient, who.goal, False, "desk_asked")


def match_anew(d: Deciding, case: str) -> None:
    """After a case was described anew: whoever is known to lack what a patient needs now is told, and another one is asked.

    Whoever stands at a door already is left to those behind it. A yes of anybody else still counts.
    """
    for patient in d.case(case).patients:
        open_one = d.case(case).open_attempt(patient.id)
        if patient.ended or patient.state is PatientState.HANDED_OVER:
            continue
        at_door = patient.state is PatientState.AT_FACILITY
        if open_one is None or at_door or not d.facts.places(case, patient.id).unfit:
            look_for_place(d, case, patient.id)
            continue
        d.emit(AttemptMoved(case, open_one.id, AttemptState.WITHDRAWN))
        go_on(d, case, patient.id, "region_asks_desk")
        if d.case(case).open_attempt(patient.id) is None and patient.goal == open_one.goal:
            # Nobody is asked before the patient is on board, or the desk is.
            head_for(d, case, patient.id, None, False, "retriaged")


def withdraw_all(d: Deciding, case: str, patient: str) -> None:
    """Nobody need take the patient any more: whoever was asked is told."""
    here = d.world.cases[case]
    if (attempt := here.open_attempt(patient)) is not None:
        d.emit(AttemptMoved(case, attempt.id, AttemptState.WITHDRAWN))
    if (request := here.open_request(patient)) is not None:
        d.emit(DeskWithdrawn(case, request.id))


def ask_facility(d: Deciding, command: AskFacility) -> None:
    """The dispatcher or the crew picks whom to ask."""
    who = d.patient(command.case, command.patient)
    if command.goal.kind not in ("facility", "outside"):
        raise InvalidError("not_a_facility", goal=command.goal.id)
    if who.state is PatientState.HANDED_OVER:
        raise ConflictError("handed_over_already", patient=who.id)
    open_one = d.case(command.case).open_attempt(who.id)
    if open_one is not None and open_one.goal.id == command.goal.id:
        raise ConflictError("asked_already", facility=command.goal.name or command.goal.id)
    withdraw_all(d, command.case, who.id)
    ask(d, command.case, who.id, command.goal, "crew" if d.issued.actor.role == "driver" else "dispatcher")


def _attempt(d: Deciding, case: str, name: str) -> Attempt:
    found = d.case(case).attempt(name)
    if found is None:
        raise UnknownError("no_attempt", case=case, attempt=name)
    return found


def answer_offer(d: Deciding, command: AnswerOffer) -> None:
    """A facility's answer. A late yes still counts while nobody else has said yes; a yes may be taken back."""
    attempt = _attempt(d, command.case, command.attempt)
    if d.patient(command.case, attempt.patient).state is PatientState.HANDED_OVER:
        raise ConflictError("handed_over_already", patient=attempt.patient)
    if attempt.state in (AttemptState.WITHDRAWN, AttemptState.REFUSED_AT_DOOR):
        raise ConflictError(f"attempt_{attempt.state}", facility=attempt.goal.name or attempt.goal.id)
    if command.accepted:
        _accepted(d, command, attempt)
    else:
        _declined(d, command, attempt)


def _accepted(d: Deciding, command: AnswerOffer, attempt: Attempt) -> None:
    who = d.patient(command.case, attempt.patient)
    if who.died_at is not None:
        raise ConflictError("died_already", patient=who.id)
    if who.goal is not None and who.goal.kind == "given":
        raise ConflictError("goes_elsewhere", patient=who.id)
    if attempt.state is AttemptState.ACCEPTED:
        raise ConflictError("accepted_already", facility=attempt.goal.name or attempt.goal.id)
    other = d.case(command.case).open_attempt(attempt.patient)
    if other is not None and other.state is AttemptState.ACCEPTED:
        raise ConflictError("accepted_elsewhere", facility=other.goal.name or other.goal.id)
    if other is not None and other.id != attempt.id:
        d.emit(AttemptMoved(command.case, other.id, AttemptState.WITHDRAWN))
    if (request := d.case(command.case).open_request(attempt.patient)) is not None:
        d.emit(DeskWithdrawn(command.case, request.id))
    d.emit(AttemptMoved(command.case, attempt.id, AttemptState.ACCEPTED, None, command.note, command.voice))
    head_for(d, command.case, attempt.patient, attempt.goal, True, "accepted")


def _declined(d: Deciding, command: AnswerOffer, attempt: Attempt) -> None:
    if command.why is None:
        raise InvalidError("decline_without_reason")
    if attempt.state is AttemptState.DECLINED:
        raise ConflictError("declined_already", facility=attempt.goal.name or attempt.goal.id)
    was_open = attempt.state in OPEN_ATTEMPT
    d.emit(AttemptMoved(command.case, attempt.id, AttemptState.DECLINED, command.why, command.note, command.voice))
    if was_open:
        go_on(d, command.case, attempt.patient, "region_asks_desk")


def unanswered(d: Deciding, case: str, attempt: str) -> None:
    """Nobody has answered in time: that counts as a decline."""
    patient = _attempt(d, case, attempt).patient
    d.emit(AttemptMoved(case, attempt, AttemptState.UNANSWERED))
    if d.case(case).open_request(patient) is None:
        go_on(d, case, patient, "region_asks_desk")


def at_door(d: Deciding, case: str, patient: str, place: Goal) -> str | None:
    """The last attempt at a facility that may still be what leads to it: not yet refused, whatever was said by telephone."""
    here = d.world.cases[case]
    found = [one for one in here.attempts if one.patient == patient and one.goal.id == place.id]
    return found[-1].id if found and found[-1].state is not AttemptState.REFUSED_AT_DOOR else None


def refuse_at_door(d: Deciding, command: RefuseAtDoor) -> None:
    """The facility does not take the patient who stands at its door; whatever it said before, somebody else is asked."""
    who = d.patient(command.case, command.patient)
    if who.state not in RIDING:
        raise ConflictError("not_at_a_door", patient=who.id)
    place = who.door or who.goal
    brought_home = who.goal is not None and who.goal.kind == "given"
    if place is None or brought_home or place.kind not in ("facility", "outside"):
        raise ConflictError("not_at_a_door", patient=who.id)
    here = d.case(command.case)
    refused = {one.goal.id for one in here.attempts if one.patient == who.id and one.state is AttemptState.REFUSED_AT_DOOR}
    elsewhere = command.facility not in (UNSET, place.id)
    if elsewhere and command.facility not in refused:
        raise ConflictError("not_at_a_door", patient=who.id)
    if elsewhere or (refused and who.door is None and command.facility is UNSET):
        # The crew and the dispatcher both record it: nobody says that they have been to where the patient is taken now.
        raise ConflictError("refusal_recorded", patient=who.id, facility=place.name or place.id)
    attempt = at_door(d, command.case, who.id, place)
    if attempt is None:
        # It was only the interim destination: nobody had asked it.
        attempt = d.new_id()
        d.emit(FacilityAsked(command.case, attempt, who.id, place, "crew", AttemptState.UNASKED))
    if who.state is PatientState.AT_FACILITY:
        d.emit(PatientBoarded(command.case, who.id))
    d.emit(AttemptMoved(command.case, attempt, AttemptState.REFUSED_AT_DOOR, command.why, command.note, command.voice))
    if d.case(command.case).open_attempt(who.id) is not None:
        return  # another one is being asked already, and is where they are taken
    if d.case(command.case).open_request(who.id) is None:
        go_on(d, command.case, who.id, "refused_at_door")
    else:
        ask_desk(d, command.case, who.id, "refused_at_door")


def ask_the_desk(d: Deciding, command: AskDesk) -> None:
    """The dispatcher or the crew wants the desk to name a facility."""
    who = d.patient(command.case, command.patient)
    here = d.case(command.case)
    if here.open_request(who.id) is not None:
        raise ConflictError("desk_asked_already", patient=who.id)
    if who.state is PatientState.HANDED_OVER:
        raise ConflictError("handed_over_already", patient=who.id)
    attempt = here.open_attempt(who.id)
    if attempt is not None and attempt.state is not AttemptState.ACCEPTED:
        d.emit(AttemptMoved(command.case, attempt.id, AttemptState.WITHDRAWN))
    because: Because = "crew" if d.issued.actor.role == "driver" else command.because
    d.emit(DeskAsked(command.case, d.new_id(), who.id, because))


def answer_desk(d: Deciding, command: AnswerDesk) -> None:
    """The desk's answer opens a new attempt, wherever that is; if it found nothing, it goes on being looked for."""
    request = d.case(command.case).request(command.request)
    if request is None:
        raise UnknownError("no_request", case=command.case, request=command.request)
    if request.state != "asked":
        raise ConflictError(f"desk_{request.state}")
    who = d.patient(command.case, request.patient)
    if command.goal is None:
        d.emit(DeskAnswered(command.case, request.id, None, command.voice))
        if d.case(command.case).open_attempt(who.id) is None:
            left = _left(d, command.case, who.id)
            if left.choices:
                ask(d, command.case, who.id, left.choices[0].goal, "ranking")
            else:
                ask_desk(d, command.case, who.id, "none_left")
        return
    if command.goal.kind not in ("facility", "outside"):
        raise InvalidError("not_a_facility", goal=command.goal.id)
    open_one = d.case(command.case).open_attempt(who.id)
    if open_one is not None and open_one.state is AttemptState.ACCEPTED and open_one.goal.id == command.goal.id:
        # It has said yes already and need not say so again.
        d.emit(DeskAnswered(command.case, request.id, open_one.id, command.voice))
        head_for(d, command.case, who.id, open_one.goal, True, "accepted")
        return
    if open_one is not None:
        d.emit(AttemptMoved(command.case, open_one.id, AttemptState.WITHDRAWN))
    # The attempt comes first, so that the answer can name it.
    attempt = ask(d, command.case, who.id, command.goal, "sitegar", command.arranged, command.voice)
    d.emit(DeskAnswered(command.case, request.id, attempt, command.voice))


def silent_desk(d: Deciding, case: str, patient: str) -> None:
    """The desk has been silent for long: a further facility is asked meanwhile, if there is one."""
    if d.case(case).open_attempt(patient) is None and (left := _left(d, case, patient)).choices:
        ask(d, case, patient, left.choices[0].goal, "ranking")


def set_goal(d: Deciding, command: SetGoal) -> None:
    """A place that needs not be asked: home, or where a body is taken; or a facility that is headed for all the same."""
    who = d.patient(command.case, command.patient)
    if who.state is PatientState.HANDED_OVER:
        raise ConflictError("handed_over_already", patient=who.id)
    if command.goal.kind != "given":
        raise InvalidError("facility_must_be_asked", goal=command.goal.id)
    withdraw_all(d, command.case, who.id)
    head_for(d, command.case, who.id, command.goal, True, "chosen")
