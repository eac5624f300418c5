"""Patients on their way to care: offers to facilities and their answers, SITEGAR, handing over, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from msgspec import UNSET
from pydantic import BaseModel, Field

from api.http.asking import COMMAND, Asking, CommandAnswer, CommandBody, asking
from api.http.bodies import (
    AnswerBody,
    DeskAnswerBody,
    EndBody,
    HandOverBody,
    OfferBody,
    RefusalBody,
    SetGoalBody,
    notes_of,
)
from api.http.destinations import goal_from
from api.http.fields import CasePath, OfferPath, PatientPath, RequestPath
from api.http.incoming import (
    Arrivals,
    Bringing,
    arrivals,
    bringing,
    expected,
    needs_as_lists,
    needs_of,
    needs_text,
    position_of,
)
from api.http.language import language_of
from api.http.own import own_offer, own_patient, own_request, sees_offers
from api.http.problems import documented
from api.http.reading import everything, viewer_of
from api.http.shapes import CaseView, DeskView, OfferView, PositionView
from api.http.views import Viewer
from dispatch.life import commands as c
from dispatch.life.case import RIDING, Case, Patient
from dispatch.life.events import Ref
from dispatch.life.referral import Attempt, AttemptState, DeskRequest, Goal

router = APIRouter(prefix="/v1/regions/{region}", tags=["referral"], responses=documented(401, 403, 404, 422, 503))

Progressing = Annotated[Asking, Depends(asking("progress.any", "progress.own"))]
Offering = Annotated[Asking, Depends(asking("offers.any", "offers.own"))]
Queue = Annotated[Asking, Depends(asking("desk.answer"))]
Desk = Annotated[Asking, Depends(asking("desk.answer", "desk.own"))]


class OfferRow(BaseModel):
    """An offer to a facility, with what is needed to answer it; nothing personal."""

    case: str
    kind: str | None
    kind_text: str
    priority: str | None
    priority_text: str
    offer: OfferView
    needs: list[list[str]] = Field(
        examples=[[["emergency", "icu"], ["ponek"]]],
        description="Sets of capabilities, any one of which will do; each is met whole. Empty: nothing is asked.",
    )
    needs_text: str = Field(examples=["IGD + ICU atau PONEK"], description="The same in words.")
    vehicle_name: str | None = Field(description="What comes with the patient is called so; null: nothing is under way.")
    patient_state: str = Field(examples=["met"])
    patient_state_text: str
    aboard: bool = Field(description="The patient is on board, or at a door with the vehicle.")
    position: PositionView | None = Field(
        description="Where the vehicle was last seen, once the patient is on board, outside the 250 m cells of everybody whom "
        "it fetched, and while nobody else is to be fetched or taken home by it: else it would give away where somebody lives."
    )
    eta_minutes: float | None = Field(
        description="Until the patient is here, at the soonest: the way to them, the time with them and the way from there. "
        "Null: nothing of the region's own is under way, a booked trip has not begun, no way is known, or (for whoever sees "
        "all offers) it was not asked for by `eta`."
    )
    arrives_at: datetime | None = Field(description="The same as a time.")
    eta_assumed: bool = Field(description="Where the vehicle is is not known, or too old to be now: reckoned from there.")
    rings_at: datetime | None = Field(description="When Siaga goes on to the next facility; null: it has been answered.")


class DeskRow(BaseModel):
    """A request that waits for SITEGAR, with who has been asked and why they declined."""

    case: CaseView
    request: DeskView
    needs: list[list[str]] = Field(description="Sets of capabilities, any one of which will do; each is met whole.")
    needs_text: str = Field(description="The same in words; empty: nothing is asked.")
    vehicle_name: str | None = Field(description="What comes with the patient is called so; null: nothing is under way.")
    aboard: bool = Field(description="The patient is on board, or at a door with the vehicle.")
    rings_at: datetime | None = Field(description="When Siaga reminds, and asks a further facility meanwhile if it may.")


@router.get("/offers")
async def list_offers(
    asked: Offering,
    facility: Annotated[str | None, Query(description="Only of this facility.")] = None,
    eta: Annotated[bool | None, Query(description="With arrivals; left out: if you see only your own.")] = None,
) -> list[OfferRow]:
    """The offers that wait for an answer, or were accepted and are on their way: a facility sees its own, a crew those for
    whoever is on its run."""
    seen = await sees_offers(asked)
    found, as_of = await everything(asked, "case")
    cases = [case for case, _ in found if isinstance(case, Case)]
    shown = [
        (case, patient, one)
        for case in cases
        for one in case.attempts
        if one.state in (AttemptState.OFFERED, AttemptState.ACCEPTED)
        and facility in (None, one.goal.id)
        and seen(case, one)
        and (patient := case.patient(one.patient)) is not None
    ]
    here = await bringing(asked, [case for case, _, _ in shown])
    with_eta = "offers.any" not in asked.who.permissions if eta is None else eta
    due = await arrivals(asked, here, [(case, who, one.goal) for case, who, one in shown]) if with_eta else {}
    viewer = await viewer_of(asked, [case for case, _, _ in shown], as_of)
    rows = [_offer_row(asked, viewer, here, due, *one) for one in shown]
    return sorted(rows, key=lambda row: (row.offer.asked_at, row.offer.id))


def _offer_row(
    asked: Asking, viewer: Viewer, here: Bringing, due: Arrivals, case: Case, patient: Patient, one: Attempt
) -> OfferRow:
    needs, rings = needs_of(case), viewer.rings(case).get(f"answer:{one.id}")
    minutes, at, assumed = expected(asked, due.get((case.id, patient.id, one.goal.id)))
    return OfferRow(
        case=case.id,
        kind=case.kind,
        kind_text=viewer.word("case", case.kind),
        priority=case.priority,
        priority_text=viewer.word("priority", case.priority),
        offer=viewer.offer(one),
        needs=needs_as_lists(needs),
        needs_text=needs_text(needs, language_of(asked.request)),
        vehicle_name=here.vehicle_name(patient),
        patient_state=patient.state,
        patient_state_text=viewer.word("patient_state", patient.state),
        aboard=patient.state in RIDING,
        position=position_of(asked, here, patient),
        eta_minutes=minutes,
        arrives_at=at,
        eta_assumed=assumed,
        rings_at=viewer.maybe(rings),
    )


@router.get("/desk")
async def list_desk(asked: Queue) -> list[DeskRow]:
    """SITEGAR's queue: requests that wait for an answer, the longest first."""
    found, as_of = await everything(asked, "case")
    language = language_of(asked.request)
    waiting = [(case, version) for case, version in found if isinstance(case, Case) and any(_waits(one) for one in case.desk)]
    viewer = await viewer_of(asked, [case for case, _ in waiting], as_of)
    here = await bringing(asked, [case for case, _ in waiting])
    rows = []
    for case, version in waiting:
        view, needs, rings = viewer.case(case, version), needs_of(case), viewer.rings(case)
        for one in filter(_waits, case.desk):
            patient = case.patient(one.patient)
            rows.append(
                DeskRow(
                    case=view,
                    request=viewer.desk(one),
                    needs=needs_as_lists(needs),
                    needs_text=needs_text(needs, language),
                    vehicle_name=None if patient is None else here.vehicle_name(patient),
                    aboard=patient is not None and patient.state in RIDING,
                    rings_at=viewer.maybe(rings.get(f"desk:{one.id}")),
                )
            )
    return sorted(rows, key=lambda row: (row.request.asked_at, row.request.id))


def _waits(request: DeskRequest) -> bool:
    return request.state == "asked"


@router.post("/cases/{case}/patients/{patient}/offers", status_code=201, **COMMAND)
async def ask_facility(case: CasePath, patient: PatientPath, body: OfferBody, asked: Offering) -> CommandAnswer:
    """Ask this facility now; one that is being asked is told that it is no longer needed."""
    await own_patient(asked, case, patient, "offers.any")
    return await asked.give(c.AskFacility(case, patient, goal_from(asked, body.facility)), body, Ref("case", case))


@router.post("/cases/{case}/offers/{offer}/answer", **COMMAND)
async def answer_offer(case: CasePath, offer: OfferPath, body: AnswerBody, asked: Offering) -> CommandAnswer:
    """A facility's answer: its own, or recorded on its behalf (`voice`: who said it, and the number)."""
    await own_offer(asked, case, offer)
    voice = None if body.voice is None else body.voice.said()
    command = c.AnswerOffer(case, offer, body.accepted, body.why, body.note, voice)
    return await asked.give(command, body, Ref("case", case))


@router.post("/cases/{case}/patients/{patient}/refusal", **COMMAND)
async def refuse_at_door(case: CasePath, patient: PatientPath, body: RefusalBody, asked: Progressing) -> CommandAnswer:
    """The facility does not take the patient who stands at its door; the next one, or SITEGAR, is asked."""
    await own_patient(asked, case, patient, "progress.any")
    voice = None if body.voice is None else body.voice.said()
    return await asked.give(
        c.RefuseAtDoor(case, patient, body.why, body.note, voice, body.facility or UNSET), body, Ref("case", case)
    )


@router.post("/cases/{case}/patients/{patient}/desk", status_code=201, **COMMAND)
async def ask_desk(case: CasePath, patient: PatientPath, body: CommandBody, asked: Desk) -> CommandAnswer:
    """Ask SITEGAR to name a facility."""
    await own_patient(asked, case, patient, "desk.answer")
    return await asked.give(c.AskDesk(case, patient), body, Ref("case", case))


@router.post("/cases/{case}/desk/{request}/answer", **COMMAND)
async def answer_desk(case: CasePath, request: RequestPath, body: DeskAnswerBody, asked: Desk) -> CommandAnswer:
    """SITEGAR's answer, its own or recorded on its behalf: a facility, also one in no list; or none: it found nothing."""
    await own_request(asked, case, request)
    goal: Goal | None = None if body.facility is None else goal_from(asked, body.facility)
    voice = None if body.voice is None else body.voice.said()
    return await asked.give(c.AnswerDesk(case, request, goal, body.arranged, voice), body, Ref("case", case))


@router.post("/cases/{case}/patients/{patient}/goal", **COMMAND)
async def set_goal(case: CasePath, patient: PatientPath, body: SetGoalBody, asked: Progressing) -> CommandAnswer:
    """Take a patient to a place that needs not be asked: home, say."""
    await own_patient(asked, case, patient, "progress.any")
    notes = notes_of(asked.actor.id, asked.now, destination=body.place, patient=patient)
    command = c.SetGoal(case, patient, Goal("given", f"given:{asked.key}"), body.why)
    return await asked.give(command, body, Ref("case", case), case=case, notes=notes)


@router.post("/cases/{case}/patients/{patient}/handover", **COMMAND)
async def hand_over(case: CasePath, patient: PatientPath, body: HandOverBody, asked: Progressing) -> CommandAnswer:
    """Somebody at the destination takes charge. At a facility the team stays until treatment begins."""
    await own_patient(asked, case, patient, "progress.any")
    voice = None if body.voice is None else body.voice.said()
    return await asked.give(c.HandOver(case, patient, voice, body.facility or UNSET), body, Ref("case", case))


@router.post("/cases/{case}/patients/{patient}/treatment", **COMMAND)
async def begin_treatment(case: CasePath, patient: PatientPath, body: CommandBody, asked: Progressing) -> CommandAnswer:
    """Treatment has begun."""
    await own_patient(asked, case, patient, "progress.any")
    return await asked.give(c.BeginTreatment(case, patient), body, Ref("case", case))


@router.post("/cases/{case}/patients/{patient}/death", **COMMAND)
async def record_death(case: CasePath, patient: PatientPath, body: CommandBody, asked: Progressing) -> CommandAnswer:
    """The patient has died."""
    await own_patient(asked, case, patient, "progress.any")
    return await asked.give(c.RecordDeath(case, patient), body, Ref("case", case))


@router.post("/cases/{case}/patients/{patient}/end", **COMMAND)
async def end_patient(case: CasePath, patient: PatientPath, body: EndBody, asked: Progressing) -> CommandAnswer:
    """The patient needs nobody any more: recovered, refused, not found, taken by others, or served where they were."""
    await own_patient(asked, case, patient, "progress.any")
    return await asked.give(c.EndPatient(case, patient, body.outcome, body.why), body, Ref("case", case))
