"""Patients on their way to care: offers to facilities and their answers, SITEGAR, handing over, how it ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from msgspec import UNSET
from pydantic import BaseModel

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
from api.http.own import own_offer, own_patient, own_request, sees_offers
from api.http.problems import documented
from api.http.reading import everything
from api.http.shapes import CaseView, DeskView, OfferView
from dispatch.life import commands as c
from dispatch.life.case import Case
from dispatch.life.events import Ref
from dispatch.life.referral import AttemptState, Goal

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


class DeskRow(BaseModel):
    """A request that waits for SITEGAR, with who has been asked and why they declined."""

    case: CaseView
    request: DeskView


@router.get("/offers")
async def list_offers(
    asked: Offering, facility: Annotated[str | None, Query(description="Only of this facility.")] = None
) -> list[OfferRow]:
    """The offers that wait for an answer, or were accepted and are on their way: a facility sees its own, a crew those for
    whoever is on its run."""
    seen = await sees_offers(asked)
    found, as_of = await everything(asked, "case")
    viewer = asked.viewer(as_of)
    rows = []
    for case, _ in found:
        for one in case.attempts if isinstance(case, Case) else ():
            waits = one.state in (AttemptState.OFFERED, AttemptState.ACCEPTED)
            if isinstance(case, Case) and waits and facility in (None, one.goal.id) and seen(case, one):
                view = viewer.case(case, 0)
                rows.append(
                    OfferRow(
                        case=case.id,
                        kind=view.kind,
                        kind_text=view.kind_text,
                        priority=view.priority,
                        priority_text=view.priority_text,
                        offer=viewer.offer(one),
                    )
                )
    return sorted(rows, key=lambda row: (row.offer.asked_at, row.offer.id))


@router.get("/desk")
async def list_desk(asked: Queue) -> list[DeskRow]:
    """SITEGAR's queue: requests that wait for an answer, the longest first."""
    found, as_of = await everything(asked, "case")
    viewer = asked.viewer(as_of)
    rows = [
        DeskRow(case=viewer.case(case, version), request=viewer.desk(one))
        for case, version in found
        if isinstance(case, Case)
        for one in case.desk
        if one.state == "asked"
    ]
    return sorted(rows, key=lambda row: (row.request.asked_at, row.request.id))


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
