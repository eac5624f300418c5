"""FHIR R4 for each region, read only: patients on their way to a facility, for hospitals' systems and the health office's.

    /fhir/{region}/metadata
    /fhir/{region}/ServiceRequest/{case}.{patient}
    /fhir/{region}/Task/{case}.a{n} or .d{n}
    /fhir/{region}/Task?focus=ServiceRequest/… (or based-on=)

Who may see what: whoever reads cases sees all of it; a crew the cases that it is under way for; a facility the Tasks that ask
it, and the ServiceRequest while it is being asked or has accepted; the desk (SITEGAR) its own Tasks, and all of a case that
waits for its answer. What is personal is shown to those who have `personal.read` and to nobody else, and that it was read is
recorded. What goes wrong is an OperationOutcome, made of what the service's error mapper says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.http import fhir
from api.http.asking import Asking, asking
from api.http.fhir_answers import MEDIA_TYPE, SEARCHES, capability_statement, operation_outcome, searchset
from api.http.language import language_of
from api.http.own import NotYoursError, own_case
from api.http.reading import case_of
from dispatch.life.case import Case
from dispatch.life.referral import Attempt, DeskRequest
from dispatch.life.refusals import UnknownError
from dispatch.service.loading import load_particulars
from routing import InputError, SiagaError

Json = dict[str, Any]

_WRONG = (400, 401, 403, 404, 503)


class NoResourceError(SiagaError, LookupError):
    """Nothing can have that id."""


class FhirRoute(APIRoute):
    """Answers errors with an OperationOutcome."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except (SiagaError, RequestValidationError, HTTPException) as error:
                return await _outcome(request, error)

        return answered


async def _outcome(request: Request, error: Exception) -> Response:
    """What the service's one error mapper makes of an error, in FHIR's words."""
    handlers = request.app.exception_handlers
    handle = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    told = await handle(request, error)
    problem = json.loads(told.body)
    headers = {name: value for name, value in told.headers.items() if name not in ("content-type", "content-length")}
    # To FHIR, 422 is about resources that somebody sends; a question that can't be read is 400.
    status = 400 if told.status_code == 422 else told.status_code
    return _response(operation_outcome(status, problem["code"], problem["detail"]), status, headers)


def _response(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def _documented(what: str) -> dict[int | str, dict[str, Any]]:
    def answer(description: str, kind: str) -> dict[str, Any]:
        schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"const": kind}}}
        return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}

    found: dict[int | str, dict[str, Any]] = {200: answer(f"A {what}.", what)}
    found.update({status: answer("What is wrong.", "OperationOutcome") for status in _WRONG})
    return found


router = APIRouter(prefix="/fhir/{region}", tags=["FHIR R4"], route_class=FhirRoute)

Allowed = Annotated[Asking, Depends(asking("cases.read", "cases.own", "offers.own", "desk.answer"))]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see of a case.

    Attributes:
        all: everything.
        facility: else what asks this facility.
        desk: and what asks the desk.
    """

    all: bool
    facility: str | None
    desk: bool

    def task(self, of: Attempt | DeskRequest) -> bool:
        """Whether they may see a Task."""
        if isinstance(of, DeskRequest):
            return self.all or self.desk
        return self.all or self._asked(of)

    def request(self, case: Case, patient: str) -> bool:
        """Whether they may see a patient's ServiceRequest."""
        return self.all or any(one.patient == patient and one.open and self._asked(one) for one in case.attempts)

    def _asked(self, attempt: Attempt) -> bool:
        return self.facility is not None and attempt.goal.kind == "facility" and attempt.goal.id == self.facility


async def _sight(asked: Asking, case: Case) -> Sight:
    may = asked.who.permissions
    desk = "desk.answer" in may
    everything = "cases.read" in may or (desk and any(one.state == "asked" for one in case.desk))
    if not everything and "cases.own" in may:
        try:
            await own_case(asked, case.id, "cases.read")
            everything = True
        except NotYoursError:
            pass
    return Sight(everything, asked.who.facility if "offers.own" in may else None, desk)


def _frame(asked: Asking) -> fhir.Frame:
    built = asked.live.built
    title = built.about.get("title") or asked.region
    return fhir.Frame(asked.region, title, asked.live.rules.desk_name, built.zone, language_of(asked.request))


def _base(asked: Asking) -> str:
    return f"{str(asked.request.base_url).rstrip('/')}/fhir/{asked.region}"


def _resource(asked: Asking, body: Json) -> Response:
    # What was noted on the way (how old it is where the store is away) goes along.
    headers = {**asked.response.headers, "ETag": f'W/"{body["meta"]["versionId"]}"'}
    return _response(body, headers=headers)


@router.get("/metadata", response_class=Response, responses=_documented("CapabilityStatement"))
async def fhir_metadata(asked: Allowed) -> Response:
    """What the FHIR server of a region can do."""
    return _response(capability_statement(_base(asked), _frame(asked).title, version("siaga")))


@router.get("/ServiceRequest/{name}", response_class=Response, responses=_documented("ServiceRequest"))
async def fhir_service_request(name: str, asked: Allowed) -> Response:
    """The request to bring one patient of a case into care; its id is `{case}.{patient}`."""
    said = fhir.read_request_id(name)
    if said is None:
        raise NoResourceError(f"no ServiceRequest {name[:80]!r}; ids are a case's and a patient's, such as K1AB-2CD-3EF.1")
    case, at, _ = await case_of(asked, said[0])
    if not (await _sight(asked, case)).request(case, said[1]):
        raise NotYoursError(f"you have nothing to do with case {case.id}")
    patient = case.patient(said[1])
    if patient is None:
        raise UnknownError("no_patient", case=case.id, patient=said[1])
    frame, person = _frame(asked), None
    if "personal.read" in asked.who.permissions:
        known = await load_particulars(asked.serving.service.store, asked.region, case.id)
        person = fhir.person_of(frame, case, patient, known)
        if person is not None:
            await asked.serving.service.record_reading(asked.region, asked.actor, case.id, sorted(person.fields))
    return _resource(asked, fhir.service_request(frame, case, at, patient, person))


@router.get("/Task/{name}", response_class=Response, responses=_documented("Task"))
async def fhir_task(name: str, asked: Allowed) -> Response:
    """A facility that is asked to take a patient (`{case}.a{n}`), or the desk to name one (`{case}.d{n}`)."""
    said = fhir.read_task_id(name)
    if said is None:
        raise NoResourceError(
            f"no Task {name[:80]!r}; ids are a case's and a number, such as K1AB-2CD-3EF.a1 or K1AB-2CD-3EF.d1"
        )
    case, at, _ = await case_of(asked, said[0])
    _, kind, number = said
    there: tuple[Attempt, ...] | tuple[DeskRequest, ...] = case.attempts if kind == "a" else case.desk
    sight = await _sight(asked, case)
    if number > len(there):
        if not sight.all:
            raise NotYoursError(f"you have nothing to do with case {case.id}")
        raise UnknownError("no_attempt", case=case.id, attempt=name)
    if not sight.task(there[number - 1]):
        raise NotYoursError(f"{name} does not ask you")
    make = fhir.attempt_task if kind == "a" else fhir.desk_task
    return _resource(asked, make(_frame(asked), case, at, number))


@router.get("/Task", response_class=Response, responses=_documented("Bundle"))
async def fhir_tasks(
    asked: Allowed,
    focus: Annotated[str | None, Query(description="A ServiceRequest.", examples=["ServiceRequest/K1AB-2CD-3EF.1"])] = None,
    based_on: Annotated[str | None, Query(alias="based-on", description="The same; one of the two has to be given.")] = None,
) -> Response:
    """Everything that was asked for a patient: facilities in the order in which they were asked, then the desk."""
    given = [(name, said) for name, said in zip(SEARCHES, (based_on, focus), strict=True) if said is not None]
    if not given:
        raise InputError("name a ServiceRequest: Task?focus=ServiceRequest/… or Task?based-on=ServiceRequest/…")
    names = {_request_named(asked, name, said) for name, said in given}
    found = await _found(asked, names.pop()) if len(names) == 1 else []
    return _response(
        searchset(_base(asked), f"{_base(asked)}/Task?{urlencode(given)}", found), headers=dict(asked.response.headers)
    )


def _request_named(asked: Asking, parameter: str, said: str) -> str:
    """The id of the ServiceRequest that a search names: `ServiceRequest/id`, its whole address here, or the id alone.

    Raises:
        InputError: it names something else.
    """
    name = said.removeprefix(f"{_base(asked)}/").removeprefix("ServiceRequest/")
    if fhir.read_request_id(name) is None:
        raise InputError(f"{parameter} must name a ServiceRequest of this server, such as ServiceRequest/K1AB-2CD-3EF.1")
    return name


async def _found(asked: Asking, name: str) -> list[Json]:
    """The Tasks of a ServiceRequest that the caller may see; none where there is no such request."""
    case_name, _, patient = name.rpartition(".")
    try:
        case, at, _ = await case_of(asked, case_name)
    except UnknownError:
        return []
    sight = await _sight(asked, case)
    return [task for of, task in fhir.tasks(_frame(asked), case, at, patient) if sight.task(of)]


@router.get("/{other:path}", include_in_schema=False)
async def fhir_other(other: str, _asked: Allowed) -> Response:
    """Anything else: an OperationOutcome that says what there is."""
    said = f"no {other[:80]!r} here; there are metadata, ServiceRequest/…, Task/…, Task?focus=ServiceRequest/…"
    return _response(operation_outcome(404, "not_found", said), 404)
