"""What FHIR's words are for what happens in Siaga: every state, against the required value sets and the R4 classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from msgspec import json
from msgspec.structs import replace

from api.http import fhir, fhir_answers, fhir_codes
from dispatch.cases import Priority, case_kinds
from dispatch.life.case import Case, Cell, Outcome, Patient, PatientState
from dispatch.life.particulars import Note, Particulars
from dispatch.life.people import Voice
from dispatch.life.referral import Attempt, AttemptState, Because, Decline, DeskRequest, DeskState, Goal, Via
from dispatch.life.stamps import Watch
from routing import LANGUAGES
from tests.api.http.fhir_values import BOUND, ISSUE_TYPE, wrong_codes

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOSPITAL = Goal("facility", "osm:way/7", "RSUD Cibinong", "021-1", 106.8, -6.5)
ELSEWHERE = Goal("outside", "outside:RS Bogor", "RS Bogor", "0251-1")
FRAME = fhir.Frame("cibinong", "Cibinong", "SITEGAR", ZoneInfo("Asia/Jakarta"), "id")
CLASSES: Mapping[str, Any] = {
    "ServiceRequest": ServiceRequest,
    "Task": Task,
    "Bundle": Bundle,
    "OperationOutcome": OperationOutcome,
    "CapabilityStatement": CapabilityStatement,
}


def valid(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource that the classes take, gives back the same, and that has no code which its value set lacks."""
    sent = json.decode(json.encode(resource))
    again = json.decode(CLASSES[sent["resourceType"]].model_validate(sent).model_dump_json())
    assert again == sent
    assert wrong_codes(sent) == []
    assert _empty(sent) == []
    return sent


def _empty(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return ([path] if not value else []) + [one for name, kept in inner for one in _empty(kept, f"{path}.{name}")]
    return [path] if value in (None, "") else []


def attempt(state: AttemptState = AttemptState.OFFERED, goal: Goal = HOSPITAL, **more: Any) -> Attempt:
    return Attempt(more.pop("id", "key_1.1"), "1", goal, more.pop("via", "ranking"), state, Watch(AT), **more)


def case(*attempts: Attempt, desk: tuple[DeskRequest, ...] = (), patient: Patient | None = None, **more: Any) -> Case:
    known: dict[str, Any] = {"kind": "emergency", "priority": Priority.RED, "cell": Cell(1, 1), **more}
    return Case(
        "KAB1-2CD-3EF",
        received_at=AT,
        recorded_at=AT,
        patients=(patient or Patient("1"),),
        attempts=attempts,
        desk=desk,
        **known,
    )


def request(of: Case, person: fhir.Person | None = None) -> dict[str, Any]:
    return valid(fhir.service_request(FRAME, of, 3, of.patients[0], person))


def noted(**fields: str) -> Particulars:
    of_case = ("caller_name", "caller_phone", "address", "landmark")
    return Particulars(
        tuple(Note(name, value, "sri", AT, None if name in of_case else "1") for name, value in fields.items())  # type: ignore[arg-type]
    )


# -- a facility is asked --------------------------------------------------------------------------------------------------

STATUS = {
    "unasked": "draft",
    "offered": "requested",
    "accepted": "accepted",
    "declined": "rejected",
    "unanswered": "failed",
    "withdrawn": "cancelled",
    "refused_at_door": "failed",
}


@pytest.mark.parametrize("state", AttemptState)
@pytest.mark.parametrize("why", [None, *Decline])
def test_every_state_of_an_attempt_has_a_status_and_keeps_its_own_word(state: AttemptState, why: Decline | None) -> None:
    task = valid(fhir.attempt_task(FRAME, case(attempt(state, why=why)), 3, 1))
    assert task["status"] == STATUS[state]
    assert task["businessStatus"]["coding"][0]["code"] == state
    if why is not None:
        assert task["statusReason"]["coding"][0] == {
            "system": "urn:siaga:codesystem:decline",
            "code": why,
            "display": task["statusReason"]["text"],
        }
    elif state in (AttemptState.UNANSWERED, AttemptState.REFUSED_AT_DOOR):
        assert task["statusReason"]["coding"][0]["code"] == state
    else:
        assert "statusReason" not in task


@pytest.mark.parametrize(
    ("state", "outcome", "goal", "status"),
    [
        (PatientState.AT_FACILITY, None, HOSPITAL, "accepted"),
        (PatientState.HANDED_OVER, None, HOSPITAL, "completed"),
        (PatientState.ENDED, Outcome.TREATED, HOSPITAL, "completed"),
        (PatientState.ENDED, Outcome.HANDED_OVER, HOSPITAL, "completed"),
        (PatientState.ENDED, Outcome.TREATED, ELSEWHERE, "accepted"),
        (PatientState.ENDED, Outcome.DIED, HOSPITAL, "accepted"),
    ],
)
def test_a_facility_that_took_the_patient_over_has_completed_its_task(
    state: PatientState, outcome: Outcome | None, goal: Goal, status: str
) -> None:
    there = Patient("1", state, goal=goal, firm=True, outcome=outcome)
    task = valid(fhir.attempt_task(FRAME, case(attempt(AttemptState.ACCEPTED), patient=there), 3, 1))
    assert task["status"] == status
    # One that refused has completed nothing, wherever the patient is by now.
    refused = attempt(AttemptState.REFUSED_AT_DOOR)
    assert fhir.attempt_task(FRAME, case(refused, patient=there), 3, 1)["status"] == "failed"


@pytest.mark.parametrize("via", get_args(Via))
def test_a_task_says_who_named_the_facility_and_which_it_is(via: Via) -> None:
    task = valid(fhir.attempt_task(FRAME, case(attempt(via=via)), 3, 1))
    assert task["owner"] == {
        "type": "Organization",
        "identifier": {"system": "urn:siaga:region:cibinong:facility", "value": "osm:way/7"},
        "display": "RSUD Cibinong",
    }
    assert task["input"][0]["valueCodeableConcept"]["coding"][0]["code"] == via
    assert task["focus"] == task["basedOn"][0] == {"reference": "ServiceRequest/KAB1-2CD-3EF.1"}
    assert task["identifier"] == [{"system": "urn:siaga:region:cibinong:attempt", "value": "key_1.1"}]
    outside = valid(fhir.attempt_task(FRAME, case(attempt(goal=ELSEWHERE)), 3, 1))
    assert outside["owner"] == {"type": "Organization", "display": "RS Bogor"}


# -- the desk is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status"),
    [("asked", "requested"), ("answered", "completed"), ("nothing_found", "failed"), ("withdrawn", "cancelled")],
)
@pytest.mark.parametrize("because", get_args(Because))
def test_every_state_of_a_request_to_the_desk_has_a_status(state: DeskState, status: str, because: Because) -> None:
    asked = DeskRequest("key_2.1", "1", because, state, Watch(AT), "key_3.1" if state == "answered" else None)
    of = case(attempt(AttemptState.DECLINED), attempt(id="key_3.1", via="sitegar"), desk=(asked,))
    task = valid(fhir.desk_task(FRAME, of, 3, 1))
    assert task["status"] == status
    assert task["owner"]["display"] == "SITEGAR"
    assert task["reasonCode"]["coding"][0]["code"] == because
    named = [one["valueReference"]["reference"] for one in task.get("output", [])]
    assert named == (["Task/KAB1-2CD-3EF.a2"] if state == "answered" else [])


def test_states_are_all_tested() -> None:
    assert set(STATUS) == {str(one) for one in AttemptState}
    assert set(get_args(DeskState)) == {"asked", "answered", "nothing_found", "withdrawn"}


def test_tasks_are_those_of_the_patient_facilities_first() -> None:
    other = replace(attempt(id="key_9.1"), patient="2")
    desk = DeskRequest("key_2.1", "1", "tries_used", "asked", Watch(AT))
    of = case(attempt(AttemptState.DECLINED), other, attempt(id="key_4.1"), desk=(desk,))
    ids = [task["id"] for _, task in fhir.tasks(FRAME, of, 3, "1")]
    assert ids == ["KAB1-2CD-3EF.a1", "KAB1-2CD-3EF.a3", "KAB1-2CD-3EF.d1"]
    assert [task["id"] for _, task in fhir.tasks(FRAME, of, 3, "2")] == ["KAB1-2CD-3EF.a2"]


# -- what was asked for ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", [None, *Priority])
@pytest.mark.parametrize("kind", [None, *case_kinds()])
def test_every_kind_and_priority_makes_a_request(kind: str | None, priority: Priority | None) -> None:
    sent = request(case(kind=kind, priority=priority))
    assert sent["status"] == ("draft" if None in (kind, priority) else "active")
    assert sent["intent"] == "order"
    assert (
        sent.get("priority")
        == {None: None, "red": "stat", "yellow": "urgent", "green": "routine", "black": "routine"}[priority]
    )


ENDED = {
    "treated": "completed",
    "handed_over": "completed",
    "delivered": "completed",
    "served": "completed",
    "died": "revoked",
    "recovered": "revoked",
    "refused": "revoked",
    "not_found": "revoked",
    "by_others": "revoked",
    "cancelled": "revoked",
    "duplicate": "revoked",
}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_ends_a_request(outcome: Outcome) -> None:
    assert request(case(patient=Patient("1", PatientState.ENDED, outcome=outcome)))["status"] == ENDED[outcome]


@pytest.mark.parametrize("state", [one for one in PatientState if one is not PatientState.ENDED])
def test_a_request_is_active_until_nothing_is_left_to_do(state: PatientState) -> None:
    assert request(case(patient=Patient("1", state)))["status"] == "active"


def test_an_end_without_an_outcome_is_unknown() -> None:
    assert request(case(patient=Patient("1", PatientState.ENDED)))["status"] == "unknown"


def test_only_a_facility_that_has_said_yes_performs_it() -> None:
    interim, firm = Patient("1", goal=HOSPITAL), Patient("1", goal=HOSPITAL, firm=True)
    home = Patient("1", goal=Goal("given", "given:1"), firm=True)
    assert "performer" not in request(case(patient=interim))
    assert request(case(patient=firm))["performer"][0]["identifier"]["value"] == "osm:way/7"
    assert "performer" not in request(case(patient=home))


def test_times_are_the_regions() -> None:
    sent = request(case(pickup_at=AT))
    assert sent["authoredOn"] == sent["occurrenceDateTime"] == "2026-11-22T10:00:00+07:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_the_readers(language: Any) -> None:
    frame = fhir.Frame("cibinong", "Cibinong", "SITEGAR", ZoneInfo("Asia/Jakarta"), language)
    task = fhir.attempt_task(frame, case(attempt(AttemptState.DECLINED, why=Decline.ROOM_FULL)), 3, 1)
    assert task["statusReason"]["text"] == {"id": "kamar penuh", "en": "no room"}[language]


# -- what is personal -----------------------------------------------------------------------------------------------------

SAID = {
    "name": "Siti Aminah",
    "nik": "3201010101800001",
    "birth_date": "1980-02-01",
    "sex": "perempuan",
    "phone": "0812-0000-0001",
    "complaint": "sesak napas",
    "note": "alergi penisilin",
    "address": "Jl. Mayor Oking 12",
    "landmark": "dekat masjid",
    "caller_name": "Rina",
    "caller_phone": "0812-0000-0002",
}


def person(**fields: str) -> fhir.Person | None:
    of = case()
    return fhir.person_of(FRAME, of, of.patients[0], noted(**fields))


def test_without_particulars_a_request_has_a_pseudonym_and_nothing_else_of_anybody() -> None:
    sent = request(case(attempt()))
    assert sent["subject"] == {
        "type": "Patient",
        "identifier": {"system": "urn:siaga:region:cibinong:patient", "value": "KAB1-2CD-3EF.1"},
    }
    assert not {"contained", "reasonCode", "note"} & set(sent)


def test_with_them_it_contains_the_patient() -> None:
    of = case()
    known = person(**SAID)
    assert known is not None
    sent = request(of, known)
    assert sent["subject"]["reference"] == "#patient"
    (patient,) = sent["contained"]
    assert patient["identifier"][1] == {
        "use": "official",
        "system": "https://fhir.kemkes.go.id/id/nik",
        "value": "3201010101800001",
    }
    assert (patient["gender"], patient["birthDate"]) == ("female", "1980-02-01")
    assert patient["address"] == [{"text": "Jl. Mayor Oking 12, dekat masjid"}]
    assert patient["contact"] == [{"name": {"text": "Rina"}, "telecom": [{"system": "phone", "value": "0812-0000-0002"}]}]
    assert sent["reasonCode"] == [{"text": "sesak napas"}]
    assert sent["note"][0]["text"] == "alergi penisilin"
    assert set(known.fields) == set(SAID)


@pytest.mark.parametrize("field", SAID)
def test_any_of_it_alone_makes_a_valid_patient_and_is_told_as_shown(field: str) -> None:
    known = person(**{field: SAID[field]})
    assert known is not None
    assert known.fields == (field,)
    assert SAID[field] in str(request(case(), known)) or field == "sex"


def test_nothing_noted_or_forgotten_is_nobody() -> None:
    assert person() is None
    assert person(name=" ", phone="") is None


def test_another_patients_words_are_not_shown() -> None:
    known = Particulars((Note("name", "Budi", "sri", AT, "2"), Note("complaint", "jatuh", "sri", AT, "2")))
    of = case()
    assert fhir.person_of(FRAME, of, of.patients[0], known) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        *(("1980", "1980"), ("1980-02", "1980-02"), ("1980-02-29", "1980-02-29")),
        *(("1981-02-29", None), ("1980-13", None), ("0000", None), ("kira-kira 40 tahun", None), ("01-02-1980", None)),
    ],
)
def test_what_is_no_date_is_left_out(said: str, kept: str | None) -> None:
    known = person(birth_date=said, name="Siti")
    assert known is not None
    assert request(case(), known)["contained"][0].get("birthDate") == kept


@pytest.mark.parametrize(
    ("said", "gender"),
    [("L", "male"), ("Laki-laki", "male"), ("P", "female"), ("wanita", "female"), ("male", "male"), ("?", "unknown")],
)
def test_gender_is_understood_in_both_languages(said: str, gender: str) -> None:
    known = person(sex=said)
    assert known is not None
    assert request(case(), known)["contained"][0]["gender"] == gender


def test_whose_word_it_was_is_left_out() -> None:
    told = attempt(AttemptState.ACCEPTED, voice=Voice("dr. Sari", "0251-1"))
    assert "Sari" not in str(fhir.attempt_task(FRAME, case(told), 3, 1))


# -- ids ------------------------------------------------------------------------------------------------------------------


def test_ids_are_read_as_they_were_written() -> None:
    assert fhir.read_request_id(fhir.request_id("KAB1-2CD-3EF", "12")) == ("KAB1-2CD-3EF", "12")
    assert fhir.read_task_id(fhir.task_id("KAB1-2CD-3EF", "a", 7)) == ("KAB1-2CD-3EF", "a", 7)
    assert fhir.read_task_id(fhir.task_id("KAB1-2CD-3EF", "d", 1)) == ("KAB1-2CD-3EF", "d", 1)


@pytest.mark.parametrize(
    "said", ["", "K1", "K1.", ".1", "K1.a", "K1.a0", "K1.x1", "K1.a1/..", "K 1.a1", "K1.a99999", "K1.a1\n"]
)
def test_what_is_no_task_id_is_none(said: str) -> None:
    assert fhir.read_task_id(said) is None


# -- around the resources -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 422, 429, 500, 503])
def test_every_error_has_an_issue_type(status: int) -> None:
    outcome = valid(fhir_answers.operation_outcome(status, "some_code", "what is wrong"))
    assert outcome["issue"][0]["code"] in ISSUE_TYPE


def test_bundles_are_valid_full_and_empty() -> None:
    found = [fhir.attempt_task(FRAME, case(attempt()), 3, 1)]
    full = valid(fhir_answers.searchset("http://here/fhir/x", "http://here/fhir/x/Task?focus=a", found))
    assert full["entry"][0]["fullUrl"] == "http://here/fhir/x/Task/KAB1-2CD-3EF.a1"
    empty = valid(fhir_answers.searchset("http://here/fhir/x", "http://here/fhir/x/Task?focus=a", []))
    assert (empty["total"], "entry" in empty) == (0, False)


def test_the_capability_statement_is_valid() -> None:
    valid(fhir_answers.capability_statement("http://here/fhir/x", "Cibinong", "1.0"))


def test_a_wrong_code_would_be_seen() -> None:
    assert wrong_codes({"resourceType": "Task", "status": "nonsense", "intent": "order"}) == [("Task.status", "nonsense")]
    inside = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Task", "intent": "directive"}}]}
    assert wrong_codes(inside) == [("Task.intent", "directive")]
    assert all(BOUND.values())


def test_every_code_that_can_be_sent_is_in_its_value_set() -> None:
    assert set(fhir_codes.ISSUE_CODE.values()) <= ISSUE_TYPE
    assert set(fhir_codes.REQUEST_PRIORITY) == set(Priority)
    assert set(fhir_codes.DESK_STATUS) == set(get_args(DeskState))
