"""A patient's way to a facility in FHIR R4: one ServiceRequest for each patient of a case, one Task for each facility that is
asked, and for each request to the desk (SITEGAR) to name one. Pure.

    ServiceRequest/{case}.{patient}
    Task/{case}.a{n}        the n-th attempt of the case, from 1
    Task/{case}.d{n}        the n-th request to the desk

Attempts are never taken out of a case, so the numbers stay; the attempt's own id, which may have letters that FHIR's ids can't,
is an identifier of the Task.

Without particulars nothing personal is in it: the subject is a pseudonymous identifier. Whose word an answer was is left out in
any case. The specification: https://hl7.org/fhir/R4/servicerequest.html, …/task.html, …/patient.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from api.http import fhir_codes as codes
from api.http.fhir_codes import coded, identifier
from dispatch.life.case import Case, Patient
from dispatch.life.particulars import Field, Note, Particulars
from dispatch.life.referral import Attempt, DeskRequest, Goal
from routing import Language, text

Json = dict[str, Any]
TaskKind = Literal["a", "d"]

_REQUEST_ID = re.compile(r"(?P<case>[A-Za-z0-9\-.]{1,60})\.(?P<patient>[A-Za-z0-9\-]{1,8})")
_TASK_ID = re.compile(r"(?P<case>[A-Za-z0-9\-.]{1,56})\.(?P<kind>[ad])(?P<number>[1-9][0-9]{0,3})")
_OF_PATIENT: tuple[Field, ...] = ("name", "nik", "birth_date", "sex", "phone", "complaint", "note", "address", "landmark")
_OF_CASE: tuple[Field, ...] = ("note", "address", "landmark", "caller_name", "caller_phone")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every resource says.

    Attributes:
        region, title: of the region.
        desk: what the referral desk is called.
        zone, language: in which times and words are.
    """

    region: str
    title: str
    desk: str
    zone: ZoneInfo
    language: Language

    def time(self, moment: datetime) -> str:
        """A dateTime."""
        return moment.astimezone(self.zone).isoformat()

    def word(self, section: str, code: str) -> str:
        """An identifier in words."""
        return text(self.language, f"dispatch.{section}.{code}")

    @property
    def dispatcher(self) -> Json:
        """Who asks: the region's dispatch."""
        return {"type": "Organization", "identifier": identifier(self.region, "dispatch", self.region), "display": self.title}


def request_id(case: str, patient: str) -> str:
    """The id of a patient's ServiceRequest."""
    return f"{case}.{patient}"


def task_id(case: str, kind: TaskKind, number: int) -> str:
    """The id of a Task; see the module."""
    return f"{case}.{kind}{number}"


def read_request_id(said: str) -> tuple[str, str] | None:
    """Case and patient of a ServiceRequest's id; None if it can't be one."""
    found = _REQUEST_ID.fullmatch(said)
    return None if found is None else (found["case"], found["patient"])


def read_task_id(said: str) -> tuple[str, TaskKind, int] | None:
    """Case, kind and number of a Task's id; None if it can't be one."""
    found = _TASK_ID.fullmatch(said)
    return None if found is None else (found["case"], "a" if found["kind"] == "a" else "d", int(found["number"]))


# -- ServiceRequest -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """What is personal about a patient, as FHIR has it.

    Attributes:
        resource: a Patient, to be contained.
        reasons, notes: what ails them; what else was said.
        fields: the notes that are in it, for the record of who has read what.
    """

    resource: Json
    reasons: tuple[Json, ...]
    notes: tuple[Json, ...]
    fields: tuple[Field, ...]


def service_request(frame: Frame, case: Case, version: int, patient: Patient, person: Person | None) -> Json:
    """The request to bring one patient into care.

    Args:
        frame, case, version: see there.
        patient: of the case.
        person: what is personal about them, for those who may read it; None: nothing of it is shown.
    """
    goal = patient.goal if patient.firm else None
    return _kept(
        {
            "resourceType": "ServiceRequest",
            "id": request_id(case.id, patient.id),
            "meta": {"versionId": str(version)},
            "contained": [person.resource] if person is not None else [],
            "identifier": [identifier(frame.region, "patient", request_id(case.id, patient.id))],
            "requisition": identifier(frame.region, "case", case.id),
            "status": codes.request_status(case, patient),
            "intent": "order",
            "priority": None if case.priority is None else codes.REQUEST_PRIORITY[case.priority],
            "code": None if case.kind is None else coded("case-kind", case.kind, frame.word("case", case.kind)),
            "subject": _subject(frame, case, patient.id, contained=person is not None),
            "occurrenceDateTime": None if case.pickup_at is None else frame.time(case.pickup_at),
            "authoredOn": frame.time(case.received_at),
            "requester": frame.dispatcher,
            "performer": [_facility(frame, goal)] if goal is not None and goal.kind in ("facility", "outside") else [],
            "reasonCode": list(person.reasons) if person is not None else [],
            "note": list(person.notes) if person is not None else [],
        }
    )


def _subject(frame: Frame, case: Case, patient: str, *, contained: bool = False) -> Json:
    pseudonym: Json = {"type": "Patient", "identifier": identifier(frame.region, "patient", request_id(case.id, patient))}
    return {"reference": "#patient", **pseudonym} if contained else pseudonym


def person_of(frame: Frame, case: Case, patient: Patient, known: Particulars) -> Person | None:
    """What is personal about a patient; None where nothing was noted, or it was forgotten."""
    own: dict[Field, Note] = {}
    for field in _OF_PATIENT:
        _take(own, known, field, patient.id)
    for field in _OF_CASE:
        if field not in own:
            _take(own, known, field, None)
    if not own:
        return None
    said = {field: note.value.strip() for field, note in own.items()}
    telecom = [{"system": "phone", "value": said["phone"]}] if "phone" in said else []
    nik = [{"use": "official", "system": codes.NIK, "value": said["nik"]}] if "nik" in said else []
    caller = {
        "name": {"text": said.get("caller_name")},
        "telecom": [{"system": "phone", "value": said["caller_phone"]}] if "caller_phone" in said else [],
    }
    place = ", ".join(said[field] for field in ("address", "landmark") if field in said)
    resource = _kept(
        {
            "resourceType": "Patient",
            "id": "patient",
            "identifier": [identifier(frame.region, "patient", request_id(case.id, patient.id)), *nik],
            "name": [{"text": said["name"]}] if "name" in said else [],
            "telecom": telecom,
            "gender": codes.gender(said["sex"]) if "sex" in said else None,
            "birthDate": _birth_date(said.get("birth_date")),
            "deceasedDateTime": None if patient.died_at is None else frame.time(patient.died_at),
            "address": [{"text": place}] if place else [],
            "contact": [_kept(caller)],
        }
    )
    reasons = ({"text": said["complaint"]},) if "complaint" in said else ()
    notes = ({"time": frame.time(own["note"].at), "text": said["note"]},) if "note" in said else ()
    return Person(resource, reasons, notes, tuple(own))


def _take(into: dict[Field, Note], known: Particulars, field: Field, patient: str | None) -> None:
    found = known.latest(field, patient)
    if found is not None and found.value.strip():
        into[field] = found


def _birth_date(said: str | None) -> str | None:
    """A date, or the year or month alone; None for what is none: FHIR has no room for other words there."""
    if said is None or not _DATE.fullmatch(said):
        return None
    try:
        date.fromisoformat(said + "-01-01"[len(said) - 4 :])
    except ValueError:
        return None
    return said


# -- Task -----------------------------------------------------------------------------------------------------------------


def attempt_task(frame: Frame, case: Case, version: int, number: int) -> Json:
    """A facility is asked to take a patient: the case's attempt of that number, from 1.

    Raises:
        IndexError: there is none.
    """
    attempt = case.attempts[number - 1]
    because = None if attempt.why is None else coded("decline", attempt.why, frame.word("decline", attempt.why))
    state = coded("attempt-state", attempt.state, frame.word("attempt_state", attempt.state))
    status = codes.attempt_status(attempt, case.patient(attempt.patient))
    return _kept(
        {
            **_task(frame, case, version, attempt, task_id(case.id, "a", number), "attempt"),
            "status": status,
            "statusReason": because or (state if status == "failed" else None),
            "businessStatus": state,
            "code": _task_code("take-patient"),
            "owner": _facility(frame, attempt.goal),
            "input": [{"type": coded("task", "named-by"), "valueCodeableConcept": coded("via", attempt.via)}],
        }
    )


def desk_task(frame: Frame, case: Case, version: int, number: int) -> Json:
    """The desk is asked to name a facility: the case's request of that number, from 1. Its output is the Task to which it led.

    Raises:
        IndexError: there is none.
    """
    request = case.desk[number - 1]
    led_to = next((n for n, one in enumerate(case.attempts, 1) if one.id == request.attempt), None)
    named = {"reference": f"Task/{task_id(case.id, 'a', led_to)}"} if led_to is not None else None
    state = coded("desk-state", request.state)
    status = codes.DESK_STATUS[request.state]
    return _kept(
        {
            **_task(frame, case, version, request, task_id(case.id, "d", number), "desk-request"),
            "status": status,
            "statusReason": state if status == "failed" else None,
            "businessStatus": state,
            "code": _task_code("name-facility"),
            "owner": {
                "type": "Organization",
                "identifier": identifier(frame.region, "desk", "referral-desk"),
                "display": frame.desk,
            },
            "reasonCode": coded("because", request.because, frame.word("because", request.because)),
            "output": [] if named is None else [{"type": coded("task", "named-facility"), "valueReference": named}],
        }
    )


def tasks(frame: Frame, case: Case, version: int, patient: str) -> Iterator[tuple[Attempt | DeskRequest, Json]]:
    """Everything that was asked for a patient, with what it is of: facilities in order, then the desk."""
    for number, attempt in enumerate(case.attempts, 1):
        if attempt.patient == patient:
            yield attempt, attempt_task(frame, case, version, number)
    for number, request in enumerate(case.desk, 1):
        if request.patient == patient:
            yield request, desk_task(frame, case, version, number)


def _task(frame: Frame, case: Case, version: int, of: Attempt | DeskRequest, name: str, what: str) -> Json:
    about = {"reference": f"ServiceRequest/{request_id(case.id, of.patient)}"}
    return {
        "resourceType": "Task",
        "id": name,
        "meta": {"versionId": str(version)},
        "identifier": [identifier(frame.region, what, of.id)],
        "basedOn": [about],
        "intent": "order",
        "priority": None if case.priority is None else codes.REQUEST_PRIORITY[case.priority],
        "focus": about,
        "for": _subject(frame, case, of.patient),
        "authoredOn": frame.time(of.watch.since),
        "requester": frame.dispatcher,
    }


def _task_code(code: str) -> Json:
    """FHIR's word for it, and which of ours."""
    return {"coding": [{"system": codes.TASK_CODE, "code": "fulfill"}, *coded("task", code)["coding"]]}


def _facility(frame: Frame, goal: Goal) -> Json:
    """A facility by its id; one that is in no list by what people call it."""
    listed = identifier(frame.region, "facility", goal.id) if goal.kind == "facility" else None
    return _kept({"type": "Organization", "identifier": listed, "display": goal.name or goal.id})


def _kept(resource: Json) -> Json:
    """Without what is empty: FHIR has no empty values."""
    kept = {name: _kept(value) if isinstance(value, dict) else value for name, value in resource.items()}
    return {name: _filled(value) for name, value in kept.items() if _filled(value) not in (None, "", [], {})}


def _filled(value: Any) -> Any:
    return [one for one in value if one not in (None, "", [], {})] if isinstance(value, list) else value
