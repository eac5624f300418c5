"""Cases: recording, completing, merging, cancelling; what is known of them, and whom to send."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from msgspec import json
from pydantic import BaseModel, Field

from api.http.asking import COMMAND, Asking, CommandAnswer, CommandBody, asking, case_id
from api.http.bodies import (
    AssignBody,
    DescribeCaseBody,
    HelpBody,
    MergeBody,
    NoteBody,
    OpenCaseBody,
    ReasonBody,
    notes_of,
)
from api.http.destinations import goal_from
from api.http.fields import CasePath, Id, PatientPath
from api.http.language import language_of
from api.http.own import own_case, own_people
from api.http.problems import documented
from api.http.ranking import ranked
from api.http.reading import case_of, everything, tagged, viewer_of
from api.http.shapes import CaseView
from dispatch.life import commands as c
from dispatch.life.case import Case
from dispatch.life.decide import decide
from dispatch.life.events import Ref, SearchMoved
from dispatch.life.facts import Facts
from dispatch.life.particulars import PLACES, fields_of, shown
from dispatch.life.refusals import ConflictError, InvalidError, RefusedError
from dispatch.report import recommendation_as_dict
from dispatch.service.loading import load, load_particulars
from dispatch.service.service import StaleError
from routing import InputError, PlaceError

router = APIRouter(prefix="/v1/regions/{region}/cases", tags=["cases"], responses=documented(401, 403, 404, 422, 503))

Writing = Annotated[Asking, Depends(asking("cases.write"))]
Reading = Annotated[Asking, Depends(asking("cases.read"))]
Own = Annotated[Asking, Depends(asking("cases.read", "cases.own"))]
Sending = Annotated[Asking, Depends(asking("assign"))]
Personal = Annotated[Asking, Depends(asking("personal.read", "personal.own"))]


_LOST = frozenset({"vehicle_taken", "vehicle_too_small", "no_vehicle_free", "not_first_choice"})


class CasePage(BaseModel):
    """Some of the open cases, the most urgent first."""

    cases: list[CaseView]
    next: str | None = Field(description="Ask for it as `cursor` for the ones after these; null: there are none.")
    as_of: datetime | None = None


class Particular(BaseModel):
    """The newest word on one thing."""

    value: str
    longitude: float | None = None
    latitude: float | None = None
    by: str
    at: datetime


class ParticularsView(BaseModel):
    """What is personal about a case; whoever reads it is recorded."""

    case: dict[str, Particular]
    patients: dict[str, dict[str, Particular]]


class TimelineEntry(BaseModel):
    """Something that happened."""

    id: str
    type: str = Field(examples=["case_opened"])
    about: str = Field(examples=["case/K1"])
    happened_at: datetime
    recorded_at: datetime
    by: str
    role: str
    event: dict[str, Any]


class Timeline(BaseModel):
    """All that happened to a case and its runs, in the order in which it was recorded."""

    entries: list[TimelineEntry]


@router.post("", status_code=201, **COMMAND)
async def open_case(body: OpenCaseBody, asked: Writing) -> CommandAnswer:
    """Record a call. What is not known yet may be left out: then it is a draft, with a clock."""
    name = case_id(asked.key)
    notes = notes_of(
        asked.actor.id,
        asked.now,
        place=body.place,
        destination=body.destination,
        caller=body.caller,
        person=body.person,
        note=body.note,
    )
    command = c.OpenCase(
        name,
        body.kind,
        body.priority,
        None if body.place is None else body.place.cell(),
        body.patients,
        body.received_at or body.happened_at,
        body.pickup_at,
        body.needed(),
        fields_of(notes),
    )
    asked.response.headers["Location"] = f"/v1/regions/{asked.region}/cases/{name}"
    return await asked.give(command, body, Ref("case", name), case=name, notes=notes)


@router.get("")
async def list_cases(
    asked: Reading,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> CasePage:
    """The open cases, the most urgent first, then the oldest."""
    found, as_of = await everything(asked, "case")
    rows = sorted(((_order(one), one, version) for one, version in found if isinstance(one, Case)), key=lambda row: row[0])
    after = None if cursor is None else _from_cursor(cursor)
    left = [row for row in rows if after is None or row[0] > after]
    page = left[:limit]
    viewer = await viewer_of(asked, [one for _, one, _ in page], as_of)
    return CasePage(
        cases=[viewer.case(one, version) for _, one, version in page],
        next=_cursor(page[-1][0]) if len(left) > limit else None,
        as_of=None if as_of is None else viewer.local(as_of),
    )


_Order = tuple[int, str, str]


def _order(case: Case) -> _Order:
    return (9 if case.priority is None else case.priority.rank, case.received_at.isoformat(), case.id)


def _cursor(order: _Order) -> str:
    return base64.urlsafe_b64encode("|".join(map(str, order)).encode()).decode()


def _from_cursor(cursor: str) -> _Order:
    try:
        rank, received, name = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        return int(rank), received, name
    except ValueError:
        raise InputError("this cursor was not given out; begin without one") from None


@router.get("/{case}")
async def get_case(case: CasePath, asked: Own, response: Response) -> CaseView:
    """A case as it is now."""
    await own_case(asked, case, "cases.read")
    state, version, as_of = await case_of(asked, case)
    tagged(response, version)
    return (await viewer_of(asked, [state], as_of)).case(state, version)


@router.patch("/{case}", **COMMAND)
async def describe_case(case: CasePath, body: DescribeCaseBody, asked: Writing) -> CommandAnswer:
    """Complete a draft, or put right what was recorded."""
    notes = notes_of(
        asked.actor.id,
        asked.now,
        place=body.place,
        destination=body.destination,
        caller=body.caller,
        person=body.person,
        note=body.note,
    )
    cell = None if body.place is None else body.place.cell()
    command = c.DescribeCase(case, body.kind, body.priority, cell, body.pickup_at, body.needed(), fields_of(notes), body.why)
    return await asked.give(command, body, Ref("case", case), case=case, notes=notes)


@router.get("/{case}/particulars", responses=documented(409))
async def get_particulars(case: CasePath, asked: Personal) -> ParticularsView:
    """Who calls, where exactly, who the patients are. That it was read, and by whom, is recorded."""
    mine = await own_people(asked, case)
    known = shown(await load_particulars(asked.serving.service.store, asked.region, case))
    found = {name: notes for name, notes in known.items() if mine is None or name in mine}
    await asked.serving.service.record_reading(
        asked.region, asked.actor, case, sorted({f for one in found.values() for f in one})
    )
    local = asked.viewer().local

    def said(notes: Any) -> dict[str, Particular]:
        return {
            field: Particular(
                value=one.value,
                longitude=one.longitude if field in PLACES else None,
                latitude=one.latitude if field in PLACES else None,
                by=one.by,
                at=local(one.at),
            )
            for field, one in notes.items()
        }

    return ParticularsView(case=said(found.get("", {})), patients={name: said(notes) for name, notes in found.items() if name})


@router.get("/{case}/timeline")
async def get_timeline(case: CasePath, asked: Own) -> Timeline:
    """What happened to a case and its runs."""
    await own_case(asked, case, "cases.read")
    found = await asked.serving.service.history(asked.region, case)
    local = asked.viewer().local
    return Timeline(
        entries=[
            TimelineEntry(
                id=one.id,
                type=one.type,
                about=f"{one.ref.kind}/{one.ref.id}",
                happened_at=local(one.recorded.happened_at),
                recorded_at=local(one.recorded.recorded_at),
                by=one.recorded.actor.id,
                role=one.recorded.actor.role,
                event=one.told,
            )
            for one in found
        ]
    )


async def _recommended(asked: Asking, case: str, patients: Collection[str] = (), *, by_hearsay: bool = True) -> dict[str, Any]:
    found, version = await ranked(asked, case, patients, by_hearsay=by_hearsay)
    return {**recommendation_as_dict(found, language_of(asked.request)), "case": case, "version": version}


@router.get("/{case}/recommendation", response_model=dict[str, Any], responses=documented(409))
async def get_recommendation(
    case: CasePath,
    asked: Sending,
    patient: Annotated[list[Id] | None, Query(description="For these; left out: for all who wait.", max_length=50)] = None,
) -> Response:
    """Which vehicle to send and where to take the patient, ranked, why not the others, and how old the facts are."""
    # Hundreds of reasons: written as they are, a tenth of what checking them once more would take.
    return Response(json.encode(await _recommended(asked, case, patient or ())), media_type="application/json")


@router.post("/{case}/assignments", status_code=201, **COMMAND)
async def assign(case: CasePath, body: AssignBody, asked: Sending) -> CommandAnswer:
    """Send a vehicle, or officers without one. Whoever loses a race for a vehicle gets 409 and the next best option: another
    vehicle, or, with none to be had, whom `help` would turn to."""
    goal = None if body.facility is None else goal_from(asked, body.facility)
    officers, patients = tuple(body.officers), tuple(body.patients)
    command = c.Assign(case, body.vehicle, officers, patients, goal, body.recommended, body.override, body.first_choice)
    try:
        return await asked.give(command, body, Ref("case", case))
    except StaleError:
        raise
    except ConflictError as error:
        if error.code in _LOST:
            small = body.vehicle if error.code == "vehicle_too_small" else None
            error.instead = await _next_best(asked, case, patients, small)  # type: ignore[attr-defined]
        raise


async def _next_best(asked: Asking, case: str, patients: Collection[str], small: str | None) -> dict[str, Any] | None:
    """The first option as things stand now (another one than what is too small), short enough for an error; with no vehicle to
    be had, the next means."""
    try:
        # From the store: this process may not have heard yet who has just taken the vehicle.
        options = (await _recommended(asked, case, patients, by_hearsay=False))["options"]
        options = [one for one in options if one["vehicle"]["id"] != small]
    except (InputError, PlaceError, ConflictError):
        return None
    if not options:
        return await _next_means(asked, case)
    best = options[0]
    return {
        "vehicle": best["vehicle"]["id"],
        "vehicle_name": best["vehicle"]["name"],
        "facility": best["facility"]["id"],
        "facility_name": best["facility"]["name"],
        "minutes_to_patient": best["first_leg"]["minutes"],
        "expected_minutes": best["expected_minutes"],
    }


async def _next_means(asked: Asking, case: str) -> dict[str, Any] | None:
    """The step that asking for help would lead to, as the region sets; for a case in the queue, that one."""
    world = (await load(asked.serving.service.store, asked.region, [Ref("case", case)])).world
    search = world.cases[case].search
    step = None if search is None else search.step
    try:
        # Nothing comes of it but the answer.
        issued = c.Issued(asked.key, asked.actor, asked.now, c.SeekHelp(case))
        events = [one.event for one in decide(world, issued, Facts(asked.now, asked.live.rules))]
        step = next((one.step for one in events if isinstance(one, SearchMoved)), step)
    except RefusedError:
        pass  # the queue is the last
    return None if step is None else {"step": step, "step_text": asked.viewer().word("search", step)}


@router.post("/{case}/patients", status_code=201, **COMMAND)
async def add_patient(case: CasePath, body: CommandBody, asked: Writing) -> CommandAnswer:
    """There is one more person."""
    return await asked.give(c.AddPatient(case), body, Ref("case", case))


@router.put("/{case}/patients/{patient}/particulars", **COMMAND)
async def note_person(case: CasePath, patient: PatientPath, body: NoteBody, asked: Writing) -> CommandAnswer:
    """Note who a patient is, what ails them, and where they are if not where the case is."""
    state, _, _ = await case_of(asked, case)
    if state.patient(patient) is None:
        raise InvalidError("no_patient", case=case, patient=patient)
    notes = notes_of(asked.actor.id, asked.now, person=body.person, place=body.place, patient=patient)
    return await asked.give(c.DescribeCase(case, noted=fields_of(notes)), body, Ref("case", case), case=case, notes=notes)


@router.post("/{case}/merge", **COMMAND)
async def merge(case: CasePath, body: MergeBody, asked: Writing) -> CommandAnswer:
    """Two calls were about one event: this case ends, the other goes on."""
    return await asked.give(c.MergeCase(case, body.into, tuple(body.adds)), body, Ref("case", case))


@router.post("/{case}/cancel", **COMMAND)
async def cancel(case: CasePath, body: ReasonBody, asked: Writing) -> CommandAnswer:
    """Nobody is needed after all."""
    return await asked.give(c.CancelCase(case, body.why), body, Ref("case", case))


@router.post("/{case}/help", **COMMAND)
async def seek_help(case: CasePath, body: CommandBody, asked: Sending) -> CommandAnswer:
    """No vehicle is free: go on to the next means, as the region sets."""
    return await asked.give(c.SeekHelp(case), body, Ref("case", case))


@router.post("/{case}/help/answer", **COMMAND)
async def answer_help(case: CasePath, body: HelpBody, asked: Sending) -> CommandAnswer:
    """Somebody from outside comes, or cannot."""
    voice = None if body.voice is None else body.voice.said()
    command = c.AnswerHelp(case, body.accepted, body.helper, body.name, voice, body.expected_seconds)
    return await asked.give(command, body, Ref("case", case))
