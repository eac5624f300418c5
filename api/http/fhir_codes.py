"""Codes of FHIR R4 (4.0.1) for what happens in Siaga, and Siaga's own for what FHIR has no words for.

Status codes are bound to value sets that are required, so each is mapped here, and why; what gets lost in it is told beside it
by a code of our own (`businessStatus`, `statusReason`). The value sets: https://hl7.org/fhir/R4/valueset-request-status.html,
and beside it valueset-request-priority, valueset-task-status, valueset-administrative-gender, valueset-issue-type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.cases import Priority
from dispatch.life.case import Case, Outcome, Patient, PatientState
from dispatch.life.referral import Attempt, AttemptState, DeskState

Json = dict[str, Any]

FHIR_VERSION = "4.0.1"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
NIK = "https://fhir.kemkes.go.id/id/nik"
"""The national number, as SATUSEHAT names its system:
https://satusehat.kemkes.go.id/platform/docs/id/api-catalogue/onboardings/apis/patient/"""

REQUEST_PRIORITY: Mapping[Priority, str] = {
    Priority.RED: "stat",
    Priority.YELLOW: "urgent",
    Priority.GREEN: "routine",
    Priority.BLACK: "routine",
}
"""Red goes at once and before all others, as `stat`. `asap` lies between two of ours. Black: nothing is gained by haste."""

_ENDED_STATUS: Mapping[Outcome, str] = {
    Outcome.TREATED: "completed",
    Outcome.HANDED_OVER: "completed",
    Outcome.DELIVERED: "completed",
    Outcome.SERVED: "completed",
    Outcome.DIED: "revoked",
    Outcome.RECOVERED: "revoked",
    Outcome.REFUSED: "revoked",
    Outcome.NOT_FOUND: "revoked",
    Outcome.BY_OTHERS: "revoked",
    Outcome.CANCELLED: "revoked",
    Outcome.DUPLICATE: "revoked",
}
"""`completed`: what was asked for was done. `revoked`: it ended before; also for a second report of the same event, since FHIR
keeps `entered-in-error` for requests upon which nobody has acted."""


def request_status(case: Case, patient: Patient) -> str:
    """ServiceRequest.status: `draft` until enough is known to send somebody, `active` until nothing is left to do."""
    if patient.ended:
        return "unknown" if patient.outcome is None else _ENDED_STATUS[patient.outcome]
    return "active" if case.complete else "draft"


_ATTEMPT_STATUS: Mapping[AttemptState, str] = {
    AttemptState.UNASKED: "draft",
    AttemptState.OFFERED: "requested",
    AttemptState.ACCEPTED: "accepted",
    AttemptState.DECLINED: "rejected",
    AttemptState.UNANSWERED: "failed",
    AttemptState.WITHDRAWN: "cancelled",
    AttemptState.REFUSED_AT_DOOR: "failed",
}
_ARRIVED = frozenset({Outcome.TREATED, Outcome.HANDED_OVER})


def attempt_status(attempt: Attempt, patient: Patient | None) -> str:
    """Task.status of asking a facility.

    - `draft`: not to be acted upon yet: it will be asked at its door.
    - `rejected` is for a facility that decides against it before it does anything; so a decline.
    - `failed`: it was attempted and could not be done. No answer is that: nobody rejected anything, and nobody called it off
      (`cancelled`, which is our own withdrawal). A refusal at the door as well: the facility had accepted, and the patient was
      there. `statusReason` tells the two apart.
    - `completed`: it has taken the patient over; in Siaga such an attempt stays accepted.
    """
    taken = attempt.state in (AttemptState.ACCEPTED, AttemptState.UNASKED) and patient is not None
    if taken and patient is not None and patient.goal is not None and patient.goal.id == attempt.goal.id:
        handed_over = patient.state is PatientState.HANDED_OVER or (patient.ended and patient.outcome in _ARRIVED)
        if handed_over:
            return "completed"
    return _ATTEMPT_STATUS[attempt.state]


DESK_STATUS: Mapping[DeskState, str] = {
    "asked": "requested",
    "answered": "completed",
    "nothing_found": "failed",
    "withdrawn": "cancelled",
}
"""Task.status of asking the desk (SITEGAR) to name a facility."""

_GENDERS: Mapping[str, str] = {
    **dict.fromkeys(("l", "lk", "laki", "laki-laki", "pria", "m", "male"), "male"),
    **dict.fromkeys(("p", "pr", "perempuan", "wanita", "f", "female"), "female"),
    **dict.fromkeys(("other", "lainnya"), "other"),
}


def gender(said: str) -> str:
    """Patient.gender of what was noted, in Indonesian or English; `unknown` for anything else."""
    return _GENDERS.get(said.strip().lower(), "unknown")


ISSUE_CODE: Mapping[int, str] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    412: "conflict",
    422: "invalid",
    429: "throttled",
    500: "exception",
    503: "transient",
}
"""OperationOutcome.issue.code by HTTP status; `processing` for any other."""


# -- our own --------------------------------------------------------------------------------------------------------------


def code_system(name: str) -> str:
    """The URI of one of our code systems: case-kind, attempt-state, desk-state, decline, because, via, task, problem."""
    return f"urn:siaga:codesystem:{name}"


def identifier(region: str, what: str, value: str) -> Json:
    """An identifier of ours: ids are unique in their region."""
    return {"system": f"urn:siaga:region:{region}:{what}", "value": value}


def coded(name: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one of our code systems."""
    coding: Json = {"system": code_system(name), "code": code}
    return {"coding": [{**coding, "display": display}], "text": display} if display else {"coding": [coding]}
